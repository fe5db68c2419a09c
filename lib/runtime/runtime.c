// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/runtime.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <rte_eal.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "base/bytes.h"
#include "base/contract.h"
#include "base/log.h"
#include "base/progress.h"
#include "engine/sums.h"
#include "runtime/footprint.h"
#include "runtime/notify.h"
#include "runtime/reload.h"
#include "runtime/service_core.h"
#include "runtime/statistics.h"
#include "runtime/steering.h"
#include "runtime/upkeep.h"
#include "runtime/worker.h"

#define TAKE_PAUSE_USEC 100 // between checks whether workers have taken their plans
#define RELOAD_PAUSE_NS 10000000

struct runtime {
	const struct runtime_hooks *hooks;
	struct config *config;     // owned; that of the engine's snapshot
	struct snapshot *snapshot; // owned until there is an engine
	struct reload *reload;     // in progress; NULL: none
	bool wants_reload;
	struct reload_report reload_report; // changes between the hooks
	struct hash_secret secret;
	struct live_clock clock;
	struct ports ports;
	struct upkeep upkeep;
	struct engine *engine;
	struct service_core service_core;
	unsigned int lcores[WORKERS_MAX + 1]; // of the workers, and of the service core
	int nodes[WORKERS_MAX];               // of the workers
	unsigned int n_workers;
	struct worker *workers[WORKERS_MAX];
	struct appliance appliance; // for readers
	struct notify notify;
	bool offers_telemetry;
	bool is_stopping; // main: rw, workers: ro
};

static int
choose_lcores(struct runtime *runtime, struct errors *errors)
{
	const struct config *config = runtime->config;

	if (eal_choose_lcores(config->workers + 1, runtime->lcores) != 0) {
		errors_add(errors, config->file, 0,
			   "%u workers and the service core need %u lcores beside the main one; "
			   "EAL has %u",
			   config->workers, config->workers + 1, rte_lcore_count() - 1);
		return -1;
	}
	runtime->n_workers = config->workers;
	for (unsigned int i = 0; i < runtime->n_workers; i++)
		runtime->nodes[i] = (int)rte_lcore_to_socket_id(runtime->lcores[i]);
	return 0;
}

// Rules that cannot be compiled are the configuration's fault, unless EAL lacks even the memory
// that they need at least.
static enum runtime_end
compile_rules(struct runtime *runtime, const struct ruleset_size *size, struct errors *errors)
{
	void *room;

	runtime->snapshot = snapshot_create(runtime->config, 1, errors);
	if (runtime->snapshot != NULL)
		return RUNTIME_ENDED;
	room = rte_malloc(NULL, size->bytes_least, 0);
	rte_free(room);
	return room == NULL && size->bytes_least > 0 ? RUNTIME_NO_MACHINE : RUNTIME_BAD_CONFIG;
}

static int
make_secret(struct runtime *runtime, struct errors *errors)
{
	uint8_t seed[HASH_SEED_BYTES];

	if (getrandom(seed, sizeof(seed), 0) != sizeof(seed)) {
		errors_add(errors, NULL, 0, "the system has no random numbers to give");
		return -1;
	}
	hash_secret_init(&runtime->secret, seed);
	return 0;
}

static struct engine *
create_engine(struct runtime *runtime)
{
	const struct rss *rss = &runtime->ports.rss;
	struct engine_config config = {
		.snapshot = runtime->snapshot,
		.secret = &runtime->secret,
		.n_workers = runtime->n_workers,
		.sockets = runtime->nodes,
		.steer_ring = STEER_RING,
		.toeplitz = rss->is_offered ? &rss->toeplitz : NULL,
		.read_cycles = runtime->config->measure_cycles ? rte_rdtsc : NULL,
		.ends_with_eal = true,
	};
	struct engine *engine;
	struct progress progress;

	progress_begin(&progress, PROGRESS_AFTER_MS, "making room for %u connections",
		       runtime->config->conntrack.max_connections);
	runtime->snapshot = NULL;
	engine = engine_create(&config);
	progress_end(&progress);
	return engine;
}

