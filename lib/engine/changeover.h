// SPDX-License-Identifier: BSD-3-Clause
//
// What an engine needs to switch to another configuration: the compiled snapshot, and a plan of it
// for each worker.
//
// Life cycle: changeover_create, on any thread, while packets run, since ten thousand rules take a
// second to compile; then either engine_publish, after which the engine owns and frees it, or
// changeover_destroy.
#pragma once

#include <stdint.h>

#include "base/errors.h"
#include "settings/config.h"

struct changeover;

// => generation is another than that of the engine; drivers count up. The configuration must
//    outlive the engine's use of it. Returns NULL with an error added when the rules do not compile
//    or memory is short.
struct changeover *changeover_create(const struct config *config, uint32_t generation,
				     unsigned int n_workers, struct errors *errors);
void changeover_destroy(struct changeover *changeover); // takes NULL
