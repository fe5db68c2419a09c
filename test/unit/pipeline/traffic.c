// SPDX-License-Identifier: BSD-3-Clause
#include "traffic.h"

#include <string.h>

#include <arpa/inet.h>

#include "util/random.h"
#include "util/random_rules.h"

#define MS_MAX  100
#define SEC_MAX 40

static void
begin_flow(struct flow *flow)
{
	static const uint8_t protos[] = {PROTO_TCP, PROTO_TCP, PROTO_TCP,  PROTO_TCP, PROTO_UDP,
					 PROTO_UDP, PROTO_UDP, PROTO_ICMP, PROTO_GRE};
	const enum family family = random_family();

	*flow = (struct flow){
		.family = family,
		.proto = RANDOM_PICK(protos),
		.is_other_wire = random_chance(25),
		.host = {random_host(family, random_below(TRAFFIC_HOSTS)),
			 random_host(family, random_below(TRAFFIC_HOSTS))},
		.port = {random_port(), random_port()},
		.seq = {(uint32_t)random_bits(), (uint32_t)random_bits()},
	};
}

void
traffic_begin(struct traffic *traffic)
{
	for (unsigned int i = 0; i < TRAFFIC_FLOWS; i++)
		begin_flow(&traffic->flows[i]);
}

// The IP header of a packet of this direction.
static uint8_t *
add_ip(struct frame *frame, const struct flow *flow, enum dir dir)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	address_format(flow->family, &flow->host[dir], src);
	address_format(flow->family, &flow->host[dir_other(dir)], dst);
	return frame_ip(frame, src, dst);
}

// Addresses and tags, in which packets of one flow differ, too.
static void
add_ethernet(struct frame *frame)
{
	uint8_t *ethernet = frame_ethernet(frame);

	ethernet[5] = (uint8_t)random_below(4);
	ethernet[11] = (uint8_t)random_below(4);
	for (unsigned int n = random_chance(70) ? 0 : 1 + random_below(2); n > 0; n--)
		frame_tag(frame, 0x8100, (uint16_t)random_below(3));
}

// So do their IP headers.
static void
vary_ip(struct frame *frame, const struct flow *flow, uint8_t *ip)
{
	static const uint8_t nops[] = {1, 1, 1, 1};
	const bool has_more = random_chance(15);

	if (flow->family == FAMILY_IPV4) {
		ip[1] = (uint8_t)random_bits();
		ip[8] = (uint8_t)(1 + random_below(UINT8_MAX));
		if (has_more)
			frame_options(frame, nops, sizeof(nops));
	} else {
		ip[0] = (uint8_t)(0x60 | random_below(16));
		ip[1] = (uint8_t)random_bits();
		ip[7] = (uint8_t)(1 + random_below(UINT8_MAX));
		if (has_more)
			frame_extension(frame, 60, 8);
	}
}

// A handshake, then mostly what belongs into a conversation.
static uint8_t
choose_flags(const struct flow *flow)
{
	static const uint8_t opening[] = {TH_SYN, TH_SYN | TH_ACK, TH_ACK};
	static const uint8_t plausible[] = {
		TH_ACK, TH_ACK, TH_ACK | TH_PSH, TH_ACK | TH_PSH, TH_ACK | TH_URG, TH_ACK | TH_ECE,
	};
	static const uint8_t closing[] = {TH_FIN | TH_ACK, TH_RST | TH_ACK, TH_RST};

	if (flow->n_sent < RTE_DIM(opening))
		return opening[flow->n_sent];
	if (random_chance(5))
		return (uint8_t)random_bits(); // odd
	return random_chance(5) ? RANDOM_PICK(closing) : RANDOM_PICK(plausible);
}

static void
add_tcp(struct frame *frame, struct flow *flow, enum dir dir)
{
	const unsigned int len = flow->n_sent < 3 ? 0 : random_below(20);
	const enum dir other = dir_other(dir);
	const struct frame_tcp tcp = {
		.sport = flow->port[dir],
		.dport = flow->port[other],
		.flags = choose_flags(flow),
		.seq = flow->seq[dir] + (random_chance(5) ? (uint32_t)random_bits() : 0),
		.ack = flow->seq[other],
		.window = 8192,
	};

	frame_tcp(frame, &tcp);
	frame_data(frame, len);
	flow->seq[dir] += len + ((tcp.flags & (TH_SYN | TH_FIN)) != 0);
}

