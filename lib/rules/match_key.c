// SPDX-License-Identifier: BSD-3-Clause
//
// What the rows of match_keys.def become: words, how each key is read from a packet, and the table.
#include "rules/match_key.h"

#include <stddef.h>

#include <rte_ether.h>
#include <rte_ip.h>

#include "packet/parse.h"
#include "rules/key.h"
#include "rules/match.h"

static const struct match_word families[] = {
	{"ipv4", 1u << 0},
	{"ipv6", 1u << 1},
};

static const struct match_word states[] = {
	{"new", 1u << CLASS_NEW},
	{"established", 1u << CLASS_ESTABLISHED},
	{"related", 1u << CLASS_RELATED},
	{"invalid", 1u << CLASS_INVALID},
	{"untracked", 1u << CLASS_UNTRACKED},
};

static const struct match_word dirs[] = {
	{"orig", 1u << DIR_ORIG},
	{"reply", 1u << DIR_REPLY},
};

static bool
read_in_ports(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->in_port;
	return true;
}

static bool
read_out_ports(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->out_port;
	return true;
}

static bool
read_families(const struct pkt *pkt, union match_value *value)
{
	value->number = 1u << family_index(pkt->family);
	return true;
}

static bool
read_protos(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->tuple.proto;
	return true;
}

static bool
read_src(const struct pkt *pkt, union match_value *value)
{
	value->address = &pkt->tuple.src;
	return true;
}

static bool
read_dst(const struct pkt *pkt, union match_value *value)
{
	value->address = &pkt->tuple.dst;
	return true;
}

static bool
read_sport(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->tuple.src_field;
	return pkt->has_ports;
}

static bool
read_dport(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->tuple.dst_field;
	return pkt->has_ports;
}

static bool
read_icmp_type(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->icmp_type;
	return pkt_has_icmp_type(pkt);
}

static bool
read_icmp_code(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->icmp_code;
	return pkt_has_icmp_type(pkt);
}

static bool
read_tcp_flags(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->tcp_flags;
	return pkt_has_tcp_flags(pkt);
}

static bool
read_zone(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->tuple.zone;
	return true;
}

static bool
read_classes(const struct pkt *pkt, union match_value *value)
{
	value->number = 1u << pkt->class;
	return true;
}

static bool
read_dirs(const struct pkt *pkt, union match_value *value)
{
	value->number = 1u << pkt->dir;
	return true;
}

static bool
read_mark(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->mark;
	return true;
}

static bool
read_helper(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->helper;
	return true;
}

// A byte of the IP header: the one at v4 in IPv4, at v6 in IPv6.
static bool
read_ip_byte(const struct pkt *pkt, uint32_t v4, uint32_t v6, union match_value *value)
{
	const uint32_t off = pkt->l3_off + (pkt->family == FAMILY_IPV4 ? v4 : v6);
	uint8_t scratch;
	const uint8_t *byte = pkt_bytes(pkt, off, sizeof(scratch), &scratch);

	value->number = byte == NULL ? 0 : *byte;
	return byte != NULL;
}

static bool
read_ttl(const struct pkt *pkt, union match_value *value)
{
	return read_ip_byte(pkt, 8, 7, value);
}

static bool
read_length(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->l3_len;
	return true;
}

// RFC 2474, RFC 2597, RFC 3246, RFC 5865 and RFC 8622.
static const struct match_word dscps[] = {
	{"cs0", 0},   {"cs1", 8},   {"cs2", 16},  {"cs3", 24},  {"cs4", 32},
	{"cs5", 40},  {"cs6", 48},  {"cs7", 56},  {"af11", 10}, {"af12", 12},
	{"af13", 14}, {"af21", 18}, {"af22", 20}, {"af23", 22}, {"af31", 26},
	{"af32", 28}, {"af33", 30}, {"af41", 34}, {"af42", 36}, {"af43", 38},
	{"ef", 46},   {"va", 44},   {"be", 0},    {"df", 0},    {"le", 1},
};

// The type of service of IPv4, the traffic class of IPv6.
static bool
read_traffic_class(const struct pkt *pkt, unsigned int *traffic_class)
{
	uint8_t scratch[2];
	const uint8_t *bytes = pkt_bytes(pkt, pkt->l3_off, sizeof(scratch), scratch);

	if (bytes == NULL)
		return false;
	*traffic_class = pkt->family == FAMILY_IPV4
				 ? bytes[1]
				 : (unsigned int)(bytes[0] & 0xf) << 4 | bytes[1] >> 4;
	return true;
}

