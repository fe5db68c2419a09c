// SPDX-License-Identifier: BSD-3-Clause
#include "report/report.h"

unsigned int
report_fields(const struct tuple *tuple, struct report_field fields[REPORT_FIELDS_MAX])
{
	if (proto_has_ports(tuple->proto)) {
		fields[0] = (struct report_field){"sport", tuple->src_field, false};
		fields[1] = (struct report_field){"dport", tuple->dst_field, false};
		return 2;
	}
	if (tuple->proto == PROTO_ICMP || tuple->proto == PROTO_ICMPV6) {
		fields[0] = (struct report_field){"type", tuple->dst_field >> 8, false};
		fields[1] = (struct report_field){"code", tuple->dst_field & 0xff, false};
		fields[2] = (struct report_field){"id", tuple->src_field, false};
		return 3;
	}
	if (tuple->proto == PROTO_GRE) {
		fields[0] = (struct report_field){"srckey", tuple->src_field, true};
		fields[1] = (struct report_field){"dstkey", tuple->dst_field, true};
		return 2;
	}
	return 0;
}
