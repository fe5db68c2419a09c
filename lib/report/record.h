// SPDX-License-Identifier: BSD-3-Clause
//
// The format in which sallyport sends many connections to sallyctl (doc/adr/0011-listing.md).
//
// The stream is a hello, any number of records, and a last record with their number; without it,
// the list is incomplete. It is sent over a local stream socket, so everything is in the machine's
// byte order. A change to a struct here needs a new version.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "conntrack/conntrack.h"

// The socket is next to the telemetry socket, with this appended to its name.
#define RECORD_SOCKET_SUFFIX ".ct"

#define RECORD_MAGIC      "sallyct"
#define RECORD_VERSION    1
#define RECORD_STATE_SIZE 24 // the name of any state, with its zero byte

struct record_hello {
	char magic[8];
	uint32_t version;
	uint32_t record_bytes;
};

struct record {
	struct tuple tuple[DIR_COUNT]; // family FAMILY_NONE: this is the last record
	uint64_t packets[DIR_COUNT];
	uint64_t octets[DIR_COUNT];
	uint64_t id; // in the last record: the number of records before it
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

// True when the records after this hello have the format of this version.
bool record_is_hello(const struct record_hello *hello);

void record_from_entry(const struct ct_entry *entry, struct record *record);
void record_make_last(uint64_t n, struct record *record);

static inline bool
record_is_last(const struct record *record)
{
	return record->tuple[DIR_ORIG].family == FAMILY_NONE;
}

// Fills the entry from a record, as far as the record goes; its state stays in the record.
// => The record may contain anything. Returns false if it is not a connection; otherwise the entry
//    is safe to print.
bool record_to_entry(const struct record *record, struct ct_entry *entry);