static bool
read_dscp(const struct pkt *pkt, union match_value *value)
{
	unsigned int traffic_class = 0;
	const bool is_read = read_traffic_class(pkt, &traffic_class);

	value->number = traffic_class >> 2;
	return is_read;
}

// RFC 3168, 5.
static const struct match_word ecns[] = {
	{"not-ect", 0},
	{"ect1", 1},
	{"ect0", 2},
	{"ce", 3},
};

static bool
read_ecn(const struct pkt *pkt, union match_value *value)
{
	unsigned int traffic_class = 0;
	const bool is_read = read_traffic_class(pkt, &traffic_class);

	value->number = traffic_class & 3;
	return is_read;
}

#define VLAN_ID_MASK 0x0fff

static const struct match_word vlans[] = {
	{"none", PKT_VLAN_NONE},
};

uint16_t
pkt_vlan(const struct pkt *pkt)
{
	uint8_t scratch[2];
	const uint8_t *tag = NULL;

	if (pkt->l3_off > RTE_ETHER_HDR_LEN)
		tag = rte_pktmbuf_read(pkt->mbuf, RTE_ETHER_HDR_LEN, sizeof(scratch), scratch);
	return tag == NULL ? PKT_VLAN_NONE : (uint16_t)((tag[0] << 8 | tag[1]) & VLAN_ID_MASK);
}

static bool
read_vlan(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt_vlan(pkt);
	return true;
}

static bool
read_mac(const struct pkt *pkt, uint32_t off, union match_value *value)
{
	uint8_t scratch[RTE_ETHER_ADDR_LEN];
	const uint8_t *mac = rte_pktmbuf_read(pkt->mbuf, off, sizeof(scratch), scratch);

	value->number = 0;
	for (unsigned int i = 0; i < RTE_ETHER_ADDR_LEN && mac != NULL; i++)
		value->number = value->number << 8 | mac[i];
	return mac != NULL;
}

static bool
read_src_mac(const struct pkt *pkt, union match_value *value)
{
	return read_mac(pkt, RTE_ETHER_ADDR_LEN, value);
}

static bool
read_dst_mac(const struct pkt *pkt, union match_value *value)
{
	return read_mac(pkt, 0, value);
}

#define FRAGMENT_NOT     (1u << 0)
#define FRAGMENT_FIRST   (1u << 1)
#define FRAGMENT_LATER   (1u << 2)
#define FRAGMENT_UNKNOWN (1u << 3) // the header that tells which is cut off

static const struct match_word fragments[] = {
	{"false", FRAGMENT_NOT},
	{"true", FRAGMENT_FIRST | FRAGMENT_LATER | FRAGMENT_UNKNOWN},
	{"first", FRAGMENT_FIRST},
	{"later", FRAGMENT_LATER},
};

// Where the field with a fragment's offset lies in the frame; 0 when the packet ends before it.
static uint32_t
fragment_field_off(const struct pkt *pkt)
{
	uint32_t off = pkt->l3_off + (uint32_t)sizeof(struct rte_ipv6_hdr);
	uint8_t scratch[2];
	const uint8_t *bytes;
	uint8_t proto;

	if (pkt->family == FAMILY_IPV4)
		return pkt->l3_off + (uint32_t)offsetof(struct rte_ipv4_hdr, fragment_offset);
	bytes = pkt_bytes(pkt, pkt->l3_off + (uint32_t)offsetof(struct rte_ipv6_hdr, proto), 1,
			  scratch);
	while (bytes != NULL && bytes[0] != IPPROTO_FRAGMENT) {
		uint32_t len;

		proto = bytes[0];
		bytes = pkt_bytes(pkt, off, sizeof(scratch), scratch);
		len = bytes == NULL ? 0 : ipv6_extension_len(proto, bytes);
		if (len == 0)
			return 0;
		off += len;
	}
	return bytes == NULL ? 0 : off + 2;
}

