// SPDX-License-Identifier: BSD-3-Clause
#include "pptp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

const uint16_t pptp_lens[N_TYPES] = {
	0, 156, 156, 16, 16, 16, 20, 168, 32, 220, 24, 28, 16, 148, 40, 24,
};

const struct step pptp_call[] = {SESSION, CALL(100, 200), {0}};

static void
put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

uint16_t
pptp_message(const struct step *step, uint8_t bytes[PPTP_MESSAGE_MAX])
{
	static const uint8_t cookie[4] = {0x1a, 0x2b, 0x3c, 0x4d};

	memset(bytes, 0, PPTP_MESSAGE_MAX);
	put16(bytes, pptp_lens[step->type]);
	put16(bytes + 2, 1); // a control message
	memcpy(bytes + 4, cookie, sizeof(cookie));
	put16(bytes + 8, step->type);
	put16(bytes + 12, step->id);
	put16(bytes + 14, step->peers);
	if (step->type == START_REPLY)
		bytes[14] = step->result;
	else if (step->type == STOP_REPLY)
		bytes[12] = step->result;
	else
		bytes[16] = step->result;
	return pptp_lens[step->type];
}

void
pptp_gre_frame(struct frame *frame, const struct flow *flow, enum end from, uint8_t version,
	       uint16_t key)
{
	fixture_begin(frame, flow, from);
	frame_gre(frame, 0x2000 | version, 0x880b, key);
	frame_data(frame, 8);
	frame_end(frame);
}

enum verdict
pptp_drop_new_gre(struct pkt *pkt)
{
	if (pkt->tuple.proto == PROTO_GRE && pkt->class == CLASS_NEW)
		return VERDICT_DROP;
	return control_attach(pkt);
}

struct pkt
pptp_send_gre(struct control *control, enum end from, uint8_t version, uint16_t key)
{
	struct frame frame;
	struct pkt pkt;

	pptp_gre_frame(&frame, &control->flow, from, version, key);
	shard_burst(control->shard, &frame, 1, pptp_drop_new_gre, &pkt);
	return pkt;
}

void
pptp_play(struct control *control, const struct step steps[])
{
	for (const struct step *step = steps; step->line != 0; step++) {
		uint8_t bytes[PPTP_MESSAGE_MAX];
		struct pkt pkt;

		if (step->type == GRE) {
			pkt = pptp_send_gre(control, step->from, 1, step->id);
			fixture_assert_class(pkt, step->expected, step->file, step->line);
		} else {
			pkt = control_send(control, step->from, TH_PSH | TH_ACK, bytes,
					   pptp_message(step, bytes));
			assert_int_equal(pkt.verdict, VERDICT_PENDING);
		}
	}
}

void
pptp_open(struct control *control, struct shard *shard, bool is_ipv6)
{
	shard_open(shard, &(struct shard_options){.event_ring = 63});
	*control = (struct control){
		.shard = shard,
		.flow = {.is_ipv6 = is_ipv6, .sport = 40000, .dport = 1723},
		.helper = CT_HELPER_PPTP,
		.seq = {UINT32_MAX - 200, 100}, // the client's wrap
	};
	control_open(control);
}
