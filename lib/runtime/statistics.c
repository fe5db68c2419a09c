// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/statistics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <rte_common.h>
#include <rte_ethdev.h>

#include "base/log.h"
#include "engine/sums.h"

struct line {
	char text[LOG_LINE_MAX + 1];
	size_t len;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

// What has no room is left out.
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

static void
log_packets(const struct engine *engine)
{
	struct line packets = {0}, dropped = {0}, faults = {0}, classes = {0}, non_ip = {0};
	struct line answers = {0};
	const struct pipeline_stats sum = engine_pipeline_stats(engine);

	add_count(&packets, "packets", sum.packets);
	add_count(&packets, "bytes", sum.bytes);
	add_count(&packets, "handed_over", sum.handed_over);
	add_count(&packets, "held", sum.held);
	add_count(&packets, "accepted", sum.accepted);
	add_count(&packets, "rejected", sum.rejected);
	for (int reason = 0; reason < REASON_COUNT; reason++)
		add_count(&dropped, reason_name(reason), sum.dropped[reason]);
	for (int fault = FAULT_NONE + 1; fault < FAULT_COUNT; fault++)
		add_count(&faults, fault_name(fault), sum.faults[fault]);
	for (int class = CLASS_NONE + 1; class < CLASS_COUNT; class ++)
		add_count(&classes, class_name(class), sum.classes[class]);
	for (int kind = 0; kind < NON_IP_COUNT; kind++)
		add_count(&non_ip, non_ip_name(kind), sum.non_ip[kind]);
	for (int kind = ANSWER_NONE + 1; kind < ANSWER_COUNT; kind++)
		add_count(&answers, answer_name(kind), sum.answers[kind]);
	add_count(&answers, "unsent", sum.unsent);
	for (int silence = SILENCE_SPEAKING + 1; silence < SILENCE_COUNT; silence++)
		add_count(&answers, silence_name(silence), sum.unanswered[silence]);
	log_line(LOG_PRIORITY_INFO, "statistics packets%s", packets.text);
	log_line(LOG_PRIORITY_INFO, "statistics answers%s", answers.text);
	log_line(LOG_PRIORITY_INFO, "statistics dropped%s", dropped.text);
	log_line(LOG_PRIORITY_INFO, "statistics faults%s", faults.text);
	log_line(LOG_PRIORITY_INFO, "statistics classes%s", classes.text);
	log_line(LOG_PRIORITY_INFO, "statistics non_ip%s", non_ip.text);
}

static void
log_connections(const struct engine *engine)
{
	struct line connections = {0};
	const struct ct_count count = engine_ct_count(engine);
	const struct ct_stats sum = engine_ct_stats(engine);

	add_count(&connections, "now", count.confirmed);
	add_count(&connections, "dying", count.dying);
	add_count(&connections, "capacity", count.capacity);
	add_count(&connections, "created", sum.created);
	add_count(&connections, "confirmed", sum.confirmed);
	add_count(&connections, "discarded", sum.discarded);
	add_count(&connections, "destroyed", sum.destroyed);
	add_count(&connections, "expired", sum.expired);
	add_count(&connections, "expected", sum.expected);
	add_count(&connections, "expect_drop", sum.expect_drop);
	add_count(&connections, "early_drop", sum.early_drop);
	add_count(&connections, "table_full", sum.table_full);
	add_count(&connections, "insert_failed", sum.insert_failed);
	add_count(&connections, "events_lost", sum.events_lost);
	log_line(LOG_PRIORITY_INFO, "statistics connections%s", connections.text);
}

static void
log_port(const struct appliance *appliance, unsigned int port)
{
	struct port_status status = appliance_port(appliance, port);
	const struct rte_eth_stats *stats = &status.stats;
	struct line line = {0};

	if (!status.has_stats)
		return;
	add_count(&line, "rx_packets", stats->ipackets);
	add_count(&line, "rx_bytes", stats->ibytes);
	add_count(&line, "rx_missed", stats->imissed);
	add_count(&line, "rx_errors", stats->ierrors);
	add_count(&line, "rx_no_mbuf", stats->rx_nombuf);
	add_count(&line, "tx_packets", stats->opackets);
	add_count(&line, "tx_bytes", stats->obytes);
	add_count(&line, "tx_errors", stats->oerrors);
	log_line(LOG_PRIORITY_INFO, "statistics port name=%s%s",
		 appliance_config(appliance)->ports[port].name, line.text);
}

static void
log_worker(const struct appliance *appliance, unsigned int worker)
{
	const struct worker_stats *stats = engine_worker_stats(appliance->engine, worker);
	struct line line = {0};

	add_count(&line, "worker", worker);
	add_count(&line, "lcore", appliance->lcores[worker]);
	add_count(&line, "turns", stats->turns);
	add_count(&line, "busy_turns", stats->busy_turns);
	add_count(&line, "received", stats->received);
	add_count(&line, "sent", stats->sent);
	log_line(LOG_PRIORITY_INFO, "statistics worker%s", line.text);
}

void
statistics_log(const struct appliance *appliance)
{
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
