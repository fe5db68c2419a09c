// SPDX-License-Identifier: BSD-3-Clause
#include "control/sources.h"

#include <stdio.h>

#include <rte_lcore.h>
#include <rte_version.h>

#include "conntrack/metrics.h"
#include "control/requests.h"
#include "control/stream.h"
#include "engine/metrics.h"
#include "engine/sums.h"
#include "pipeline/metrics.h"
#include "rules/metrics.h"

static const char *
result_name(unsigned int is_good)
{
	static const char *const names[] = {"refused", "loaded"};

	return names[is_good];
}

static const struct metric build_rows[] = {
	{.name = "sallyport_build_info",
	 .help = "Always 1; the labels say what runs.",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct build, one)},
};

static const struct metric process_rows[] = {
	{.name = "sallyport_start_time_seconds",
	 .help = "When the firewall was started, since 1970.",
	 .unit = "seconds",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct process, started_sec)},
	{.name = "sallyport_uptime_seconds",
	 .help = "How long the firewall has been running.",
	 .unit = "seconds",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct process, uptime_sec)},
	{.name = "sallyport_config_generation",
	 .help = "Number of the configuration in force, from 1 on.",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct process, generation)},
	{.name = "sallyport_config_reloads",
	 .help = "Reloads of the configuration, by result.",
	 .label = "result",
	 .value_name = result_name,
	 METRIC_ALL(struct process, reloads)},
	{.name = "sallyport_config_last_reload_successful",
	 .help = "1 if the last reload succeeded or there was none, 0 if it was refused.",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct process, is_good)},
	{.name = "sallyport_config_last_reload_timestamp_seconds",
	 .help = "When the last reload ended, or the firewall started, since 1970.",
	 .unit = "seconds",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct process, changed_sec)},
	{.name = "sallyport_conntrack_reserved_bytes",
	 .help = "Memory reserved for connections.",
	 .unit = "bytes",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct process, reserved_bytes)},
	{.name = "sallyport_fragments_limit",
	 .help = "The most fragments that can be held.",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct process, fragments_limit)},
};

static const struct metric heap_rows[] = {
	{.name = "sallyport_memory_heap_bytes",
	 .help = "Memory that DPDK has, by NUMA node.",
	 .unit = "bytes",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct rte_malloc_socket_stats, heap_totalsz_bytes)},
	{.name = "sallyport_memory_free_bytes",
	 .help = "Memory that DPDK has and that is free, by NUMA node.",
	 .unit = "bytes",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct rte_malloc_socket_stats, heap_freesz_bytes)},
};

static const struct metric port_state_rows[] = {
	{.name = "sallyport_port_present",
	 .help = "1 if the port has its device, 0 while the device is gone.",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct port_state, is_open)},
	{.name = "sallyport_port_up",
	 .help = "1 if the port has a link, as far as its driver knows.",
	 .kind = METRIC_GAUGE,
	 METRIC_AT(struct port_state, is_up)},
};

static const struct metric_table build_metrics = METRIC_TABLE(build_rows);
static const struct metric_table process_metrics = METRIC_TABLE(process_rows);
static const struct metric_table heap_metrics = METRIC_TABLE(heap_rows);
static const struct metric_table port_state_metrics = METRIC_TABLE(port_state_rows);

static unsigned int
count_one(const struct scrape *scrape)
{
	(void)scrape;
	return 1;
}

static unsigned int
count_workers(const struct scrape *scrape)
{
	return engine_n_workers(scrape->appliance->engine);
}

static unsigned int
count_measured(const struct scrape *scrape)
{
	return appliance_config(scrape->appliance)->measure_cycles ? count_workers(scrape) : 0;
}

static unsigned int
count_ports(const struct scrape *scrape)
{
	return appliance_config(scrape->appliance)->n_ports;
}

static unsigned int
count_heaps(const struct scrape *scrape)
{
	(void)scrape;
	return rte_socket_count();
}

static unsigned int
count_rules(const struct scrape *scrape)
{
	return ruleset_n_rules(scrape->ruleset);
}

