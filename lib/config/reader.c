// SPDX-License-Identifier: BSD-3-Clause
#include "config/reader.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <rte_common.h>

#include "base/contract.h"
#include "base/number.h"
#include "settings/memory.h"

static const char *const type_names[] = {
	[CONFIG_TYPE_NONE] = "nothing",
	[CONFIG_TYPE_GROUP] = "a group { }",
	[CONFIG_TYPE_INT] = "a whole number",
	[CONFIG_TYPE_INT64] = "a 64-bit number",
	[CONFIG_TYPE_FLOAT] = "a number with a fraction",
	[CONFIG_TYPE_STRING] = "a string",
	[CONFIG_TYPE_BOOL] = "true or false",
	[CONFIG_TYPE_ARRAY] = "an array [ ]",
	[CONFIG_TYPE_LIST] = "a list ( )",
};

void
cfg_report(struct cfg_loader *loader, const config_setting_t *setting, const char *format, ...)
{
	struct cfg_place place = cfg_place(loader, setting);
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	errors_add(loader->errors, place.file, place.line, "%s", message);
}

void
cfg_report_twice(struct cfg_loader *loader, const config_setting_t *setting, const char *what,
		 const char *name, struct cfg_place first)
{
	if (strcmp(first.file, cfg_place(loader, setting).file) == 0)
		cfg_report(loader, setting, "%s \"%s\" is already defined in line %u", what, name,
			   first.line);
	else
		cfg_report(loader, setting, "%s \"%s\" is already defined at %s:%u", what, name,
			   first.file, first.line);
}

struct cfg_place
cfg_place(const struct cfg_loader *loader, const config_setting_t *setting)
{
	return cfg_text_place(loader->text, config_setting_source_line(setting));
}

const char *
cfg_key(const config_setting_t *setting)
{
	while (setting != NULL && config_setting_name(setting) == NULL)
		setting = config_setting_parent(setting);
	return setting == NULL ? "" : config_setting_name(setting);
}

// Reports that a setting has the wrong type; expected is a noun, "a list ( )".
static void
report_type(struct cfg_loader *loader, const config_setting_t *setting, const char *expected)
{
	const char *relation = config_setting_name(setting) == NULL ? "an element of " : "";

	cfg_report(loader, setting, "%s\"%s\" must be %s, not %s", relation, cfg_key(setting),
		   expected, type_names[config_setting_type(setting)]);
}

void
cfg_report_unknown_key(struct cfg_loader *loader, const config_setting_t *setting,
		       const char *where, const struct cfg_closest *closest)
{
	if (closest->best == NULL)
		cfg_report(loader, setting, "unknown key \"%s\" in %s", cfg_key(setting), where);
	else
		cfg_report(loader, setting, "unknown key \"%s\" in %s; did you mean \"%s\"?",
			   cfg_key(setting), where, closest->best);
}

void
cfg_check_keys(struct cfg_loader *loader, const config_setting_t *group, const char *where,
	       const char *const known[], unsigned int n_known)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *member = config_setting_get_elem(group, (unsigned int)i);
		struct cfg_closest closest;

		cfg_closest_init(&closest, config_setting_name(member));
		for (unsigned int j = 0; j < n_known; j++)
			cfg_closest_offer(&closest, known[j]);
		if (closest.best == NULL || closest.distance > 0)
			cfg_report_unknown_key(loader, member, where, &closest);
	}
}

const config_setting_t *
cfg_list(struct cfg_loader *loader, const config_setting_t *group, const char *key)
{
	const config_setting_t *list = config_setting_get_member(group, key);

	if (list != NULL && !config_setting_is_list(list)) {
		report_type(loader, list, "a list ( ) of groups { }");
		return NULL;
	}
	return list;
}

bool
cfg_is_group(struct cfg_loader *loader, const config_setting_t *setting)
{
	if (config_setting_is_group(setting))
		return true;
	report_type(loader, setting, "a group { }");
	return false;
}

