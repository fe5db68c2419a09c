// SPDX-License-Identifier: BSD-3-Clause
//
// Lists that rarely change while the firewall runs: ports, workers, stages, rules. A cursor is the
// number of the next row.
#include <rte_ethdev.h>

#include "control/commands.h"
#include "control/listing.h"
#include "engine/metrics.h"
#include "engine/sums.h"
#include "rules/metrics.h"

static unsigned int
count_ports(const struct appliance *appliance)
{
	return appliance_config(appliance)->n_ports;
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
fill_port(const struct appliance *appliance, unsigned int index, struct answer *row)
{
	const struct config *config = appliance_config(appliance);
	uint8_t peer = engine_snapshot(appliance->engine)->peer[index];
	struct port_status status = appliance_port(appliance, index);

	answer_string(row, "name", config->ports[index].name);
	answer_string(row, "device", config->ports[index].device);
	answer_number(row, "ethdev", status.ethdev);
	if (peer != PORT_NONE)
		answer_string(row, "peer", config->ports[peer].name);
	answer_string(row, "steering", status.steering);
	fill_link(&status, row);
	if (status.has_stats)
		answer_metrics(row, &port_metrics, &status.stats);
}

void
command_ports(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	static const struct listing listing = {"ports", count_ports, fill_port};

	answer_listing(appliance, cursor, answer, &listing);
}

static unsigned int
count_workers(const struct appliance *appliance)
{
	return engine_n_workers(appliance->engine);
}

static void
fill_worker(const struct appliance *appliance, unsigned int index, struct answer *row)
{
	const struct pipeline *pipeline = engine_pipeline(appliance->engine, index);

	answer_number(row, "worker", index);
	answer_number(row, "lcore", appliance->lcores[index]);
	answer_metrics(row, &worker_metrics, engine_worker_stats(appliance->engine, index));
	answer_number(row, "handed_over", pipeline_stats(pipeline)->handed_over);
	answer_number(row, "connections",
		      ct_count(engine_shard(appliance->engine, index)).confirmed);
}

void
command_workers(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	static const struct listing listing = {"workers", count_workers, fill_worker};

	answer_listing(appliance, cursor, answer, &listing);
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
count_stages(const struct appliance *appliance)
{
	struct stage stages[STAGES_MAX];

	return pipeline_stages(engine_snapshot(appliance->engine), stages);
}

static void
fill_stage(const struct appliance *appliance, unsigned int index, struct answer *row)
{
	const struct snapshot *snapshot = engine_snapshot(appliance->engine);
	const struct ruleset *ruleset = snapshot->ruleset;
	struct stage stages[STAGES_MAX];
	const struct stage *stage = &stages[index];

	pipeline_stages(snapshot, stages);
	answer_string(row, "name", stage->name);
	answer_string(row, "kind", stage_kind_name(stage->kind));
	answer_signed(row, "priority", stage->priority);
	if (stage->kind != STAGE_CHAIN)
		return;
	answer_string(row, "policy", action_name(ruleset_chain_policy(ruleset, stage->index)));
	answer_number(row, "rules", ruleset_chain_n_rules(ruleset, stage->index));
}

void
command_stages(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	static const struct listing listing = {"stages", count_stages, fill_stage};

	answer_listing(appliance, cursor, answer, &listing);
}

// A row per rule, and after the rules of a chain a row for its policy: as many as there are
// counters.
static unsigned int
count_rules(const struct appliance *appliance)
{
	return ruleset_n_counters(engine_snapshot(appliance->engine)->ruleset);
}

static void
fill_counter(const struct appliance *appliance, unsigned int counter, struct answer *row)
{
	const struct rule_counter sum = engine_rule_counter(appliance->engine, counter);

	answer_metrics(row, &rule_metrics, &sum);
}

static void
fill_policy(const struct appliance *appliance, unsigned int chain, struct answer *row)
{
	const struct ruleset *ruleset = engine_snapshot(appliance->engine)->ruleset;

	answer_string(row, "kind", "policy");
	answer_string(row, "file", ruleset_chain_file(ruleset, chain));
	answer_number(row, "line", ruleset_chain_line(ruleset, chain));
	answer_string(row, "action", action_name(ruleset_chain_policy(ruleset, chain)));
	fill_counter(appliance, ruleset_n_rules(ruleset) + chain, row);
}

static void
fill_rule(const struct appliance *appliance, unsigned int index, struct answer *row)
{
	const struct ruleset *ruleset = engine_snapshot(appliance->engine)->ruleset;
	unsigned int chain = 0;
	unsigned int rule;

	// The chains before this one take a row per rule, and one row each for their policies.
	while (index >
	       ruleset_chain_first(ruleset, chain) + chain + ruleset_chain_n_rules(ruleset, chain))
		chain++;
	rule = index - chain;
	answer_string(row, "chain", ruleset_chain_name(ruleset, chain));
	if (rule == ruleset_chain_first(ruleset, chain) + ruleset_chain_n_rules(ruleset, chain)) {
		fill_policy(appliance, chain, row);
		return;
	}
	answer_string(row, "kind", "rule");
	answer_string(row, "name", ruleset_rule_name(ruleset, rule));
	answer_string(row, "file", ruleset_rule_file(ruleset, rule));
	answer_number(row, "line", ruleset_rule_line(ruleset, rule));
	answer_string(row, "action", action_name(ruleset_rule_action(ruleset, rule)));
	fill_counter(appliance, rule, row);
}

void
command_rules(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	static const struct listing listing = {"rules", count_rules, fill_rule};

	answer_listing(appliance, cursor, answer, &listing);
}
