// SPDX-License-Identifier: BSD-3-Clause
#include "entries.h"

#include <arpa/inet.h>
#include <string.h>

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

struct ct_entry
entry_make_longest(uint8_t proto)
{
	struct ct_entry entry = {
		.packets = {UINT64_MAX, UINT64_MAX},
		.octets = {UINT64_MAX, UINT64_MAX},
		.id = UINT64_MAX,
		.timeout_sec = UINT32_MAX,
		.status = CT_ASSURED,
		.mark = UINT32_MAX,
		.state = "SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS"
			 "S",
		.helper = CT_HELPER_TFTP,
		.life = CT_CONFIRMED,
		.has_counters = true,
		.worker = UINT16_MAX,
	};

	for (int dir = 0; dir < DIR_COUNT; dir++) {
		struct tuple *tuple = &entry.tuple[dir];

		memset(tuple, 0xff, sizeof(*tuple));
		tuple->proto = proto;
		tuple->family = FAMILY_IPV6;
	}
	return entry;
}
