// SPDX-License-Identifier: BSD-3-Clause
//
// From the question to the worker and back, on an engine of two shards without ports: a thread does
// what the workers do between bursts.
#include "control/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "util/eal.h"
#include "util/shard.h"

#define N_WORKERS 2
#define N_FLOWS   40
#define NOW_NS    (1000 * NS_PER_SEC)

static struct config config;
static struct appliance appliance;
static struct engine *engine;
static pthread_t workers;
static bool is_serving, is_stopping;
static struct answer_space space;
static unsigned int n_homes[N_WORKERS]; // flows of each worker

// A UDP flow from 10.0.0.n to 10.1.0.2 at its home.
static void
accept_flow(unsigned int n)
{
	struct shard shard = {.now_ns = NOW_NS, .seq = n};
	struct frame frame;
	struct tuple tuple = {.family = FAMILY_IPV4, .proto = PROTO_UDP};
	char address[16];
	unsigned int home;

	snprintf(address, sizeof(address), "10.0.0.%u", n);
	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, address, "10.1.0.2");
	frame_udp(&frame, (uint16_t)(1000 + n), 53);
	frame_end(&frame);
	tuple.src.v4 = rte_cpu_to_be_32(UINT32_C(0x0a000000) + n);
	tuple.dst.v4 = rte_cpu_to_be_32(UINT32_C(0x0a010002));
	home = engine_home_of(engine, &tuple);
	n_homes[home]++;
	shard.ct = engine_shard(engine, home);
	shard_accept(&shard, &frame);
}

// The owner of all shards, from their first packet on.
static void *
serve(void *none)
{
	for (unsigned int n = 1; n <= N_FLOWS; n++)
		accept_flow(n);
	__atomic_store_n(&is_serving, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&is_stopping, __ATOMIC_RELAXED)) {
		for (unsigned int i = 0; i < N_WORKERS; i++)
			engine_serve(engine, i, NOW_NS);
		sched_yield();
	}
	for (unsigned int i = 0; i < N_WORKERS; i++)
		inbox_close(engine_inbox(engine, i));
	return none;
}

static int
begin(void **state)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "control tests";
	struct hash_secret secret;
	struct errors errors;

	(void)state;
	config = (struct config){.file = (char *)"test.conf", .workers = N_WORKERS};
	ct_params_init(&config.conntrack);
	config.conntrack.max_connections = 4 * N_FLOWS;
	frag_params_init(&config.fragments);
	config.fragments.max_datagrams = 16;
	config.fragments.max_fragments = 64;
	hash_secret_init(&secret, seed);
	errors_init(&errors);
	engine = engine_create(&(struct engine_config){
		.snapshot = snapshot_create(&config, 1, &errors),
		.secret = &secret,
		.n_workers = N_WORKERS,
		.steer_ring = 64,
	});
	errors_fini(&errors);
	if (engine == NULL)
		return -1;
	appliance = (struct appliance){.engine = engine};
	memset(n_homes, 0, sizeof(n_homes));
	is_serving = is_stopping = false;
	if (pthread_create(&workers, NULL, serve, NULL) != 0)
		return -1;
	while (!__atomic_load_n(&is_serving, __ATOMIC_ACQUIRE))
		sched_yield();
	return 0;
}

static void
stop_workers(void)
{
	if (__atomic_exchange_n(&is_stopping, true, __ATOMIC_RELAXED))
		return;
	pthread_join(workers, NULL);
}

static int
end(void **state)
{
	(void)state;
	stop_workers();
	engine_destroy(engine);
	return 0;
}

// The content of the answer to a command.
static const char *
ask(const char *command, const char *parameter)
{
	char path[64];

	snprintf(path, sizeof(path), "/sallyport/ct/%s", command);
	command_answer(&appliance, path, parameter, &space);
	space.bytes[space.len] = '\0';
	return strchr(space.bytes, ':') + 1;
}

static unsigned int
number(const char *answer, const char *name)
{
	char text[32];
	const char *found;

	snprintf(text, sizeof(text), "\"%s\":", name);
	found = strstr(answer, text);
	assert_non_null(found);
	return (unsigned int)strtoul(found + strlen(text), NULL, 10);
}

