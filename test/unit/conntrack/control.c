// SPDX-License-Identifier: BSD-3-Clause
#include "control.h"

#include <string.h>

static enum ct_helper helper;

enum verdict
control_attach(struct pkt *pkt)
{
	pkt->set_helper = (uint8_t)helper;
	return VERDICT_PENDING;
}

void
control_frame(const struct control *control, struct frame *frame, enum end from, uint8_t flags,
	      const void *bytes, unsigned int len)
{
	const struct flow *flow = &control->flow;
	const enum end to = from == CLIENT ? SERVER : CLIENT;
	const struct frame_tcp tcp = {
		.sport = from == CLIENT ? flow->sport : flow->dport,
		.dport = from == CLIENT ? flow->dport : flow->sport,
		.flags = flags,
		.seq = control->seq[from],
		.ack = (flags & TH_ACK) != 0 ? control->seq[to] : 0,
		.window = 65535,
	};

	fixture_begin(frame, flow, from);
	frame_tcp(frame, &tcp);
	if (len > 0)
		memcpy(frame_data(frame, len), bytes, len);
	frame_end(frame);
}

struct pkt
control_send(struct control *control, enum end from, uint8_t flags, const void *bytes,
	     unsigned int len)
{
	struct frame frame;
	struct pkt pkt;

	helper = control->helper;
	control_frame(control, &frame, from, flags, bytes, len);
	shard_burst(control->shard, &frame, 1, control_attach, &pkt);
	control->seq[from] += len + ((flags & (TH_SYN | TH_FIN)) != 0);
	return pkt;
}

void
control_open(struct control *control)
{
	control->shard->rules = CT_RULES_SET_HELPERS;
	control_send(control, CLIENT, TH_SYN, NULL, 0);
	control_send(control, SERVER, TH_SYN | TH_ACK, NULL, 0);
	control_send(control, CLIENT, TH_ACK, NULL, 0);
}
