// SPDX-License-Identifier: BSD-3-Clause
//
// The table of settings that are a single number, switch or word. The loader reads them by this
// table, and a test compares the manual page with it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "settings/config.h"

// A word is stored as its number, low to high; name() gives the word.
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

// Sets every field of the table to its default.
void cfg_fields_init(struct config *config);

// The value of a field; switches are 0 or 1.
uint32_t cfg_field_get(const struct cfg_field *field, const struct config *config);