// At times it looks like a request of TFTP, or like what another server port answers to one.
static void
add_udp(struct frame *frame, const struct flow *flow, enum dir dir)
{
	static const uint8_t request[] = {0, 1};
	const bool is_request = random_chance(25);
	const bool is_elsewhere = dir == DIR_REPLY && random_chance(25);
	uint8_t *data;

	frame_udp(frame, is_elsewhere ? random_port() : flow->port[dir],
		  flow->port[dir_other(dir)]);
	data = frame_data(frame, 2 + random_below(20));
	memcpy(data, is_request ? request : (const uint8_t[]){7, 7}, sizeof(request));
}

static void
add_icmp(struct frame *frame, const struct flow *flow, enum dir dir)
{
	const bool is_ipv4 = flow->family == FAMILY_IPV4;
	const uint8_t echo = is_ipv4 ? 8 : 128, answer = is_ipv4 ? 0 : 129;
	const uint8_t type = dir == DIR_ORIG ? echo : answer;

	frame_icmp(frame, random_chance(95) ? type : random_icmp(), random_chance(95) ? 0 : 3,
		   flow->port[DIR_ORIG]);
}

static void
add_l4(struct frame *frame, struct flow *flow, enum dir dir)
{
	switch (flow->proto) {
	case PROTO_TCP:
		add_tcp(frame, flow, dir);
		break;
	case PROTO_UDP:
		add_udp(frame, flow, dir);
		break;
	case PROTO_ICMP:
		add_icmp(frame, flow, dir);
		break;
	default:
		frame_proto(frame, flow->proto, 8);
		break;
	}
}

// A router cannot deliver a packet of this direction.
static void
add_error(struct frame *frame, struct flow *flow, enum dir dir)
{
	const bool is_ipv4 = flow->family == FAMILY_IPV4;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	const union address router = random_address(flow->family);

	address_format(flow->family, &router, src);
	address_format(flow->family, &flow->host[dir], dst);
	frame_ip(frame, src, dst);
	frame_icmp(frame, is_ipv4 ? 3 : 1, 0, 0);
	add_ip(frame, flow, dir);
	add_l4(frame, flow, dir);
}

// Packets of one direction come in at one end of the flow's wire, mostly.
static uint8_t
choose_port(const struct flow *flow, enum dir dir)
{
	const bool is_other_wire = flow->is_other_wire != random_chance(10);
	const bool is_client_end = (dir == DIR_ORIG) != random_chance(5);

	if (is_other_wire)
		return is_client_end ? OTHER_LAN : OTHER_WAN;
	return is_client_end ? LAN : WAN;
}

static enum dir
choose_dir(const struct flow *flow)
{
	static const enum dir opening[] = {DIR_ORIG, DIR_REPLY, DIR_ORIG};

	if (flow->proto == PROTO_TCP && flow->n_sent < RTE_DIM(opening))
		return opening[flow->n_sent];
	return flow->n_sent == 0 || random_chance(50) ? DIR_ORIG : DIR_REPLY;
}

// Most packets follow at once; some so late that connections have come to their end.
static uint64_t
choose_pause(void)
{
	if (random_chance(85))
		return 0;
	if (random_chance(10))
		return random_below(SEC_MAX) * NS_PER_SEC;
	return random_below(MS_MAX) * (NS_PER_SEC / 1000);
}

void
traffic_next(struct traffic *traffic, struct arrival *arrival)
{
	struct flow *flow = &traffic->flows[random_below(TRAFFIC_FLOWS)];
	struct frame *frame = &arrival->frame;
	const enum dir dir = choose_dir(flow);

	frame_begin(frame);
	add_ethernet(frame);
	if (random_chance(5)) {
		add_error(frame, flow, dir);
	} else {
		vary_ip(frame, flow, add_ip(frame, flow, dir));
		add_l4(frame, flow, dir);
		flow->n_sent++;
	}
	frame_end(frame);
	if (random_chance(2))
		frame->bytes[frame->len - 1] ^= 1; // a checksum, most likely
	arrival->port = choose_port(flow, dir);
	arrival->after_ns = choose_pause();
	if (flow->n_sent > 3 && random_chance(2))
		begin_flow(flow);
}
