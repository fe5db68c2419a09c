// SPDX-License-Identifier: BSD-3-Clause
#include "flows.h"

#include <stdlib.h>
#include <string.h>

#include <netinet/tcp.h>

#include <rte_common.h>

#include "perf/traffic/frame.h"
#include "turns.h"

#define SEGMENT 6 // bytes of payload of a TCP segment

struct sender {
	uint32_t flow;
	uint32_t n_packets;
	uint32_t n_segments[DIR_COUNT];
};

// Of one worker.
struct supply {
	struct sender *senders;     // of flows that it is the home of
	uint32_t next[CPU_WORKERS]; // by home: of those that it is dealt
	uint32_t random;
	uint16_t n_waiting;
};

static struct {
	struct flow_family family;
	struct supply supplies[CPU_WORKERS];
	unsigned int n_workers;
	uint32_t n_flows; // of a worker
	bool come_home;
} flows;

static unsigned int
home_of(const struct engine *engine, const struct flow *flow)
{
	struct tuple tuple = {
		.src_field = flow->client_port,
		.dst_field = flow->server_port,
		.proto = flows.family.is_tcp ? PROTO_TCP : PROTO_UDP,
		.family = flows.family.is_ipv6 ? FAMILY_IPV6 : FAMILY_IPV4,
	};

	memcpy(&tuple.src, flow->client, flows.family.is_ipv6 ? 16 : 4);
	memcpy(&tuple.dst, flow->server, flows.family.is_ipv6 ? 16 : 4);
	return engine_home_of(engine, &tuple);
}

bool
flows_init(const struct engine *engine, const struct flow_family *family, uint32_t n_flows)
{
	uint32_t n_found[CPU_WORKERS] = {0};
	unsigned int n_done = 0;

	flows.family = *family;
	flows.n_workers = engine_n_workers(engine);
	flows.n_flows = n_flows;
	for (unsigned int i = 0; i < flows.n_workers; i++) {
		flows.supplies[i].senders = calloc(n_flows, sizeof(struct sender));
		flows.supplies[i].random = i + 1;
		if (flows.supplies[i].senders == NULL)
			return false;
	}
	for (uint32_t index = 0; n_done < flows.n_workers; index++) {
		struct flow flow = flow_make(family, index);
		unsigned int home = home_of(engine, &flow);

		if (n_found[home] == n_flows)
			continue;
		flows.supplies[home].senders[n_found[home]++].flow = index;
		n_done += n_found[home] == n_flows;
	}
	return true;
}

void
flows_offer(uint16_t n, bool come_home)
{
	flows.come_home = come_home;
	for (unsigned int i = 0; i < flows.n_workers; i++)
		flows.supplies[i].n_waiting = n;
}

uint16_t
flows_waiting(unsigned int worker)
{
	return flows.supplies[worker].n_waiting;
}

// TCP a handshake, and then a segment from either side by turns, which acknowledges what the other
// one has sent.
static struct packet_spec
next_packet(struct sender *sender, const struct flow *flow)
{
	const uint8_t flags[] = {TH_SYN, TH_SYN | TH_ACK, TH_ACK};
	uint32_t turn = sender->n_packets++;
	struct packet_spec spec = {.is_reply = turn % 2 != 0};
	bool is_handshake = turn < RTE_DIM(flags);

	if (!flows.family.is_tcp)
		return spec;
	spec.tcp_flags = is_handshake ? flags[turn] : TH_ACK | TH_PUSH;
	spec.seq = (spec.is_reply ? flow->server_seq : flow->client_seq) +
		   (turn < 2 ? 0 : 1 + SEGMENT * sender->n_segments[spec.is_reply]);
	if (turn > 0)
		spec.ack = (spec.is_reply ? flow->client_seq : flow->server_seq) + 1 +
			   SEGMENT * sender->n_segments[!spec.is_reply];
	if (is_handshake)
		return spec;
	spec.payload = SEGMENT;
	sender->n_segments[spec.is_reply]++;
	return spec;
}

// Every worker has its part of the flows of each home. Which home is next nobody can foresee.
static struct sender *
next_sender(unsigned int worker)
{
	struct supply *supply = &flows.supplies[worker];
	unsigned int home = worker;
	uint32_t part = flows.n_flows / flows.n_workers;

	if (flows.come_home)
		return &supply->senders[supply->next[worker]++ % flows.n_flows];
	supply->random = supply->random * 1664525 + 1013904223;
	home = (unsigned int)((uint64_t)supply->random * flows.n_workers >> 32);
	return &flows.supplies[home].senders[worker * part + supply->next[home]++ % part];
}

uint16_t
flows_write_next(unsigned int worker, uint8_t *at)
{
	uint8_t cpu = lines_cpu_now();
	struct sender *sender = next_sender(worker);
	struct flow flow = flow_make(&flows.family, sender->flow);
	struct packet_spec spec = next_packet(sender, &flow);
	struct frame frame;

	lines_cpu(CPU_NONE);
	flows.supplies[worker].n_waiting--;
	frame_make(&frame, &flows.family, &flow, &spec);
	lines_cpu(CPU_DEVICE);
	lines_access(at, frame.len, true);
	lines_cpu(CPU_NONE);
	memcpy(at, frame.bytes, frame.len);
	lines_cpu(cpu);
	return frame.len;
}