// The value of a whole number. libconfig stores hexadecimal ones in a signed integer.
static bool
get_integer(const config_setting_t *setting, int64_t *value)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
		*value = config_setting_get_int(setting);
		if (config_setting_get_format(setting) == CONFIG_FORMAT_HEX)
			*value = (uint32_t)*value;
		return true;
	case CONFIG_TYPE_INT64:
		*value = config_setting_get_int64(setting);
		return true;
	default:
		return false;
	}
}

bool
cfg_number(struct cfg_loader *loader, const config_setting_t *setting, int64_t low, int64_t high,
	   const char *unit, int64_t *value)
{
	int64_t number;

	CONTRACT(low <= high);
	if (!get_integer(setting, &number)) {
		report_type(loader, setting, "a whole number");
		return false;
	}
	if (number < low || number > high) {
		cfg_report(loader, setting,
			   "\"%s\" must be %" PRId64 " to %" PRId64 "%s%s, not %" PRId64,
			   cfg_key(setting), low, high, unit[0] == '\0' ? "" : " ", unit, number);
		return false;
	}
	*value = number;
	return true;
}

bool
cfg_bool(struct cfg_loader *loader, const config_setting_t *setting, bool *value)
{
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL) {
		report_type(loader, setting, "true or false");
		return false;
	}
	*value = config_setting_get_bool(setting);
	return true;
}

const char *
cfg_string(struct cfg_loader *loader, const config_setting_t *setting)
{
	if (config_setting_type(setting) == CONFIG_TYPE_STRING)
		return config_setting_get_string(setting);
	report_type(loader, setting, "a string");
	return NULL;
}

const char *
cfg_string_or_number(struct cfg_loader *loader, const config_setting_t *setting,
		     char digits[CFG_DIGITS_SIZE])
{
	int64_t number;

	if (config_setting_type(setting) == CONFIG_TYPE_STRING)
		return config_setting_get_string(setting);
	if (!get_integer(setting, &number)) {
		report_type(loader, setting, "a whole number or a string");
		return NULL;
	}
	snprintf(digits, CFG_DIGITS_SIZE, "%" PRId64, number);
	return digits;
}

bool
cfg_is_printable(const char *text, size_t len)
{
	size_t i = 0;

	while (text[i] >= ' ' && text[i] <= '~')
		i++;
	return text[i] == '\0' && i >= 1 && i <= len;
}

// A port's name is used on command lines, before an equals sign.
static bool
is_port_name(const char *text)
{
	size_t i = 0;

	while (isalnum((unsigned char)text[i]) || (text[i] != '\0' && strchr("_-.:", text[i])))
		i++;
	return text[i] == '\0';
}

char *
cfg_name(struct cfg_loader *loader, const config_setting_t *group, const char *what)
{
	const config_setting_t *setting = config_setting_get_member(group, "name");
	bool is_port = strcmp(what, "a port") == 0;
	const char *name;

	CONTRACT(config_setting_is_group(group));
	if (setting == NULL) {
		cfg_report(loader, group, "%s needs a \"name\"", what);
		return NULL;
	}
	name = cfg_string(loader, setting);
	if (name == NULL)
		return NULL;
	if (cfg_is_printable(name, CFG_NAME_LEN) && (!is_port || is_port_name(name)))
		return cfg_strdup(name);
	cfg_report(loader, setting, "the name of %s must be 1 to %d %s", what, CFG_NAME_LEN,
		   is_port ? "letters, digits or any of _-.:" : "printable ASCII characters");
	return NULL;
}

unsigned int
cfg_n_values(struct cfg_loader *loader, const config_setting_t *setting)
{
	if (!config_setting_is_list(setting) && !config_setting_is_array(setting))
		return 1;
	if (config_setting_length(setting) == 0)
		cfg_report(loader, setting, "\"%s\" is an empty list", cfg_key(setting));
	return (unsigned int)config_setting_length(setting);
}