static bool
read_fragment(const struct pkt *pkt, union match_value *value)
{
	const uint16_t mask =
		pkt->family == FAMILY_IPV4 ? RTE_IPV4_HDR_OFFSET_MASK : RTE_IPV6_EHDR_FO_MASK;
	const uint32_t off = pkt->is_fragment ? fragment_field_off(pkt) : 0;
	uint8_t scratch[2];
	const uint8_t *field = off == 0 ? NULL : pkt_bytes(pkt, off, sizeof(scratch), scratch);

	if (!pkt->is_fragment)
		value->number = FRAGMENT_NOT;
	else if (field == NULL)
		value->number = FRAGMENT_UNKNOWN;
	else
		value->number =
			((field[0] << 8 | field[1]) & mask) == 0 ? FRAGMENT_FIRST : FRAGMENT_LATER;
	return true;
}

static const struct match_word truths[] = {
	{"false", 1u << false},
	{"true", 1u << true},
};

static bool
read_ip_options(const struct pkt *pkt, union match_value *value)
{
	const bool is_read = read_ip_byte(pkt, 0, 0, value);
	const uint64_t words = value->number & RTE_IPV4_HDR_IHL_MASK;

	value->number = 1u << (pkt->family == FAMILY_IPV4 &&
			       words * RTE_IPV4_IHL_MULTIPLIER > sizeof(struct rte_ipv4_hdr));
	return is_read;
}

static bool
read_extension_headers(const struct pkt *pkt, union match_value *value)
{
	static const uint8_t any[2] = {0, 0};
	const bool is_read = read_ip_byte(pkt, 0, offsetof(struct rte_ipv6_hdr, proto), value);

	value->number = 1u << (pkt->family == FAMILY_IPV6 &&
			       ipv6_extension_len((uint8_t)value->number, any) != 0);
	return is_read;
}

static const struct match_word statuses[] = {
	{"expected", ACCOUNT_EXPECTED},
	{"seen_reply", ACCOUNT_SEEN_REPLY},
	{"assured", ACCOUNT_ASSURED},
};

static bool
read_ct_status(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->account.status;
	return pkt->conn != NULL;
}

static bool
has_counters(const struct pkt *pkt)
{
	return pkt->conn != NULL && pkt->account.has_counters;
}

static bool
read_ct_packets(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->account.packets[DIR_ORIG] + pkt->account.packets[DIR_REPLY];
	return has_counters(pkt);
}

static bool
read_ct_orig_packets(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->account.packets[DIR_ORIG];
	return has_counters(pkt);
}

static bool
read_ct_reply_packets(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->account.packets[DIR_REPLY];
	return has_counters(pkt);
}

static bool
read_ct_bytes(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->account.octets[DIR_ORIG] + pkt->account.octets[DIR_REPLY];
	return has_counters(pkt);
}

static bool
read_ct_orig_bytes(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->account.octets[DIR_ORIG];
	return has_counters(pkt);
}

static bool
read_ct_reply_bytes(const struct pkt *pkt, union match_value *value)
{
	value->number = pkt->account.octets[DIR_REPLY];
	return has_counters(pkt);
}

#define PLAIN                       .words = NULL
#define WORDS(table)                .words = (table), .n_words = RTE_DIM(table)
#define NUMBERS(noun, largest)      .what = (noun), .max = (largest)
#define NAMED(table, noun, largest) WORDS(table), NUMBERS(noun, largest)

const struct match_key match_keys[MATCH_KEY_COUNT] = {
#define KEY(member, kind_, name_, values, subject_, varies_, field_, needs_, help_)                \
	[MATCH_KEY_##member] = {                                                                   \
		.name = (name_),                                                                   \
		.help = (help_),                                                                   \
		.offset = offsetof(struct match, member),                                          \
		.kind = MATCH_KIND_##kind_,                                                        \
		.subject = MATCH_OF_##subject_,                                                    \
		.varies = MATCH_##varies_,                                                         \
		.field = KEY_##field_,                                                             \
		.needs = MATCH_NEEDS_##needs_,                                                     \
		.read = read_##member,                                                             \
		values,                                                                            \
	},
#include "rules/match_keys.def"
};

// What the chains before it may have set is compared in the order of the rules.
#define KEY(member, kind_, name_, values, subject_, varies_, field_, needs_, help_)                \
	_Static_assert(MATCH_##varies_ != MATCH_WHERE_SET || KEY_##field_ == KEY_LISTED,           \
		       name_ " may have been set by an earlier rule");
#include "rules/match_keys.def"
