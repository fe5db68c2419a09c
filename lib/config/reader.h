// SPDX-License-Identifier: BSD-3-Clause
//
// What every part of the loader shares: the load in progress, errors that know their place, and
// settings read with the type that is expected. Names here and in settings begin with cfg_, because
// libconfig owns most of config_. Private to config.
//
// Every function that finds a mistake reports it and lets the caller go on, so that one run finds
// them all. A caller tells whether there was one by the count of errors.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libconfig.h>

#include "config/sets.h"
#include "config/text.h"
#include "settings/closest.h"
#include "settings/config.h"

#define CFG_NAME_LEN 63  // longest name of anything
#define CFG_LOG_LEN  127 // longest text of a log statement

// Addresses, ports and types in all sets and rules together: they take 80 MB. A rule copies the
// sets it names, so that a small file could ask for any amount.
#define CFG_VALUES_MAX ((size_t)4 << 20)

// Where a chain stands, and where a key of a rule has a meaning. ANYWHERE is also a chain whose
// priority cannot be read: nothing is wrong there.
enum cfg_stage { CFG_ANYWHERE, CFG_BEFORE_CONNTRACK, CFG_AFTER_CONNTRACK };

struct cfg_loader {
	struct config *config; // being filled
	struct errors *errors;
	const struct cfg_text *text;
	struct cfg_sets sets;
	bool has_ports;            // all names of ports are known: one that is not is a mistake
	bool has_sets;             // the same for sets
	const struct chain *chain; // being read
	enum cfg_stage stage;      // where it stands
	unsigned int n_rules;      // of all chains
	size_t n_values;           // see CFG_VALUES_MAX
};

// Adds an error at the place of a setting.
void cfg_report(struct cfg_loader *loader, const config_setting_t *setting, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// Reports that something of that name, a "port", stands at an earlier place already.
void cfg_report_twice(struct cfg_loader *loader, const config_setting_t *setting, const char *what,
		      const char *name, struct cfg_place first);

// Where a setting stands.
struct cfg_place cfg_place(const struct cfg_loader *loader, const config_setting_t *setting);

// The key under which a setting, or the list it is an element of, stands; "" for none.
const char *cfg_key(const config_setting_t *setting);

// What a setting is, "a string", "a group { }", for messages.
const char *cfg_type_name(const config_setting_t *setting);

// Reports that a setting should have been something else; expected is a noun, "a list ( )".
void cfg_report_type(struct cfg_loader *loader, const config_setting_t *setting,
		     const char *expected);

// Reports `unknown key "word" in WHERE`, with the closest known one when there is one.
void cfg_report_unknown_key(struct cfg_loader *loader, const config_setting_t *setting,
			    const char *where, const struct cfg_closest *closest);

// Reports every member of a group whose key is not among the n known ones.
void cfg_check_keys(struct cfg_loader *loader, const config_setting_t *group, const char *where,
		    const char *const known[], unsigned int n_known);

// The member of a group that must be a list of groups; NULL, reported unless it is absent, when it
// is not. Elements that are no groups are the caller's to refuse, see cfg_is_group.
const config_setting_t *cfg_list(struct cfg_loader *loader, const config_setting_t *group,
				 const char *key);

// True for a group; anything else is reported.
bool cfg_is_group(struct cfg_loader *loader, const config_setting_t *setting);

// A whole number.
// => Returns false, and reports, when it is none or is not low..high. unit is for the message.
bool cfg_number(struct cfg_loader *loader, const config_setting_t *setting, int64_t low,
		int64_t high, const char *unit, int64_t *value);
bool cfg_bool(struct cfg_loader *loader, const config_setting_t *setting, bool *value);

// A string, valid as long as the load; NULL, and reported, when the setting is none.
const char *cfg_string(struct cfg_loader *loader, const config_setting_t *setting);

// A string, or a whole number written as one into digits.
#define CFG_DIGITS_SIZE 24
const char *cfg_string_or_number(struct cfg_loader *loader, const config_setting_t *setting,
				 char digits[CFG_DIGITS_SIZE]);

// The name of a port, chain or rule: 1 to CFG_NAME_LEN printable characters; port names none that
// a command line would trip over. A copy owned by the caller; NULL, and reported, when it is none.
// => group is what has the name, what says so in words: "a port". The name must be there.
char *cfg_name(struct cfg_loader *loader, const config_setting_t *group, const char *what);

// Values of a key that takes one value or a list of them: how many, and each.
// => Reports, and returns 0, for an empty list.
unsigned int cfg_n_values(struct cfg_loader *loader, const config_setting_t *setting);
const config_setting_t *cfg_value(const config_setting_t *setting, unsigned int i);

// The value of a word by a table.
struct cfg_word {
	const char *text;
	unsigned int value;
};

// => Letters may be small or capital.
// => Returns false, and reports, when the setting is no string or its word is not in the table.
bool cfg_word(struct cfg_loader *loader, const config_setting_t *setting,
	      const struct cfg_word words[], unsigned int n_words, unsigned int *value);

// A mark, a zone and a helper, which rules both match and set. or_else is for the message: what the
// caller takes besides.
void cfg_masked(struct cfg_loader *loader, const config_setting_t *setting, struct masked *masked);
bool cfg_zone(struct cfg_loader *loader, const config_setting_t *setting, const char *or_else,
	      uint16_t *zone);
void cfg_helper(struct cfg_loader *loader, const config_setting_t *setting, uint8_t *helper);

// True for 1 to len printable ASCII characters.
bool cfg_is_printable(const char *text, size_t len);

// Counts n more values; reports once when there are more than CFG_VALUES_MAX, and from then on
// cfg_has_room is false.
void cfg_take_room(struct cfg_loader *loader, const config_setting_t *setting, size_t n);
bool cfg_has_room(const struct cfg_loader *loader);