static unsigned int
count_chains(const struct scrape *scrape)
{
	return ruleset_n_chains(scrape->ruleset);
}

static const struct server_stats *(*const servers[])(void) = {requests_stats, stream_stats};
static const char *const server_names[] = {"telemetry", "stream"};

static unsigned int
count_servers(const struct scrape *scrape)
{
	(void)scrape;
	return RTE_DIM(servers);
}

static void
label_none(const struct scrape *scrape, unsigned int index, struct answer *labels)
{
	(void)scrape;
	(void)index;
	(void)labels;
}

static void
label_number(struct answer *labels, const char *name, unsigned int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	answer_text(labels, name, text);
}

static void
label_build(const struct scrape *scrape, unsigned int index, struct answer *labels)
{
	const struct config *config = appliance_config(scrape->appliance);

	(void)index;
	answer_text(labels, "version", SALLYPORT_VERSION);
	answer_text(labels, "dpdk", rte_version());
	answer_text(labels, "hash",
		    engine_hashes_with_aes(scrape->appliance->engine) ? "aes" : "siphash");
	answer_text(labels, "table", ct_table_name((enum ct_table_kind)config->conntrack.table));
}

static void
label_worker(const struct scrape *scrape, unsigned int index, struct answer *labels)
{
	(void)scrape;
	label_number(labels, "worker", index);
}

static void
label_port(const struct scrape *scrape, unsigned int index, struct answer *labels)
{
	answer_text(labels, "port", appliance_config(scrape->appliance)->ports[index].name);
}

static void
label_heap(const struct scrape *scrape, unsigned int index, struct answer *labels)
{
	(void)scrape;
	label_number(labels, "node", (unsigned int)rte_socket_id_by_idx(index));
}

static void
label_server(const struct scrape *scrape, unsigned int index, struct answer *labels)
{
	(void)scrape;
	answer_text(labels, "server", server_names[index]);
}

static void
label_place(struct answer *labels, const char *file, unsigned int line)
{
	answer_text(labels, "file", file == NULL ? "" : file);
	label_number(labels, "line", line);
}

static void
label_rule(const struct scrape *scrape, unsigned int rule, struct answer *labels)
{
	const struct ruleset *ruleset = scrape->ruleset;
	unsigned int chain = 0;

	while (rule >= ruleset_chain_first(ruleset, chain) + ruleset_chain_n_rules(ruleset, chain))
		chain++;
	answer_text(labels, "chain", ruleset_chain_name(ruleset, chain));
	answer_text(labels, "rule", ruleset_rule_name(ruleset, rule));
	label_place(labels, ruleset_rule_file(ruleset, rule), ruleset_rule_line(ruleset, rule));
}

static void
label_chain(const struct scrape *scrape, unsigned int chain, struct answer *labels)
{
	answer_text(labels, "chain", ruleset_chain_name(scrape->ruleset, chain));
	label_place(labels, ruleset_chain_file(scrape->ruleset, chain),
		    ruleset_chain_line(scrape->ruleset, chain));
}

static const void *
read_build(struct scrape *scrape, unsigned int index)
{
	(void)index;
	scrape->object.build = (struct build){.one = 1};
	return &scrape->object;
}

static const void *
read_process(struct scrape *scrape, unsigned int index)
{
	const struct appliance *appliance = scrape->appliance;
	const struct reload_report *report = appliance->reload_report;
	const struct config *config = appliance_config(appliance);
	uint64_t started_ns = appliance->started_ns;
	uint32_t generation = engine_snapshot(appliance->engine)->generation;
	uint64_t n_loaded = generation - 1; // the first was loaded at start, not by a reload
	bool has_ended = report->n_ended > 0;

	(void)index;
	scrape->object.process = (struct process){
		.started_sec = started_ns / NS_PER_SEC,
		.uptime_sec = (appliance_now_ns(appliance) - started_ns) / NS_PER_SEC,
		.generation = generation,
		.reloads = {report->n_ended - n_loaded, n_loaded},
		.is_good = !has_ended || report->is_good,
		.changed_sec = (has_ended ? report->ended_ns : started_ns) / NS_PER_SEC,
		.reserved_bytes = engine_ct_bytes(appliance->engine),
		.fragments_limit = (uint64_t)config->fragments.max_fragments * config->workers,
	};
	return &scrape->object;
}

