// SPDX-License-Identifier: BSD-3-Clause
//
// What the options of TCP change about the windows: scaling and selective acknowledgement. As in
// test_tcp_window.c, a segment that passes without being believed leaves the timeout running.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "segments.h"
#include "util/eal.h"

#define ACCEPTED   "established orig: 432000 ESTABLISHED [ASSURED]"
#define UNACKED    "established orig: 300 ESTABLISHED [ASSURED]" // accepted, and data is on its way
#define PASSES     "established orig: 431999 ESTABLISHED [ASSURED]"
#define INVALID    "invalid: 431999 ESTABLISHED [ASSURED]"
#define S_ACCEPTED "established reply: 432000 ESTABLISHED [ASSURED]"
#define S_UNACKED  "established reply: 300 ESTABLISHED [ASSURED]"

static const uint8_t scale_7[4] = {1, 3, 3, 7};
static const uint8_t scale_2[4] = {1, 3, 3, 2};
static const uint8_t scale_200[4] = {1, 3, 3, 200};
static const uint8_t sack_permitted[4] = {4, 2, 1, 1};

// Scale 7: the 100 of the client's ACK lets the server send up to 501 + 12800 = 13301.
static void
windows_are_scaled_when_both_offer_it(void **state)
{
	static const struct segment rows[] = {
		C(SYN, 100, 0, 100, 0, NULL, scale_7, 4),
		S(SYN | ACK, 500, 101, 100, 0, NULL, scale_2, 4),
		C(ACK, 101, 501, 100, 0, ACCEPTED),
		S(ACK, 13301, 101, 100, 0, S_UNACKED),
	};
	// 100 << 2 for the client: 101 + 400 = 501; an overshoot of up to 400 passes.
	static const struct segment other_side[] = {
		C(SYN, 100, 0, 100, 0, NULL, scale_7, 4),
		S(SYN | ACK, 500, 101, 100, 0, NULL, scale_2, 4),
		C(ACK, 101, 501, 100, 0, ACCEPTED),
		S(ACK, 501, 101, 100, 0, S_ACCEPTED),
		C(ACK, 901, 501, 100, 0, INVALID),
		C(ACK, 900, 501, 100, 0, "established orig: 431998 ESTABLISHED [ASSURED]"),
		C(ACK, 501, 501, 100, 0, UNACKED),
	};

	(void)state;
	assert_segments(rows, NULL);
	assert_segments(other_side, NULL);
}

// The window of a SYN itself is never scaled (RFC 7323, 2.2): 101 + 100, and 100 of overshoot.
static void
the_window_of_a_syn_is_not_scaled(void **state)
{
	static const struct segment rows[] = {
		C(SYN, 100, 0, 100, 0, NULL, scale_7, 4),
		S(SYN | ACK, 500, 101, 100, 0, NULL, scale_7, 4),
		C(ACK, 101, 501, 100, 0, ACCEPTED),
		C(ACK, 301, 501, 100, 0, INVALID),
		C(ACK, 300, 501, 100, 0, "established orig: 431998 ESTABLISHED [ASSURED]"),
		C(ACK, 201, 501, 100, 0, UNACKED),
	};

	(void)state;
	assert_segments(rows, NULL);
}

// 501 + 100 = 601, and 100 of overshoot: 700 is the last.
static void
an_offer_of_one_side_scales_nothing(void **state)
{
	static const struct segment client_offers[] = {
		C(SYN, 100, 0, 100, 0, NULL, scale_7, 4),
		S(SYN | ACK, 500, 101, 100, 0, NULL),
		C(ACK, 101, 501, 100, 0, ACCEPTED),
		S(ACK, 701, 101, 100, 0, INVALID),
		S(ACK, 700, 101, 100, 0, "established reply: 431998 ESTABLISHED [ASSURED]"),
		S(ACK, 601, 101, 100, 0, S_UNACKED),
	};
	static const struct segment server_offers[] = {
		C(SYN, 100, 0, 100, 0, NULL),
		S(SYN | ACK, 500, 101, 100, 0, NULL, scale_7, 4),
		C(ACK, 101, 501, 100, 0, ACCEPTED),
		S(ACK, 501, 101, 100, 0, S_ACCEPTED),
		C(ACK, 301, 501, 100, 0, INVALID),
		C(ACK, 300, 501, 100, 0, "established orig: 431998 ESTABLISHED [ASSURED]"),
		C(ACK, 201, 501, 100, 0, UNACKED),
	};

	(void)state;
	assert_segments(client_offers, NULL);
	assert_segments(server_offers, NULL);
}

