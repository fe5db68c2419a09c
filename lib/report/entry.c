// SPDX-License-Identifier: BSD-3-Clause
#include "report/report.h"

static bool
is_icmp(const struct tuple *tuple)
{
	return tuple->proto == PROTO_ICMP || tuple->proto == PROTO_ICMPV6;
}

static void
set_number(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *
direction(const struct ct_entry *entry, enum dir dir)
{
	const struct tuple *tuple = &entry->tuple[dir];
	char text[64];
	json_t *object = json_object();

	json_object_set_new(object, "src",
			    json_string(address_format(tuple->family, &tuple->src, text)));
	json_object_set_new(object, "dst",
			    json_string(address_format(tuple->family, &tuple->dst, text)));
	if (proto_has_ports(tuple->proto)) {
		set_number(object, "sport", tuple->src_field);
		set_number(object, "dport", tuple->dst_field);
	} else if (is_icmp(tuple)) {
		set_number(object, "type", tuple->dst_field >> 8);
		set_number(object, "code", tuple->dst_field & 0xff);
		set_number(object, "id", tuple->src_field);
	} else if (tuple->proto == PROTO_GRE) {
		set_number(object, "srckey", tuple->src_field);
		set_number(object, "dstkey", tuple->dst_field);
	}
	if (entry->has_counters) {
		set_number(object, "packets", entry->packets[dir]);
		set_number(object, "bytes", entry->octets[dir]);
	}
	return object;
}

static void
fill(json_t *object, const struct ct_entry *entry)
{
	const struct tuple *orig = &entry->tuple[DIR_ORIG];

	json_object_set_new(object, "proto", json_string(proto_name(orig->proto)));
	set_number(object, "protonum", orig->proto);
	json_object_set_new(object, "state",
			    entry->state == NULL ? json_null() : json_string(entry->state));
	set_number(object, "timeout", entry->timeout_sec);
	json_object_set_new(object, "orig", direction(entry, DIR_ORIG));
	json_object_set_new(object, "reply", direction(entry, DIR_REPLY));
	json_object_set_new(object, "seen_reply",
			    json_boolean((entry->status & CT_SEEN_REPLY) != 0));
	json_object_set_new(object, "assured", json_boolean((entry->status & CT_ASSURED) != 0));
	set_number(object, "mark", entry->mark);
	set_number(object, "zone", orig->zone);
	if (entry->helper != CT_HELPER_NONE)
		json_object_set_new(object, "helper", json_string(ct_helper_name(entry->helper)));
	set_number(object, "worker", entry->worker);
	set_number(object, "conn", entry->id);
}

json_t *
report_entry(const struct ct_entry *entry)
{
	json_t *object = json_object();

	fill(object, entry);
	return object;
}

json_t *
report_event(const struct ct_event *event)
{
	static const char *const names[] = {
		[CT_EVENT_DESTROY] = "destroy",
		[CT_EVENT_NEW] = "new",
		[CT_EVENT_UPDATE] = "update",
	};
	json_t *object = json_object();

	json_object_set_new(object, "ts", json_real((double)event->time_ns / (double)NS_PER_SEC));
	json_object_set_new(object, "event", json_string(names[event->type]));
	fill(object, &event->entry);
	return object;
}
