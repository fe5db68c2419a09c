// SPDX-License-Identifier: BSD-3-Clause
#include "util/frame.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

static void
put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void
put32(uint8_t *at, uint32_t value)
{
	put16(at, (uint16_t)(value >> 16));
	put16(at + 2, (uint16_t)value);
}

static uint16_t
get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void
fill16(uint8_t *at, uint16_t value)
{
	if (get16(at) == 0)
		put16(at, value);
}

// The sum of RFC 1071 before it is folded and inverted; an odd last byte counts as a high one.
static uint32_t
sum16(uint32_t sum, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
	return sum;
}

static uint16_t
finish_sum(uint32_t sum)
{
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}

static uint8_t *
add(struct frame *frame, enum frame_kind kind, uint8_t proto, unsigned int len)
{
	uint8_t *at = frame->bytes + frame->len;

	assert(frame->n_layers < FRAME_LAYERS_MAX && frame->len + len <= FRAME_MAX);
	frame->layers[frame->n_layers++] = (struct frame_layer){
		.kind = kind,
		.off = (uint16_t)frame->len,
		.proto = proto,
	};
	memset(at, 0, len);
	frame->len += len;
	return at;
}

void
frame_begin(struct frame *frame)
{
	frame->len = 0;
	frame->n_layers = 0;
}

