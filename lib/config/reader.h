// SPDX-License-Identifier: BSD-3-Clause
//
// Shared by all parts of the loader: the load in progress, errors with file and line, and settings
// read with the expected type. Names here and in settings begin with cfg_, because libconfig owns
// most of config_. Private to config.
//
// A function that finds a mistake reports it and lets the caller continue, so that one run finds
// them all. The count of errors tells whether there was one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libconfig.h>

#include "config/sets.h"
#include "config/text.h"
#include "settings/closest.h"
#include "settings/config.h"

#define CFG_NAME_LEN 63  // longest name of a port, chain or rule
#define CFG_LOG_LEN  127 // longest text of a log statement

// Limit of addresses, ports and types in all sets and rules together, which take 80 MB. A rule
// copies the sets that it names, so without a limit a small file could take any amount.
#define CFG_VALUES_MAX ((size_t)4 << 20)

// The position of a chain, and where a key of a rule is allowed. A chain whose priority cannot be
// read is ANYWHERE, so that all keys are allowed in it.
enum cfg_stage { CFG_ANYWHERE, CFG_BEFORE_CONNTRACK, CFG_AFTER_CONNTRACK };

// What is known of the names in a section. Only if all are, an unknown one is a mistake: otherwise
// what could not be read was reported.
enum cfg_names { CFG_NAMES_NOT_READ, CFG_NAMES_SOME, CFG_NAMES_ALL };

struct cfg_loader {
	struct config *config; // being filled
	struct errors *errors;
	const struct cfg_text *text;
	struct cfg_sets sets;
	enum cfg_names port_names; // that are known
	enum cfg_names set_names;
	const struct chain *chain; // being read
	enum cfg_stage stage;      // its position
	unsigned int n_rules;      // of all chains
	size_t n_values;           // see CFG_VALUES_MAX
};

// Adds an error with the file and line of a setting.
void cfg_report(struct cfg_loader *loader, const config_setting_t *setting, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// Reports that something of that name, a "port", is already defined at an earlier place.
void cfg_report_twice(struct cfg_loader *loader, const config_setting_t *setting, const char *what,
		      const char *name, struct cfg_place first);

// The file and line of a setting.
struct cfg_place cfg_place(const struct cfg_loader *loader, const config_setting_t *setting);

// The key of a setting, or of the list that it is an element of; "" for none.
const char *cfg_key(const config_setting_t *setting);

// Reports `unknown key "word" in WHERE`, and the closest known key if there is one.
void cfg_report_unknown_key(struct cfg_loader *loader, const config_setting_t *setting,
			    const char *where, const struct cfg_closest *closest);

// Reports every member of a group whose key is not among the n known ones.
void cfg_check_keys(struct cfg_loader *loader, const config_setting_t *group, const char *where,
		    const char *const known[], unsigned int n_known);

// The member of a group that must be a list of groups. NULL if it is absent, or with an error
// reported if it is not a list. The caller checks that the elements are groups, see cfg_is_group.
const config_setting_t *cfg_list(struct cfg_loader *loader, const config_setting_t *group,
				 const char *key);

// True for a group; anything else is reported.
bool cfg_is_group(struct cfg_loader *loader, const config_setting_t *setting);

// A whole number.
// => low is not above high. Returns false, and reports, if it is no number or not low..high. unit
//    is for the message.
bool cfg_number(struct cfg_loader *loader, const config_setting_t *setting, int64_t low,
		int64_t high, const char *unit, int64_t *value);
bool cfg_bool(struct cfg_loader *loader, const config_setting_t *setting, bool *value);

// A string, valid until the load ends; NULL, with an error reported, if the setting is not a
// string.
const char *cfg_string(struct cfg_loader *loader, const config_setting_t *setting);

// A string, or a whole number written as one into digits.
#define CFG_DIGITS_SIZE 24
const char *cfg_string_or_number(struct cfg_loader *loader, const config_setting_t *setting,
				 char digits[CFG_DIGITS_SIZE]);

// The name of a port, chain or rule: 1 to CFG_NAME_LEN printable characters, in names of ports only
// those that are safe on a command line. A copy owned by the caller; NULL, with an error reported,
// if it is invalid.
// => group contains the name, what describes the group: "a port". The name is required.
char *cfg_name(struct cfg_loader *loader, const config_setting_t *group, const char *what);

// The number of values of a key that takes one value or a list, and each value. Reports an empty
// list.
unsigned int cfg_n_values(struct cfg_loader *loader, const config_setting_t *setting);
const config_setting_t *cfg_value(const config_setting_t *setting, unsigned int i);

// A table of words and their values.
struct cfg_word {
	const char *text;
	unsigned int value;
};

// Reads one of the words, in any case of letters.
// => Returns false, and reports, when the setting is no string or its word is not in the table.
bool cfg_word(struct cfg_loader *loader, const config_setting_t *setting,
	      const struct cfg_word words[], unsigned int n_words, unsigned int *value);

// A mark, a zone and a helper, which rules both match and set. or_else, for the message, is what
// the caller also accepts.
void cfg_masked(struct cfg_loader *loader, const config_setting_t *setting, struct masked *masked);
bool cfg_zone(struct cfg_loader *loader, const config_setting_t *setting, const char *or_else,
	      uint16_t *zone);
void cfg_helper(struct cfg_loader *loader, const config_setting_t *setting, uint8_t *helper);

// True for 1 to len printable ASCII characters.
bool cfg_is_printable(const char *text, size_t len);

// Counts n more values. Once there are more than CFG_VALUES_MAX, reports that, and from then on
// cfg_has_room is false.
void cfg_take_room(struct cfg_loader *loader, const config_setting_t *setting, size_t n);
bool cfg_has_room(const struct cfg_loader *loader);
