// SPDX-License-Identifier: BSD-3-Clause
#include "packet/tuple.h"

#include <arpa/inet.h>

// What the protocols with a meaning of their own are called, and whether their fields are ports.
static const struct {
	const char *name;
	bool has_ports;
} protos[256] = {
	[PROTO_ICMP] = {"icmp", false}, [PROTO_TCP] = {"tcp", true},
	[PROTO_UDP] = {"udp", true},    [PROTO_DCCP] = {"dccp", true},
	[PROTO_GRE] = {"gre", false},   [PROTO_ICMPV6] = {"icmpv6", false},
	[PROTO_SCTP] = {"sctp", true},  [PROTO_UDPLITE] = {"udplite", true},
};

// The type that answers a query, plus one, and the other way round; 0: the type has no inverse
// (RFC 792, RFC 950, RFC 4443, RFC 4620).
static const uint8_t icmp_inverse[256] = {
	[8] = 0 + 1,   [0] = 8 + 1,   // echo
	[13] = 14 + 1, [14] = 13 + 1, // timestamp
	[15] = 16 + 1, [16] = 15 + 1, // information
	[17] = 18 + 1, [18] = 17 + 1, // address mask
};
static const uint8_t icmpv6_inverse[256] = {
	[128] = 129 + 1,
	[129] = 128 + 1, // echo
	[139] = 140 + 1,
	[140] = 139 + 1, // node information
};

static const bool icmp_answers[256] = {[0] = true, [14] = true, [16] = true, [18] = true};
static const bool icmpv6_answers[256] = {[129] = true, [140] = true};

bool
proto_has_ports(uint8_t proto)
{
	return protos[proto].has_ports;
}

const char *
proto_name(uint8_t proto)
{
	return protos[proto].name == NULL ? "unknown" : protos[proto].name;
}

// The type of the answer, plus one; 0 when there is none. The tuple is one of ICMP.
static uint8_t
icmp_answer_type(const struct tuple *tuple)
{
	const uint8_t *inverses = tuple->family == FAMILY_IPV4 ? icmp_inverse : icmpv6_inverse;

	return inverses[tuple->dst_field >> 8];
}

bool
tuple_invert(const struct tuple *orig, struct tuple *reply)
{
	struct tuple inverse = *orig;

	inverse.src = orig->dst;
	inverse.dst = orig->src;
	if (tuple_is_icmp(orig)) {
		uint8_t type = icmp_answer_type(orig);

		if (type == 0)
			return false;
		inverse.dst_field = (uint16_t)((type - 1) << 8 | (orig->dst_field & 0xff));
	} else {
		inverse.src_field = orig->dst_field;
		inverse.dst_field = orig->src_field;
	}
	*reply = inverse;
	return true;
}

bool
tuple_is_icmp_answer(const struct tuple *tuple)
{
	const bool *answers = tuple->family == FAMILY_IPV4 ? icmp_answers : icmpv6_answers;

	return tuple_is_icmp(tuple) && answers[tuple->dst_field >> 8];
}

bool
tuple_is_icmp_query(const struct tuple *tuple)
{
	return icmp_answer_type(tuple) != 0;
}

const char *
address_format(enum family family, const union address *address, char *text)
{
	return inet_ntop(family == FAMILY_IPV4 ? AF_INET : AF_INET6, address, text,
			 INET6_ADDRSTRLEN);
}
