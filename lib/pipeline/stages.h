// SPDX-License-Identifier: BSD-3-Clause
//
// The way of a packet, told once: a table with a row for each built-in stage. A plan is made of it
// (stages_place), sallyctl lists it, it names the counters of cycles, and a test holds the
// documents against it. Private to pipeline.
//
// The rows stand in the order of their priorities, and the chains of a configuration run where
// theirs puts them: one with the priority of a stage behind it. A stage that a snapshot has no need
// of stands idle, and the chains behind it run as those behind the stage before.
//
// conntrack may stop before a packet that depends on an earlier one of its burst. It cuts the burst
// into passes: what stands behind it, up to the last row, runs for the packets of one pass, then it
// ends the pass and takes the next.
#pragma once

#include "pipeline/pipeline.h"

enum stage_need {
	NEEDS_NOTHING,
	NEEDS_TRACKING, // some rule, or the configuration, asks for connections
	NEEDS_LANE,     // the same, the lane is wanted, and it knows all that the others do
};

// What runs, and the name of the counter that its cycles belong to.
struct stage_work {
	stage_run run;
	const char *cycles;
	bool is_in_lane; // the lane does it too, for its packets
};

struct stage_row {
	const char *name;
	int32_t priority;
	enum stage_need needs;
	struct stage_work work;
	struct stage_work chains;   // those behind it; none: no chain can stand there
	struct stage_work end_pass; // of a stage that cuts the burst
};

#define STAGE_ROWS 7

extern const struct stage_row stage_rows[STAGE_ROWS];

// Writes the steps of the plan for its snapshot: what pipeline_run does to a burst.
void stages_place(struct plan *plan);

// The stages. Before conntrack they work on the live packets of the burst, behind it on those of
// the pass; whoever runs chains finds which in the step.
void stage_lane(struct pipeline *pipeline, struct burst *burst, const struct step *step);
void stage_parse(struct pipeline *pipeline, struct burst *burst, const struct step *step);
void stage_steer(struct pipeline *pipeline, struct burst *burst, const struct step *step);
void stage_early_chains(struct pipeline *pipeline, struct burst *burst, const struct step *step);
void stage_defrag(struct pipeline *pipeline, struct burst *burst, const struct step *step);
void stage_chains(struct pipeline *pipeline, struct burst *burst, const struct step *step);
void stage_conntrack(struct pipeline *pipeline, struct burst *burst, const struct step *step);
void stage_rules(struct pipeline *pipeline, struct burst *burst, const struct step *step);
void stage_confirm(struct pipeline *pipeline, struct burst *burst, const struct step *step);
void stage_late_chains(struct pipeline *pipeline, struct burst *burst, const struct step *step);
void stage_release(struct pipeline *pipeline, struct burst *burst, const struct step *step);
void stage_forward(struct pipeline *pipeline, struct burst *burst, const struct step *step);
