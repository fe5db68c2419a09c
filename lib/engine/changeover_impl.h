// SPDX-License-Identifier: BSD-3-Clause
//
// The inside of a changeover, for the engine that carries it out.
#pragma once

#include "engine/changeover.h"
#include "pipeline/plan.h"

struct changeover {
	struct snapshot *snapshot; // owned: the new one, in the end the old one
	unsigned int n_workers;
	struct plan plans[]; // owned: a worker swaps its old plan for the new one
};