static uint32_t
count(void)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < N_WORKERS; i++)
		n += ct_count(engine_shard(engine, i)).confirmed;
	return n;
}

static void
a_connection_is_found_at_its_home(void **state)
{
	(void)state;
	assert_true(n_homes[0] > 0 && n_homes[1] > 0);
	for (unsigned int n = 1; n <= N_FLOWS; n++) {
		char text[128], source[32];

		snprintf(text, sizeof(text),
			 "proto=udp src=10.0.0.%u dst=10.1.0.2 sport=%u dport=53", n, 1000 + n);
		snprintf(source, sizeof(source), "{\"src\":\"10.0.0.%u\"", n);
		assert_non_null(strstr(ask("get", text), source));
		// The tuple of its reply names it, too.
		snprintf(text, sizeof(text),
			 "proto=udp src=10.1.0.2 dst=10.0.0.%u sport=53 dport=%u", n, 1000 + n);
		assert_non_null(strstr(ask("get", text), source));
	}
	assert_string_equal(ask("get", "proto=udp src=10.0.0.1 dst=10.1.0.2 sport=1 dport=53"),
			    "{\"entries\":{}}}");
}

static void
each_worker_deletes_its_own(void **state)
{
	const char *page;

	(void)state;
	page = ask("delete", "src=10.0.0.0/29");
	assert_non_null(strstr(page, "\"cursor\":4294967296}")); // the other worker's first slot
	page = ask("delete", "cursor=4294967296 src=10.0.0.0/29");
	assert_non_null(strstr(page, "\"cursor\":0}"));
	assert_int_equal(count(), N_FLOWS - 7);
	assert_int_equal(number(ask("delete", "dport=54"), "deleted"), 0);
	assert_int_equal(number(ask("flush", NULL), "deleted") +
				 number(ask("flush", "4294967296"), "deleted"),
			 N_FLOWS - 7);
	assert_int_equal(count(), 0);
}

static void
what_is_wrong_is_said_and_nothing_done(void **state)
{
	static const struct {
		const char *command, *parameter, *answer;
	} wrong[] = {
		{"delete", NULL,
		 "{\"error\":\"a filter is needed; ct/flush deletes all "
		 "connections\"}}"},
		{"delete", "cursor=0 ",
		 "{\"error\":\"a filter is needed; ct/flush deletes all "
		 "connections\"}}"},
		{"delete", "cursor=", "{\"error\":\"the cursor is not a number\"}}"},
		{"delete", "cursor=8589934592 proto=udp",
		 "{\"error\":\"the cursor is beyond the list\"}}"},
		{"delete", "proto=udp colour=red",
		 "{\"error\":\"colour: there is no such filter\"}}"},
		{"flush", "8589934592", "{\"error\":\"the cursor is beyond the list\"}}"},
		{"flush", "proto=udp", "{\"error\":\"the cursor is not a number\"}}"},
		{"get", NULL, "{\"error\":\"a protocol, source and destination are needed\"}}"},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(wrong); i++)
		assert_string_equal(ask(wrong[i].command, wrong[i].parameter), wrong[i].answer);
	assert_int_equal(count(), N_FLOWS);
}

// A cursor that a client makes up leads nowhere else.
static void
any_slot_may_be_asked_for(void **state)
{
	(void)state;
	assert_string_equal(ask("flush", "4294967295"), "{\"deleted\":0,\"cursor\":4294967296}}");
	assert_string_equal(ask("flush", "8589934591"), "{\"deleted\":0,\"cursor\":0}}");
	assert_int_equal(count(), N_FLOWS);
}

static void
workers_that_have_ended_are_told_of(void **state)
{
	(void)state;
	stop_workers();
	assert_string_equal(ask("flush", NULL), "{\"error\":\"the worker has ended\"}}");
	assert_int_equal(count(), N_FLOWS);
}

#define ENGINE_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(a_connection_is_found_at_its_home),
		ENGINE_TEST(each_worker_deletes_its_own),
		ENGINE_TEST(what_is_wrong_is_said_and_nothing_done),
		ENGINE_TEST(any_slot_may_be_asked_for),
		ENGINE_TEST(workers_that_have_ended_are_told_of),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
