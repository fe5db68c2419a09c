// SPDX-License-Identifier: BSD-3-Clause
//
// Configurations that a replay loads between packets, as a running firewall does on SIGHUP.
//
// Life cycle: change_load reads one before EAL starts, change_compile then makes what the engine
// needs, change_apply switches all workers between two bursts; change_forget, before EAL ends,
// frees a change that was not applied; change_fini after the engine is gone. One thread.
#pragma once

#include <stdint.h>

#include "base/errors.h"
#include "engine/engine.h"
#include "rules/ruleset.h"
#include "settings/config.h"

struct change {
	uint64_t n; // number of the packet before which it is loaded
	struct config config;
	struct ruleset_size size;
	struct changeover *changeover; // NULL: not compiled, or applied
};

// Reads the file. Returns 0, or -1 with errors added, also if it needs a restart.
int change_load(struct change *change, uint64_t n, const char *path, const struct config *running,
		struct errors *errors);

// => The generation is one more than that of the change before, or of the engine. Returns 0, or -1
//    with errors added.
int change_compile(struct change *change, uint32_t generation, unsigned int n_workers,
		   struct errors *errors);

// All workers go by it.
// => It was compiled, and not applied yet.
void change_apply(struct change *change, struct engine *engine, uint64_t now_ns);

void change_forget(struct change *change);
void change_fini(struct change *change); // also if all zeros
