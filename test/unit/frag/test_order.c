// SPDX-License-Identifier: BSD-3-Clause
//
// Fragments in every order become the datagram they were cut from; only those of the same datagram
// do, and not later than allowed.
#include "frag/frag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "util/eal.h"

static const struct origin ipv4 = {.id = 7};
static const struct origin ipv6 = {.is_ipv6 = true, .id = 0x10007};

// A datagram of 100 bytes in five parts; the last one is no multiple of eight.
static const struct piece parts[] = {
	{0, 16, true}, {16, 24, true}, {24, 64, true}, {64, 96, true}, {96, 100, false}};

#define N_PARTS (sizeof(parts) / sizeof(parts[0]))

// Calls visit with every permutation of the parts.
static void
permute(struct piece pieces[], unsigned int fixed, const struct origin *origin)
{
	if (fixed == N_PARTS) {
		struct store store;

		store_open(&store, NULL);
		assert_int_equal(store_pieces(&store, origin, pieces, N_PARTS), FRAG_COMPLETE);
		assert_int_equal(store.l3_len, (origin->is_ipv6 ? 40 : 20) + 100);
		assert_int_equal(store.pkt.fault, FAULT_NONE);
		assert_false(pkt_has_place(&store.pkt));
		assert_int_equal(store.pkt.tuple.dst_field, 53);
		assert_int_equal(store.pkt.l4_len, 100);
		assert_int_equal(store.n_fragments, N_PARTS);
		for (unsigned int i = 0; i < N_PARTS; i++)
			assert_int_equal(store.seqs[i], i + 1); // as they arrived
		assert_int_equal(frag_held(store.frag), 0);
		store_close(&store);
		return;
	}
	for (unsigned int i = fixed; i < N_PARTS; i++) {
		struct piece copy[N_PARTS];

		memcpy(copy, pieces, sizeof(copy));
		copy[fixed] = pieces[i];
		copy[i] = pieces[fixed];
		permute(copy, fixed + 1, origin);
	}
}

static void
test_every_order_ipv4(void **state)
{
	struct piece pieces[N_PARTS];

	(void)state;
	memcpy(pieces, parts, sizeof(pieces));
	permute(pieces, 0, &ipv4);
}

static void
test_every_order_ipv6(void **state)
{
	struct piece pieces[N_PARTS];

	(void)state;
	memcpy(pieces, parts, sizeof(pieces));
	permute(pieces, 0, &ipv6);
}

// A change of the key, one member at a time.
struct other {
	struct origin origin;
	bool is_same; // the datagram is the same nevertheless
};

static void
check_others(const struct origin *origin, const struct other others[], unsigned int n)
{
	const struct piece first = {0, 48, true};
	const struct piece last = {48, 100, false};

	for (unsigned int i = 0; i < n; i++) {
		struct store store;

		store_open(&store, NULL);
		assert_int_equal(store_piece(&store, origin, &first), FRAG_TAKEN);
		assert_int_equal(store_piece(&store, &others[i].origin, &last),
				 others[i].is_same ? FRAG_COMPLETE : FRAG_TAKEN);
		if (!others[i].is_same) {
			assert_int_equal(frag_held(store.frag), 2);
			assert_int_equal(store_piece(&store, origin, &last), FRAG_COMPLETE);
			assert_int_equal(frag_held(store.frag), 1);
		}
		assert_nothing_lost(&store);
		store_close(&store);
	}
}

// RFC 791: source, destination, protocol, identification. Of IPv6 (RFC 8200, 4.5) the protocol is
// not part of it.
static void
test_what_tells_datagrams_apart(void **state)
{
	static const struct other of_ipv4[] = {
		{{.id = 7}, true},
		{{.id = 8}, false},
		{{.id = 7, .host = 9}, false},
		{{.id = 7, .proto = PROTO_TCP}, false},
		{{.id = 7, .zone = 1}, false},
		{{.id = 7, .in_port = 1}, false},
	};
	static const struct other of_ipv6[] = {
		{{.is_ipv6 = true, .id = 0x10007}, true},
		{{.is_ipv6 = true, .id = 7}, false}, // all 32 bits count
		{{.is_ipv6 = true, .id = 0x10007, .host = 9}, false},
		{{.is_ipv6 = true, .id = 0x10007, .proto = PROTO_TCP}, true},
		{{.is_ipv6 = true, .id = 0x10007, .zone = 1}, false},
		{{.is_ipv6 = true, .id = 0x10007, .in_port = 1}, false},
	};

	(void)state;
	check_others(&ipv4, of_ipv4, sizeof(of_ipv4) / sizeof(of_ipv4[0]));
	check_others(&ipv6, of_ipv6, sizeof(of_ipv6) / sizeof(of_ipv6[0]));
}

// ipfrag_time and nf_conntrack_frag6_timeout, counted from the first fragment whatever follows.
static void
test_timeouts(void **state)
{
	static const struct {
		const struct origin *origin;
		unsigned int sec;
	} cases[] = {{&ipv4, 30}, {&ipv6, 60}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct store store;

		store_open(&store, NULL);
		store_piece(&store, cases[i].origin, &parts[0]);
		store_wait(&store, cases[i].sec - 1);
		store_piece(&store, cases[i].origin, &parts[1]);
		assert_int_equal(frag_expire(store.frag, tick_from_ns(store.now_ns), 9), 0);
		store_wait(&store, 1);
		assert_int_equal(frag_expire(store.frag, tick_from_ns(store.now_ns), 9), 1);
		assert_lost(&store, REASON_FRAG_TIMEOUT, 1, 2);
		assert_int_equal(frag_held(store.frag), 0);
		store_close(&store);
	}
}

// frag_expire was not called.
static void
test_fragment_after_its_time_begins_anew(void **state)
{
	struct store store;

	(void)state;
	store_open(&store, NULL);
	assert_int_equal(store_pieces(&store, &ipv4, parts, N_PARTS - 1), FRAG_TAKEN);
	store_wait(&store, 30);
	assert_int_equal(store_piece(&store, &ipv4, &parts[N_PARTS - 1]), FRAG_TAKEN);
	assert_lost(&store, REASON_FRAG_TIMEOUT, 1, 2, 3, 4);
	assert_int_equal(store_pieces(&store, &ipv4, parts, N_PARTS - 1), FRAG_COMPLETE);
	store_close(&store);
}

static void
test_expiry_is_bounded_and_in_order(void **state)
{
	struct store store;
	struct origin origin = ipv6;

	(void)state;
	store_open(&store, NULL);
	store_piece(&store, &origin, &parts[0]); // ends at 60
	store_wait(&store, 20);
	store_piece(&store, &ipv4, &parts[0]); // ends at 50
	store_wait(&store, 20);
	origin.id++;
	store_piece(&store, &origin, &parts[0]); // ends at 100
	store_wait(&store, 50);
	assert_int_equal(frag_expire(store.frag, tick_from_ns(store.now_ns), 1), 1);
	assert_lost(&store, REASON_FRAG_TIMEOUT, 2);
	assert_int_equal(frag_expire(store.frag, tick_from_ns(store.now_ns), 9), 1);
	assert_lost(&store, REASON_FRAG_TIMEOUT, 1);
	frag_give_up_all(store.frag);
	assert_lost(&store, REASON_FRAG_TIMEOUT, 3);
	store_close(&store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_order_ipv4),
		cmocka_unit_test(test_every_order_ipv6),
		cmocka_unit_test(test_what_tells_datagrams_apart),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_fragment_after_its_time_begins_anew),
		cmocka_unit_test(test_expiry_is_bounded_and_in_order),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
