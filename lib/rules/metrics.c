// SPDX-License-Identifier: BSD-3-Clause
#include "rules/metrics.h"

#include "rules/ruleset.h"

static const struct metric rule_rows[] = {
	{.name = "sallyport_rule_packets",
	 .key = "packets",
	 .help = "Packets that the rule matched since the configuration was loaded.",
	 METRIC_AT(struct rule_counter, packets)},
	{.name = "sallyport_rule_bytes",
	 .key = "bytes",
	 .help = "Layer 3 bytes of the packets that the rule matched.",
	 .unit = "bytes",
	 METRIC_AT(struct rule_counter, bytes)},
};

static const struct metric policy_rows[] = {
	{.name = "sallyport_policy_packets",
	 .key = "packets",
	 .help = "Packets that reached the chain's policy since the configuration was loaded.",
	 METRIC_AT(struct rule_counter, packets)},
	{.name = "sallyport_policy_bytes",
	 .key = "bytes",
	 .help = "Layer 3 bytes of the packets that reached the chain's policy.",
	 .unit = "bytes",
	 METRIC_AT(struct rule_counter, bytes)},
};

const struct metric_table rule_metrics = METRIC_TABLE(rule_rows);
const struct metric_table policy_metrics = METRIC_TABLE(policy_rows);
