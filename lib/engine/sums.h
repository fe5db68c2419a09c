// SPDX-License-Identifier: BSD-3-Clause
//
// Counters of an engine, summed over all of its workers. Any thread: the workers continue
// meanwhile, so values may be a moment old and need not add up.
#pragma once

#include "engine/engine.h"

struct pipeline_stats engine_pipeline_stats(const struct engine *engine);
struct cycles engine_cycles(const struct engine *engine);
struct worker_stats engine_turns(const struct engine *engine);
struct ct_stats engine_ct_stats(const struct engine *engine);
struct ct_count engine_ct_count(const struct engine *engine);

// One counter of the rules in force.
// => Not between engine_publish and the end of engine_retire.
struct rule_counter engine_rule_counter(const struct engine *engine, unsigned int index);

// Memory reserved for connections.
size_t engine_ct_bytes(const struct engine *engine);

// Connections that can never be removed any more: 0, unless the code is wrong.
// => No worker runs.
unsigned int engine_n_lost(const struct engine *engine);
