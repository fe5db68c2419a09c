// SPDX-License-Identifier: BSD-3-Clause
//
// What can be said of the whole firewall: sums over the workers.
#include "control/commands.h"

#include <stddef.h>
#include <stdio.h>

#include <rte_common.h>
#include <rte_version.h>

#include "engine/sums.h"

// The last reload, and whether another one is under way.
static void
fill_reload(const struct appliance *appliance, struct answer *answer)
{
	const struct reload_report *report = appliance->reload_report;
	struct answer object = answer_object(answer, "reload");

	answer_number(&object, "ended", report->n_ended);
	answer_number(&object, "loading", report->is_loading);
	if (report->n_ended == 0)
		return;
	answer_number(&object, "ended_sec", report->ended_ns / NS_PER_SEC);
	answer_string(&object, "result", report->is_good ? "loaded" : "refused");
	answer_number(&object, "errors", report->n_errors);
	for (unsigned int i = 0; i < RTE_MIN(report->n_errors, (unsigned int)RELOAD_ERRORS_MAX);
	     i++) {
		char name[16];

		snprintf(name, sizeof(name), "error_%u", i + 1);
		answer_string(&object, name, report->errors[i]);
	}
}

void
command_info(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	const struct config *config = appliance_config(appliance);
	const struct ct_count count = engine_ct_count(appliance->engine);
	uint64_t started_ns = appliance->started_ns;
	size_t bytes = engine_ct_bytes(appliance->engine);

	(void)cursor;
	answer_string(answer, "version", SALLYPORT_VERSION);
	answer_string(answer, "dpdk", rte_version());
	answer_string(answer, "config", config->file);
	answer_number(answer, "started_sec", started_ns / NS_PER_SEC);
	answer_number(answer, "uptime_sec",
		      (appliance_now_ns(appliance) - started_ns) / NS_PER_SEC);
	answer_number(answer, "ports", config->n_ports);
	answer_number(answer, "workers", engine_n_workers(appliance->engine));
	answer_number(answer, "generation", engine_snapshot(appliance->engine)->generation);
	answer_number(answer, "connections", count.confirmed);
	answer_number(answer, "capacity", count.capacity);
	answer_number(answer, "bytes_reserved", bytes);
	answer_number(answer, "bytes_per_connection",
		      count.capacity == 0 ? 0 : bytes / count.capacity);
	answer_string(answer, "table", ct_table_name((enum ct_table_kind)config->conntrack.table));
	answer_string(answer, "hash",
		      engine_hashes_with_aes(appliance->engine) ? "aes" : "siphash");
	fill_reload(appliance, answer);
}

void
command_stats(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	const struct pipeline_stats sum = engine_pipeline_stats(appliance->engine);
	struct answer object;

	(void)cursor;
	answer_number(answer, "packets", sum.packets);
	answer_number(answer, "bytes", sum.bytes);
	answer_number(answer, "handed_over", sum.handed_over);
	answer_number(answer, "accepted", sum.accepted);
	answer_number(answer, "rejected", sum.rejected);
	object = answer_object(answer, "answers");
	for (int kind = ANSWER_NONE + 1; kind < ANSWER_COUNT; kind++)
		answer_number(&object, answer_name(kind), sum.answers[kind]);
	answer_number(&object, "unsent", sum.unsent);
	object = answer_object(answer, "unanswered");
	for (int silence = SILENCE_SPEAKING + 1; silence < SILENCE_COUNT; silence++)
		answer_number(&object, silence_name(silence), sum.unanswered[silence]);
	object = answer_object(answer, "dropped");
	for (int reason = 0; reason < REASON_COUNT; reason++)
		answer_number(&object, reason_name(reason), sum.dropped[reason]);
	object = answer_object(answer, "faults");
	for (int fault = FAULT_NONE + 1; fault < FAULT_COUNT; fault++)
		answer_number(&object, fault_name(fault), sum.faults[fault]);
	object = answer_object(answer, "classes");
	for (int class = CLASS_NONE + 1; class < CLASS_COUNT; class ++)
		answer_number(&object, class_name(class), sum.classes[class]);
	object = answer_object(answer, "non_ip");
	for (int kind = 0; kind < NON_IP_COUNT; kind++)
		answer_number(&object, non_ip_name(kind), sum.non_ip[kind]);
}

void
command_ct_count(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	const struct ct_count count = engine_ct_count(appliance->engine);

	(void)cursor;
	answer_number(answer, "confirmed", count.confirmed);
	answer_number(answer, "unconfirmed", count.unconfirmed);
	answer_number(answer, "dying", count.dying);
	answer_number(answer, "capacity", count.capacity);
}

static const struct {
	const char *name;
	size_t offset;
} ct_counters[] = {
	{"created", offsetof(struct ct_stats, created)},
	{"confirmed", offsetof(struct ct_stats, confirmed)},
	{"discarded", offsetof(struct ct_stats, discarded)},
	{"destroyed", offsetof(struct ct_stats, destroyed)},
	{"expired", offsetof(struct ct_stats, expired)},
	{"deleted", offsetof(struct ct_stats, deleted)},
	{"expected", offsetof(struct ct_stats, expected)},
	{"expect_drop", offsetof(struct ct_stats, expect_drop)},
	{"found", offsetof(struct ct_stats, found)},
	{"invalid", offsetof(struct ct_stats, invalid)},
	{"error", offsetof(struct ct_stats, error)},
	{"early_drop", offsetof(struct ct_stats, early_drop)},
	{"table_full", offsetof(struct ct_stats, table_full)},
	{"insert_failed", offsetof(struct ct_stats, insert_failed)},
	{"events_lost", offsetof(struct ct_stats, events_lost)},
	{"events_late", offsetof(struct ct_stats, events_late)},
};

_Static_assert(sizeof(struct ct_stats) == RTE_DIM(ct_counters) * sizeof(uint64_t),
	       "every counter is told");

void
command_ct_stats(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	const struct ct_stats sum = engine_ct_stats(appliance->engine);

	(void)cursor;
	for (unsigned int c = 0; c < RTE_DIM(ct_counters); c++)
		answer_number(answer, ct_counters[c].name,
			      *(const uint64_t *)RTE_PTR_ADD(&sum, ct_counters[c].offset));
}