const config_setting_t *
cfg_value(const config_setting_t *setting, unsigned int i)
{
	if (!config_setting_is_list(setting) && !config_setting_is_array(setting))
		return setting;
	CONTRACT(i < (unsigned int)config_setting_length(setting));
	return config_setting_get_elem(setting, i);
}

// Writes "a", "a or b", "a, b or c".
static void
list_words(const struct cfg_word words[], unsigned int n_words, char *list, size_t size)
{
	size_t len = 0;

	for (unsigned int i = 0; i < n_words && len < size; i++) {
		const char *glue = i == 0 ? "" : i + 1 == n_words ? " or " : ", ";

		len += (size_t)snprintf(list + len, size - len, "%s%s", glue, words[i].text);
	}
}

bool
cfg_word(struct cfg_loader *loader, const config_setting_t *setting, const struct cfg_word words[],
	 unsigned int n_words, unsigned int *value)
{
	const char *text = cfg_string(loader, setting);
	struct cfg_closest closest;
	char list[128];

	if (text == NULL)
		return false;
	cfg_closest_init(&closest, text);
	for (unsigned int i = 0; i < n_words; i++) {
		if (strcasecmp(words[i].text, text) == 0) {
			*value = words[i].value;
			return true;
		}
		cfg_closest_offer(&closest, words[i].text);
	}
	list_words(words, n_words, list, sizeof(list));
	if (closest.best == NULL)
		cfg_report(loader, setting, "\"%s\" must be %s, not \"%s\"", cfg_key(setting), list,
			   text);
	else
		cfg_report(loader, setting, "\"%s\" must be %s, not \"%s\"; did you mean \"%s\"?",
			   cfg_key(setting), list, text, closest.best);
	return false;
}

void
cfg_masked(struct cfg_loader *loader, const config_setting_t *setting, struct masked *masked)
{
	char digits[CFG_DIGITS_SIZE];
	char why[CFG_WHY_SIZE];
	const char *text = cfg_string_or_number(loader, setting, digits);

	if (text != NULL && !cfg_parse_masked(text, masked, why))
		cfg_report(loader, setting, "\"%s\": %s", cfg_key(setting), why);
}

bool
cfg_zone(struct cfg_loader *loader, const config_setting_t *setting, const char *or_else,
	 uint16_t *zone)
{
	char digits[CFG_DIGITS_SIZE];
	const char *text = cfg_string_or_number(loader, setting, digits);
	uint64_t number;

	if (text == NULL)
		return false;
	if (!number_parse(text, UINT16_MAX, &number)) {
		cfg_report(loader, setting, "\"%s\" must be 0 to %d%s, not \"%s\"",
			   cfg_key(setting), UINT16_MAX, or_else, text);
		return false;
	}
	*zone = (uint16_t)number;
	return true;
}

void
cfg_helper(struct cfg_loader *loader, const config_setting_t *setting, uint8_t *helper)
{
	struct cfg_word helpers[CT_HELPER_COUNT - 1];
	unsigned int value;

	for (unsigned int i = 0; i < RTE_DIM(helpers); i++)
		helpers[i] = (struct cfg_word){ct_helper_name(i + 1), i + 1};
	if (cfg_word(loader, setting, helpers, RTE_DIM(helpers), &value))
		*helper = (uint8_t)value;
}

void
cfg_take_room(struct cfg_loader *loader, const config_setting_t *setting, size_t n)
{
	bool had_room = cfg_has_room(loader);

	loader->n_values += n;
	if (had_room && !cfg_has_room(loader))
		cfg_report(loader, setting,
			   "up to here there are more than %zu addresses, ports and types",
			   CFG_VALUES_MAX);
}

bool
cfg_has_room(const struct cfg_loader *loader)
{
	return loader->n_values <= CFG_VALUES_MAX;
}
