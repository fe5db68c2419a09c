// SPDX-License-Identifier: BSD-3-Clause
#include "conntrack/filter.h"

#include <string.h>

enum ct_fields
ct_fields_of(uint8_t proto)
{
	if (proto_has_ports(proto))
		return CT_FIELDS_PORTS;
	if (proto == PROTO_ICMP || proto == PROTO_ICMPV6)
		return CT_FIELDS_ICMP;
	return proto == PROTO_GRE ? CT_FIELDS_KEYS : CT_FIELDS_NONE;
}

// True when a tuple is another one than is asked for.
static bool
differs(const struct tuple *tuple, const struct tuple *value, const struct tuple *mask)
{
	uint64_t is[sizeof(*tuple) / 8], wanted[sizeof(*tuple) / 8], bits[sizeof(*tuple) / 8];
	uint64_t difference = 0;

	memcpy(is, tuple, sizeof(is));
	memcpy(wanted, value, sizeof(wanted));
	memcpy(bits, mask, sizeof(bits));
	for (size_t i = 0; i < sizeof(*tuple) / 8; i++)
		difference |= (is[i] ^ wanted[i]) & bits[i];
	return difference != 0;
}

bool
ct_filter_holds(const struct ct_filter *filter, const struct ct_entry *entry)
{
	for (int dir = 0; dir < DIR_COUNT; dir++) {
		if (differs(&entry->tuple[dir], &filter->value[dir], &filter->mask[dir]))
			return false;
	}
	if (((entry->mark ^ filter->mark) & filter->mark_mask) != 0 ||
	    ((entry->status ^ filter->status) & filter->status_mask) != 0)
		return false;
	if (filter->fields != CT_FIELDS_NONE &&
	    filter->fields != ct_fields_of(entry->tuple[DIR_ORIG].proto))
		return false;
	return filter->state[0] == '\0' ||
	       (entry->state != NULL && strcmp(entry->state, filter->state) == 0);
}
