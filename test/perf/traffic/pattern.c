// SPDX-License-Identifier: BSD-3-Clause
#include "pattern.h"

#include <netinet/tcp.h>

#include "frame.h"

#define INTERLEAVED  256 // other flows' packets between two packets of a TCP connection
#define PAYLOAD      6   // bytes of TCP data in the shortest IPv4 frame
#define LEAST_PASSES 2   // one packet per direction

// A packet of a connection in which each side sends once: numbers relative to the SYNs'.
struct step {
	bool is_reply;
	uint8_t flags;
	uint16_t payload;
	uint32_t seq;
	uint32_t ack;
};

static const struct step steps[] = {
	{false, TH_SYN, 0, 0, 0},
	{true, TH_SYN | TH_ACK, 0, 0, 1},
	{false, TH_ACK, 0, 1, 1},
	{false, TH_PUSH | TH_ACK, PAYLOAD, 1, 1},
	{true, TH_PUSH | TH_ACK, PAYLOAD, 1, 1 + PAYLOAD},
	{false, TH_FIN | TH_ACK, 0, 1 + PAYLOAD, 1 + PAYLOAD},
	{true, TH_FIN | TH_ACK, 0, 1 + PAYLOAD, 2 + PAYLOAD},
	{false, TH_ACK, 0, 2 + PAYLOAD, 2 + PAYLOAD},
};

#define N_STEPS         ((unsigned int)(sizeof(steps) / sizeof(steps[0])))
#define HANDSHAKE_STEPS 3

static void
write_packet(struct traffic *traffic, const struct flow *flow, const struct packet_spec *spec)
{
	struct frame frame;

	frame_make(&frame, &traffic->family, flow, spec);
	capture_write(&traffic->capture, &frame);
}

static void
write_step(struct traffic *traffic, uint32_t index, const struct step *step)
{
	struct flow flow = flow_make(&traffic->family, index);
	struct packet_spec spec = {
		.is_reply = step->is_reply,
		.tcp_flags = step->flags,
		.payload = step->payload,
		.seq = (step->is_reply ? flow.server_seq : flow.client_seq) + step->seq,
	};

	if (step->flags & TH_ACK)
		spec.ack = (step->is_reply ? flow.client_seq : flow.server_seq) + step->ack;
	write_packet(traffic, &flow, &spec);
}

// The first steps of every flow's connection; a flow's next packet comes when INTERLEAVED others
// have sent theirs.
static void
write_steps(struct traffic *traffic, unsigned int n_steps)
{
	uint64_t end = traffic->order.n_flows + (uint64_t)(n_steps - 1) * INTERLEAVED;

	for (uint64_t turn = 0; turn < end; turn++) {
		for (unsigned int i = n_steps; i-- > 0;) {
			uint64_t behind = (uint64_t)i * INTERLEAVED;

			if (turn >= behind && turn - behind < traffic->order.n_flows)
				write_step(traffic, traffic->order.flows[turn - behind], &steps[i]);
		}
	}
}

static void
write_udp(struct traffic *traffic, uint32_t index, bool is_reply, uint16_t frame_len)
{
	struct flow flow = flow_make(&traffic->family, index);
	struct packet_spec spec = {
		.is_reply = is_reply,
		.payload = frame_payload_for(&traffic->family, frame_len),
	};

	write_packet(traffic, &flow, &spec);
}

void
pattern_single(struct traffic *traffic)
{
	for (uint32_t i = 0; i < traffic->order.n_flows; i++)
		write_udp(traffic, traffic->order.flows[i], false, FRAME_MIN);
}

void
pattern_short(struct traffic *traffic)
{
	write_steps(traffic, N_STEPS);
}

void
pattern_beginning(struct traffic *traffic)
{
	if (traffic->family.is_tcp)
		write_steps(traffic, HANDSHAKE_STEPS);
	else
		pattern_single(traffic);
}

// A packet with data. In a round of two passes each side sends once: first the clients of odd flows
// and the servers of even ones.
static void
write_data(struct traffic *traffic, uint32_t index, uint32_t pass)
{
	struct flow flow = flow_make(&traffic->family, index);
	bool client_begins = index & 1;
	bool is_second = pass & 1;
	bool is_reply = client_begins == is_second;
	uint32_t sent = 1 + pass / 2 * PAYLOAD; // the SYN, and the data of whole rounds
	struct packet_spec spec = {
		.is_reply = is_reply,
		.tcp_flags = TH_PUSH | TH_ACK,
		.payload = traffic->family.is_tcp ? PAYLOAD
						  : frame_payload_for(&traffic->family, FRAME_MIN),
		.seq = (is_reply ? flow.server_seq : flow.client_seq) + sent,
		.ack = (is_reply ? flow.client_seq : flow.server_seq) + sent +
		       (is_second ? PAYLOAD : 0),
	};

	write_packet(traffic, &flow, &spec);
}

uint32_t
pattern_established(struct traffic *traffic)
{
	uint32_t n_passes = (uint32_t)(traffic->n_packets / traffic->order.n_flows) & ~1U;

	if (n_passes < LEAST_PASSES)
		n_passes = LEAST_PASSES;
	for (uint32_t pass = 0; pass < n_passes; pass++) {
		order_shuffle(&traffic->order);
		for (uint32_t i = 0; i < traffic->order.n_flows; i++)
			write_data(traffic, traffic->order.flows[i], pass);
	}
	return n_passes / 2 * PAYLOAD;
}

void
pattern_drawn(struct traffic *traffic)
{
	for (uint64_t i = 0; i < traffic->n_packets; i++) {
		uint32_t index = order_draw(&traffic->order);

		write_udp(traffic, index, random_next(&traffic->order.random) & 1, FRAME_MIN);
	}
}

void
pattern_imix(struct traffic *traffic)
{
	for (uint64_t i = 0; i < traffic->n_packets; i++) {
		uint32_t index = order_draw(&traffic->order);
		uint64_t twelfth = random_below(&traffic->order.random, 12);
		uint16_t len = twelfth < 7 ? FRAME_MIN : twelfth < 11 ? 590 : FRAME_MAX;

		write_udp(traffic, index, random_next(&traffic->order.random) & 1, len);
	}
}
