// SPDX-License-Identifier: BSD-3-Clause
#include "engine/engine.h"

#include <rte_malloc.h>

#include "base/bytes.h"
#include "base/contract.h"
#include "engine/changeover_impl.h"
#include "pipeline/steer.h"

#define INBOX_SIZE 64 // requests that may be waiting for one worker

// One worker's own part.
struct engine_worker {
	struct ct *ct;
	struct pipeline *pipeline;
	struct inbox inbox;
	struct plan *next; // published, NULL again when taken. Main: w, worker: rw
	struct worker_stats stats __rte_cache_aligned; // the worker: rw, others: ro
};

struct engine {
	struct hash_secret secret;
	struct snapshot *snapshot;     // owned; in force
	struct changeover *changeover; // owned; being published to the workers; NULL: none
	struct service *service;
	struct steer *steer;
	bool ends_with_eal;
	unsigned int n_workers;
	struct engine_worker *workers[];
};

static size_t
engine_size(unsigned int n_workers)
{
	return sizeof(struct engine) + n_workers * sizeof(struct engine_worker *);
}

static struct service_config
service_config(const struct engine_config *config)
{
	return (struct service_config){
		.n_shards = config->n_workers,
		.listener = config->listener,
		.context = config->context,
		.event_ring = config->event_ring,
	};
}

static bool
is_steering(const struct engine_config *config)
{
	return config->n_workers > 1 && config->steer_ring > 0;
}

uint64_t
engine_bytes_for(const struct engine_config *config)
{
	const struct service_config service = service_config(config);
	const unsigned int n = config->n_workers;

	return bytes_of_object(engine_size(n)) +
	       n * (bytes_of_object(sizeof(struct engine_worker)) + inbox_bytes_for(INBOX_SIZE)) +
	       service_bytes_for(&service) +
	       (is_steering(config) ? steer_bytes_for(n, config->steer_ring) : 0);
}

static bool
create_worker(struct engine *engine, const struct engine_config *config, unsigned int index)
{
	const int socket = config->sockets == NULL ? SOCKET_ID_ANY : config->sockets[index];
	struct ct_config ct = {
		.params = &engine->snapshot->config->conntrack,
		.secret = &engine->secret,
		.events = service_events(engine->service, index),
		.worker = index,
		.n_workers = engine->n_workers,
		.socket = socket,
		.wants_entries = config->wants_entries,
	};
	struct pipeline_config pipeline = {
		.snapshot = engine->snapshot,
		.secret = &engine->secret,
		.steer = engine->steer,
		.worker = index,
		.n_workers = engine->n_workers,
		.socket = socket,
		.read_cycles = config->read_cycles,
		.tells = config->wants_entries,
		.lost = config->lost,
		.context = config->context,
	};
	struct engine_worker *worker =
		rte_zmalloc_socket("engine_worker", sizeof(*worker), RTE_CACHE_LINE_SIZE, socket);

	engine->workers[index] = worker;
	if (worker == NULL)
		return false;
	worker->ct = ct_create(&ct);
	if (worker->ct == NULL || inbox_init(&worker->inbox, index, INBOX_SIZE, socket) != 0)
		return false;
	pipeline.ct = worker->ct;
	worker->pipeline = pipeline_create(&pipeline);
	service_attach(engine->service, index, worker->ct);
	return worker->pipeline != NULL;
}

static bool
create_workers(struct engine *engine, const struct engine_config *config)
{
	for (unsigned int i = 0; i < engine->n_workers; i++) {
		if (!create_worker(engine, config, i))
			return false;
	}
	return true;
}

struct engine *
engine_create(const struct engine_config *config)
{
	const struct service_config service = service_config(config);
	struct engine *engine;

	CONTRACT_MAIN_THREAD();
	CONTRACT(config->n_workers > 0);
	engine = rte_zmalloc("engine", engine_size(config->n_workers), RTE_CACHE_LINE_SIZE);
	if (engine == NULL) {
		snapshot_destroy(config->snapshot);
		return NULL;
	}
	engine->secret = *config->secret;
	engine->snapshot = config->snapshot;
	engine->ends_with_eal = config->ends_with_eal;
	engine->n_workers = config->n_workers;
	engine->service = service_create(&service);
	if (is_steering(config))
		engine->steer = steer_create(&engine->secret, config->toeplitz, config->n_workers,
					     config->steer_ring);
	if (engine->service != NULL && (engine->steer != NULL || !is_steering(config)) &&
	    create_workers(engine, config))
		return engine;
	engine_destroy(engine);
	return NULL;
}

