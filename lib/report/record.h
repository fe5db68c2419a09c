// SPDX-License-Identifier: BSD-3-Clause
//
// Connections as they travel from sallyport to sallyctl, many at a time (doc/adr, "Connections are
// listed over a stream").
//
// The stream is a hello, any number of records, and a last record that says how many there were:
// whoever misses that has a part of the list. It goes over a stream socket of the same machine, so
// everything is in the machine's order. Whoever changes a struct here changes the version.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conntrack/conntrack.h"

// Where the socket is: beside the telemetry socket, and called as that with this behind it.
#define RECORD_SOCKET_SUFFIX ".ct"

#define RECORD_MAGIC      "sallyct"
#define RECORD_VERSION    1
#define RECORD_STATE_SIZE 24 // the name of any state, with a 0

struct record_hello {
	char magic[8];
	uint32_t version;
	uint32_t record_bytes;
};

struct record {
	struct tuple tuple[DIR_COUNT]; // family FAMILY_NONE: this is the last record
	uint64_t packets[DIR_COUNT];
	uint64_t octets[DIR_COUNT];
	uint64_t id; // in the last record how many there were before it
	uint32_t timeout_sec;
	uint32_t status;
	uint32_t mark;
	uint16_t worker;
	uint8_t helper;
	uint8_t has_counters;
	char state[RECORD_STATE_SIZE]; // empty: the protocol has none
};

_Static_assert(sizeof(struct record_hello) == 16 && sizeof(struct record) == 176,
	       "nothing between the members and behind them");

struct record_hello record_hello(void);

// True when what follows that hello are records of this kind.
bool record_is_hello(const struct record_hello *hello);

void record_from_entry(const struct ct_entry *entry, struct record *record);
void record_make_last(uint64_t n, struct record *record);

static inline bool
record_is_last(const struct record *record)
{
	return record->tuple[DIR_ORIG].family == FAMILY_NONE;
}

// The entry is what was told, as far as a record tells it; its state lies in the record.
// => The record may hold anything. Returns false when it is no connection; one that is is safe to
//    print.
bool record_to_entry(const struct record *record, struct ct_entry *entry);