static const void *
read_heap(struct scrape *scrape, unsigned int index)
{
	int result = rte_malloc_get_socket_stats(rte_socket_id_by_idx(index), &scrape->object.heap);

	return result == 0 ? &scrape->object : NULL;
}

static const void *
read_pipeline(struct scrape *scrape, unsigned int worker)
{
	return pipeline_stats(engine_pipeline(scrape->appliance->engine, worker));
}

static const void *
read_cycles(struct scrape *scrape, unsigned int worker)
{
	return pipeline_cycles(engine_pipeline(scrape->appliance->engine, worker));
}

static const void *
read_ct(struct scrape *scrape, unsigned int worker)
{
	ct_stats_read(engine_shard(scrape->appliance->engine, worker), &scrape->object.ct);
	return &scrape->object;
}

static const void *
read_count(struct scrape *scrape, unsigned int worker)
{
	scrape->object.count = ct_count(engine_shard(scrape->appliance->engine, worker));
	return &scrape->object;
}

static const void *
read_worker(struct scrape *scrape, unsigned int worker)
{
	return engine_worker_stats(scrape->appliance->engine, worker);
}

static const struct port_status *
port_status(struct scrape *scrape, unsigned int port)
{
	for (unsigned int i = 0; !scrape->has_ports && i < count_ports(scrape); i++)
		scrape->ports[i] = appliance_port(scrape->appliance, i);
	scrape->has_ports = true;
	return &scrape->ports[port];
}

static const void *
read_port_state(struct scrape *scrape, unsigned int port)
{
	const struct port_status *status = port_status(scrape, port);

	scrape->object.port = (struct port_state){
		.is_open = status->is_open,
		.is_up = status->has_link && status->link.link_status == RTE_ETH_LINK_UP,
	};
	return &scrape->object;
}

static const void *
read_port(struct scrape *scrape, unsigned int port)
{
	const struct port_status *status = port_status(scrape, port);

	return status->has_stats ? &status->stats : NULL;
}

static const void *
read_rule(struct scrape *scrape, unsigned int counter)
{
	scrape->object.rule = engine_rule_counter(scrape->appliance->engine, counter);
	return &scrape->object;
}

static const void *
read_policy(struct scrape *scrape, unsigned int chain)
{
	return read_rule(scrape, ruleset_n_rules(scrape->ruleset) + chain);
}

static const void *
read_server(struct scrape *scrape, unsigned int index)
{
	(void)scrape;
	return servers[index]();
}

static const struct source sources[] = {
	{&build_metrics, count_one, read_build, label_build},
	{&process_metrics, count_one, read_process, label_none},
	{&heap_metrics, count_heaps, read_heap, label_heap},
	{&pipeline_metrics, count_workers, read_pipeline, label_worker},
	{&ct_metrics, count_workers, read_ct, label_worker},
	{&ct_count_metrics, count_workers, read_count, label_worker},
	{&worker_metrics, count_workers, read_worker, label_worker},
	{&cycles_metrics, count_measured, read_cycles, label_worker},
	{&port_state_metrics, count_ports, read_port_state, label_port},
	{&port_metrics, count_ports, read_port, label_port},
	{&rule_metrics, count_rules, read_rule, label_rule},
	{&policy_metrics, count_chains, read_policy, label_chain},
	{&server_metrics, count_servers, read_server, label_server},
};

const struct source *
source_of_family(uint32_t family, const struct metric **row)
{
	for (size_t i = 0; i < RTE_DIM(sources); i++) {
		if (family < sources[i].table->n) {
			*row = &sources[i].table->rows[family];
			return &sources[i];
		}
		family -= sources[i].table->n;
	}
	return NULL;
}
