// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/worker.h"

#include <assert.h>

#include <rte_branch_prediction.h>
#include <rte_ethdev.h>
#include <rte_pause.h>

#define RX_BURST    32
#define WORKER_BITS 8 // of a packet's number that tell the worker

// Of the time of a worker that has packets, requests get a part of this many: 3 %. A worker without
// packets has time.
#define REQUEST_SHARE  32
#define REQUEST_MAX_NS 100000 // what takes longer was interrupted, and is not counted as work

static const struct engine_bounds bounds = {.reap = 32, .expire = 8};

// Sends frames at a port, and drops those that it does not take.
static void
send_frames(struct worker *worker, unsigned int port, struct rte_mbuf *mbufs[], uint16_t n)
{
	struct port *out = &worker->ports->list[port];
	uint16_t sent = port_send(out, worker->index, mbufs, n);

	assert(sent <= n);
	worker->stats->sent += sent;
	pipeline_sent(worker->pipeline, sent);
	for (uint16_t i = sent; i < n; i++) {
		rte_pktmbuf_free(mbufs[i]);
		pipeline_refuse(worker->pipeline,
				port_is_live(out) ? REASON_TX_FULL : REASON_PORT_GONE);
	}
}

static void
depart(struct worker *worker, unsigned int port)
{
	struct departure *departure = &worker->departures[port];

	send_frames(worker, port, departure->mbufs, departure->n);
	departure->n = 0;
}

// The frame waits for the others that leave at its port.
static void
add_frame(struct worker *worker, uint8_t port, struct rte_mbuf *mbuf)
{
	struct departure *departure = &worker->departures[port];

	if (unlikely(departure->n == BURST_MAX))
		depart(worker, port);
	departure->mbufs[departure->n++] = mbuf;
	worker->departing |= UINT32_C(1) << port;
}

static inline bool
leaves_whole_at(const struct pkt *pkt, uint8_t port)
{
	return pkt->verdict == VERDICT_ACCEPT && pkt->fragments == NULL && pkt->out_port == port;
}

// Adds the packets from the front that leave as they are at the port of the first one. Returns how
// many.
static inline uint16_t
add_run(struct worker *worker, struct pkt *const pkts[], uint16_t n)
{
	uint8_t port = pkts[0]->out_port;
	struct departure *departure = &worker->departures[port];
	uint16_t room = BURST_MAX - departure->n;
	struct rte_mbuf **mbufs = &departure->mbufs[departure->n];
	uint16_t i;

	for (i = 0; i < RTE_MIN(n, room) && leaves_whole_at(pkts[i], port); i++)
		mbufs[i] = pkts[i]->mbuf;
	departure->n += i;
	worker->departing |= UINT32_C(1) << port;
	if (unlikely(i == room))
		depart(worker, port);
	return i;
}

// Of a datagram its fragments leave, as they came.
static void
add_fragments(struct worker *worker, struct pkt *pkt)
{
	for (struct fragment *f = pkt->fragments; f != NULL; f = f->next) {
		add_frame(worker, pkt->out_port, f->mbuf);
		f->mbuf = NULL;
	}
	frag_free(pkt->fragments);
}

// What has taken the lane goes first, mostly at one port.
static inline void
send_passed(struct worker *worker, struct burst *burst)
{
	if (burst->n_passed == 0)
		return;
	if (likely(burst->out_port != PORT_NONE)) {
		send_frames(worker, burst->out_port, burst->passed, burst->n_passed);
		return;
	}
	for (uint16_t i = 0; i < burst->n_passed; i++)
		add_frame(worker, burst->passed_to[i], burst->passed[i]);
}

// Sends the accepted packets of the burst, a port at a time, and frees the others.
static void
send_burst(struct worker *worker)
{
	struct burst *burst = &worker->burst;
	struct rte_mbuf *refused[BURST_MAX];
	unsigned int n_refused = 0;

	send_passed(worker, burst);
	for (uint16_t i = 0; i < burst->n_live;) {
		struct pkt *pkt = burst->live[i];

		if (likely(leaves_whole_at(pkt, pkt->out_port))) {
			i += add_run(worker, burst->live + i, burst->n_live - i);
			continue;
		}
		if (pkt->verdict == VERDICT_ACCEPT) {
			add_fragments(worker, pkt);
		} else {
			refused[n_refused++] = pkt->mbuf;
			frag_free(pkt->fragments);
		}
		i++;
	}
	rte_pktmbuf_free_bulk(refused, n_refused);
	for (; worker->departing != 0; worker->departing &= worker->departing - 1)
		depart(worker, (unsigned int)__builtin_ctz(worker->departing));
	burst_reset(burst);
}

