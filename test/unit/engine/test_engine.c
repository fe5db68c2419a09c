// SPDX-License-Identifier: BSD-3-Clause
//
// What an engine does between bursts and when it changes over, and what it takes of memory.
#include "engine/sums.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <rte_common.h>

#include "base/bytes.h"
#include "util/eal.h"
#include "util/path.h"

#define N_WORKERS_MAX 8

static const struct engine_bounds generous = {.reap = 32, .expire = 8};
static struct path path;

static struct rule accept_all = {.action = ACTION_ACCEPT};
static struct rule drop_all = {.action = ACTION_DROP};
static const struct chain accepting = {
	.name = (char *)"filter", .n_rules = 1, .rules = &accept_all};
static const struct chain dropping = {.name = (char *)"filter", .n_rules = 1, .rules = &drop_all};

static void
build_udp(struct frame *frame, uint16_t port)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, "10.1.0.2", "10.2.0.2");
	frame_udp(frame, port, 53);
	frame_end(frame);
}

static struct pkt
send(uint16_t port)
{
	struct frame frame;

	build_udp(&frame, port);
	return path_one(&path, &frame, LAN);
}

// The service core finds expired connections; the worker removes no more of them than it may at
// once.
static void
the_expired_are_removed_within_bounds(void **state)
{
	const struct engine_bounds two = {.reap = 2};
	tick_t next;

	(void)state;
	path_open(&path, &(struct path_options){
				 .chains = &accepting, .n_chains = 1, .enable = CT_ENABLE_ALWAYS});
	for (uint16_t port = 1; port <= 5; port++)
		send(port);
	path.now_ns += 31 * NS_PER_SEC; // UDP without a reply: 30 s
	assert_true(service_turn(engine_service(path.engine), tick_from_ns(path.now_ns), UINT32_MAX,
				 &next));
	assert_int_equal(engine_ct_count(path.engine).confirmed, 5);
	for (unsigned int left = 3;; left -= 2) {
		assert_int_equal(engine_between_bursts(path.engine, 0, path.now_ns, &two), 2);
		assert_int_equal(engine_ct_count(path.engine).confirmed, left);
		if (left == 1)
			break;
	}
	assert_int_equal(engine_between_bursts(path.engine, 0, path.now_ns, &two), 1);
	assert_int_equal(engine_between_bursts(path.engine, 0, path.now_ns, &two), 0);
	assert_int_equal(engine_n_lost(path.engine), 0);
	assert_int_equal(engine_ct_stats(path.engine).expired, 5);
	path_close(&path);
}

static struct changeover *
prepare(const struct config *config, uint32_t generation, unsigned int n_workers)
{
	struct changeover *changeover;
	struct errors errors;

	errors_init(&errors);
	changeover = changeover_create(config, generation, n_workers, &errors);
	assert_non_null(changeover);
	errors_fini(&errors);
	return changeover;
}

// Each worker changes at a time of its own; the old snapshot goes with the last of them.
static void
the_last_worker_ends_a_changeover(void **state)
{
	struct config config;

	(void)state;
	path_open(&path,
		  &(struct path_options){
			  .chains = &accepting, .n_chains = 1, .n_workers = 2, .generation = 1});
	config = path.config;
	config.chains[0] = dropping;
	engine_publish(path.engine, prepare(&config, 2, 2));
	assert_int_equal(send(1).verdict, VERDICT_ACCEPT);
	assert_false(engine_retire(path.engine));
	engine_between_bursts(path.engine, 0, path.now_ns, &generous);
	assert_int_equal(send(2).verdict, VERDICT_DROP);
	path_enter(&path, 1);
	assert_int_equal(send(3).verdict, VERDICT_ACCEPT);
	assert_false(engine_retire(path.engine));
	assert_int_equal(engine_snapshot(path.engine)->generation, 1);
	engine_between_bursts(path.engine, 1, path.now_ns, &generous);
	assert_int_equal(send(4).verdict, VERDICT_DROP);
	assert_true(engine_retire(path.engine));
	assert_int_equal(engine_snapshot(path.engine)->generation, 2);
	assert_ptr_equal(engine_snapshot(path.engine)->config, &config);
	assert_true(engine_retire(path.engine)); // there is nothing to wait for
	path_close(&path);
}

// Memory is freed whether no, some or all workers have taken their plans.
static void
an_engine_may_end_within_a_changeover(void **state)
{
	const uint64_t before = bytes_taken();

	(void)state;
	for (unsigned int n_taken = 0; n_taken <= 2; n_taken++) {
		struct config config;

		path_open(&path, &(struct path_options){.chains = &accepting,
							.n_chains = 1,
							.n_workers = 2,
							.generation = 1});
		config = path.config;
		engine_publish(path.engine, prepare(&config, 2, 2));
		for (unsigned int i = 0; i < n_taken; i++)
			engine_between_bursts(path.engine, i, path.now_ns, &generous);
		path_close(&path);
		assert_int_equal(bytes_taken(), before);
	}
}

