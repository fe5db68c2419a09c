// SPDX-License-Identifier: BSD-3-Clause
//
// What a changeover is made of: for the engine that goes through with it.
#pragma once

#include "engine/changeover.h"
#include "pipeline/plan.h"

struct changeover {
	struct snapshot *snapshot; // owned: the new one, in the end the old one
	unsigned int n_workers;
	struct plan plans[]; // owned: a worker puts its old one in the place of the new one
};
