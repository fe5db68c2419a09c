// SPDX-License-Identifier: BSD-3-Clause
#include "entries.h"

#include <arpa/inet.h>

struct ct_entry
entry_make(enum family family, uint8_t proto, uint16_t src_field, uint16_t dst_field)
{
	struct ct_entry entry = {.timeout_sec = 30, .status = CT_SEEN_REPLY, .life = CT_CONFIRMED};
	struct tuple *orig = &entry.tuple[DIR_ORIG];

	orig->family = (uint8_t)family;
	orig->proto = proto;
	orig->src_field = src_field;
	orig->dst_field = dst_field;
	if (family == FAMILY_IPV4) {
		inet_pton(AF_INET, "10.1.0.2", &orig->src);
		inet_pton(AF_INET, "10.2.0.2", &orig->dst);
	} else {
		inet_pton(AF_INET6, "fd01::2", &orig->src);
		inet_pton(AF_INET6, "fd02::2", &orig->dst);
	}
	tuple_invert(orig, &entry.tuple[DIR_REPLY]);
	return entry;
}
