// SPDX-License-Identifier: BSD-3-Clause
#include "talk.h"

#include <string.h>

#include <rte_common.h>

#include "talk_tcp.h"
#include "util/random.h"
#include "util/random_rules.h"

// Where the last FTP server said that it listens: somebody comes.
static struct {
	union address host;
	uint16_t port;
	bool is_there;
} announced;

void
talk_announce(const union address *host, uint16_t port)
{
	announced.host = *host;
	announced.port = port;
	announced.is_there = true;
}

static uint16_t
server_port(uint8_t proto)
{
	static const uint16_t tcp[] = {80, 443, 22, 80, TALK_FTP_PORT, TALK_PPTP_PORT};
	static const uint16_t udp[] = {53, 443, 443, TALK_TFTP_PORT};

	if (random_chance(10))
		return random_port();
	return proto == PROTO_TCP ? RANDOM_PICK(tcp) : RANDOM_PICK(udp);
}

static uint8_t
choose_proto(void)
{
	static const uint8_t others[] = {PROTO_ICMP, PROTO_ICMP,    PROTO_GRE,  PROTO_GRE,
					 PROTO_SCTP, PROTO_UDPLITE, PROTO_DCCP, PROTO_ESP};

	if (random_chance(55))
		return PROTO_TCP;
	return random_chance(70) ? PROTO_UDP : RANDOM_PICK(others);
}

void
talk_begin(struct talk *talk)
{
	static const uint16_t clients[] = {1024, 1025, 32768, 40000};
	const enum family family = random_chance(65) ? FAMILY_IPV4 : FAMILY_IPV6;

	*talk = (struct talk){
		.family = family,
		.proto = choose_proto(),
		.host = {random_host(family, random_below(TALK_HOSTS)),
			 random_host(family, random_below(TALK_HOSTS))},
		.vlan = {(uint16_t)random_below(3), (uint16_t)random_below(3)},
		.n_tags = random_chance(75) ? 0 : (uint8_t)(1 + random_below(2)),
		.mac = (uint8_t)random_below(4),
	};
	talk->port[DIR_ORIG] = RANDOM_PICK(clients);
	talk->port[DIR_REPLY] = server_port(talk->proto);
	if (random_chance(2)) {
		talk->host[DIR_REPLY] = talk->host[DIR_ORIG];
		talk->port[DIR_REPLY] = talk->port[DIR_ORIG];
	} else if (announced.is_there && talk->proto == PROTO_TCP && family == FAMILY_IPV4 &&
		   random_chance(30)) {
		talk->host[DIR_REPLY] = announced.host;
		talk->port[DIR_REPLY] = announced.port;
	}
	if (talk->proto == PROTO_TCP)
		talk_tcp_begin(&talk->tcp);
}

// Ethernet with the tags of the conversation, rarely with others.
static void
add_ethernet(struct frame *frame, const struct talk *talk)
{
	static const uint16_t tpids[] = {0x8100, 0x8100, 0x88a8, 0x9100};
	uint8_t *ethernet = frame_ethernet(frame);
	unsigned int n_tags = random_chance(1) ? random_below(3) : talk->n_tags;

	ethernet[5] = ethernet[11] = random_chance(1) ? (uint8_t)random_below(4) : talk->mac;
	for (unsigned int i = 0; i < n_tags; i++)
		frame_tag(frame, n_tags == 1 ? 0x8100 : RANDOM_PICK(tpids), talk->vlan[i]);
}

// The header of an IP packet from one host to another.
static uint8_t *
add_addresses(struct frame *frame, enum family family, const union address *src,
	      const union address *dst)
{
	const bool is_ipv4 = family == FAMILY_IPV4;
	uint8_t *ip = is_ipv4 ? frame_ip(frame, "0.0.0.0", "0.0.0.0") : frame_ip(frame, "::", "::");

	memcpy(ip + (is_ipv4 ? 12 : 8), src->v6, is_ipv4 ? 4 : 16);
	memcpy(ip + (is_ipv4 ? 16 : 24), dst->v6, is_ipv4 ? 4 : 16);
	return ip;
}

// What varies among the packets of a flow: class of traffic, hops, at times options.
static void
add_ip(struct frame *frame, const struct talk *talk, enum dir dir)
{
	static const uint8_t nops[] = {1, 1, 1, 1};
	uint8_t *ip =
		add_addresses(frame, talk->family, &talk->host[dir], &talk->host[dir_other(dir)]);
	const bool has_more = random_chance(3);

	if (talk->family == FAMILY_IPV4) {
		ip[1] = random_chance(10) ? (uint8_t)random_bits() : 0;
		ip[5] = (uint8_t)random_bits();
		ip[6] = random_chance(50) ? 0x40 : 0; // do not fragment
		ip[8] = random_chance(10) ? (uint8_t)random_bits() : 64;
		if (has_more)
			frame_options(frame, nops, sizeof(nops));
	} else {
		ip[1] = random_chance(10) ? (uint8_t)random_bits() : 0;
		ip[3] = (uint8_t)random_bits();
		ip[7] = random_chance(10) ? (uint8_t)random_bits() : 64;
		if (has_more)
			frame_extension(frame, 60, 8);
	}
}

