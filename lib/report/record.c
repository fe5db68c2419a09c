// SPDX-License-Identifier: BSD-3-Clause
#include "report/record.h"

#include <ctype.h>
#include <string.h>

struct record_hello
record_hello(void)
{
	return (struct record_hello){RECORD_MAGIC, RECORD_VERSION, sizeof(struct record)};
}

bool
record_is_hello(const struct record_hello *hello)
{
	const struct record_hello known = record_hello();

	return memcmp(hello, &known, sizeof(known)) == 0;
}

void
record_from_entry(const struct ct_entry *entry, struct record *record)
{
	*record = (struct record){
		.tuple = {entry->tuple[DIR_ORIG], entry->tuple[DIR_REPLY]},
		.packets = {entry->packets[DIR_ORIG], entry->packets[DIR_REPLY]},
		.octets = {entry->octets[DIR_ORIG], entry->octets[DIR_REPLY]},
		.id = entry->id,
		.timeout_sec = entry->timeout_sec,
		.status = entry->status,
		.mark = entry->mark,
		.worker = entry->worker,
		.helper = entry->helper,
		.has_counters = entry->has_counters,
	};
	if (entry->state != NULL)
		memcpy(record->state, entry->state, strnlen(entry->state, RECORD_STATE_SIZE - 1));
}

void
record_make_last(uint64_t n, struct record *record)
{
	*record = (struct record){.id = n};
}

static bool
is_family(uint8_t family)
{
	return family == FAMILY_IPV4 || family == FAMILY_IPV6;
}

static bool
is_word(const char state[RECORD_STATE_SIZE])
{
	size_t len = strnlen(state, RECORD_STATE_SIZE);

	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)state[i]) && state[i] != '_' && state[i] != '-')
			return false;
	}
	return len < RECORD_STATE_SIZE;
}

bool
record_to_entry(const struct record *record, struct ct_entry *entry)
{
	if (!is_family(record->tuple[DIR_ORIG].family) ||
	    !is_family(record->tuple[DIR_REPLY].family) || !is_word(record->state) ||
	    record->helper >= CT_HELPER_COUNT || record->has_counters > 1)
		return false;
	*entry = (struct ct_entry){
		.tuple = {record->tuple[DIR_ORIG], record->tuple[DIR_REPLY]},
		.packets = {record->packets[DIR_ORIG], record->packets[DIR_REPLY]},
		.octets = {record->octets[DIR_ORIG], record->octets[DIR_REPLY]},
		.id = record->id,
		.timeout_sec = record->timeout_sec,
		.status = record->status,
		.mark = record->mark,
		.state = record->state[0] == '\0' ? NULL : record->state,
		.helper = record->helper,
		.life = CT_CONFIRMED,
		.has_counters = record->has_counters,
		.worker = record->worker,
	};
	return true;
}
