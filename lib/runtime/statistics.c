// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/statistics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <rte_common.h>

#include "base/contract.h"
#include "base/log.h"
#include "conntrack/metrics.h"
#include "engine/metrics.h"
#include "engine/sums.h"
#include "pipeline/metrics.h"

struct line {
	char text[LOG_LINE_MAX + 1];
	size_t len;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Text that does not fit is left out.
static void
add(struct line *line, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line->text + line->len, sizeof(line->text) - line->len, format, args);
	va_end(args);
	if (len > 0)
		line->len = RTE_MIN(line->len + (size_t)len, sizeof(line->text) - 1);
}

static void
add_count(struct line *line, const char *name, uint64_t value)
{
	add(line, " %s=%" PRIu64, name, value);
}

// Adds the metrics of a table with a single value.
static void
add_metrics(struct line *line, const struct metric_table *table, const void *object)
{
	for (unsigned int i = 0; i < table->n; i++) {
		const struct metric *row = &table->rows[i];

		if (row->key != NULL && row->label == NULL && !row->joins &&
		    row->kind != METRIC_HISTOGRAM)
			add_count(line, row->key, metric_value(row, object, 0));
	}
}

// Logs a line for each metric with several values, together with the metrics that join it.
static void
log_values(const struct metric_table *table, const void *object)
{
	for (unsigned int i = 0; i < table->n; i++) {
		const struct metric *row = &table->rows[i];
		struct line line = {0};

		if (row->key == NULL || row->label == NULL)
			continue;
		for (unsigned int element = row->first; element < row->n; element++)
			add_count(&line, row->value_name(element),
				  metric_value(row, object, element));
		for (unsigned int k = i + 1; k < table->n && table->rows[k].joins; k++)
			add_count(&line, table->rows[k].key,
				  metric_value(&table->rows[k], object, 0));
		log_line(LOG_PRIORITY_INFO, "statistics %s%s", row->key, line.text);
	}
}

static void
log_packets(const struct engine *engine)
{
	const struct pipeline_stats sum = engine_pipeline_stats(engine);
	struct line line = {0};

	add_metrics(&line, &pipeline_metrics, &sum);
	log_line(LOG_PRIORITY_INFO, "statistics packets%s", line.text);
	log_values(&pipeline_metrics, &sum);
}

// The connections confirmed now come first, as "now": those ever confirmed have the same key.
static void
log_connections(const struct engine *engine)
{
	const struct metric_table others = {ct_count_metrics.rows + 1, ct_count_metrics.n - 1};
	const struct ct_count count = engine_ct_count(engine);
	const struct ct_stats sum = engine_ct_stats(engine);
	struct line line = {0};

	add_count(&line, "now", metric_value(&ct_count_metrics.rows[0], &count, 0));
	add_metrics(&line, &others, &count);
	add_metrics(&line, &ct_metrics, &sum);
	log_line(LOG_PRIORITY_INFO, "statistics connections%s", line.text);
}

static void
log_port(const struct appliance *appliance, unsigned int port)
{
	struct port_status status = appliance_port(appliance, port);
	struct line line = {0};

	if (!status.has_stats)
		return;
	add_metrics(&line, &port_metrics, &status.stats);
	log_line(LOG_PRIORITY_INFO, "statistics port name=%s%s",
		 appliance_config(appliance)->ports[port].name, line.text);
}

static void
log_worker(const struct appliance *appliance, unsigned int worker)
{
	struct line line = {0};

	add_count(&line, "worker", worker);
	add_count(&line, "lcore", appliance->lcores[worker]);
	add_metrics(&line, &worker_metrics, engine_worker_stats(appliance->engine, worker));
	log_line(LOG_PRIORITY_INFO, "statistics worker%s", line.text);
}

void
statistics_log(const struct appliance *appliance)
{
	CONTRACT_MAIN_THREAD();
	log_packets(appliance->engine);
	log_connections(appliance->engine);
	for (unsigned int port = 0; port < appliance_config(appliance)->n_ports; port++)
		log_port(appliance, port);
	for (unsigned int worker = 0; worker < engine_n_workers(appliance->engine); worker++)
		log_worker(appliance, worker);
}

void
statistics_log_leaked(unsigned int packets, unsigned int connections)
{
	bool is_clean = packets == 0 && connections == 0;

	log_line(is_clean ? LOG_PRIORITY_INFO : LOG_PRIORITY_ERROR,
		 "statistics leaked packets=%u connections=%u", packets, connections);
}
