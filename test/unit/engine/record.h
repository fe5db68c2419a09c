// SPDX-License-Identifier: BSD-3-Clause
//
// Everything that can be told of a scene that was played: of every packet what became of it, and
// facts, in the order in which they were found: events, counters, connections, answers.
//
// Life cycle: record_init, filled by play.h, compared, record_fini.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metric.h"
#include "conntrack/conntrack.h"
#include "pipeline/pipeline.h"
#include "scene.h"

// What became of a frame.
struct fate {
	uint64_t conn_id;
	uint64_t datagram; // of a fragment: its number
	const char *state; // of the protocol
	uint32_t rule;
	uint32_t mark;
	uint32_t deadline;
	uint32_t digest;  // of its bytes when it left
	uint32_t n_ahead; // frames of its flow that have left at the same port before
	uint8_t times;    // that it met its fate: once
	uint8_t verdict, reason, chain;
	uint8_t class, dir, fault;
	uint8_t out_port, worker;
	uint8_t status, helper;
	bool is_in_table;
	bool has_left;
};

struct fact {
	const char *what;
	uint64_t of; // packet, slot, element, whatever there are several of
	uint64_t value;
};

// An event, and how many were told before.
struct told {
	struct ct_event event;
	size_t number;
};

struct record {
	struct fate fates[SCENE_PACKETS + 1]; // by number; there is no packet 0
	struct fact *facts;
	size_t n_facts, capacity;
	struct told *told;
	size_t n_told, told_capacity;
	struct pipeline_stats stats; // in the end, of all workers
	struct ct_stats ct_stats;
	uint64_t n_in_lane;
};

void record_init(struct record *record);
void record_fini(struct record *record);

void record_fact(struct record *record, const char *what, uint64_t of, uint64_t value);

// All values of a table of metrics, but those that speak of the lane.
void record_metrics(struct record *record, const struct metric_table *table, const void *object);

void record_entry(struct record *record, const struct ct_entry *entry, uint64_t of);
void record_event(struct record *record, const struct ct_event *event);

// Adds the facts of all events, those of each connection in the order they were told: a burst tells
// of what its packets find before it tells of what they change.
void record_events(struct record *record);

// Compares two plays of a scene. Returns false with the first difference in text.
#define RECORD_TEXT_MAX 256
bool record_is_same(const struct record *a, const struct record *b, bool has_entries,
		    char text[RECORD_TEXT_MAX]);
