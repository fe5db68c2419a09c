// SPDX-License-Identifier: BSD-3-Clause
//
// Records: connections survive the round trip, and anything else is refused.
#include "report/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "entries.h"
#include "report/report.h"

// Compares the two as printed, that is, everything that a record must carry.
static void
assert_comes_out_again(const struct ct_entry *entry)
{
	char sent[REPORT_TEXT_SIZE], received[REPORT_TEXT_SIZE];
	struct record record;
	struct ct_entry copy;

	record_from_entry(entry, &record);
	assert_false(record_is_last(&record));
	assert_true(record_to_entry(&record, &copy));
	report_entry_json(entry, sent);
	report_entry_json(&copy, received);
	assert_string_equal(received, sent);
	assert_memory_equal(copy.tuple, entry->tuple, sizeof(copy.tuple));
	assert_int_equal(copy.status, entry->status);
}

static void
a_connection_comes_out_again(void **state)
{
	struct ct_entry entry = entry_make(FAMILY_IPV4, PROTO_UDP, 5000, 53);

	(void)state;
	assert_comes_out_again(&entry);
	entry = entry_make(FAMILY_IPV6, PROTO_SCTP, 1, 2);
	entry.state = "SHUTDOWN_ACK_SENT"; // the longest there is
	entry.status = CT_EXPECTED | CT_ASSURED;
	entry.has_counters = true;
	assert_comes_out_again(&entry);
	entry = entry_make_longest(PROTO_TCP);
	entry.state = "ESTABLISHED";
	assert_comes_out_again(&entry);
	entry = entry_make_longest(PROTO_ICMPV6);
	entry.state = NULL;
	assert_comes_out_again(&entry);
}

// The end of a name must be found inside its field.
static void
a_state_that_is_too_long_is_cut(void **state)
{
	struct ct_entry entry = entry_make_longest(PROTO_TCP);
	struct record record;
	struct ct_entry copy;

	(void)state;
	record_from_entry(&entry, &record);
	assert_true(record_to_entry(&record, &copy));
	assert_string_equal(copy.state, "SSSSSSSSSSSSSSSSSSSSSSS");
}

static void
the_last_record_has_their_number(void **state)
{
	struct record record;
	struct ct_entry entry;

	(void)state;
	record_make_last(UINT64_C(1) << 40, &record);
	assert_true(record_is_last(&record));
	assert_true(record.id == UINT64_C(1) << 40);
	assert_false(record_to_entry(&record, &entry));
}

static void
a_record_that_is_none_is_refused(void **state)
{
	static const struct {
		size_t offset;
		uint8_t byte;
	} changes[] = {
		{offsetof(struct record, tuple[0].family), 5},
		{offsetof(struct record, tuple[0].family), 0},
		{offsetof(struct record, tuple[1].family), 0},
		{offsetof(struct record, tuple[1].family), 255},
		{offsetof(struct record, helper), CT_HELPER_COUNT},
		{offsetof(struct record, helper), 255},
		{offsetof(struct record, has_counters), 2},
		{offsetof(struct record, state[0]), ' '},
		{offsetof(struct record, state[1]), '\n'},
		{offsetof(struct record, state[2]), 0x1b},
		{offsetof(struct record, state[3]), 0xff},
		{offsetof(struct record, state[4]), '"'},
	};
	struct ct_entry entry = entry_make(FAMILY_IPV4, PROTO_TCP, 1, 2);
	struct record good;

	(void)state;
	entry.state = "ESTABLISHED";
	record_from_entry(&entry, &good);
	assert_true(record_to_entry(&good, &entry));
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct record bad = good;

		((uint8_t *)&bad)[changes[i].offset] = changes[i].byte;
		assert_false(record_to_entry(&bad, &entry));
	}
	memset(good.state, 'x', sizeof(good.state)); // without an end
	assert_false(record_to_entry(&good, &entry));
}

static void
only_our_hello_is_one(void **state)
{
	const struct record_hello hello = record_hello();

	(void)state;
	assert_true(record_is_hello(&hello));
	for (size_t i = 0; i < sizeof(hello); i++) {
		struct record_hello other = hello;

		((uint8_t *)&other)[i] ^= 1;
		assert_false(record_is_hello(&other));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_comes_out_again),
		cmocka_unit_test(a_state_that_is_too_long_is_cut),
		cmocka_unit_test(the_last_record_has_their_number),
		cmocka_unit_test(a_record_that_is_none_is_refused),
		cmocka_unit_test(only_our_hello_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
