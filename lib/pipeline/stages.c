// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/stages.h"

#include <rte_common.h>

// clang-format off
const struct stage_row stage_rows[STAGE_ROWS] = {
	// Packets of established flows whose verdict is remembered; they go no further.
	{"lane", INT32_MIN, NEEDS_LANE,
	 .work = {stage_lane, "lane", true}},
	// Bytes to meaning; what cannot be read leaves here.
	{"parse", INT32_MIN, NEEDS_NOTHING,
	 .work = {stage_parse, "parse", true}},
	// To the worker that owns the flow, and to the port at the other end of the wire.
	{"steer", INT32_MIN, NEEDS_NOTHING,
	 .work = {stage_steer, "parse", true},
	 .chains = {stage_early_chains, "stateless", false}},
	// Fragments wait for the rest of their datagram, which then goes on.
	{"defrag", PRIORITY_DEFRAG, NEEDS_NOTHING,
	 .work = {stage_defrag, "stateless", true},
	 .chains = {stage_chains, "stateless", false}},
	// Connection, class, tracker; the chains behind it are the rules.
	{"conntrack", PRIORITY_CONNTRACK, NEEDS_TRACKING,
	 .work = {stage_conntrack, "conntrack", true},
	 .chains = {stage_rules, "rules", true},
	 .end_pass = {stage_release, "confirm", true}},
	// Accepted new connections enter the table.
	{"confirm", PRIORITY_CONFIRM, NEEDS_TRACKING,
	 .work = {stage_confirm, "confirm", true},
	 .chains = {stage_late_chains, "confirm", false}},
	// Verdicts are counted; whoever received the burst sends what is accepted.
	{"forward", INT32_MAX, NEEDS_NOTHING,
	 .work = {stage_forward, "count", true}},
};
// clang-format on

_Static_assert(STAGES_MAX >= STAGE_ROWS + CHAINS_MAX, "every stage and chain is listed");
// Its own and that of its chains, and one that ends passes.
_Static_assert(STEPS_MAX >= 2 * STAGE_ROWS + 1, "every row has its steps");

static bool
is_row_in_lane(const struct stage_row *row)
{
	return row->work.is_in_lane && (row->end_pass.run == NULL || row->end_pass.is_in_lane);
}

// The first row whose stage, with the chains behind it, may have one of this priority in front.
// => rows are in the order of their priorities, and so are chains.
static const struct stage_row *
row_before(int32_t priority)
{
	const struct stage_row *row = &stage_rows[STAGE_ROWS - 1];

	do
		row--;
	while (row->priority > priority);
	return row;
}

// The lane knows every stage and chain that runs.
static bool
has_lane(const struct snapshot *snapshot)
{
	const struct ruleset *ruleset = snapshot->ruleset;

	if (!snapshot->config->conntrack.lane || !snapshot_tracks(snapshot))
		return false;
	for (unsigned int i = 0; i < STAGE_ROWS; i++) {
		if (!is_row_in_lane(&stage_rows[i]))
			return false;
	}
	for (unsigned int i = 0; i < ruleset_n_chains(ruleset); i++) {
		if (!row_before(ruleset_chain_priority(ruleset, i))->chains.is_in_lane)
			return false;
	}
	return true;
}

static bool
is_idle(const struct stage_row *row, const struct snapshot *snapshot)
{
	switch (row->needs) {
	case NEEDS_TRACKING:
		return !snapshot_tracks(snapshot);
	case NEEDS_LANE:
		return !has_lane(snapshot);
	default:
		return false;
	}
}

unsigned int
pipeline_stages(const struct snapshot *snapshot, struct stage stages[STAGES_MAX])
{
	const struct ruleset *ruleset = snapshot->ruleset;
	unsigned int n_chains = ruleset_n_chains(ruleset);
	unsigned int chain = 0, n = 0;

	for (unsigned int row = 0; row < STAGE_ROWS; row++) {
		bool is_last = row == STAGE_ROWS - 1;

		while (chain < n_chains && (is_last || ruleset_chain_priority(ruleset, chain) <
							       stage_rows[row].priority)) {
			stages[n++] = (struct stage){
				.name = ruleset_chain_name(ruleset, chain),
				.kind = STAGE_CHAIN,
				.priority = ruleset_chain_priority(ruleset, chain),
				.index = chain,
			};
			chain++;
		}
		stages[n++] = (struct stage){
			.name = stage_rows[row].name,
			.kind = is_idle(&stage_rows[row], snapshot) ? STAGE_IDLE : STAGE_BUILTIN,
			.priority = stage_rows[row].priority,
			.index = row,
		};
	}
	return n;
}

const char *
stage_kind_name(enum stage_kind kind)
{
	static const char *const names[] = {
		[STAGE_BUILTIN] = "builtin",
		[STAGE_IDLE] = "idle",
		[STAGE_CHAIN] = "chain",
	};

	return names[kind];
}

static struct step *
add_step(struct plan *plan, const struct stage_work *work)
{
	struct step *step = &plan->steps[plan->n_steps++];

	*step = (struct step){.run = work->run, .cycles = cycles_counter(work->cycles)};
	return step;
}

// Chains that stand together behind one stage are one step.
static void
add_chain(struct plan *plan, const struct stage_row *row, unsigned int chain)
{
	struct step *step = &plan->steps[plan->n_steps - 1];

	if (step->run != row->chains.run)
		step = add_step(plan, &row->chains);
	if (step->n_chains == 0)
		step->first_chain = (uint8_t)chain;
	step->n_chains++;
}

void
stages_place(struct plan *plan)
{
	struct stage stages[STAGES_MAX];
	unsigned int n = pipeline_stages(plan->snapshot, stages);
	const bool is_open = has_lane(plan->snapshot);
	const struct stage_row *row = stage_rows;
	struct stage_work end_pass = {0};

	for (unsigned int i = 0; i < n - 1; i++) {
		if (stages[i].kind == STAGE_IDLE)
			continue;
		if (stages[i].kind == STAGE_CHAIN) {
			add_chain(plan, row, stages[i].index);
			continue;
		}
		row = &stage_rows[stages[i].index];
		if (row->end_pass.run != NULL) {
			end_pass = row->end_pass;
			plan->pass = plan->n_steps;
		}
		add_step(plan, &row->work);
		// The lane passes what is remembered there, be it that no chain has anything to
		// say.
		if (is_open && row->chains.is_in_lane)
			add_step(plan, &row->chains);
	}
	if (end_pass.run != NULL)
		add_step(plan, &end_pass);
	else
		plan->pass = plan->n_steps;
	plan->behind = plan->n_steps;
	add_step(plan, &stage_rows[stages[n - 1].index].work);
}
