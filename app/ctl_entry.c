// SPDX-License-Identifier: BSD-3-Clause
#include "app/ctl_entry.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "packet/address.h"
#include "report/report.h"

// Each of these returns false if the member is missing or has the wrong type or value.

static bool
read_number(const json_t *object, const char *name, uint64_t max, uint64_t *number)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*number = (uint64_t)json_integer_value(value);
	return *number <= max;
}

static bool
read_address(const json_t *object, const char *name, uint8_t *family, union address *address)
{
	const char *text = json_string_value(json_object_get(object, name));

	*family = text == NULL ? FAMILY_NONE : (uint8_t)address_parse(text, address);
	return *family != FAMILY_NONE;
}

// The meaning of the two fields of a tuple in this protocol.
static bool
read_fields(const json_t *object, struct tuple *tuple)
{
	uint64_t src = 0, dst = 0, type, code;

	if (proto_has_ports(tuple->proto)) {
		if (!read_number(object, "sport", UINT16_MAX, &src) ||
		    !read_number(object, "dport", UINT16_MAX, &dst))
			return false;
	} else if (tuple->proto == PROTO_ICMP || tuple->proto == PROTO_ICMPV6) {
		if (!read_number(object, "type", UINT8_MAX, &type) ||
		    !read_number(object, "code", UINT8_MAX, &code) ||
		    !read_number(object, "id", UINT16_MAX, &src))
			return false;
		dst = type << 8 | code;
	} else if (tuple->proto == PROTO_GRE) {
		if (!read_number(object, "srckey", UINT16_MAX, &src) ||
		    !read_number(object, "dstkey", UINT16_MAX, &dst))
			return false;
	}
	tuple->src_field = (uint16_t)src;
	tuple->dst_field = (uint16_t)dst;
	return true;
}

static bool
read_direction(const json_t *row, const char *name, enum dir dir, struct ct_entry *entry)
{
	const json_t *object = json_object_get(row, name);
	struct tuple *tuple = &entry->tuple[dir];
	uint8_t src_family;

	if (!read_address(object, "src", &src_family, &tuple->src) ||
	    !read_address(object, "dst", &tuple->family, &tuple->dst) ||
	    src_family != tuple->family || !read_fields(object, tuple))
		return false;
	return !entry->has_counters ||
	       (read_number(object, "packets", UINT64_MAX, &entry->packets[dir]) &&
		read_number(object, "bytes", UINT64_MAX, &entry->octets[dir]));
}

// The name of a state, absent where a protocol has none.
static bool
read_state(const json_t *row, const char **state)
{
	const json_t *value = json_object_get(row, "state");

	*state = json_string_value(value);
	if (value == NULL)
		return true;
	if (*state == NULL || **state == '\0' || json_string_length(value) > REPORT_WORD_MAX)
		return false;
	for (const char *c = *state; *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-')
			return false;
	}
	return true;
}

static bool
read_helper(const json_t *row, uint8_t *helper)
{
	const json_t *value = json_object_get(row, "helper");
	const char *name = json_string_value(value);

	*helper = CT_HELPER_NONE;
	if (value == NULL)
		return true;
	for (unsigned int i = CT_HELPER_NONE + 1; name != NULL && i < CT_HELPER_COUNT; i++) {
		if (strcmp(name, ct_helper_name((enum ct_helper)i)) == 0)
			*helper = (uint8_t)i;
	}
	return *helper != CT_HELPER_NONE;
}

static bool
read_status(const json_t *row, uint32_t *status)
{
	const bool is_told = json_object_get(row, "expected") != NULL; // older versions lack it
	uint64_t seen_reply, assured, expected = 0;

	if (!read_number(row, "seen_reply", 1, &seen_reply) ||
	    !read_number(row, "assured", 1, &assured) ||
	    (is_told && !read_number(row, "expected", 1, &expected)))
		return false;
	*status = (seen_reply ? CT_SEEN_REPLY : 0) | (assured ? CT_ASSURED : 0) |
		  (expected ? CT_EXPECTED : 0);
	return true;
}

int
ctl_entry_from_row(const json_t *row, struct ct_entry *entry)
{
	const char *proto_text = json_string_value(json_object_get(row, "proto"));
	const json_t *orig = json_object_get(row, "orig");
	uint64_t proto, timeout, mark, zone, worker;

	*entry = (struct ct_entry){.has_counters = json_object_get(orig, "packets") != NULL};
	if (!read_number(row, "protonum", UINT8_MAX, &proto) || proto_text == NULL ||
	    strcmp(proto_text, proto_name((uint8_t)proto)) != 0 ||
	    !read_number(row, "zone", UINT16_MAX, &zone))
		return -1;
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		entry->tuple[dir].proto = (uint8_t)proto;
		entry->tuple[dir].zone = (uint16_t)zone;
	}
	if (!read_state(row, &entry->state) || !read_number(row, "timeout", UINT32_MAX, &timeout) ||
	    !read_direction(row, "orig", DIR_ORIG, entry) ||
	    !read_direction(row, "reply", DIR_REPLY, entry) || !read_status(row, &entry->status) ||
	    !read_number(row, "mark", UINT32_MAX, &mark) || !read_helper(row, &entry->helper) ||
	    !read_number(row, "worker", UINT16_MAX, &worker) ||
	    !read_number(row, "conn", UINT64_MAX, &entry->id))
		return -1;
	entry->timeout_sec = (uint32_t)timeout;
	entry->mark = (uint32_t)mark;
	entry->worker = (uint16_t)worker;
	return 0;
}
