// SPDX-License-Identifier: BSD-3-Clause
//
// The commands as a table, and what a handler is. Private to control.
//
// A handler fills the answer to one command. It runs in a thread of the telemetry library, one at
// a time, while the workers go on: what it reads may be a moment old and need not add up. What it
// cannot answer becomes a member "error", a sentence.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/answer.h"
#include "runtime/runtime.h"

// => cursor is 0 where the command does not take one.
typedef void (*command_handler)(const struct runtime *runtime, uint64_t cursor,
				struct answer *answer);

struct command {
	const char *path;
	bool has_cursor; // a list, which may have several pages
	command_handler handler;
	const char *help; // at most 127 characters
};

extern const struct command commands[];
extern const unsigned int n_commands;

// Handlers in totals.c.
void command_info(const struct runtime *runtime, uint64_t cursor, struct answer *answer);
void command_stats(const struct runtime *runtime, uint64_t cursor, struct answer *answer);
void command_ct_count(const struct runtime *runtime, uint64_t cursor, struct answer *answer);
void command_ct_stats(const struct runtime *runtime, uint64_t cursor, struct answer *answer);

// Handlers in lists.c.
void command_ports(const struct runtime *runtime, uint64_t cursor, struct answer *answer);
void command_workers(const struct runtime *runtime, uint64_t cursor, struct answer *answer);
void command_pipeline(const struct runtime *runtime, uint64_t cursor, struct answer *answer);
void command_rules(const struct runtime *runtime, uint64_t cursor, struct answer *answer);

// Handlers in loop.c.
void command_stages(const struct runtime *runtime, uint64_t cursor, struct answer *answer);
void command_turns(const struct runtime *runtime, uint64_t cursor, struct answer *answer);

// Handlers in connections.c.
void command_ct_list(const struct runtime *runtime, uint64_t cursor, struct answer *answer);
void command_ct_unconfirmed(const struct runtime *runtime, uint64_t cursor, struct answer *answer);
void command_ct_dying(const struct runtime *runtime, uint64_t cursor, struct answer *answer);

// The sum over all workers.
struct ct_count command_count(const struct runtime *runtime);