// Sends what the firewall itself has to say, behind the burst that caused it.
static __rte_noinline void
send_answers(struct worker *worker, struct emit *emit)
{
	unsigned int n_unsent = 0;

	for (uint16_t i = 0; i < emit->n; i++) {
		struct emission *emission = &emit->list[i];
		uint16_t n_sent = port_send(&worker->ports->list[emission->port], worker->index,
					    &emission->mbuf, 1);

		worker->stats->sent += n_sent;
		if (n_sent == 0) {
			rte_pktmbuf_free(emission->mbuf);
			n_unsent++;
		}
	}
	emit_reset(emit);
	pipeline_note_unsent(worker->pipeline, n_unsent);
}

static void
run_burst(struct worker *worker)
{
	struct emit *emit = pipeline_emit(worker->pipeline);

	pipeline_run(worker->pipeline, &worker->burst);
	send_burst(worker);
	if (unlikely(emit->n > 0))
		send_answers(worker, emit);
	cycles_end(pipeline_cycles(worker->pipeline), CYCLES_SEND);
}

static unsigned int
poll_port(struct worker *worker, uint8_t index, uint64_t now_ns)
{
	const struct port *port = &worker->ports->list[index];
	struct cycles *cycles = pipeline_cycles(worker->pipeline);
	struct rte_mbuf *mbufs[RX_BURST];
	uint16_t n;

	if (worker->index >= port->n_rx_queues || !port_is_live(port))
		return 0;
	cycles_begin(cycles);
	n = rte_eth_rx_burst(port->ethdev, (uint16_t)worker->index, mbufs, RX_BURST);
	if (n == 0)
		return 0;
	burst_reset(&worker->burst);
	for (uint16_t i = 0; i < n; i++)
		burst_add(&worker->burst, mbufs[i], index,
			  ++worker->n_received << WORKER_BITS | worker->index, now_ns);
	worker->stats->received += n;
	cycles_end(cycles, CYCLES_RECEIVE);
	run_burst(worker);
	return n;
}

static unsigned int
poll_ring(struct worker *worker)
{
	unsigned int n;

	engine_receive(worker->engine, worker->index, &worker->burst, RX_BURST);
	n = worker->burst.n;
	if (n > 0)
		run_burst(worker);
	return n;
}

// One turn: a burst from every port and one from the other workers. Returns how many packets.
static unsigned int
poll_all(struct worker *worker, uint64_t now_ns)
{
	unsigned int n = 0;

	for (unsigned int p = 0; p < worker->ports->n; p++)
		n += poll_port(worker, (uint8_t)p, now_ns);
	return n + poll_ring(worker);
}

// Works on requests, unless they have had their share of the time. Returns the time.
static uint64_t
serve(struct worker *worker, bool has_packets, uint64_t now_ns)
{
	uint64_t end_ns;

	if (has_packets && now_ns < worker->serve_at_ns)
		return now_ns;
	if (engine_serve(worker->engine, worker->index, now_ns) == 0)
		return now_ns;
	end_ns = live_clock_ns(worker->clock);
	worker_stats_requests(worker->stats, end_ns - now_ns);
	worker->serve_at_ns =
		end_ns + RTE_MIN(end_ns - now_ns, (uint64_t)REQUEST_MAX_NS) * REQUEST_SHARE;
	return end_ns;
}

int
worker_main(void *argument)
{
	struct worker *worker = argument;
	uint64_t now_ns = live_clock_ns(worker->clock);

	while (!__atomic_load_n(worker->is_stopping, __ATOMIC_RELAXED)) {
		unsigned int n = poll_all(worker, now_ns);
		unsigned int n_reaped =
			engine_between_bursts(worker->engine, worker->index, now_ns, &bounds);
		uint64_t begin_ns = now_ns;

		now_ns = live_clock_ns(worker->clock);
		worker_stats_turn(worker->stats, n, n_reaped, now_ns - begin_ns);
		if (!inbox_is_empty(worker->inbox))
			now_ns = serve(worker, n > 0, now_ns);
		if (n == 0)
			rte_pause();
	}
	inbox_close(worker->inbox);
	return 0;
}
