// SPDX-License-Identifier: BSD-3-Clause
//
// Answers of the telemetry socket, which never become too long.
//
// An answer is the JSON {"COMMAND":VALUE}, where the value is an object or a list of any content.
// It is written member by member, in order, into a space of fixed size: adding a member to an
// object ends all objects inside it, and answer_end ends the rest. Before each row of a list of
// unknown length, check for room; if a member does not fit nevertheless, the answer lacks it and
// all later ones.
//
// Life cycle: one struct answer_space per answer; answer_begin; the answer and its objects are
// filled; answer_end; the contents of the space are sent.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metric.h"

// The longest answer that a client of version 2 of the protocol expects.
#define ANSWER_BYTES_MAX ((size_t)16 * 1024)

// Room that answer_has_room leaves for members after the list.
#define ANSWER_BYTES_REST 512

#define ANSWER_DEPTH_MAX 8

// Shared by an answer and all objects in it.
struct answer_space {
	size_t len;
	unsigned int depth;             // of open objects and lists
	char closing[ANSWER_DEPTH_MAX]; // their closing brackets, outermost first
	bool is_short;                  // something did not fit
	char bytes[ANSWER_BYTES_MAX];
};

enum answer_kind { ANSWER_OBJECT, ANSWER_LIST };

// An object or a list. Members of a list have no names: theirs are NULL.
struct answer {
	struct answer_space *space;
	unsigned int depth;
	unsigned int n_members;
};

// An empty object that is the whole message.
struct answer answer_bare(struct answer_space *space);

// An empty answer to a command.
struct answer answer_begin(struct answer_space *space, const char *command, enum answer_kind kind);

// The answer is complete: space->len bytes of JSON.
void answer_end(struct answer_space *space);

// A complete answer whose value is null.
void answer_none(struct answer_space *space, const char *command);

// Adds a member. Numbers beyond INT64_MAX become that: a reader's integers may be signed.
// => All of these: what the answer is in has not been added to since; name is NULL in a list, and
//    only there.
void answer_number(struct answer *answer, const char *name, uint64_t value);
void answer_signed(struct answer *answer, const char *name, int32_t value);

// The same for a text. Bytes that are not printable ASCII become '?', and a text of more than 127
// characters is truncated there and ends in "...". This also applies to names.
void answer_string(struct answer *answer, const char *name, const char *text);

// The same for a text in UTF-8, which is kept, control characters included; invalid bytes become
// U+FFFD. It is truncated after 127 bytes.
void answer_text(struct answer *answer, const char *name, const char *text);

// The same for nanoseconds, as seconds.
void answer_seconds(struct answer *answer, const char *name, uint64_t ns);

// Adds the metrics that have a key, histograms excepted, with their values in the object: a number,
// or an object of numbers if there are several.
void answer_metrics(struct answer *answer, const struct metric_table *table, const void *object);

// Adds an empty object and returns it, to be filled before anything else is added to the answer.
struct answer answer_object(struct answer *answer, const char *name);

// The same for a list.
struct answer answer_list(struct answer *answer, const char *name);

// The same for an object that is a row: its name is the number.
struct answer answer_row(struct answer *answer, uint64_t number);

// True when the object has room for another row of this size, with ANSWER_BYTES_REST to spare.
bool answer_has_room(const struct answer *answer, size_t row_bytes);
