// SPDX-License-Identifier: BSD-3-Clause
//
// The rules of a scene: none, those of a site, or any. Private to scene.c.
#pragma once

#include "settings/config.h"

// Gives the configuration chains, which it owns; calm: of which nearly all are remembered. The
// numbers come from util/random.h.
void scene_rules(struct config *config, bool is_calm);