// RFC 7323, 2.3: more than 14 is taken for 14. 1 << 14 = 16384; 501 + 16384 = 16885.
static void
a_scale_is_14_at_most(void **state)
{
	static const struct segment rows[] = {
		C(SYN, 100, 0, 1, 0, NULL, scale_200, 4),
		S(SYN | ACK, 500, 101, 100, 0, NULL, scale_7, 4),
		C(ACK, 101, 501, 1, 0, ACCEPTED),
		S(ACK, 33269, 101, 100, 0, INVALID),
		S(ACK, 33268, 101, 100, 0, "established reply: 431998 ESTABLISHED [ASSURED]"),
		S(ACK, 16885, 101, 100, 0, S_UNACKED),
	};

	(void)state;
	assert_segments(rows, NULL);
}

// Options behind one that is broken are not read; padding and unknown ones are skipped.
static void
options_are_read_up_to_a_broken_one(void **state)
{
	static const uint8_t behind_others[12] = {1, 2, 4, 5, 180, 30, 3, 99, 3, 3, 7, 0};
	static const uint8_t broken[][8] = {
		{2, 0, 1, 1, 1, 3, 3, 7},  // a length of 0
		{2, 1, 1, 1, 1, 3, 3, 7},  // a length of 1: less than kind and length
		{2, 60, 1, 1, 1, 3, 3, 7}, // longer than the header
		{0, 1, 1, 1, 1, 3, 3, 7},  // the end of the list
		{1, 1, 1, 1, 3, 4, 7, 0},  // a scale of the wrong length
	};

	(void)state;
	{
		const struct segment rows[] = {
			C(SYN, 100, 0, 100, 0, NULL, behind_others, sizeof(behind_others)),
			S(SYN | ACK, 500, 101, 100, 0, NULL, scale_7, 4),
			C(ACK, 101, 501, 100, 0, ACCEPTED),
			S(ACK, 13301, 101, 100, 0, S_UNACKED),
		};

		assert_segments(rows, NULL);
	}
	for (size_t i = 0; i < RTE_DIM(broken); i++) {
		const struct segment rows[] = {
			C(SYN, 100, 0, 100, 0, NULL, broken[i], sizeof(broken[i])),
			S(SYN | ACK, 500, 101, 100, 0, NULL, scale_7, 4),
			C(ACK, 101, 501, 100, 0, ACCEPTED),
			S(ACK, 701, 101, 100, 0, INVALID), // not scaled
		};

		assert_segments(rows, NULL);
	}
}

// A block is looked at when the other side has said that it takes SACK (RFC 2018).
static void
a_selective_acknowledgement_counts_when_it_was_permitted(void **state)
{
	static const struct segment permitted[] = {
		C(SYN, 100, 0, 65535, 0, NULL),
		S(SYN | ACK, 500, 101, 65535, 0, NULL, sack_permitted, 4),
		C(ACK, 101, 501, 65535, 0, ACCEPTED),
		S(ACK, 501, 101, 65535, 100, S_UNACKED),
		C(ACK, 101, 501, 65535, 0, "invalid: 299 ESTABLISHED [ASSURED]", .sack_right = 602),
		C(ACK, 101, 501, 65535, 0, UNACKED, .sack_right = 601),
	};
	static const struct segment not_permitted[] = {
		C(SYN, 100, 0, 65535, 0, NULL, sack_permitted, 4),
		S(SYN | ACK, 500, 101, 65535, 0, NULL),
		C(ACK, 101, 501, 65535, 0, ACCEPTED),
		S(ACK, 501, 101, 65535, 100, S_UNACKED),
		C(ACK, 101, 501, 65535, 0, UNACKED, .sack_right = 602),
	};

	(void)state;
	assert_segments(permitted, NULL);
	assert_segments(not_permitted, NULL);
}

// 65535 << 2 = 262140 is more than 66000, so bound IV moves with it.
static void
a_large_window_reaches_further_back(void **state)
{
	static const struct segment in[] = {
		C(SYN, 100, 0, 65535, 0, NULL, scale_2, 4),
		S(SYN | ACK, 500, 101, 65535, 0, NULL, scale_2, 4),
		C(ACK, 101, 501, 65535, 0, ACCEPTED),
		C(ACK, 101, 501 - UINT32_C(262140), 65535, 0, ACCEPTED),
	};
	static const struct segment out[] = {
		C(SYN, 100, 0, 65535, 0, NULL, scale_2, 4),
		S(SYN | ACK, 500, 101, 65535, 0, NULL, scale_2, 4),
		C(ACK, 101, 501, 65535, 0, ACCEPTED),
		C(ACK, 101, 501 - UINT32_C(262141), 65535, 0, PASSES),
	};

	(void)state;
	assert_segments(in, NULL);
	assert_segments(out, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_are_scaled_when_both_offer_it),
		cmocka_unit_test(the_window_of_a_syn_is_not_scaled),
		cmocka_unit_test(an_offer_of_one_side_scales_nothing),
		cmocka_unit_test(a_scale_is_14_at_most),
		cmocka_unit_test(options_are_read_up_to_a_broken_one),
		cmocka_unit_test(a_selective_acknowledgement_counts_when_it_was_permitted),
		cmocka_unit_test(a_large_window_reaches_further_back),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
