// SPDX-License-Identifier: BSD-3-Clause
//
// Fragments that contradict each other, as ip_frag_queue, nf_ct_frag6_queue and
// inet_frag_queue_insert of Linux 6 take them.
#include "frag/frag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "util/eal.h"

#define PIECES_MAX 6
#define FAMILIES   2

static const struct origin origins[FAMILIES] = {{.id = 1}, {.is_ipv6 = true, .id = 1}};

// What the last piece does.
enum outcome {
	HELD,
	COMPLETE,
	REFUSED, // alone
	ENDS,    // refused, and its datagram with it
	PASSES,  // continues alone; its datagram is given up
};

struct refuse_case {
	const char *name;
	struct piece pieces[PIECES_MAX]; // up to the first one that is all zero
	enum outcome outcome[FAMILIES];  // of IPv4 and IPv6
	enum reason reason;
};

static const struct refuse_case cases[] = {
	// Overlaps: RFC 5722, and the same for IPv4.
	{"begins inside", {{0, 48, true}, {40, 100, false}}, {ENDS, ENDS}, REASON_FRAG_OVERLAP},
	{"ends inside", {{48, 100, false}, {0, 56, true}}, {ENDS, ENDS}, REASON_FRAG_OVERLAP},
	{"covers", {{16, 24, true}, {8, 40, true}}, {ENDS, ENDS}, REASON_FRAG_OVERLAP},
	{"covers from the same begin",
	 {{16, 24, true}, {16, 40, true}},
	 {ENDS, ENDS},
	 REASON_FRAG_OVERLAP},
	{"bridges a hole",
	 {{0, 16, true}, {32, 48, true}, {8, 40, true}},
	 {ENDS, ENDS},
	 REASON_FRAG_OVERLAP},
	{"fills the hole and more",
	 {{0, 16, true}, {32, 48, true}, {16, 40, true}},
	 {ENDS, ENDS},
	 REASON_FRAG_OVERLAP},
	// Bytes that are already there are ignored.
	{"twice", {{0, 48, true}, {0, 48, true}}, {REFUSED, REFUSED}, REASON_FRAG_DUPLICATE},
	{"the last one twice",
	 {{48, 100, false}, {48, 100, false}},
	 {REFUSED, REFUSED},
	 REASON_FRAG_DUPLICATE},
	{"a part again", {{0, 48, true}, {8, 16, true}}, {REFUSED, REFUSED}, REASON_FRAG_DUPLICATE},
	{"of two that came one after the other",
	 {{0, 16, true}, {16, 48, true}, {8, 24, true}},
	 {REFUSED, REFUSED},
	 REASON_FRAG_DUPLICATE},
	// Linux looks into one run of fragments, and the first of two that came the other way round
	// is a run of its own.
	{"of two that came in other order",
	 {{16, 48, true}, {0, 16, true}, {8, 24, true}},
	 {ENDS, ENDS},
	 REASON_FRAG_OVERLAP},
	{"at the border of runs",
	 {{16, 48, true}, {0, 16, true}, {16, 24, true}},
	 {REFUSED, REFUSED},
	 REASON_FRAG_DUPLICATE},
	// Ends that contradict each other.
	{"another end", {{48, 100, false}, {8, 108, false}}, {ENDS, REFUSED}, REASON_FRAG_LENGTH},
	{"a shorter end", {{48, 100, false}, {8, 92, false}}, {ENDS, REFUSED}, REASON_FRAG_LENGTH},
	{"an end before what is there",
	 {{48, 96, true}, {8, 40, false}},
	 {ENDS, REFUSED},
	 REASON_FRAG_LENGTH},
	{"more behind the end",
	 {{48, 96, false}, {96, 104, true}},
	 {ENDS, REFUSED},
	 REASON_FRAG_LENGTH},
	{"empty", {{0, 48, true}, {48, 48, true}}, {ENDS, REFUSED}, REASON_FRAG_LENGTH},
	{"empty and last", {{0, 48, true}, {48, 48, false}}, {ENDS, REFUSED}, REASON_FRAG_LENGTH},
	// A length that is no multiple of eight, with more to follow: refused, or let go.
	{"ends within a block",
	 {{48, 100, false}, {0, 12, true}},
	 {ENDS, PASSES},
	 REASON_FRAG_LENGTH},
	{"ends within a block that is there",
	 {{48, 100, false}, {0, 52, true}},
	 {ENDS, PASSES},
	 REASON_FRAG_LENGTH},
	{"ends within a block, twice",
	 {{0, 48, true}, {0, 45, true}},
	 {ENDS, PASSES},
	 REASON_FRAG_LENGTH},
	{"less than a block", {{0, 48, true}, {48, 52, true}}, {ENDS, PASSES}, REASON_FRAG_LENGTH},
	// Beyond 65535 bytes.
	{"too far", {{0, 48, true}, {65528, 65536, false}}, {ENDS, REFUSED}, REASON_FRAG_OVERSIZE},
	{"far, but not too far", {{0, 48, true}, {65528, 65535, false}}, {HELD, HELD}, 0},
	// Nothing wrong.
	{"held", {{0, 48, true}, {96, 100, false}}, {HELD, HELD}, 0},
	{"fills the hole",
	 {{0, 16, true}, {32, 100, false}, {16, 32, true}},
	 {COMPLETE, COMPLETE},
	 0},
};

