// SPDX-License-Identifier: BSD-3-Clause
#include "control/entry.h"

#include <arpa/inet.h>

#include "report/report.h"

static void
fill_direction(const struct ct_entry *entry, enum dir dir, struct answer *object)
{
	const struct tuple *tuple = &entry->tuple[dir];
	struct report_field fields[REPORT_FIELDS_MAX];
	unsigned int n = report_fields(tuple, fields);
	char text[INET6_ADDRSTRLEN];

	answer_string(object, "src", address_format(tuple->family, &tuple->src, text));
	answer_string(object, "dst", address_format(tuple->family, &tuple->dst, text));
	for (unsigned int i = 0; i < n; i++)
		answer_number(object, fields[i].name, fields[i].value);
	if (entry->has_counters) {
		answer_number(object, "packets", entry->packets[dir]);
		answer_number(object, "bytes", entry->octets[dir]);
	}
}

void
entry_fill(const struct ct_entry *entry, struct answer *row)
{
	const struct tuple *orig = &entry->tuple[DIR_ORIG];
	struct answer object;

	answer_string(row, "proto", proto_name(orig->proto));
	answer_number(row, "protonum", orig->proto);
	if (entry->state != NULL)
		answer_string(row, "state", entry->state);
	answer_number(row, "timeout", entry->timeout_sec);
	object = answer_object(row, "orig");
	fill_direction(entry, DIR_ORIG, &object);
	object = answer_object(row, "reply");
	fill_direction(entry, DIR_REPLY, &object);
	answer_number(row, "seen_reply", (entry->status & CT_SEEN_REPLY) != 0);
	answer_number(row, "assured", (entry->status & CT_ASSURED) != 0);
	answer_number(row, "expected", (entry->status & CT_EXPECTED) != 0);
	answer_number(row, "mark", entry->mark);
	answer_number(row, "zone", orig->zone);
	if (entry->helper != CT_HELPER_NONE)
		answer_string(row, "helper", ct_helper_name(entry->helper));
	answer_number(row, "worker", entry->worker);
	answer_number(row, "conn", entry->id);
}
