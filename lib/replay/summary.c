// SPDX-License-Identifier: BSD-3-Clause
#include "replay/summary.h"

#include <inttypes.h>
#include <stddef.h>

#include <libsmartcols.h>

#include "engine/sums.h"
#include "pipeline/metrics.h"
#include "replay/listing.h"
#include "report/report.h"

#define LINES_MAX 50 // of the table of connections

// Where a counter is in the statistics.
#define IN_STATS(member) offsetof(struct pipeline_stats, member)

// The first line: totals, each followed by its text.
static const struct total {
	size_t offset;
	const char *text;
} totals[] = {
	{IN_STATS(packets), " packets, "},   {IN_STATS(bytes), " bytes: "},
	{IN_STATS(accepted), " accepted, "}, {IN_STATS(dropped), " dropped, "},
	{IN_STATS(rejected), " rejected\n"},
};

// Then a line for each value above 0 of these. What rules and policies dropped is in their table.
static const struct list {
	size_t offset;
	const char *text;
	unsigned int first; // value; 0: that of the metric
	unsigned int end;   // the value after the last one; 0: all
} lists[] = {
	{IN_STATS(answers), "rejected with", 0, 0},
	{IN_STATS(unanswered), "rejected without an answer for", 0, 0},
	{IN_STATS(dropped), "dropped for", REASON_DEFAULT + 1, 0},
	{IN_STATS(faults), "malformed for", 0, FAULT_L3_LAST + 1},
	{IN_STATS(faults), "invalid for", FAULT_L3_LAST + 1, 0},
};

static void
print_list(const struct list *list, const struct pipeline_stats *stats, FILE *out)
{
	const struct metric *metric = metric_row_at(&pipeline_metrics, list->offset);
	unsigned int first = list->first > 0 ? list->first : metric->first;
	unsigned int end = list->end > 0 ? list->end : metric->n;

	for (unsigned int element = first; element < end; element++) {
		uint64_t value = metric_value(metric, stats, element);

		if (value > 0)
			fprintf(out, "  %s %s: %" PRIu64 "\n", list->text,
				metric->value_name(element), value);
	}
}

static void
print_packets(const struct pipeline_stats *stats, FILE *out)
{
	for (size_t i = 0; i < RTE_DIM(totals); i++) {
		const struct metric *metric = metric_row_at(&pipeline_metrics, totals[i].offset);

		fprintf(out, "%" PRIu64 "%s", metric_total(metric, stats), totals[i].text);
	}
	for (size_t i = 0; i < RTE_DIM(lists); i++)
		print_list(&lists[i], stats, out);
}

// A line in the table of rules, for a rule or for the policy of a chain.
struct row {
	const char *chain;
	const char *rule;
	enum action action;
	const char *file;
	unsigned int line;
	struct rule_counter counter;
};

static void
add_row(struct libscols_table *table, const struct row *row)
{
	static const char *const actions[] = {
		[ACTION_NONE] = "-",        [ACTION_ACCEPT] = "accept",   [ACTION_DROP] = "drop",
		[ACTION_REJECT] = "reject", [ACTION_NOTRACK] = "notrack",
	};
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char number[24], packets[24], bytes[24];
	const char *const cells[] = {row->chain, row->rule, actions[row->action], row->file, number,
				     packets,    bytes};

	snprintf(number, sizeof(number), "%u", row->line);
	snprintf(packets, sizeof(packets), "%" PRIu64, row->counter.packets);
	snprintf(bytes, sizeof(bytes), "%" PRIu64, row->counter.bytes);
	for (size_t i = 0; i < RTE_DIM(cells); i++)
		scols_line_set_data(line, i, cells[i]);
}

static void
print_rules(const struct engine *engine, FILE *out)
{
	const struct ruleset *ruleset = engine_snapshot(engine)->ruleset;
	unsigned int n_rules = ruleset_n_rules(ruleset);
	struct libscols_table *table = scols_new_table();

	scols_table_set_stream(table, out);
	scols_table_new_column(table, "CHAIN", 0, 0);
	scols_table_new_column(table, "RULE", 0, 0);
	scols_table_new_column(table, "ACTION", 0, 0);
	scols_table_new_column(table, "FILE", 0, 0);
	scols_table_new_column(table, "LINE", 0, SCOLS_FL_RIGHT);
	scols_table_new_column(table, "PACKETS", 0, SCOLS_FL_RIGHT);
	scols_table_new_column(table, "BYTES", 0, SCOLS_FL_RIGHT);
	for (unsigned int chain = 0; chain < ruleset_n_chains(ruleset); chain++) {
		unsigned int first = ruleset_chain_first(ruleset, chain);
		const char *name = ruleset_chain_name(ruleset, chain);

		for (unsigned int i = 0; i < ruleset_chain_n_rules(ruleset, chain); i++) {
			unsigned int rule = first + i;

			add_row(table, &(struct row){name, ruleset_rule_name(ruleset, rule),
						     ruleset_rule_action(ruleset, rule),
						     ruleset_rule_file(ruleset, rule),
						     ruleset_rule_line(ruleset, rule),
						     engine_rule_counter(engine, rule)});
		}
		add_row(table, &(struct row){name, "(policy)", ruleset_chain_policy(ruleset, chain),
					     ruleset_chain_file(ruleset, chain),
					     ruleset_chain_line(ruleset, chain),
					     engine_rule_counter(engine, n_rules + chain)});
	}
	if (ruleset_n_chains(ruleset) > 0)
		scols_print_table(table);
	scols_unref_table(table);
}

static void
print_connections(const struct engine *engine, tick_t now, FILE *out)
{
	struct listing listing;
	char text[REPORT_TEXT_SIZE];

	listing_take(&listing, engine, now);
	fprintf(out, "%u connections in the table\n", listing.n);
	for (unsigned int i = 0; i < listing.n && i < LINES_MAX; i++) {
		report_entry_line(&listing.entries[i], text);
		fputs(text, out);
	}
	if (listing.n > LINES_MAX)
		fprintf(out, "... and %u more; --table - prints them all\n", listing.n - LINES_MAX);
	listing_free(&listing);
}

static void
print_cut(const struct summary_cut *cut, FILE *out)
{
	if (cut->n_judged > 0)
		fprintf(out, "  cut short by the capture, judged by their headers: %" PRIu64 "\n",
			cut->n_judged);
	else if (cut->n_dropped > 0)
		fputs("  cut: the capture has less of them than there was; --cut accept judges "
		      "their headers\n",
		      out);
}

void
summary_print(const struct engine *engine, tick_t now, const struct summary_cut *cut, FILE *out)
{
	struct pipeline_stats stats = engine_pipeline_stats(engine);

	stats.packets += cut->n_dropped;
	stats.bytes += cut->dropped_bytes;
	stats.dropped[REASON_CUT] += cut->n_dropped;
	print_packets(&stats, out);
	print_cut(cut, out);
	fputc('\n', out);
	print_rules(engine, out);
	fputc('\n', out);
	print_connections(engine, now, out);
}