static unsigned int
n_pieces(const struct refuse_case *test)
{
	unsigned int n = 0;

	while (n < PIECES_MAX && test->pieces[n].end > 0)
		n++;
	return n;
}

static void
check_case(const struct refuse_case *test, unsigned int family)
{
	static const enum frag_result results[] = {[HELD] = FRAG_TAKEN,
						   [COMPLETE] = FRAG_COMPLETE,
						   [REFUSED] = FRAG_REFUSED,
						   [ENDS] = FRAG_REFUSED,
						   [PASSES] = FRAG_PASSES};
	const enum outcome outcome = test->outcome[family];
	const bool all_lost = outcome == ENDS || outcome == PASSES;
	const unsigned int n = n_pieces(test);
	struct store store;
	enum frag_result result;

	store_open(&store, NULL);
	result = store_pieces(&store, &origins[family], test->pieces, n);
	if (result != results[outcome])
		fail_msg("%s, family %u: result %d", test->name, family, (int)result);
	if (result == FRAG_REFUSED && store.pkt.reason != test->reason)
		fail_msg("%s, family %u: %s", test->name, family, reason_name(store.pkt.reason));
	if (store.n_lost != (all_lost ? n - 1 : 0))
		fail_msg("%s, family %u: %u lost", test->name, family, store.n_lost);
	for (unsigned int i = 0; i < store.n_lost; i++)
		assert_int_equal(store.reasons[i], test->reason);
	assert_int_equal(frag_held(store.frag), outcome == HELD      ? n
						: outcome == REFUSED ? n - 1
								     : 0);
	store_close(&store);
}

static void
test_contradictions(void **state)
{
	(void)state;
	for (unsigned int family = 0; family < FAMILIES; family++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			check_case(&cases[i], family);
	}
}

// A refused duplicate or, of IPv6, a refused end leaves the datagram as it was.
static void
test_datagram_goes_on_after_a_refusal(void **state)
{
	(void)state;
	for (unsigned int family = 0; family < FAMILIES; family++) {
		struct store store;

		store_open(&store, NULL);
		store_piece(&store, &origins[family], &(struct piece){0, 48, true});
		assert_int_equal(
			store_piece(&store, &origins[family], &(struct piece){0, 48, true}),
			FRAG_REFUSED);
		assert_int_equal(
			store_piece(&store, &origins[family], &(struct piece){48, 100, false}),
			FRAG_COMPLETE);
		assert_int_equal(store.n_fragments, 2);
		store_close(&store);
	}
}

// RFC 3168, 5.3: not-ECT does not mix with others; CE comes from any router that met congestion.
static void
test_marks_of_congestion(void **state)
{
	static const struct {
		uint8_t ecn[2];
		bool is_good;
	} marks[] = {{{0, 0}, true},  {{1, 1}, true},  {{2, 3}, true}, {{3, 1}, true},
		     {{0, 1}, false}, {{2, 0}, false}, {{3, 0}, false}};

	(void)state;
	for (unsigned int i = 0; i < FAMILIES * sizeof(marks) / sizeof(marks[0]); i++) {
		struct origin origin = origins[i % FAMILIES];
		struct store store;
		enum frag_result result;

		store_open(&store, NULL);
		origin.ecn = marks[i / FAMILIES].ecn[0];
		store_piece(&store, &origin, &(struct piece){0, 48, true});
		origin.ecn = marks[i / FAMILIES].ecn[1];
		result = store_piece(&store, &origin, &(struct piece){48, 100, false});
		if (marks[i / FAMILIES].is_good) {
			assert_int_equal(result, FRAG_COMPLETE);
		} else {
			assert_int_equal(result, FRAG_TAKEN);
			assert_lost(&store, REASON_FRAG_ECN, 1, 2);
		}
		store_close(&store);
	}
}

// All pieces fit, but with the headers there are more than 65535 bytes.
static void
test_longest_datagram(void **state)
{
	const struct frag_params params = {.max_datagrams = 2,
					   .max_fragments = 64,
					   .max_per_source = 2,
					   .timeout_ipv4 = 30,
					   .timeout_ipv6 = 60};

	(void)state;
	for (unsigned int i = 0; i < FAMILIES * 2; i++) {
		const bool is_too_long = i / FAMILIES == 1;
		struct origin origin = origins[i % FAMILIES];
		unsigned int len = (origin.is_ipv6 ? 65535 - 8 : 65535 - 20) + is_too_long;
		struct store store;
		enum frag_result result = FRAG_TAKEN;

		store_open(&store, &params);
		origin.extension = 8; // of IPv6
		for (unsigned int begin = 0; begin < len; begin += 3200) {
			unsigned int end = begin + 3200 < len ? begin + 3200 : len;

			assert_int_equal(result, FRAG_TAKEN);
			result = store_piece(&store, &origin,
					     &(struct piece){begin, end, end < len});
		}
		assert_int_equal(result, is_too_long ? FRAG_TAKEN : FRAG_COMPLETE);
		assert_int_equal(store.n_lost, is_too_long ? 21 : 0);
		if (is_too_long)
			assert_int_equal(store.reasons[20], REASON_FRAG_OVERSIZE);
		else
			assert_int_equal(store.l3_len, origin.is_ipv6 ? 65535 + 40 : 65535);
		store_close(&store);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_datagram_goes_on_after_a_refusal),
		cmocka_unit_test(test_marks_of_congestion),
		cmocka_unit_test(test_longest_datagram),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
