// SPDX-License-Identifier: BSD-3-Clause
//
// Lists of what seldom changes while the firewall runs: ports, workers, stages, rules. A cursor is
// the number of the next row.
#include <string.h>

#include <rte_ethdev.h>

#include "control/commands.h"
#include "control/listing.h"
#include "runtime/steering.h"

static unsigned int
count_ports(const struct runtime *runtime)
{
	return runtime_config(runtime)->n_ports;
}

static void
fill_link(const struct port_status *status, struct answer *row)
{
	const struct rte_eth_link *link = &status->link;

	if (!status->is_open)
		answer_string(row, "link", "gone");
	if (!status->has_link)
		return;
	answer_string(row, "link", link->link_status == RTE_ETH_LINK_UP ? "up" : "down");
	if (link->link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
		answer_number(row, "speed_mbps", link->link_speed);
}

static void
fill_port(const struct runtime *runtime, unsigned int index, struct answer *row)
{
	const struct config *config = runtime_config(runtime);
	uint8_t peer = runtime_snapshot(runtime)->peer[index];
	struct port_status status = runtime_port(runtime, index);
	const struct rte_eth_stats *stats = &status.stats;

	answer_string(row, "name", config->ports[index].name);
	answer_string(row, "device", config->ports[index].device);
	answer_number(row, "ethdev", status.ethdev);
	if (peer != PORT_NONE)
		answer_string(row, "peer", config->ports[peer].name);
	answer_string(row, "steering", steering_name(runtime_steering(runtime, index)));
	fill_link(&status, row);
	if (!status.has_stats)
		return;
	answer_number(row, "rx_packets", stats->ipackets);
	answer_number(row, "rx_bytes", stats->ibytes);
	answer_number(row, "rx_missed", stats->imissed);
	answer_number(row, "rx_errors", stats->ierrors);
	answer_number(row, "rx_no_mbuf", stats->rx_nombuf);
	answer_number(row, "tx_packets", stats->opackets);
	answer_number(row, "tx_bytes", stats->obytes);
	answer_number(row, "tx_errors", stats->oerrors);
}

void
command_ports(const struct runtime *runtime, uint64_t cursor, struct answer *answer)
{
	static const struct listing listing = {"ports", count_ports, fill_port};

	answer_listing(runtime, cursor, answer, &listing);
}

static void
fill_worker(const struct runtime *runtime, unsigned int index, struct answer *row)
{
	const struct worker_stats *stats = runtime_worker_stats(runtime, index);
	const struct pipeline *pipeline = runtime_pipeline(runtime, index);

	answer_number(row, "worker", index);
	answer_number(row, "lcore", runtime_worker_lcore(runtime, index));
	answer_number(row, "turns", stats->turns);
	answer_number(row, "busy_turns", stats->busy_turns);
	answer_number(row, "received", stats->received);
	answer_number(row, "sent", stats->sent);
	answer_number(row, "handed_over", pipeline_stats(pipeline)->handed_over);
	answer_number(row, "connections", ct_count(pipeline_ct(pipeline)).confirmed);
}

void
command_workers(const struct runtime *runtime, uint64_t cursor, struct answer *answer)
{
	static const struct listing listing = {"workers", runtime_n_workers, fill_worker};

	answer_listing(runtime, cursor, answer, &listing);
}

static const char *
action_name(enum action action)
{
	static const char *const names[] = {
		[ACTION_NONE] = "none",     [ACTION_ACCEPT] = "accept",   [ACTION_DROP] = "drop",
		[ACTION_REJECT] = "reject", [ACTION_NOTRACK] = "notrack",
	};

	return names[action];
}

static unsigned int
count_stages(const struct runtime *runtime)
{
	struct stage stages[STAGES_MAX];

	return pipeline_stages(runtime_snapshot(runtime), stages);
}

static void
fill_stage(const struct runtime *runtime, unsigned int index, struct answer *row)
{
	const struct snapshot *snapshot = runtime_snapshot(runtime);
	const struct ruleset *ruleset = snapshot->ruleset;
	struct stage stages[STAGES_MAX];
	const struct stage *stage = &stages[index];

	pipeline_stages(snapshot, stages);
	answer_string(row, "name", stage->name);
	answer_string(row, "kind", stage->kind);
	answer_signed(row, "priority", stage->priority);
	if (strcmp(stage->kind, "chain") != 0)
		return;
	answer_string(row, "policy", action_name(ruleset_chain_policy(ruleset, stage->chain)));
	answer_number(row, "rules", ruleset_chain_n_rules(ruleset, stage->chain));
}

void
command_pipeline(const struct runtime *runtime, uint64_t cursor, struct answer *answer)
{
	static const struct listing listing = {"stages", count_stages, fill_stage};

	answer_listing(runtime, cursor, answer, &listing);
}

// A row per rule, and behind those of a chain one for its policy: as many as there are counters.
static unsigned int
count_rules(const struct runtime *runtime)
{
	return ruleset_n_counters(runtime_snapshot(runtime)->ruleset);
}

static void
fill_counter(const struct runtime *runtime, unsigned int counter, struct answer *row)
{
	struct rule_counter sum = {0};

	for (unsigned int i = 0; i < runtime_n_workers(runtime); i++) {
		const struct pipeline *pipeline = runtime_pipeline(runtime, i);
		const struct rule_counter *own = &pipeline_rule_counters(pipeline)[counter];

		sum.packets += own->packets;
		sum.bytes += own->bytes;
	}
	answer_number(row, "packets", sum.packets);
	answer_number(row, "bytes", sum.bytes);
}

static void
fill_policy(const struct runtime *runtime, unsigned int chain, struct answer *row)
{
	const struct ruleset *ruleset = runtime_snapshot(runtime)->ruleset;

	answer_string(row, "kind", "policy");
	answer_string(row, "file", ruleset_chain_file(ruleset, chain));
	answer_number(row, "line", ruleset_chain_line(ruleset, chain));
	answer_string(row, "action", action_name(ruleset_chain_policy(ruleset, chain)));
	fill_counter(runtime, ruleset_n_rules(ruleset) + chain, row);
}

static void
fill_rule(const struct runtime *runtime, unsigned int index, struct answer *row)
{
	const struct ruleset *ruleset = runtime_snapshot(runtime)->ruleset;
	unsigned int chain = 0;
	unsigned int rule;

	// The chains before this row have as many rows as rules, and one each.
	while (index >
	       ruleset_chain_first(ruleset, chain) + chain + ruleset_chain_n_rules(ruleset, chain))
		chain++;
	rule = index - chain;
	answer_string(row, "chain", ruleset_chain_name(ruleset, chain));
	if (rule == ruleset_chain_first(ruleset, chain) + ruleset_chain_n_rules(ruleset, chain)) {
		fill_policy(runtime, chain, row);
		return;
	}
	answer_string(row, "kind", "rule");
	answer_string(row, "name", ruleset_rule_name(ruleset, rule));
	answer_string(row, "file", ruleset_rule_file(ruleset, rule));
	answer_number(row, "line", ruleset_rule_line(ruleset, rule));
	answer_string(row, "action", action_name(ruleset_rule_action(ruleset, rule)));
	fill_counter(runtime, rule, row);
}

void
command_rules(const struct runtime *runtime, uint64_t cursor, struct answer *answer)
{
	static const struct listing listing = {"rules", count_rules, fill_rule};

	answer_listing(runtime, cursor, answer, &listing);
}