uint8_t *
frame_ethernet(struct frame *frame)
{
	static const uint8_t addresses[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
	uint8_t *at = add(frame, FRAME_ETHERNET, 0, 14);

	memcpy(at, addresses, sizeof(addresses));
	return at;
}

uint8_t *
frame_tag(struct frame *frame, uint16_t tpid, uint16_t vlan)
{
	uint8_t *at = add(frame, FRAME_TAG, 0, 4);

	put16(at - 2, tpid); // the ethertype of the header before
	put16(at, vlan);
	return at;
}

uint8_t *
frame_ip(struct frame *frame, const char *src, const char *dst)
{
	bool is_ipv6 = strchr(src, ':') != NULL;
	uint8_t *at = is_ipv6 ? add(frame, FRAME_IPV6, IPPROTO_IPV6, 40)
			      : add(frame, FRAME_IPV4, IPPROTO_IPIP, 20);
	int good;

	if (is_ipv6) {
		at[0] = 0x60;
		at[7] = 64;
		good = inet_pton(AF_INET6, src, at + 8) + inet_pton(AF_INET6, dst, at + 24);
	} else {
		at[8] = 64;
		good = inet_pton(AF_INET, src, at + 12) + inet_pton(AF_INET, dst, at + 16);
	}
	assert(good == 2);
	(void)good;
	return at;
}

uint8_t *
frame_extension(struct frame *frame, uint8_t proto, unsigned int len)
{
	uint8_t *at = add(frame, FRAME_EXTENSION, proto, len);

	at[1] = (uint8_t)(proto == IPPROTO_AH ? len / 4 - 2 : len / 8 - 1);
	return at;
}

uint8_t *
frame_fragment(struct frame *frame, unsigned int offset, bool more)
{
	uint8_t *at = add(frame, FRAME_FRAGMENT, IPPROTO_FRAGMENT, 8);

	put16(at + 2, (uint16_t)(offset | more));
	return at;
}

uint8_t *
frame_tcp(struct frame *frame, const struct frame_tcp *tcp)
{
	uint8_t *at = add(frame, FRAME_TCP, IPPROTO_TCP, 20);

	put16(at, tcp->sport);
	put16(at + 2, tcp->dport);
	put32(at + 4, tcp->seq);
	put32(at + 8, tcp->ack);
	at[13] = tcp->flags;
	put16(at + 14, tcp->window);
	return at;
}

uint8_t *
frame_udp(struct frame *frame, uint16_t sport, uint16_t dport)
{
	uint8_t *at = add(frame, FRAME_UDP, IPPROTO_UDP, 8);

	put16(at, sport);
	put16(at + 2, dport);
	return at;
}

uint8_t *
frame_udplite(struct frame *frame, uint16_t sport, uint16_t dport, uint16_t coverage)
{
	uint8_t *at = add(frame, FRAME_UDPLITE, IPPROTO_UDPLITE, 8);

	put16(at, sport);
	put16(at + 2, dport);
	put16(at + 4, coverage);
	return at;
}

// The last IP header before layer n.
static unsigned int
ip_before(const struct frame *frame, unsigned int n)
{
	do {
		assert(n > 0);
		n--;
	} while (frame->layers[n].kind != FRAME_IPV4 && frame->layers[n].kind != FRAME_IPV6);
	return n;
}

uint8_t *
frame_icmp(struct frame *frame, uint8_t type, uint8_t code, uint16_t id)
{
	bool is_ipv6 = frame->layers[ip_before(frame, frame->n_layers)].kind == FRAME_IPV6;
	uint8_t *at = add(frame, FRAME_ICMP, is_ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, 8);

	at[0] = type;
	at[1] = code;
	put16(at + 4, id);
	return at;
}

uint8_t *
frame_gre(struct frame *frame, uint16_t flags, uint16_t proto, uint16_t call_id)
{
	uint8_t *at = add(frame, FRAME_GRE, IPPROTO_GRE, 8);

	put16(at, flags);
	put16(at + 2, proto);
	put16(at + 6, call_id);
	return at;
}

uint8_t *
frame_sctp(struct frame *frame, uint16_t sport, uint16_t dport, uint32_t tag)
{
	uint8_t *at = add(frame, FRAME_SCTP, IPPROTO_SCTP, 12);

	put16(at, sport);
	put16(at + 2, dport);
	put32(at + 4, tag);
	return at;
}

uint8_t *
frame_chunk(struct frame *frame, uint8_t type, uint8_t flags, uint16_t len)
{
	uint8_t *at = add(frame, FRAME_DATA, 0, (4u + len + 3) / 4 * 4);

	at[0] = type;
	at[1] = flags;
	put16(at + 2, (uint16_t)(4 + len));
	return at;
}

uint8_t *
frame_dccp(struct frame *frame, uint8_t type, uint64_t seq, unsigned int header_len)
{
	uint8_t *at = add(frame, FRAME_DCCP, IPPROTO_DCCP, header_len);

	at[4] = (uint8_t)(header_len / 4);
	at[8] = (uint8_t)(type << 1 | 1);
	put16(at + 10, (uint16_t)(seq >> 32));
	put32(at + 12, (uint32_t)seq);
	return at;
}

uint8_t *
frame_proto(struct frame *frame, uint8_t proto, unsigned int len)
{
	return add(frame, FRAME_OTHER, proto, len);
}

uint8_t *
frame_options(struct frame *frame, const uint8_t *options, unsigned int len)
{
	uint8_t *at = frame->bytes + frame->len;

	assert(len % 4 == 0 && frame->len + len <= FRAME_MAX);
	memcpy(at, options, len);
	frame->len += len;
	return at;
}

uint8_t *
frame_data(struct frame *frame, unsigned int len)
{
	uint8_t *at = add(frame, FRAME_DATA, 0, len);

	for (unsigned int i = 0; i < len; i++)
		at[i] = (uint8_t)i;
	return at;
}

// The Internet checksum of layer n, up to the end, with the pseudo header of its IP packet (RFC
// 9293, 3.1; RFC 8200, 8.1). coverage 0 is everything.
static uint16_t
checksum_l4(const struct frame *frame, unsigned int n, uint32_t coverage)
{
	const struct frame_layer *layer = &frame->layers[n];
	const struct frame_layer *ip = &frame->layers[ip_before(frame, n)];
	uint32_t len = frame->len - layer->off;
	uint32_t sum = 0;

	if (ip->kind == FRAME_IPV6)
		sum = sum16(len + layer->proto, frame->bytes + ip->off + 8, 32);
	else if (layer->kind != FRAME_ICMP)
		sum = sum16(len + layer->proto, frame->bytes + ip->off + 12, 8);
	return finish_sum(sum16(sum, frame->bytes + layer->off, coverage == 0 ? len : coverage));
}

// CRC32c, a bit at a time (RFC 9260, appendix A). It goes into the header lowest byte first.
static void
end_sctp(uint8_t *sctp, uint32_t len)
{
	uint32_t crc = UINT32_MAX;

	if (get16(sctp + 8) != 0 || get16(sctp + 10) != 0)
		return;
	for (uint32_t i = 0; i < len; i++) {
		crc ^= sctp[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? UINT32_C(0x82f63b78) : 0);
	}
	for (int i = 0; i < 4; i++)
		sctp[8 + i] = (uint8_t)(~crc >> 8 * i);
}

// RFC 4340, 9.2: coverage 0 is all, else the header and so many words less one.
static uint32_t
dccp_coverage(const uint8_t *dccp)
{
	const uint32_t words = dccp[5] & 0xf;

	return words == 0 ? 0 : (dccp[4] + words - 1) * 4;
}

static void
end_ip(struct frame *frame, const struct frame_layer *layer, const struct frame_layer *next)
{
	uint8_t *at = frame->bytes + layer->off;
	uint32_t len = frame->len - layer->off;
	uint32_t header_len = next == NULL ? len : (uint32_t)next->off - layer->off;

	if (layer->kind == FRAME_IPV6) {
		fill16(at + 4, (uint16_t)(len - 40));
		if (next != NULL && at[6] == 0)
			at[6] = next->proto;
		return;
	}
	if (at[0] == 0)
		at[0] = (uint8_t)(0x40 | header_len / 4);
	fill16(at + 2, (uint16_t)len);
	if (next != NULL && at[9] == 0)
		at[9] = next->proto;
	fill16(at + 10, finish_sum(sum16(0, at, header_len)));
}

static void
end_layer(struct frame *frame, unsigned int n)
{
	const struct frame_layer *layer = &frame->layers[n];
	const struct frame_layer *next = n + 1 < frame->n_layers ? layer + 1 : NULL;
	uint8_t *at = frame->bytes + layer->off;

	switch (layer->kind) {
	case FRAME_ETHERNET:
	case FRAME_TAG:
		if (next != NULL && next->kind != FRAME_DATA)
			fill16(frame->bytes + next->off - 2,
			       next->kind == FRAME_IPV6 ? 0x86dd : 0x0800);
		break;
	case FRAME_IPV4:
	case FRAME_IPV6:
		end_ip(frame, layer, next);
		break;
	case FRAME_EXTENSION:
	case FRAME_FRAGMENT:
		if (next != NULL && at[0] == 0)
			at[0] = next->proto;
		break;
	case FRAME_TCP:
		if (at[12] == 0)
			at[12] = (uint8_t)(((next == NULL ? frame->len : next->off) - layer->off) /
					   4 * 16);
		fill16(at + 16, checksum_l4(frame, n, 0));
		break;
	case FRAME_UDP:
		fill16(at + 4, (uint16_t)(frame->len - layer->off));
		fill16(at + 6, checksum_l4(frame, n, 0));
		fill16(at + 6, 0xffff); // RFC 768: a sum of zero is sent as all ones
		break;
	case FRAME_UDPLITE:
		fill16(at + 6, checksum_l4(frame, n, get16(at + 4)));
		fill16(at + 6, 0xffff);
		break;
	case FRAME_ICMP:
		fill16(at + 2, checksum_l4(frame, n, 0));
		break;
	case FRAME_SCTP:
		end_sctp(at, frame->len - layer->off);
		break;
	case FRAME_DCCP:
		fill16(at + 6, checksum_l4(frame, n, dccp_coverage(at)));
		break;
	case FRAME_GRE:
	case FRAME_OTHER:
	case FRAME_DATA:
		break;
	}
}

void
frame_end(struct frame *frame)
{
	for (unsigned int n = frame->n_layers; n-- > 0;)
		end_layer(frame, n);
}

uint16_t
frame_off(const struct frame *frame, enum frame_kind kind, unsigned int n)
{
	for (unsigned int i = 0; i < frame->n_layers; i++) {
		if (frame->layers[i].kind == kind && n-- == 0)
			return frame->layers[i].off;
	}
	assert(!"no such header");
	return 0;
}

void
frame_shorten_ip(struct frame *frame, uint32_t len)
{
	unsigned int n = 0;
	uint8_t *at;

	while (frame->layers[n].kind != FRAME_IPV4 && frame->layers[n].kind != FRAME_IPV6)
		n++;
	at = frame->bytes + frame->layers[n].off;
	frame->len = frame->layers[n].off + len;
	if (frame->layers[n].kind == FRAME_IPV6) {
		put16(at + 4, (uint16_t)(len - 40));
	} else {
		put16(at + 2, (uint16_t)len);
		put16(at + 10, 0);
		put16(at + 10, finish_sum(sum16(0, at, (at[0] & 0xfu) * 4)));
	}
}