static bool
create_worker(struct runtime *runtime, unsigned int index)
{
	struct worker *worker = rte_zmalloc_socket("worker", sizeof(*worker), RTE_CACHE_LINE_SIZE,
						   runtime->nodes[index]);

	runtime->workers[index] = worker;
	if (worker == NULL)
		return false;
	worker->index = index;
	worker->lcore = runtime->lcores[index];
	worker->is_stopping = &runtime->is_stopping;
	worker->ports = &runtime->ports;
	worker->clock = &runtime->clock;
	worker->engine = runtime->engine;
	worker->pipeline = engine_pipeline(runtime->engine, index);
	worker->stats = engine_worker_stats(runtime->engine, index);
	worker->inbox = engine_inbox(runtime->engine, index);
	return true;
}

// Only memory can be missing.
static bool
create_workers(struct runtime *runtime)
{
	runtime->engine = create_engine(runtime);
	if (runtime->engine == NULL)
		return false;
	for (unsigned int i = 0; i < runtime->n_workers; i++) {
		if (!create_worker(runtime, i))
			return false;
	}
	return true;
}

static void
destroy_workers(struct runtime *runtime)
{
	for (unsigned int i = 0; i < runtime->n_workers; i++)
		rte_free(runtime->workers[i]);
	engine_destroy(runtime->engine);
}

static int
launch(struct runtime *runtime, struct errors *errors)
{
	int result;

	notify_init(&runtime->notify);
	runtime->service_core = (struct service_core){
		.service = engine_service(runtime->engine),
		.clock = &runtime->clock,
		.lcore = runtime->lcores[runtime->n_workers],
	};
	notify_watch(&runtime->notify, runtime->service_core.lcore, &runtime->service_core.turns);
	for (unsigned int i = 0; i < runtime->n_workers; i++) {
		const uint64_t *turns = &runtime->workers[i]->stats->turns;

		notify_watch(&runtime->notify, runtime->workers[i]->lcore, turns);
		upkeep_watch(&runtime->upkeep, turns, engine_shard(runtime->engine, i));
	}
	result = service_core_start(&runtime->service_core);
	for (unsigned int i = 0; result == 0 && i < runtime->n_workers; i++)
		result = rte_eal_remote_launch(worker_main, runtime->workers[i],
					       runtime->workers[i]->lcore);
	if (result != 0)
		errors_add(errors, NULL, 0, "an lcore cannot be started: %s",
			   rte_strerror(-result));
	return result;
}

static void
stop(struct runtime *runtime)
{
	__atomic_store_n(&runtime->is_stopping, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < runtime->n_workers; i++)
		rte_eal_wait_lcore(runtime->workers[i]->lcore);
	service_core_stop(&runtime->service_core);
}

// Waits for every worker to take its plan. If a worker hangs, so does this, and the watchdog is not
// fed.
static void
change_over(struct runtime *runtime)
{
	struct config *old = runtime->config;

	engine_publish(runtime->engine, reload_take(runtime->reload, &runtime->config));
	while (!engine_retire(runtime->engine)) {
		notify_turn(&runtime->notify, live_clock_ns(&runtime->clock));
		rte_delay_us_sleep(TAKE_PAUSE_USEC);
	}
	config_fini(old);
	free(old);
}

static void
finish_reload(struct runtime *runtime)
{
	struct reload *reload = runtime->reload;
	bool is_good = reload_is_good(reload);

	runtime->hooks->changing();
	if (is_good)
		change_over(runtime);
	reload_report_end(&runtime->reload_report, reload_errors(reload),
			  live_clock_ns(&runtime->clock));
	runtime->hooks->changed();
	errors_print(reload_warnings(reload), log_warnings());
	if (is_good) {
		const struct ruleset *ruleset = engine_snapshot(runtime->engine)->ruleset;

		log_line(LOG_PRIORITY_NOTICE, "configuration loaded anew: %u chains, %u rules",
			 ruleset_n_chains(ruleset), ruleset_n_rules(ruleset));
	} else {
		errors_print(reload_errors(reload), log_errors());
		log_line(LOG_PRIORITY_ERROR, "configuration not loaded: the old one stays");
	}
	reload_destroy(reload);
	runtime->reload = NULL;
	notify_reloaded(&runtime->notify);
}

static void
report_no_thread(struct runtime *runtime)
{
	struct errors errors;

	errors_init(&errors);
	errors_add(&errors, NULL, 0, "no thread can be started");
	runtime->hooks->changing();
	reload_report_end(&runtime->reload_report, &errors, live_clock_ns(&runtime->clock));
	runtime->hooks->changed();
	errors_fini(&errors);
}

