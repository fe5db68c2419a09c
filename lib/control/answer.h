// SPDX-License-Identifier: BSD-3-Clause
//
// Answers that are never too long.
//
// An answer is one JSON object in DPDK's telemetry library, with objects in it. That library keeps
// at most 256 members of an object and 16 KiB of an answer, and silently leaves out what exceeds
// them; arrays of objects it does not have. So everything that goes into an answer is counted here
// as the bytes it takes in JSON, lists are objects whose members are called by number, and whoever
// fills a list asks for room before each row.
//
// Life cycle: one struct answer_space per command that is being answered; answer_begin; the answer
// and its objects are filled; the telemetry library prints them and frees the objects.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_telemetry.h>

// 16 KiB less what the library adds: the name of the command (56 bytes at most) and punctuation.
#define ANSWER_BYTES_MAX (16 * 1024 - 128)

// What is left to the caller of answer_has_room for members behind the list.
#define ANSWER_BYTES_REST 512

// Shared by an answer and all objects in it.
struct answer_space {
	size_t n_bytes;          // an upper bound of the JSON so far
	bool is_short_of_memory; // an object is missing
};

struct answer {
	struct rte_tel_data *data; // NULL: no memory, what is added is lost
	struct answer_space *space;
	unsigned int n_members;
};

// An empty answer in data, which belongs to the telemetry library.
struct answer answer_begin(struct rte_tel_data *data, struct answer_space *space);

// Adds a member. Names consist of letters, digits and underscores.
// => Numbers beyond INT64_MAX become that: a reader's integers may be signed.
void answer_number(struct answer *answer, const char *name, uint64_t value);
void answer_signed(struct answer *answer, const char *name, int32_t value);

// The same for a text. What is not printable ASCII becomes '?', and a text of more than 127
// characters ends in "..." there.
void answer_string(struct answer *answer, const char *name, const char *text);

// Adds an empty object and returns it, to be filled.
struct answer answer_object(struct answer *answer, const char *name);

// The same as a row of a list: its name is the number.
struct answer answer_row(struct answer *answer, uint64_t number);

// True when the object can take another row of this size, and ANSWER_BYTES_REST stay free.
bool answer_has_room(const struct answer *answer, size_t row_bytes);
