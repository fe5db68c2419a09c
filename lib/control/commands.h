// SPDX-License-Identifier: BSD-3-Clause
//
// The commands as a table, and what a handler is. Private to control.
//
// A handler fills the answer to one command. It runs in the thread of the telemetry socket while
// the workers continue, so what it reads may be a moment old and need not add up. For what only a
// worker may do, it sends the worker a request (base/inbox.h) and waits for the answer. On failure
// it adds a member "error", a sentence.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/answer.h"
#include "engine/appliance.h"

// The parameter, which follows the command and a comma. The handler gets it as a checked number.
enum parameter {
	PARAMETER_NONE,    // nothing: 0
	PARAMETER_CURSOR,  // where a page of a list begins; nothing: 0
	PARAMETER_DEVICE,  // the number of a device, which is one of a port
	PARAMETER_HEAP,    // the number of a heap of EAL
	PARAMETER_COMMAND, // a command, or nothing, which is this one: its index
	PARAMETER_TEXT,    // any text; the handler parses it
	PARAMETERS
};

typedef void (*command_handler)(const struct appliance *appliance, uint64_t number,
				struct answer *answer);

// The handler of a command with PARAMETER_TEXT. The text is empty if there was none.
typedef void (*command_reader)(const struct appliance *appliance, const char *text,
			       struct answer *answer);

struct command {
	const char *path;
	enum parameter parameter;
	enum answer_kind kind;
	command_handler handler;
	const char *help;      // at most 127 characters
	command_reader reader; // instead of handler
};

// Writes the complete answer to a command, known or not.
// => parameter is NULL when there was none. The configuration does not change meanwhile.
void command_answer(const struct appliance *appliance, const char *path, const char *parameter,
		    struct answer_space *space);

// The greeting that a client gets on connecting.
void command_greet(struct answer_space *space);

// Handlers in devices.c.
void command_device_list(const struct appliance *appliance, uint64_t none, struct answer *answer);
void command_device_info(const struct appliance *appliance, uint64_t device, struct answer *answer);
void command_device_link(const struct appliance *appliance, uint64_t device, struct answer *answer);
void command_device_stats(const struct appliance *appliance, uint64_t device,
			  struct answer *answer);
void command_device_xstats(const struct appliance *appliance, uint64_t device,
			   struct answer *answer);

// Handlers in heaps.c.
void command_heap_list(const struct appliance *appliance, uint64_t none, struct answer *answer);
void command_heap_info(const struct appliance *appliance, uint64_t heap, struct answer *answer);

// Handlers in totals.c.
void command_info(const struct appliance *appliance, uint64_t cursor, struct answer *answer);
void command_stats(const struct appliance *appliance, uint64_t cursor, struct answer *answer);
void command_ct_count(const struct appliance *appliance, uint64_t cursor, struct answer *answer);
void command_ct_stats(const struct appliance *appliance, uint64_t cursor, struct answer *answer);

// Handlers in lists.c.
void command_ports(const struct appliance *appliance, uint64_t cursor, struct answer *answer);
void command_workers(const struct appliance *appliance, uint64_t cursor, struct answer *answer);
void command_stages(const struct appliance *appliance, uint64_t cursor, struct answer *answer);
void command_rules(const struct appliance *appliance, uint64_t cursor, struct answer *answer);

// Handlers in loop.c.
void command_cycles(const struct appliance *appliance, uint64_t cursor, struct answer *answer);
void command_turns(const struct appliance *appliance, uint64_t cursor, struct answer *answer);

// Handlers in metrics.c.
void command_metrics(const struct appliance *appliance, uint64_t cursor, struct answer *answer);

// Handlers in connections.c.
void command_ct_list(const struct appliance *appliance, uint64_t cursor, struct answer *answer);
void command_ct_unconfirmed(const struct appliance *appliance, uint64_t cursor,
			    struct answer *answer);
void command_ct_dying(const struct appliance *appliance, uint64_t cursor, struct answer *answer);

// Handlers in deletion.c, which send requests to workers.
void command_ct_get(const struct appliance *appliance, const char *text, struct answer *answer);
void command_ct_delete(const struct appliance *appliance, const char *text, struct answer *answer);
void command_ct_flush(const struct appliance *appliance, uint64_t cursor, struct answer *answer);
