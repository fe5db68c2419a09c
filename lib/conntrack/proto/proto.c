// SPDX-License-Identifier: BSD-3-Clause
#include "conntrack/proto/proto.h"

static const struct ct_proto *const trackers[256] = {
	[PROTO_ICMP] = &ct_proto_icmp,       [PROTO_TCP] = &ct_proto_tcp,
	[PROTO_UDP] = &ct_proto_udp,         [PROTO_GRE] = &ct_proto_gre,
	[PROTO_ICMPV6] = &ct_proto_icmpv6,   [PROTO_SCTP] = &ct_proto_sctp,
	[PROTO_UDPLITE] = &ct_proto_udplite, [PROTO_DCCP] = &ct_proto_dccp,
};

void
ct_protos_fill(const struct ct_params *params, const struct ct_proto *protos[256])
{
	for (int proto = 0; proto < 256; proto++)
		protos[proto] = trackers[proto] == NULL ? &ct_proto_generic : trackers[proto];
	if (params->dccp == CT_DCCP_GENERIC)
		protos[PROTO_DCCP] = &ct_proto_generic;
}
