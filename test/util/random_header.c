// SPDX-License-Identifier: BSD-3-Clause
#include "util/random_header.h"

#include <string.h>

#include "util/random.h"

static uint8_t *
add_ethernet(uint8_t *at, enum family family)
{
	const uint16_t ethertype = family == FAMILY_IPV4 ? 0x0800 : 0x86dd;

	memset(at, 0, 12);
	at[0] = at[6] = 2;
	at[5] = (uint8_t)random_below(RANDOM_MACS);
	at[11] = (uint8_t)random_below(RANDOM_MACS);
	at += 12;
	for (unsigned int n = random_below(3); n > 0; n--) {
		const uint8_t tag[] = {0x81, 0, (uint8_t)(random_bits() & 0xe0),
				       (uint8_t)random_below(RANDOM_VLANS)};

		memcpy(at, tag, sizeof(tag));
		at += sizeof(tag);
	}
	at[0] = (uint8_t)(ethertype >> 8);
	at[1] = (uint8_t)ethertype;
	return at + 2;
}

static void
add_ipv4(struct pkt *pkt, uint8_t *ip)
{
	const uint16_t offset = random_chance(20) ? (uint16_t)(1 + random_below(0x1fff)) : 0;
	const bool more = random_chance(20);

	memset(ip, 0, 64);
	ip[0] = (uint8_t)(0x45 + (random_chance(30) ? 1 + random_below(10) : 0));
	ip[1] = (uint8_t)random_bits();
	ip[6] = (uint8_t)((more ? 0x20 : 0) | offset >> 8);
	ip[7] = (uint8_t)offset;
	ip[8] = (uint8_t)random_bits();
	pkt->is_fragment = more || offset != 0;
	pkt->l3_len = 60 + random_below(1440);
}

// A fragment header comes after the others.
static void
add_ipv6(struct pkt *pkt, uint8_t *ip)
{
	static const uint8_t others[] = {0, 43, 51, 60};
	const uint16_t offset = random_chance(30) ? (uint16_t)(8 * random_below(0x2000)) : 0;
	const bool has_fragment = random_chance(30), more = random_chance(40);
	uint8_t *next = ip + 6, *at = ip + 40;

	memset(ip, 0, 120);
	ip[0] = (uint8_t)(0x60 | (random_bits() & 0xf));
	ip[1] = (uint8_t)random_bits();
	ip[7] = (uint8_t)random_bits();
	for (unsigned int n = random_chance(60) ? 0 : random_below(3); n > 0; n--) {
		*next = RANDOM_PICK(others);
		at[1] = *next == 51 ? 4 : (uint8_t)random_below(2);
		next = at;
		at += next[1] == 4 ? 24 : 8 * (next[1] + 1);
	}
	if (has_fragment) {
		*next = 44;
		at[2] = (uint8_t)(offset >> 8);
		at[3] = (uint8_t)(offset | more);
		next = at;
		at += 8;
	}
	*next = pkt->tuple.proto == 0 ? 59 : pkt->tuple.proto;
	pkt->is_fragment = has_fragment && (more || offset != 0);
	pkt->l3_len = (uint32_t)(at - ip) + random_below(1300);
}

void
random_header(struct pkt *pkt, struct random_room *room)
{
	uint8_t *ip = add_ethernet(room->bytes, (enum family)pkt->family);

	if (pkt->family == FAMILY_IPV4)
		add_ipv4(pkt, ip);
	else
		add_ipv6(pkt, ip);
	pkt->l3_off = (uint16_t)(ip - room->bytes);
	room->mbuf = (struct rte_mbuf){
		.buf_addr = room->bytes,
		.buf_len = sizeof(room->bytes),
		.nb_segs = 1,
		.data_len = sizeof(room->bytes),
		.pkt_len = sizeof(room->bytes),
	};
	pkt->mbuf = &room->mbuf;
}
