// SPDX-License-Identifier: BSD-3-Clause
#include "change.h"

#include <stddef.h>
#include <string.h>

#include <netinet/in.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#define IP            14 // offset of the IP header
#define L4_OF_IPV4    (IP + sizeof(struct rte_ipv4_hdr))
#define L4_OF_IPV6    (IP + sizeof(struct rte_ipv6_hdr))
#define CLIENT_IPV4   10
#define CLIENT_IPV6   0xfd
#define CLIENTS_IPV4  90 // first octets 10 to 99: neither loopback nor the servers' 172
#define VERSION_IHL_4 0x45

static uint16_t
load16(const void *at)
{
	rte_be16_t value;

	memcpy(&value, at, sizeof(value));
	return rte_be_to_cpu_16(value);
}

// The checksum without the words that were subtracted and with those that were added. A sum of
// ones' complement may be taken in any byte order and over wider words (RFC 1071); ~ subtracts.
static void
correct(uint8_t *checksum, uint64_t difference)
{
	uint16_t old;
	uint64_t sum;

	memcpy(&old, checksum, sizeof(old));
	sum = (uint16_t)~old + difference;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	old = (uint16_t)~sum;
	memcpy(checksum, &old, sizeof(old));
}

// Where the checksum of a TCP segment or UDP datagram is; NULL when it is neither.
static uint8_t *
l4_checksum(uint8_t *l4, uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		return l4 + offsetof(struct rte_tcp_hdr, cksum);
	if (proto == IPPROTO_UDP)
		return l4 + offsetof(struct rte_udp_hdr, dgram_cksum);
	return NULL;
}

static void
change_word(uint8_t *at, uint16_t value, uint8_t *checksum, uint8_t *second_checksum)
{
	rte_be16_t new = rte_cpu_to_be_16(value);
	rte_be16_t old;
	uint64_t difference;

	memcpy(&old, at, sizeof(old));
	memcpy(at, &new, sizeof(new));
	difference = (uint64_t) new + (uint16_t)~old;
	if (checksum != NULL)
		correct(checksum, difference);
	if (second_checksum != NULL)
		correct(second_checksum, difference);
}

static void
change_ipv4(uint8_t *frame, uint32_t lap)
{
	uint8_t *src = frame + IP + offsetof(struct rte_ipv4_hdr, src_addr);
	uint8_t *dst = frame + IP + offsetof(struct rte_ipv4_hdr, dst_addr);
	uint8_t *client = src[0] == CLIENT_IPV4 ? src : dst;
	uint8_t proto = frame[IP + offsetof(struct rte_ipv4_hdr, next_proto_id)];

	if (client[0] == CLIENT_IPV4)
		change_word(client, (uint16_t)((CLIENT_IPV4 + lap % CLIENTS_IPV4) << 8 | client[1]),
			    frame + IP + offsetof(struct rte_ipv4_hdr, hdr_checksum),
			    l4_checksum(frame + L4_OF_IPV4, proto));
}

static void
change_ipv6(uint8_t *frame, uint32_t lap)
{
	uint8_t *src = frame + IP + offsetof(struct rte_ipv6_hdr, src_addr);
	uint8_t *dst = frame + IP + offsetof(struct rte_ipv6_hdr, dst_addr);
	uint8_t *client = src[0] == CLIENT_IPV6 ? src : dst;
	uint8_t proto = frame[IP + offsetof(struct rte_ipv6_hdr, proto)];

	if (client[0] == CLIENT_IPV6)
		change_word(client + 2, (uint16_t)lap, l4_checksum(frame + L4_OF_IPV6, proto),
			    NULL);
}

void
change_client(uint8_t *frame, uint32_t lap)
{
	if (load16(frame + 12) == RTE_ETHER_TYPE_IPV4 && frame[IP] == VERSION_IHL_4)
		change_ipv4(frame, lap);
	else if (load16(frame + 12) == RTE_ETHER_TYPE_IPV6)
		change_ipv6(frame, lap);
}

// Returns what the checksum has to be corrected by.
static uint64_t
advance(uint8_t *at, uint32_t bytes)
{
	rte_be32_t old, new;

	memcpy(&old, at, sizeof(old));
	new = rte_cpu_to_be_32(rte_be_to_cpu_32(old) + bytes);
	memcpy(at, &new, sizeof(new));
	return (uint64_t) new + (uint32_t)~old;
}

void
change_sequence(uint8_t *frame, uint32_t bytes)
{
	const uint8_t *ip = frame + IP;
	uint64_t difference;
	uint8_t *tcp;

	if (load16(frame + 12) == RTE_ETHER_TYPE_IPV4 && ip[0] == VERSION_IHL_4 &&
	    ip[offsetof(struct rte_ipv4_hdr, next_proto_id)] == IPPROTO_TCP)
		tcp = frame + L4_OF_IPV4;
	else if (load16(frame + 12) == RTE_ETHER_TYPE_IPV6 &&
		 ip[offsetof(struct rte_ipv6_hdr, proto)] == IPPROTO_TCP)
		tcp = frame + L4_OF_IPV6;
	else
		return;
	difference = advance(tcp + offsetof(struct rte_tcp_hdr, sent_seq), bytes);
	difference += advance(tcp + offsetof(struct rte_tcp_hdr, recv_ack), bytes);
	correct(tcp + offsetof(struct rte_tcp_hdr, cksum), difference);
}
