// SPDX-License-Identifier: BSD-3-Clause
#include "util/random_pkt.h"

#include "util/random.h"
#include "util/random_rules.h"

struct pkt
random_pkt(struct random_room *room)
{
	static const uint8_t ports[] = {0, 1, 2, 7, 8, 16, 30, 31, PORT_NONE};
	enum family family = random_family();
	struct pkt pkt = {
		.in_port = RANDOM_PICK(ports),
		.out_port = RANDOM_PICK(ports),
		.family = (uint8_t)family,
		.icmp_type = random_icmp(),
		.icmp_code = random_icmp(),
		.tcp_flags = (uint8_t)random_bits(),
		.has_tuple = random_chance(90),
		.has_ports = random_chance(80),
		.class = (uint8_t)random_below(CLASS_COUNT),
		.dir = (uint8_t)random_below(DIR_COUNT + 1),
		.helper = (uint8_t)random_below(RANDOM_VALUES),
		.mark = random_below(RANDOM_MARKS),
		.chain = PORT_NONE,
		.rule = RULE_NONE,
	};

	pkt.tuple = (struct tuple){
		.src = random_address(family),
		.dst = random_address(family),
		.src_field = random_port(),
		.dst_field = random_port(),
		.zone = (uint16_t)random_below(RANDOM_VALUES),
		.proto = random_proto(),
		.family = (uint8_t)family,
	};
	random_header(&pkt, room);
	pkt.conn = (struct ct_conn *)room; // nobody looks into it
	pkt.account = (struct account){
		.packets = {random_below(8), random_below(8)},
		.octets = {random_below(400), random_below(400)},
		.status = (uint8_t)random_below(8),
		.has_counters = random_chance(90),
	};
	return pkt;
}