// Rules that cannot be compiled are refused before any worker sees them.
static void
rules_that_do_not_compile_make_no_changeover(void **state)
{
	static struct range ports[100];
	static struct rule multiplied = {.action = ACTION_DROP};
	struct config config = {.file = (char *)"test.conf", .n_chains = 1};
	struct errors errors;

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(ports); i++)
		ports[i] = (struct range){(uint16_t)(3 * i), (uint16_t)(3 * i + 1)};
	multiplied.match = (struct match){.n_sport = 100,
					  .sport = ports,
					  .n_dport = 100,
					  .dport = ports,
					  .n_icmp_type = 80,
					  .icmp_type = ports,
					  .n_icmp_code = 80,
					  .icmp_code = ports};
	config.chains[0] = (struct chain){.name = (char *)"f", .n_rules = 1, .rules = &multiplied};
	errors_init(&errors);
	assert_null(changeover_create(&config, 2, 1, &errors));
	assert_true(errors.count > 0);
	errors_fini(&errors);
	changeover_destroy(NULL);
}

// Without rings, or with one worker, packets are at home where they arrive.
static void
without_rings_nothing_is_handed_over(void **state)
{
	struct burst *burst = calloc(1, sizeof(*burst));
	struct frame frame;

	(void)state;
	for (unsigned int n = 1; n <= 2; n++) {
		path_open(&path, &(struct path_options){.chains = &accepting,
							.n_chains = 1,
							.n_workers = n,
							.steer_ring = n == 1 ? 64 : 0});
		assert_null(engine_steer(path.engine));
		path_enter(&path, n - 1);
		for (uint16_t port = 1; port <= 10; port++) {
			struct pkt pkt;

			build_udp(&frame, port);
			pkt = path_one(&path, &frame, LAN);
			assert_int_equal(pkt.verdict, VERDICT_ACCEPT);
			assert_int_equal(engine_home(path.engine, &pkt, n - 1), n - 1);
		}
		engine_receive(path.engine, n - 1, burst, BURST_MAX);
		assert_int_equal(burst->n, 0);
		assert_int_equal(engine_pipeline_stats(path.engine).accepted, 10);
		assert_int_equal(engine_pipeline_stats(path.engine).handed_over, 0);
		assert_int_equal(engine_rule_counter(path.engine, 0).packets, 10);
		path_close(&path);
	}
	free(burst);
}

static void
hear(void *context, const struct ct_event events[], unsigned int n)
{
	(void)context;
	(void)events;
	(void)n;
}

// An engine takes no more than it, its shards and its pipelines say, and hardly less, whatever the
// number of workers.
static void
what_an_engine_takes_is_what_it_says(void **state)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "engine tests...";
	static struct config config;
	struct hash_secret secret;

	(void)state;
	hash_secret_init(&secret, seed);
	ct_params_init(&config.conntrack);
	frag_params_init(&config.fragments);
	config.conntrack.max_connections = 1024;
	config.fragments.max_datagrams = 64; // the defaults would leave room for five workers
	config.fragments.max_fragments = 256;
	for (unsigned int n = 1; n <= N_WORKERS_MAX; n++) {
		struct engine_config own = {
			.secret = &secret,
			.n_workers = n,
			.steer_ring = 16384,
			.listener = n > 1 ? hear : NULL,
			.event_ring = 4096,
		};
		struct engine *engine;
		struct errors errors;
		uint64_t before, taken, said;

		errors_init(&errors);
		own.snapshot = snapshot_create(&config, 1, &errors);
		assert_non_null(own.snapshot);
		errors_fini(&errors);
		before = bytes_taken();
		engine = engine_create(&own);
		assert_non_null(engine);
		taken = bytes_taken() - before;
		said = engine_bytes_for(&own) + n * ct_bytes_for(&config.conntrack, n) +
		       n * pipeline_bytes_for(&config.fragments, 0);
		assert_true(said >= taken);
		assert_true(said <= taken + taken / 100);
		engine_destroy(engine);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_expired_are_removed_within_bounds),
		cmocka_unit_test(the_last_worker_ends_a_changeover),
		cmocka_unit_test(an_engine_may_end_within_a_changeover),
		cmocka_unit_test(rules_that_do_not_compile_make_no_changeover),
		cmocka_unit_test(without_rings_nothing_is_handed_over),
		cmocka_unit_test(what_an_engine_takes_is_what_it_says),
	};

	return cmocka_run_group_tests_name("engine", tests, test_eal_start, test_eal_stop);
}
