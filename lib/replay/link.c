// SPDX-License-Identifier: BSD-3-Clause
//
// The formats: https://www.tcpdump.org/linktypes.html
#include "replay/link.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <pcap/pcap.h>
#include <rte_ether.h>

#include "base/contract.h"

#define TYPE_UNKNOWN 0xFFFF // reserved (RFC 1701): what is neither IP nor a length
#define TYPE_802_3   0x0001 // in cooked captures: frames of Novell, without a type
#define TYPE_LLC     0x0004 // in cooked captures: IEEE 802.2 follows

// Fields of a cooked header: where its protocol is, the length of the sender's address, and the
// address.
struct cooked {
	uint8_t type_off;
	uint8_t address_len_off;
	uint8_t address_off;
};

struct link {
	uint32_t type;
	uint32_t header_len;
	uint16_t (*ethertype)(const struct link *link, const uint8_t *packet, uint32_t len);
	struct cooked cooked;
};

static uint16_t
be16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint16_t
as_ipv4(const struct link *link, const uint8_t *packet, uint32_t len)
{
	(void)link, (void)packet, (void)len;
	return RTE_ETHER_TYPE_IPV4;
}

static uint16_t
as_ipv6(const struct link *link, const uint8_t *packet, uint32_t len)
{
	(void)link, (void)packet, (void)len;
	return RTE_ETHER_TYPE_IPV6;
}

// Raw IP: by its version.
static uint16_t
by_version(const struct link *link, const uint8_t *packet, uint32_t len)
{
	(void)link;
	return len > 0 && packet[0] >> 4 == 6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4;
}

// BSD loopback: the number of the address family, in the byte order of the capturing host or in
// network order. The number for IPv6 depends on the system.
static uint16_t
by_family(const struct link *link, const uint8_t *packet, uint32_t len)
{
	static const uint8_t ipv6[] = {10, 24, 28, 30};
	const uint16_t high = be16(packet), low = be16(packet + 2);
	const uint8_t family = high == 0 && low <= UINT8_MAX ? packet[3]
			       : low == 0 && packet[1] == 0  ? packet[0]
							     : 0;

	(void)link, (void)len;
	if (family == 2)
		return RTE_ETHER_TYPE_IPV4;
	return family != 0 && memchr(ipv6, family, sizeof(ipv6)) != NULL ? RTE_ETHER_TYPE_IPV6
									 : TYPE_UNKNOWN;
}

// Linux cooked: an ethertype, or a number that stands for frames of IEEE 802.3, which have their
// length in its place.
static uint16_t
by_protocol(const struct link *link, const uint8_t *packet, uint32_t len)
{
	const uint16_t protocol = be16(packet + link->cooked.type_off);
	const uint32_t payload = len - link->header_len;

	if (protocol > RTE_ETHER_MTU)
		return protocol;
	if ((protocol == TYPE_LLC || protocol == TYPE_802_3) && payload <= RTE_ETHER_MTU)
		return (uint16_t)payload;
	return TYPE_UNKNOWN;
}

#define RAW_HEADER      0
#define LOOPBACK_HEADER 4
#define SLL_HEADER      16
#define SLL2_HEADER     20

static const struct link links[] = {
	{.type = LINK_ETHERNET},
	{101, RAW_HEADER, by_version, {0}}, // LINKTYPE_RAW
	{12, RAW_HEADER, by_version, {0}},  // the same in files of some systems
	{14, RAW_HEADER, by_version, {0}},
	{228, RAW_HEADER, as_ipv4, {0}},      // LINKTYPE_IPV4
	{229, RAW_HEADER, as_ipv6, {0}},      // LINKTYPE_IPV6
	{0, LOOPBACK_HEADER, by_family, {0}}, // LINKTYPE_NULL
	{108, LOOPBACK_HEADER, by_family, {0}},
	{113, SLL_HEADER, by_protocol, {.type_off = 14, .address_len_off = 5, .address_off = 6}},
	{276, SLL2_HEADER, by_protocol, {.type_off = 0, .address_len_off = 11, .address_off = 12}},
};

const struct link *
link_find(uint32_t type)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (links[i].type == type)
			return &links[i];
	}
	return NULL;
}

uint32_t
link_header_len(const struct link *link)
{
	return link->header_len;
}

void
link_make_ethernet(const struct link *link, const uint8_t *packet, uint32_t len, uint8_t *ethernet)
{
	const struct cooked *cooked = &link->cooked;
	uint16_t type;

	CONTRACT(link->ethertype != NULL && len >= link->header_len);
	type = link->ethertype(link, packet, len);
	memset(ethernet, 0, RTE_ETHER_HDR_LEN);
	if (cooked->address_off != 0 && packet[cooked->address_len_off] == RTE_ETHER_ADDR_LEN)
		memcpy(ethernet + RTE_ETHER_ADDR_LEN, packet + cooked->address_off,
		       RTE_ETHER_ADDR_LEN);
	ethernet[12] = (uint8_t)(type >> 8);
	ethernet[13] = (uint8_t)type;
}

void
link_format(uint32_t type, char name[LINK_NAME_SIZE])
{
	const char *known = type > INT32_MAX ? NULL : pcap_datalink_val_to_name((int)type);

	snprintf(name, LINK_NAME_SIZE, "%s (%u)", known == NULL ? "unknown" : known, type);
}
