// SPDX-License-Identifier: BSD-3-Clause
//
// Both tables are driven with the same random additions, removals and lookups, and with keys whose
// hashes collide. Each has to say what a list says that is kept beside them.
//
// SALLYPORT_TABLE_STEPS: additions, removals and tuples looked up in all, default 3,000,000.
// SALLYPORT_TEST_SEED chooses the sequence (test/util/random.h).
#include "conntrack/table.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>
#include <rte_memory.h>

#include "packet/hash.h"
#include "util/eal.h"
#include "util/random.h"

#define N_CONNS         2000
#define N_FLOWS         8000
#define N_STEPS         3000000
#define N_COLLIDED      400 // flows of which so many as COLLIDE_AT_ONCE have one hash
#define COLLIDE_AT_ONCE 20

// A flow that there may be a connection for.
struct flow {
	struct flow_key key;
	uint32_t hash;
	bool is_own_answer;
	uint32_t upright; // entry of its connection, or CT_TABLE_MISS
};

static struct flow flows[N_FLOWS];
static struct flow_key keys[N_CONNS]; // of connections
static uint32_t flow_of[N_CONNS];     // number of the flow, UINT32_MAX for none
static uint32_t n_conns;
static struct ct_table *tables[CT_TABLE_KIND_COUNT];

// The i-th flow: each has an address of its own.
static struct tuple
make_tuple(uint32_t i)
{
	static const uint8_t protos[] = {PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_SCTP};
	struct tuple tuple = {
		.src_field = (uint16_t)random_bits(),
		.dst_field = (uint16_t)random_bits(),
		.zone = (uint16_t)random_below(3),
		.proto = RANDOM_PICK(protos),
		.family = random_chance(50) ? FAMILY_IPV4 : FAMILY_IPV6,
	};

	if (tuple.family == FAMILY_IPV6)
		tuple.dst.word[1] = random_bits();
	tuple.src.v4 = i;
	tuple.dst.v4 = random_below(2 * N_FLOWS);
	if (tuple.proto == PROTO_ICMP) {
		tuple.proto = tuple.family == FAMILY_IPV4 ? PROTO_ICMP : PROTO_ICMPV6;
		tuple.dst_field = (uint16_t)((tuple.family == FAMILY_IPV4 ? 8 : 128) << 8);
	} else if (random_chance(5)) {
		tuple.dst = tuple.src;
		tuple.dst_field = tuple.src_field;
	}
	return tuple;
}

static void
make_flows(const struct hash_secret *secret)
{
	for (uint32_t i = 0; i < N_FLOWS; i++) {
		const struct tuple tuple = make_tuple(i);
		struct flow *flow = &flows[i];

		*flow = (struct flow){.upright = CT_TABLE_MISS};
		(void)key_from_tuple(&tuple, &flow->key);
		flow->is_own_answer = tuple_is_own_answer(&tuple);
		flow->hash = hash_key(secret, &flow->key);
		// The same, and some others whose halves are the same.
		if (i < N_COLLIDED)
			flow->hash = flows[i - i % COLLIDE_AT_ONCE].hash;
		else if (i < 2 * N_COLLIDED)
			flow->hash = (flow->hash & 0xffff) * 0x10001;
	}
}

static int
start(void **state)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "tables alike...";
	const struct ct_keys where = {
		.words = keys,
		.words_stride = sizeof(keys[0]),
		.ends = keys[0].ends,
		.ends_stride = sizeof(keys[0]),
	};
	struct hash_secret secret;

	(void)state;
	random_start(random_seed(), 0);
	hash_secret_init(&secret, seed);
	make_flows(&secret);
	for (uint32_t slot = 0; slot < N_CONNS; slot++)
		flow_of[slot] = UINT32_MAX;
	for (int kind = 0; kind < CT_TABLE_KIND_COUNT; kind++) {
		tables[kind] =
			ct_table_create((enum ct_table_kind)kind, &where, N_CONNS, SOCKET_ID_ANY);
		if (tables[kind] == NULL)
			return -1;
	}
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	for (int kind = 0; kind < CT_TABLE_KIND_COUNT; kind++)
		ct_table_destroy(tables[kind]);
	return 0;
}