void
engine_destroy(struct engine *engine)
{
	if (engine == NULL)
		return;
	CONTRACT_MAIN_THREAD();
	steer_destroy(engine->steer); // what is in its rings belongs to the pipelines
	for (unsigned int i = 0; i < engine->n_workers && engine->workers[i] != NULL; i++) {
		inbox_fini(&engine->workers[i]->inbox);
		pipeline_destroy(engine->workers[i]->pipeline);
		if (!engine->ends_with_eal)
			ct_destroy(engine->workers[i]->ct);
		rte_free(engine->workers[i]);
	}
	service_destroy(engine->service);
	changeover_destroy(engine->changeover);
	snapshot_destroy(engine->snapshot);
	rte_free(engine);
}

static struct engine_worker *
worker_of(const struct engine *engine, unsigned int index)
{
	CONTRACT(index < engine->n_workers);
	return engine->workers[index];
}

// Nothing refers to the old plan between two bursts. It is laid in the place of the new one.
static void
take_plan(struct engine_worker *worker)
{
	struct plan *next = __atomic_load_n(&worker->next, __ATOMIC_ACQUIRE);

	if (unlikely(next != NULL) && pipeline_take(worker->pipeline, next))
		__atomic_store_n(&worker->next, NULL, __ATOMIC_RELEASE);
}

unsigned int
engine_between_bursts(struct engine *engine, unsigned int index, uint64_t now_ns,
		      const struct engine_bounds *bounds)
{
	struct engine_worker *worker = worker_of(engine, index);
	struct cycles *cycles = pipeline_cycles(worker->pipeline);
	unsigned int n_reaped;

	CONTRACT(ct_count(worker->ct).unconfirmed == 0);
	cycles_begin(cycles);
	n_reaped = service_reap(engine->service, index, worker->ct, now_ns, bounds->reap);
	pipeline_expire(worker->pipeline, now_ns, bounds->expire);
	cycles_end(cycles, CYCLES_REAP);
	take_plan(worker);
	return n_reaped;
}

unsigned int
engine_serve(struct engine *engine, unsigned int index, uint64_t now_ns)
{
	struct engine_worker *worker = worker_of(engine, index);

	CONTRACT(ct_count(worker->ct).unconfirmed == 0);
	return inbox_serve(&worker->inbox, worker->pipeline, now_ns);
}

struct inbox *
engine_inbox(const struct engine *engine, unsigned int worker)
{
	return &worker_of(engine, worker)->inbox;
}

void
engine_publish(struct engine *engine, struct changeover *changeover)
{
	CONTRACT_MAIN_THREAD();
	CONTRACT(engine->changeover == NULL && changeover->n_workers == engine->n_workers);
	CONTRACT(changeover->snapshot->generation != engine->snapshot->generation);
	engine->changeover = changeover;
	for (unsigned int i = 0; i < engine->n_workers; i++)
		__atomic_store_n(&engine->workers[i]->next, &changeover->plans[i],
				 __ATOMIC_RELEASE);
}

bool
engine_retire(struct engine *engine)
{
	struct changeover *changeover = engine->changeover;

	CONTRACT_MAIN_THREAD();
	for (unsigned int i = 0; i < engine->n_workers; i++) {
		if (__atomic_load_n(&engine->workers[i]->next, __ATOMIC_ACQUIRE) != NULL)
			return false;
	}
	if (changeover != NULL)
		RTE_SWAP(engine->snapshot, changeover->snapshot);
	changeover_destroy(changeover);
	engine->changeover = NULL;
	return true;
}

const struct snapshot *
engine_snapshot(const struct engine *engine)
{
	return engine->snapshot;
}

unsigned int
engine_n_workers(const struct engine *engine)
{
	return engine->n_workers;
}

struct pipeline *
engine_pipeline(const struct engine *engine, unsigned int worker)
{
	return worker_of(engine, worker)->pipeline;
}

struct ct *
engine_shard(const struct engine *engine, unsigned int worker)
{
	return worker_of(engine, worker)->ct;
}

struct worker_stats *
engine_worker_stats(const struct engine *engine, unsigned int worker)
{
	return &worker_of(engine, worker)->stats;
}

struct service *
engine_service(const struct engine *engine)
{
	return engine->service;
}

struct steer *
engine_steer(const struct engine *engine)
{
	return engine->steer;
}

bool
engine_hashes_with_aes(const struct engine *engine)
{
	return hash_uses_aes(&engine->secret);
}

unsigned int
engine_home_of(const struct engine *engine, const struct tuple *tuple)
{
	return engine->steer == NULL ? 0 : steer_home_of(engine->steer, tuple);
}

unsigned int
engine_home(const struct engine *engine, const struct pkt *pkt, unsigned int worker)
{
	return engine->steer == NULL ? worker : steer_home(engine->steer, pkt, worker);
}

void
engine_receive(struct engine *engine, unsigned int worker, struct burst *burst, uint16_t max)
{
	CONTRACT(worker < engine->n_workers && max <= BURST_MAX);
	burst_reset(burst);
	if (engine->steer != NULL)
		steer_receive(engine->steer, worker, burst, max);
}
