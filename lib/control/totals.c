// SPDX-License-Identifier: BSD-3-Clause
//
// Figures for the whole firewall: sums over the workers.
#include "control/commands.h"

#include <stdio.h>

#include <rte_common.h>
#include <rte_version.h>

#include "conntrack/metrics.h"
#include "engine/sums.h"
#include "pipeline/metrics.h"

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

	(void)cursor;
	answer_metrics(answer, &pipeline_metrics, &sum);
}

void
command_ct_count(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	const struct ct_count count = engine_ct_count(appliance->engine);

	(void)cursor;
	answer_metrics(answer, &ct_count_metrics, &count);
}

void
command_ct_stats(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	const struct ct_stats sum = engine_ct_stats(appliance->engine);

	(void)cursor;
	answer_metrics(answer, &ct_metrics, &sum);
}
