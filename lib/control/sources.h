// SPDX-License-Identifier: BSD-3-Clause
//
// Sources of metrics: tables of rows, each with its objects, such as the workers, and the labels
// that distinguish these. To add a table is to add a source. Private to control.
#pragma once

#include <rte_malloc.h>

#include "base/metric.h"
#include "control/answer.h"
#include "engine/appliance.h"

struct build {
	uint64_t one;
};

struct process {
	uint64_t started_sec;
	uint64_t uptime_sec;
	uint64_t generation;
	uint64_t reloads[2]; // refused, and loaded
	uint64_t is_good;
	uint64_t changed_sec;
	uint64_t reserved_bytes;
	uint64_t fragments_limit;
};

struct port_state {
	uint64_t is_open;
	uint64_t is_up;
};

// The data for one answer.
struct scrape {
	const struct appliance *appliance;
	const struct ruleset *ruleset;
	bool has_ports;
	struct port_status ports[PORTS_MAX]; // each device is queried once
	union {
		struct build build;
		struct process process;
		struct port_state port;
		struct rte_malloc_socket_stats heap;
		struct ct_stats ct;
		struct ct_count count;
		struct rule_counter rule;
	} object; // the current one
};

struct source {
	const struct metric_table *table;
	unsigned int (*count)(const struct scrape *scrape);
	// NULL: it has no values at the moment.
	const void *(*object)(struct scrape *scrape, unsigned int index);
	void (*label)(const struct scrape *scrape, unsigned int index, struct answer *labels);
};

// The source of the family with this number, and its row; NULL if there is no such family.
const struct source *source_of_family(uint32_t family, const struct metric **row);