// Continues a reload that SIGHUP requested. If it was requested again meanwhile, the file may have
// changed.
static void
turn_reload(struct runtime *runtime)
{
	if (runtime->reload != NULL && reload_is_loaded(runtime->reload))
		finish_reload(runtime);
	if (runtime->reload != NULL || !runtime->wants_reload)
		return;
	runtime->wants_reload = false;
	notify_reloading(&runtime->notify);
	runtime->hooks->changing();
	reload_report_begin(&runtime->reload_report);
	runtime->hooks->changed();
	runtime->reload =
		reload_start(runtime->config, engine_snapshot(runtime->engine)->generation + 1,
			     runtime->n_workers);
	if (runtime->reload != NULL)
		return;
	log_line(LOG_PRIORITY_ERROR, "configuration not loaded: no thread can be started");
	report_no_thread(runtime);
	notify_reloaded(&runtime->notify);
}

static void
want_reload(struct runtime *runtime)
{
	runtime->wants_reload = true;
}

static void
log_statistics(struct runtime *runtime)
{
	statistics_log(&runtime->appliance);
}

static const int ending_signals[] = {SIGINT, SIGTERM};

// Work of the main thread while everything runs.
static const struct {
	int number;
	void (*handle)(struct runtime *runtime);
} handled_signals[] = {
	{SIGHUP, want_reload},
	{SIGUSR1, log_statistics},
};

static bool
is_ending(int signal_number)
{
	for (size_t i = 0; i < RTE_DIM(ending_signals); i++) {
		if (signal_number == ending_signals[i])
			return true;
	}
	return false;
}

// How long the main thread has nothing to do except for signals.
static const struct timespec *
pause_of(const struct runtime *runtime, uint64_t now_ns, struct timespec *pause)
{
	static const struct timespec upkeep_pause = {.tv_nsec = UPKEEP_PAUSE_NS};
	static const struct timespec reload_pause = {.tv_nsec = RELOAD_PAUSE_NS};

	if (runtime->reload != NULL)
		return &reload_pause;
	if (notify_pause(&runtime->notify, now_ns, pause) == NULL || pause->tv_sec > 0 ||
	    pause->tv_nsec > upkeep_pause.tv_nsec)
		return &upkeep_pause;
	return pause;
}

// Does the main thread's work until a signal ends it. Returns the signal.
static int
attend(struct runtime *runtime, const sigset_t *signals)
{
	int signal_number = 0;

	while (!is_ending(signal_number)) {
		uint64_t now_ns = live_clock_ns(&runtime->clock);
		struct timespec pause;

		turn_reload(runtime);
		notify_turn(&runtime->notify, now_ns);
		upkeep_turn(&runtime->upkeep, now_ns);
		signal_number = sigtimedwait(signals, NULL, pause_of(runtime, now_ns, &pause));
		for (size_t i = 0; i < RTE_DIM(handled_signals); i++) {
			if (signal_number == handled_signals[i].number)
				handled_signals[i].handle(runtime);
		}
	}
	return signal_number;
}

// Logs that it runs: the ports, and the number of rules.
static void
log_running(const struct runtime *runtime)
{
	const struct config *config = runtime->config;
	const struct ruleset *ruleset = engine_snapshot(runtime->engine)->ruleset;
	char names[PORTS_MAX * (sizeof(runtime->ports.list[0].name) + 2)] = "";
	size_t len = 0;

	for (unsigned int i = 0; i < config->n_ports; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
					i == 0 ? "" : ", ", config->ports[i].name);
	log_line(LOG_PRIORITY_NOTICE, "running on ports %s: %u chains, %u rules, %u workers", names,
		 ruleset_n_chains(ruleset), ruleset_n_rules(ruleset), runtime->n_workers);
}

static uint64_t
now_ns(const void *context)
{
	const struct runtime *runtime = context;

	return live_clock_ns(&runtime->clock);
}

static struct port_status
port_status(const void *context, unsigned int port)
{
	const struct runtime *runtime = context;

	return ports_status(&runtime->ports, port);
}

static struct appliance
appliance_of(const struct runtime *runtime)
{
	return (struct appliance){
		.engine = runtime->engine,
		.context = runtime,
		.reload_report = &runtime->reload_report,
		.lcores = runtime->lcores,
		.offers_telemetry = runtime->offers_telemetry,
		.started_ns = runtime->clock.epoch_ns,
		.now_ns = now_ns,
		.port = port_status,
		.visit_device = ports_visit,
	};
}