static void
put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

// A length field that contradicts the datagram, or an old or missing checksum.
static void
spoil_udp(uint8_t *udp, unsigned int len)
{
	switch (random_below(4)) {
	case 0:
		put16(udp + 4, (uint16_t)(8 + random_below(len + 1)));
		break;
	case 1:
		put16(udp + 4, (uint16_t)(8 + len + 1 + random_below(20)));
		break;
	case 2:
		put16(udp + 4, (uint16_t)(1 + random_below(7)));
		break;
	default:
		put16(udp + 6, (uint16_t)(1 + random_below(65534)));
		break;
	}
}

// At times it looks like a request of TFTP, or like what another server port answers to one.
static void
add_udp(struct frame *frame, struct talk *talk, enum dir dir, bool is_odd)
{
	static const uint8_t request[] = {0, 1};
	const bool is_tftp = talk->port[DIR_REPLY] == TALK_TFTP_PORT;
	const unsigned int len = random_chance(5) ? 0 : 2 + random_below(30);
	uint8_t *udp, *data;

	talk->is_elsewhere = is_tftp && dir == DIR_REPLY && random_chance(50);
	udp = frame_udp(frame, talk->is_elsewhere ? 1024 : talk->port[dir],
			talk->port[dir_other(dir)]);
	data = frame_data(frame, len);
	if (is_tftp && dir == DIR_ORIG && len > 0)
		memcpy(data, request, sizeof(request));
	if (is_odd)
		spoil_udp(udp, len);
}

// PPTP's tunnel: the call ids that its control connections speak of, mostly.
static void
add_gre(struct frame *frame, const struct talk *talk, enum dir dir)
{
	static const uint16_t ids[] = {TALK_CALL_ID, TALK_CALL_ID + 1};

	if ((talk->port[DIR_ORIG] & 1) != 0) {
		frame_gre(frame, 0, 0x0800, 0);
		return;
	}
	frame_gre(frame, 0x2001, 0x880b, random_chance(80) ? ids[dir] : (uint16_t)random_below(3));
	frame_data(frame, random_below(12));
}

static void
add_icmp(struct frame *frame, const struct talk *talk, enum dir dir, bool is_odd)
{
	const bool is_ipv4 = talk->family == FAMILY_IPV4;
	const uint8_t echo = is_ipv4 ? 8 : 128, answer = is_ipv4 ? 0 : 129;
	const uint8_t type = dir == DIR_ORIG ? echo : answer;

	frame_icmp(frame, is_odd ? random_icmp() : type, 0, talk->port[DIR_ORIG]);
	frame_data(frame, random_below(10));
}

static void
add_sctp(struct frame *frame, const struct talk *talk, enum dir dir)
{
	static const uint8_t chunks[] = {1, 2, 10, 11, 0, 3, 4, 7, 8};
	const uint8_t type = talk->n_sent < 4 ? chunks[talk->n_sent] : RANDOM_PICK(chunks);
	uint8_t *chunk;

	frame_sctp(frame, talk->port[dir], talk->port[dir_other(dir)],
		   type == 1 ? 0 : 7000u + (unsigned int)dir);
	chunk = frame_chunk(frame, type, 0, 16);
	if (type <= 2)
		put16(chunk + 6, (uint16_t)(7000u + (unsigned int)dir_other(dir)));
}

static enum dir
choose_dir(const struct talk *talk)
{
	if (talk->n_sent < 2)
		return talk->n_sent == 0 ? DIR_ORIG : DIR_REPLY;
	if (talk->proto == PROTO_SCTP && talk->n_sent < 4)
		return talk->n_sent == 2 ? DIR_ORIG : DIR_REPLY;
	return random_chance(50) ? DIR_ORIG : DIR_REPLY;
}

static enum dir
add_l4(struct frame *frame, struct talk *talk, enum dir dir, const struct talk_segment *segment,
       bool is_odd)
{
	const uint16_t sport = talk->port[dir], dport = talk->port[dir_other(dir)];

	switch (talk->proto) {
	case PROTO_TCP:
		talk_tcp_add(talk, segment, frame);
		break;
	case PROTO_UDP:
		add_udp(frame, talk, dir, is_odd);
		break;
	case PROTO_ICMP:
		add_icmp(frame, talk, dir, is_odd);
		break;
	case PROTO_GRE:
		add_gre(frame, talk, dir);
		break;
	case PROTO_SCTP:
		add_sctp(frame, talk, dir);
		break;
	case PROTO_UDPLITE:
		frame_udplite(frame, sport, dport, random_chance(50) ? 0 : 8);
		frame_data(frame, random_below(20));
		break;
	default:
		frame_proto(frame, talk->proto, 8);
		break;
	}
	return dir;
}

