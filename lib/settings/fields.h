// SPDX-License-Identifier: BSD-3-Clause
//
// The table of the settings that are one number or one switch, each at a fixed place of the file:
// what the loader reads by, and what the manual page is held against.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "settings/config.h"

// A word is one of those that low to high number, as name() tells; it is stored as its number.
enum cfg_field_type { CFG_FIELD_BOOL, CFG_FIELD_U8, CFG_FIELD_U32, CFG_FIELD_WORD };

struct cfg_field {
	const char *group; // "conntrack.tcp"; "" for the top of the file
	const char *key;   // "loose"
	enum cfg_field_type type;
	size_t offset; // in struct config
	uint32_t low;  // of numbers
	uint32_t high;
	const char *unit;                    // "" for none
	const char *help;                    // a sentence without its full stop
	const char *(*name)(uint32_t value); // of words
	bool is_live;                        // may change while the firewall runs
};

extern const struct cfg_field cfg_fields[];
extern const unsigned int cfg_n_fields;

// Gives every field of the table its default.
void cfg_fields_init(struct config *config);

// The value of a field; switches are 0 or 1.
uint32_t cfg_field_get(const struct cfg_field *field, const struct config *config);