// Runs everything to its end. Returns false if something could not be started.
static bool
serve(struct runtime *runtime, const sigset_t *signals, struct errors *errors)
{
	bool is_running = launch(runtime, errors) == 0;

	if (is_running) {
		int signal_number;

		runtime->appliance = appliance_of(runtime);
		runtime->hooks->started(&runtime->appliance);
		log_running(runtime);
		signal_number = attend(runtime, signals);
		notify_stopping(&runtime->notify);
		runtime->hooks->stopping();
		log_line(LOG_PRIORITY_NOTICE, "%s, stopping", strsignal(signal_number));
	}
	stop(runtime);
	reload_destroy(runtime->reload);
	return is_running;
}

// With ports and workers.
static enum runtime_end
run(struct runtime *runtime, const struct footprint *footprint, const sigset_t *signals,
    struct errors *errors)
{
	enum runtime_end end = RUNTIME_NO_MACHINE;
	unsigned int n_lost = 0;
	unsigned int n_held;
	uint64_t has;

	if (ports_open(&runtime->ports, runtime->config, runtime->nodes, errors) != 0)
		return eal_has_less(footprint->packets, &has)
			       ? runtime_shortage(runtime->config, footprint, errors)
			       : RUNTIME_NO_MACHINE;
	upkeep_init(&runtime->upkeep, &runtime->ports, runtime->config,
		    live_clock_ns(&runtime->clock));
	if (!create_workers(runtime)) {
		end = runtime_shortage(runtime->config, footprint, errors);
	} else if (steering_test(&runtime->ports, engine_steer(runtime->engine), runtime->config,
				 errors) == 0 &&
		   serve(runtime, signals, errors)) {
		end = RUNTIME_ENDED;
		n_lost = engine_n_lost(runtime->engine);
	}
	destroy_workers(runtime); // before the ports: packets in the rings belong to their pools
	n_held = ports_close(&runtime->ports);
	if (end == RUNTIME_ENDED)
		statistics_log_leaked(n_held, n_lost);
	return end;
}

// From EAL to the end.
static enum runtime_end
start(struct runtime *runtime, int eal_argc, char **eal_argv, const sigset_t *signals,
      struct errors *errors)
{
	const struct config *config = runtime->config;
	struct footprint footprint;
	struct ruleset_size size;
	enum runtime_end end;
	uint64_t before;

	if (!runtime_footprint(config, &footprint, &size, errors))
		return RUNTIME_BAD_CONFIG;
	if (make_secret(runtime, errors) != 0)
		return RUNTIME_NO_MACHINE;
	end = eal_start(config, &footprint, eal_argc, eal_argv, errors);
	if (end != RUNTIME_ENDED)
		return end;
	live_clock_init(&runtime->clock);
	before = bytes_taken();
	end = choose_lcores(runtime, errors) == 0 ? compile_rules(runtime, &size, errors)
						  : RUNTIME_BAD_ARGUMENTS;
	if (end == RUNTIME_ENDED) {
		footprint_set_rules(&footprint, bytes_taken() - before);
		end = run(runtime, &footprint, signals, errors);
	}
	snapshot_destroy(runtime->snapshot);
	rte_eal_cleanup();
	return end;
}

enum runtime_end
runtime_run(struct config *config, int eal_argc, char **eal_argv, const struct runtime_hooks *hooks,
	    struct errors *errors)
{
	struct runtime *runtime = calloc(1, sizeof(*runtime));
	enum runtime_end end;
	sigset_t signals;

	CONTRACT_MAIN_THREAD();
	if (runtime != NULL)
		runtime->config = malloc(sizeof(*runtime->config));
	if (runtime == NULL || runtime->config == NULL) {
		errors_add(errors, NULL, 0, "no memory");
		config_fini(config);
		free(runtime);
		return RUNTIME_NO_MACHINE;
	}
	*runtime->config = *config;
	runtime->hooks = hooks;
	// Blocked here, before EAL creates threads, so that only the main thread takes them.
	sigemptyset(&signals);
	for (size_t i = 0; i < RTE_DIM(ending_signals); i++)
		sigaddset(&signals, ending_signals[i]);
	for (size_t i = 0; i < RTE_DIM(handled_signals); i++)
		sigaddset(&signals, handled_signals[i].number);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	runtime->offers_telemetry = !eal_refuses_telemetry(eal_argc, eal_argv);
	end = start(runtime, eal_argc, eal_argv, &signals, errors);
	config_fini(runtime->config);
	free(runtime->config);
	free(runtime);
	return end;
}