static void
keep_quote(struct talk *talk, const struct frame *frame, enum dir dir)
{
	const uint16_t off =
		frame_off(frame, talk->family == FAMILY_IPV4 ? FRAME_IPV4 : FRAME_IPV6, 0);

	talk->quote_len = (uint16_t)RTE_MIN(frame->len - off, (uint32_t)TALK_QUOTE_MAX);
	memcpy(talk->quote, frame->bytes + off, talk->quote_len);
	talk->quote_dir = dir;
}

// UDP without a checksum, which only a sender can leave out.
static void
drop_checksum(struct frame *frame)
{
	memset(frame->bytes + frame_off(frame, FRAME_UDP, 0) + 6, 0, 2);
}

enum dir
talk_next(struct talk *talk, const struct talk_style *style, struct frame *frame)
{
	const bool is_odd = random_chance(style->odd);
	struct talk_segment segment = {0};
	enum dir dir = choose_dir(talk);

	if (talk->proto == PROTO_TCP) {
		segment = talk_tcp_next(&talk->tcp, style, is_odd);
		dir = segment.dir;
	}
	frame_begin(frame);
	add_ethernet(frame, talk);
	add_ip(frame, talk, dir);
	add_l4(frame, talk, dir, &segment, is_odd);
	frame_end(frame);
	if (talk->proto == PROTO_UDP && random_chance(10))
		drop_checksum(frame);
	keep_quote(talk, frame, dir);
	if (is_odd && talk->family == FAMILY_IPV6 && random_chance(20))
		frame->bytes[frame_off(frame, FRAME_IPV6, 0)] ^= 0x20; // of no version
	talk->n_sent++;
	return dir;
}

enum dir
talk_error(const struct talk *talk, struct frame *frame)
{
	static const uint8_t types[2][4] = {{3, 3, 11, 5}, {1, 2, 3, 4}};
	const bool is_ipv4 = talk->family == FAMILY_IPV4;
	const union address router = random_address(talk->family);
	const enum dir dir = talk->quote_dir;
	const enum dir other = dir_other(dir);

	frame_begin(frame);
	add_ethernet(frame, talk);
	add_addresses(frame, talk->family, random_chance(70) ? &router : &talk->host[other],
		      random_chance(95) ? &talk->host[dir] : &talk->host[other]);
	frame_icmp(frame, types[is_ipv4 ? 0 : 1][random_below(4)], (uint8_t)random_below(2), 0);
	memcpy(frame_data(frame, talk->quote_len), talk->quote, talk->quote_len);
	frame_end(frame);
	return other;
}

// Writes a part of what stands behind an IP header as a packet of its own.
static void
build_piece(struct frame *frame, const struct talk *talk, enum dir dir, const uint8_t *bytes,
	    const struct talk_piece *piece)
{
	uint8_t *ip, *fragment;

	frame_begin(frame);
	add_ethernet(frame, talk);
	ip = add_addresses(frame, talk->family, &talk->host[dir], &talk->host[dir_other(dir)]);
	if (talk->family == FAMILY_IPV4) {
		put16(ip + 4, piece->id);
		put16(ip + 6, (uint16_t)(piece->off / 8 | (piece->has_more ? 0x2000 : 0)));
		ip[9] = PROTO_UDP;
	} else {
		fragment = frame_fragment(frame, piece->off, piece->has_more);
		fragment[0] = PROTO_UDP;
		put16(fragment + 6, piece->id);
	}
	memcpy(frame_data(frame, piece->len), bytes + piece->off, piece->len);
	frame_end(frame);
}

unsigned int
talk_pieces(const struct talk *talk, enum dir dir, struct frame frames[TALK_PIECES])
{
	const uint16_t id = (uint16_t)(1 + random_below(40));
	const unsigned int n = 2 + random_below(2);
	struct frame whole;
	const uint8_t *bytes;
	uint32_t len, n_made = 0;

	frame_begin(&whole);
	frame_ethernet(&whole);
	add_addresses(&whole, talk->family, &talk->host[dir], &talk->host[dir_other(dir)]);
	frame_udp(&whole, talk->port[dir], talk->port[dir_other(dir)]);
	frame_data(&whole, 8 * n - 8 + random_below(8));
	frame_end(&whole);
	bytes = whole.bytes + frame_off(&whole, FRAME_UDP, 0);
	len = whole.len - frame_off(&whole, FRAME_UDP, 0);
	for (unsigned int i = 0; i < n; i++) {
		const bool is_last = i == n - 1;
		const struct talk_piece piece = {
			.id = id,
			.off = (uint16_t)(8 * i),
			.len = (uint16_t)(is_last             ? len - 8 * i
					  : random_chance(95) ? 8
							      : 16),
			.has_more = !is_last,
		};

		if (random_chance(95))
			build_piece(&frames[n_made++], talk, dir, bytes, &piece);
	}
	if (n_made > 1 && random_chance(20))
		RTE_SWAP(frames[0], frames[n_made - 1]);
	return n_made;
}
