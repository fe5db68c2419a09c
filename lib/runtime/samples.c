// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/samples.h"

#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "base/contract.h"

#define L4_LEN          20
#define ICMP_LEN        8
#define FRAGMENT_OFFSET 128 // in units of 8 bytes
#define FRAGMENT_LEN    8   // of the extension header of IPv6
#define TTL             64

struct shape {
	uint8_t proto;
	bool is_fragment;
	uint8_t l4[L4_LEN];
};

// clang-format off
static const struct shape ipv4_shapes[SAMPLE_COUNT] = {
	[SAMPLE_TCP] = {PROTO_TCP, false, {0xc0, 1, 0, 80, [12] = 0x50, 0x10}},
	[SAMPLE_UDP] = {PROTO_UDP, false, {0xc0, 1, 0, 53, 0, L4_LEN}},
	[SAMPLE_ECHO] = {PROTO_ICMP, false, {8}},
	[SAMPLE_GRE] = {PROTO_GRE, false, {0, 0, 8, 0}},
	[SAMPLE_FRAGMENT] = {PROTO_UDP, true, {0}},
	[SAMPLE_ERROR] = {PROTO_ICMP, false, {3, 1}},
};

static const struct shape ipv6_shapes[SAMPLE_COUNT] = {
	[SAMPLE_TCP] = {PROTO_TCP, false, {0xc0, 1, 0, 80, [12] = 0x50, 0x10}},
	[SAMPLE_UDP] = {PROTO_UDP, false, {0xc0, 1, 0, 53, 0, L4_LEN}},
	[SAMPLE_ECHO] = {PROTO_ICMPV6, false, {128}},
	[SAMPLE_GRE] = {PROTO_GRE, false, {0, 0, 8, 0}},
	[SAMPLE_FRAGMENT] = {PROTO_UDP, true, {0}},
	[SAMPLE_ERROR] = {PROTO_ICMPV6, false, {1, 3}},
};
// clang-format on

// Numbers whose neighbours differ in many bits.
static uint32_t
scatter(uint32_t number)
{
	number *= UINT32_C(2654435761);
	return (number ^ number >> 15) * UINT32_C(2246822519);
}

void
sample_hosts(uint32_t number, enum family family, union address *src, union address *dst)
{
	const unsigned int n_words = family == FAMILY_IPV4 ? 1 : 4;
	union address *const ends[] = {src, dst};

	for (uint32_t end = 0; end < 2; end++) {
		*ends[end] = (union address){0};
		for (uint32_t i = 0; i < n_words; i++) {
			uint32_t word = scatter(number * 8 + end * 4 + i + 1);

			memcpy(ends[end]->v6 + i * sizeof(word), &word, sizeof(word));
		}
	}
}

// Each writes a header before len bytes and returns its length.
static uint32_t
write_ipv4(uint8_t *at, const struct shape *shape, const union address *src,
	   const union address *dst, uint32_t len)
{
	struct rte_ipv4_hdr ip = {
		.version_ihl = RTE_IPV4_VHL_DEF,
		.total_length = rte_cpu_to_be_16((uint16_t)(sizeof(ip) + len)),
		.fragment_offset = rte_cpu_to_be_16(shape->is_fragment ? FRAGMENT_OFFSET : 0),
		.time_to_live = TTL,
		.next_proto_id = shape->proto,
		.src_addr = src->v4,
		.dst_addr = dst->v4,
	};

	ip.hdr_checksum = rte_ipv4_cksum(&ip);
	memcpy(at, &ip, sizeof(ip));
	return sizeof(ip);
}

static uint32_t
write_ipv6(uint8_t *at, const struct shape *shape, const union address *src,
	   const union address *dst, uint32_t len)
{
	uint32_t extension = shape->is_fragment ? FRAGMENT_LEN : 0;
	struct rte_ipv6_hdr ip = {
		.vtc_flow = rte_cpu_to_be_32(UINT32_C(6) << 28),
		.payload_len = rte_cpu_to_be_16((uint16_t)(extension + len)),
		.proto = shape->is_fragment ? IPPROTO_FRAGMENT : shape->proto,
		.hop_limits = TTL,
	};
	const uint8_t fragment[FRAGMENT_LEN] = {shape->proto, 0, FRAGMENT_OFFSET * 8 >> 8};

	memcpy(ip.src_addr, src->v6, sizeof(ip.src_addr));
	memcpy(ip.dst_addr, dst->v6, sizeof(ip.dst_addr));
	memcpy(at, &ip, sizeof(ip));
	memcpy(at + sizeof(ip), fragment, extension);
	return sizeof(ip) + extension;
}

static uint32_t
write_ip(uint8_t *at, enum sample sample, enum family family, const union address *src,
	 const union address *dst)
{
	bool is_ipv4 = family == FAMILY_IPV4;
	const struct shape *shape = is_ipv4 ? &ipv4_shapes[sample] : &ipv6_shapes[sample];
	uint32_t len = (is_ipv4 ? write_ipv4 : write_ipv6)(at, shape, src, dst, L4_LEN);

	memcpy(at + len, shape->l4, L4_LEN);
	return len + L4_LEN;
}

// The error comes from a router and goes to the sender of the quoted packet.
static uint32_t
write_error(uint8_t *at, enum family family, const union address *src, const union address *dst)
{
	bool is_ipv4 = family == FAMILY_IPV4;
	const struct shape *shape =
		is_ipv4 ? &ipv4_shapes[SAMPLE_ERROR] : &ipv6_shapes[SAMPLE_ERROR];
	uint8_t quoted[SAMPLE_MAX];
	uint32_t n_quoted = write_ip(quoted, SAMPLE_UDP, family, src, dst);
	union address router = *dst;
	uint32_t len;

	router.v6[2] ^= 0x55;
	len = (is_ipv4 ? write_ipv4 : write_ipv6)(at, shape, &router, src, ICMP_LEN + n_quoted);
	memcpy(at + len, shape->l4, ICMP_LEN);
	memcpy(at + len + ICMP_LEN, quoted, n_quoted);
	return len + ICMP_LEN + n_quoted;
}

uint32_t
sample_write(uint8_t *frame, enum sample sample, enum family family, const union address *src,
	     const union address *dst)
{
	struct rte_ether_hdr ethernet = {
		.ether_type = rte_cpu_to_be_16(family == FAMILY_IPV4 ? RTE_ETHER_TYPE_IPV4
								     : RTE_ETHER_TYPE_IPV6),
	};
	uint8_t *ip = frame + sizeof(ethernet);

	CONTRACT(sample < SAMPLE_COUNT);
	CONTRACT(family == FAMILY_IPV4 || family == FAMILY_IPV6);
	memcpy(frame, &ethernet, sizeof(ethernet));
	return (uint32_t)sizeof(ethernet) + (sample == SAMPLE_ERROR
						     ? write_error(ip, family, src, dst)
						     : write_ip(ip, sample, family, src, dst));
}
