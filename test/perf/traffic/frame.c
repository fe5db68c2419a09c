// SPDX-License-Identifier: BSD-3-Clause
#include "frame.h"

#include <string.h>

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#define HOP_LIMIT       64
#define IPV4_HEADER_LEN 20

static const uint8_t macs[2][ETH_ALEN] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};

static uint32_t
add_words(uint32_t sum, const uint8_t *bytes, unsigned int n)
{
	for (; n > 1; n -= 2, bytes += 2)
		sum += (uint32_t)bytes[0] << 8 | bytes[1];
	return n > 0 ? sum + ((uint32_t)bytes[0] << 8) : sum;
}

// In network byte order.
static uint16_t
finish_sum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static unsigned int
l4_header_len(const struct flow_family *family)
{
	return family->is_tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr);
}

static unsigned int
ip_header_len(const struct flow_family *family)
{
	return family->is_ipv6 ? sizeof(struct ip6_hdr) : IPV4_HEADER_LEN;
}

static void
put_ipv4(uint8_t *at, const uint8_t *src, const uint8_t *dst, uint8_t proto, unsigned int l4_len)
{
	const unsigned int len = IPV4_HEADER_LEN + l4_len;
	uint8_t header[IPV4_HEADER_LEN] = {
		[0] = 0x45, // version, header length in words
		[2] = (uint8_t)(len >> 8),
		[3] = (uint8_t)len,
		[6] = 0x40, // do not fragment
		[8] = HOP_LIMIT,
		[9] = proto,
	};
	uint16_t checksum;

	memcpy(header + 12, src, 4);
	memcpy(header + 16, dst, 4);
	checksum = finish_sum(add_words(0, header, sizeof(header)));
	memcpy(header + 10, &checksum, sizeof(checksum));
	memcpy(at, header, sizeof(header));
}

static void
put_ipv6(uint8_t *at, const uint8_t *src, const uint8_t *dst, uint8_t proto, unsigned int l4_len)
{
	struct ip6_hdr header = {0};

	header.ip6_vfc = 6 << 4;
	header.ip6_plen = htons((uint16_t)l4_len);
	header.ip6_nxt = proto;
	header.ip6_hlim = HOP_LIMIT;
	memcpy(&header.ip6_src, src, sizeof(header.ip6_src));
	memcpy(&header.ip6_dst, dst, sizeof(header.ip6_dst));
	memcpy(at, &header, sizeof(header));
}

static void
put_payload(uint8_t *at, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		at[i] = (uint8_t)('a' + i % 26);
}

// pseudo is the sum of the pseudo header. The payload is there already.
static void
put_tcp(uint8_t *at, uint16_t sport, uint16_t dport, const struct packet_spec *spec,
	uint32_t pseudo)
{
	struct tcphdr header = {
		.source = htons(sport),
		.dest = htons(dport),
		.seq = htonl(spec->seq),
		.ack_seq = htonl(spec->ack),
		.doff = 5,
		.window = htons(UINT16_MAX),
	};

	header.th_flags = spec->tcp_flags;
	memcpy(at, &header, sizeof(header));
	header.check =
		finish_sum(add_words(pseudo, at, (unsigned int)sizeof(header) + spec->payload));
	memcpy(at, &header, sizeof(header));
}

static void
put_udp(uint8_t *at, uint16_t sport, uint16_t dport, const struct packet_spec *spec,
	uint32_t pseudo)
{
	unsigned int len = (unsigned int)sizeof(struct udphdr) + spec->payload;
	struct udphdr header = {
		.source = htons(sport),
		.dest = htons(dport),
		.len = htons((uint16_t)len),
	};

	memcpy(at, &header, sizeof(header));
	header.check = finish_sum(add_words(pseudo, at, len));
	if (header.check == 0)
		header.check = UINT16_MAX; // 0 would say that there is none
	memcpy(at, &header, sizeof(header));
}

void
frame_make(struct frame *frame, const struct flow_family *family, const struct flow *flow,
	   const struct packet_spec *spec)
{
	unsigned int address_len = family->is_ipv6 ? 16 : 4;
	unsigned int l4_len = l4_header_len(family) + spec->payload;
	uint8_t proto = family->is_tcp ? IPPROTO_TCP : IPPROTO_UDP;
	const uint8_t *src = spec->is_reply ? flow->server : flow->client;
	const uint8_t *dst = spec->is_reply ? flow->client : flow->server;
	uint16_t sport = spec->is_reply ? flow->server_port : flow->client_port;
	uint16_t dport = spec->is_reply ? flow->client_port : flow->server_port;
	uint16_t type = htons(family->is_ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	uint8_t *ip = frame->bytes + ETH_HLEN;
	uint8_t *l4 = ip + ip_header_len(family);
	uint32_t pseudo = add_words(add_words(proto + l4_len, src, address_len), dst, address_len);

	memset(frame->bytes, 0, FRAME_MIN);
	memcpy(frame->bytes, macs[spec->is_reply], ETH_ALEN);
	memcpy(frame->bytes + ETH_ALEN, macs[!spec->is_reply], ETH_ALEN);
	memcpy(frame->bytes + ETH_HLEN - sizeof(type), &type, sizeof(type));
	(family->is_ipv6 ? put_ipv6 : put_ipv4)(ip, src, dst, proto, l4_len);
	put_payload(l4 + l4_header_len(family), spec->payload);
	(family->is_tcp ? put_tcp : put_udp)(l4, sport, dport, spec, pseudo);
	frame->len = (uint16_t)(ETH_HLEN + ip_header_len(family) + l4_len);
	if (frame->len < FRAME_MIN)
		frame->len = FRAME_MIN;
}

uint16_t
frame_payload_for(const struct flow_family *family, uint16_t len)
{
	unsigned int headers = ETH_HLEN + ip_header_len(family) + l4_header_len(family);

	return (uint16_t)(len > headers ? len - headers : 0);
}
