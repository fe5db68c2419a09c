// SPDX-License-Identifier: BSD-3-Clause
#include "app/ctl_entry.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define WORD_LEN_MAX 31

// Each takes the member as it came, NULL when it is absent, and returns a new reference to what it
// becomes, mostly the same; NULL: it is not good.
typedef json_t *(*converter)(json_t *value);

struct member {
	const char *name;
	converter convert;
	bool is_optional;
};

static json_t *
convert_number(json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) >= 0 ? json_incref(value) : NULL;
}

static json_t *
convert_truth(json_t *value)
{
	json_int_t number = json_integer_value(value);

	return json_is_integer(value) && (number == 0 || number == 1) ? json_boolean(number) : NULL;
}

// The name of a protocol, a state, a helper.
static json_t *
convert_word(json_t *value)
{
	const char *text = json_string_value(value);

	if (text == NULL || text[0] == '\0' || json_string_length(value) > WORD_LEN_MAX)
		return NULL;
	for (const char *c = text; *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-')
			return NULL;
	}
	return json_incref(value);
}

static json_t *
convert_state(json_t *value)
{
	return value == NULL ? json_null() : convert_word(value);
}

static json_t *
convert_address(json_t *value)
{
	const char *text = json_string_value(value);
	struct in6_addr address;

	if (text == NULL ||
	    (inet_pton(AF_INET, text, &address) != 1 && inet_pton(AF_INET6, text, &address) != 1))
		return NULL;
	return json_incref(value);
}

static json_t *
convert_members(json_t *object, const struct member members[], size_t n)
{
	json_t *result = json_object();

	if (!json_is_object(object)) {
		json_decref(result);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		json_t *value = json_object_get(object, members[i].name);

		if (value == NULL && members[i].is_optional)
			continue;
		if (json_object_set_new_nocheck(result, members[i].name,
						members[i].convert(value)) != 0) {
			json_decref(result);
			return NULL;
		}
	}
	return result;
}

static json_t *
convert_direction(json_t *value)
{
	static const struct member members[] = {
		{"src", convert_address, false},  {"dst", convert_address, false},
		{"sport", convert_number, true},  {"dport", convert_number, true},
		{"type", convert_number, true},   {"code", convert_number, true},
		{"id", convert_number, true},     {"srckey", convert_number, true},
		{"dstkey", convert_number, true}, {"packets", convert_number, true},
		{"bytes", convert_number, true},
	};

	return convert_members(value, members, sizeof(members) / sizeof(members[0]));
}

json_t *
ctl_entry_from_row(json_t *row)
{
	static const struct member members[] = {
		{"proto", convert_word, false},       {"protonum", convert_number, false},
		{"state", convert_state, false},      {"timeout", convert_number, false},
		{"orig", convert_direction, false},   {"reply", convert_direction, false},
		{"seen_reply", convert_truth, false}, {"assured", convert_truth, false},
		{"mark", convert_number, false},      {"zone", convert_number, false},
		{"helper", convert_word, true},       {"worker", convert_number, false},
		{"conn", convert_number, false},
	};

	return convert_members(row, members, sizeof(members) / sizeof(members[0]));
}
