// SPDX-License-Identifier: BSD-3-Clause
#include "conntrack/proto/proto.h"

static const struct ct_proto *const trackers[256] = {
	[PROTO_ICMP] = &ct_proto_icmp,       [PROTO_TCP] = &ct_proto_tcp,
	[PROTO_UDP] = &ct_proto_udp,         [PROTO_GRE] = &ct_proto_gre,
	[PROTO_ICMPV6] = &ct_proto_icmpv6,   [PROTO_SCTP] = &ct_proto_sctp,
	[PROTO_UDPLITE] = &ct_proto_udplite, [PROTO_DCCP] = &ct_proto_dccp,
};

const struct ct_proto *
ct_proto_find(const struct ct *ct, uint8_t proto)
{
	if (trackers[proto] == NULL || ct_is_generic(ct, proto))
		return &ct_proto_generic;
	return trackers[proto];
}