// A connection for some flow that has none, begun by either side, in some free slot.
static void
add_one(void)
{
	uint32_t slot = random_below(N_CONNS), number = random_below(N_FLOWS);
	struct flow *flow;
	enum dir side;

	while (flow_of[slot] != UINT32_MAX)
		slot = (slot + 1) % N_CONNS;
	while (flows[number].upright != CT_TABLE_MISS)
		number = (number + 1) % N_FLOWS;
	flow = &flows[number];
	side = flow->is_own_answer || random_chance(50) ? DIR_REPLY : DIR_ORIG;
	keys[slot] = flow->key;
	flow_of[slot] = number;
	flow->upright = entry_of(slot, side);
	for (int kind = 0; kind < CT_TABLE_KIND_COUNT; kind++)
		assert_true(ct_table_add(tables[kind], flow->hash, flow->upright));
	n_conns++;
}

// The connection in some slot; there may be none any more.
static void
remove_one(void)
{
	const uint32_t slot = random_below(N_CONNS);
	const uint32_t number = flow_of[slot];
	uint32_t hash = (uint32_t)random_bits();
	uint32_t upright = entry_of(slot, DIR_ORIG);

	if (number != UINT32_MAX) {
		hash = flows[number].hash;
		upright = flows[number].upright;
		flows[number].upright = CT_TABLE_MISS;
		flow_of[slot] = UINT32_MAX;
		n_conns--;
	} else {
		memset(&keys[slot], 0, sizeof(keys[slot])); // of nobody
	}
	for (int kind = 0; kind < CT_TABLE_KIND_COUNT; kind++)
		ct_table_remove(tables[kind], hash, upright);
}

// What the list says: flows that have a connection and flows that have none.
static uint32_t
expected_entry(const struct flow *flow, bool is_turned)
{
	return flow->upright == CT_TABLE_MISS ? CT_TABLE_MISS : flow->upright ^ is_turned;
}

// Looks up a burst of tuples, and the first of it alone, too. Returns how many that were.
static uint64_t
look_up_some(void)
{
	struct flow_key wanted_keys[BURST_MAX];
	uint32_t hashes[BURST_MAX], entries[BURST_MAX];
	uint32_t expected[BURST_MAX] = {0};
	bool are_turned[BURST_MAX];
	const struct ct_wanted_burst wanted = {wanted_keys, hashes, are_turned,
					       (uint16_t)(1 + random_below(BURST_MAX))};

	for (uint16_t i = 0; i < wanted.n; i++) {
		const struct flow *flow = &flows[random_below(N_FLOWS)];

		wanted_keys[i] = flow->key;
		hashes[i] = flow->hash;
		are_turned[i] = !flow->is_own_answer && random_chance(50);
		expected[i] = expected_entry(flow, are_turned[i]);
	}
	for (int kind = 0; kind < CT_TABLE_KIND_COUNT; kind++) {
		const struct ct_wanted first = {&wanted_keys[0], hashes[0], are_turned[0]};

		memset(entries, 0x55, sizeof(entries));
		ct_table_lookup_burst(tables[kind], &wanted, entries);
		assert_memory_equal(entries, expected, wanted.n * sizeof(entries[0]));
		assert_int_equal(ct_table_lookup(tables[kind], &first), expected[0]);
	}
	return wanted.n + 1;
}

static void
both_tables_say_what_a_list_says(void **state)
{
	const char *text = getenv("SALLYPORT_TABLE_STEPS");
	const uint64_t n_steps = text == NULL ? N_STEPS : strtoull(text, NULL, 10);
	uint64_t n_added = 0, n_removed = 0, n_asked = 0, n_full = 0;
	bool is_filling = true;

	(void)state;
	while (n_added + n_removed + n_asked < n_steps) {
		// Up to the last place and down to nearly none, again and again.
		if (n_conns == N_CONNS || n_conns < N_CONNS / 50) {
			is_filling = n_conns < N_CONNS;
			n_full += n_conns == N_CONNS;
			for (int kind = 0; kind < CT_TABLE_KIND_COUNT; kind++)
				assert_int_equal(ct_table_count(tables[kind]), n_conns);
		}
		for (uint32_t n = random_below(16); n > 0; n--) {
			if (n_conns < N_CONNS && random_chance(is_filling ? 70 : 1)) {
				add_one();
				n_added++;
			} else {
				remove_one();
				n_removed++;
			}
		}
		n_asked += look_up_some();
	}
	print_message("%" PRIu64 " added, %" PRIu64 " removed, %" PRIu64
		      " looked up in each table, full %" PRIu64 " times\n",
		      n_added, n_removed, n_asked, n_full);
	assert_true(n_full > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_tables_say_what_a_list_says, start, stop),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
