// SPDX-License-Identifier: BSD-3-Clause
//
// Reads the groups of the file that contain single numbers, words and switches, using the table in
// settings/fields.h.
#pragma once

#include <libconfig.h>

struct cfg_loader;

// Reads all fields of the table that are in the file, and reports unknown keys in their groups, but
// not at the top of the file.
void cfg_read_fields(struct cfg_loader *loader, const config_setting_t *root);
