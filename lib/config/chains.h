// SPDX-License-Identifier: BSD-3-Clause
//
// The section "chains".
#pragma once

#include <libconfig.h>

struct cfg_loader;

// Fills the chains of the configuration, sorted by priority.
// => Ports and sets have been read.
void cfg_read_chains(struct cfg_loader *loader, const config_setting_t *root);
