// SPDX-License-Identifier: BSD-3-Clause
//
// A packet source for any DPDK program that costs little and takes any capture. It is loaded with
// LD_PRELOAD and uses DPDK's public interface only: net_null makes the packets, and a callback that
// this library adds to the port when it starts fills them from the capture. So the program under
// test, the device's counters and the way back of the memory are what they always are.
//
//   NET_TRACE=file=F.pcap[,first=F.pcap][,...]  LD_PRELOAD=libnet_trace.so  PROGRAM --vdev
//   net_null0
//
// settings.h lists what NET_TRACE may say. A port with several receive queues gets the flows dealt
// to its queues as a NIC with a symmetric hash does, by addresses and ports. With steer=1 the port
// offers RSS by addresses alone, and the program says with key and table which queue gets what: it
// has to set them once, behind the start of the port. The sink is net_null1,no-rx=1.
//
// With meter=FILE packets come at the rate that the file says, and the file learns how long they
// take from the moment at which they come to that at which the program sends them: a packet carries
// its time in a field of its mbuf.
//
// Threads: ports are started by one thread; a queue is read by one thread.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_memcpy.h>
#include <rte_prefetch.h>

#include "change.h"
#include "meter.h"
#include "pace.h"
#include "rss.h"
#include "settings.h"
#include "trace.h"

#define PREFETCH_AHEAD (16UL * TRACE_SLOT)
#define QUEUES_MAX     64

// One receive queue: where it is in its part of the captures.
struct player {
	const struct settings *settings;
	struct trace traces[2]; // the one played once, then the one played in laps; or that only
	unsigned int n_traces;
	unsigned int current;
	uint32_t position;
	uint32_t lap;
	uint64_t mbuf_flags;
	struct pace pace;
	uint64_t due[PACE_RING]; // of the packets that are being received
};

static struct settings settings;
static struct player *players[QUEUES_MAX];
static unsigned int n_players;
static int quiet_thread; // who set the table; 0: nobody
static struct meter *meter;
static int due_offset; // of the field that says when a packet came; 0 there: not known

// Returns false when there is nothing more to play.
static bool
turn_over(struct player *player)
{
	if (player->current + 1 < player->n_traces)
		player->current++;
	else if (!player->settings->loops)
		return false;
	else
		player->lap++;
	player->position = 0;
	return true;
}

static void
change(const struct player *player, struct rte_mbuf *mbufs[], unsigned int n)
{
	uint32_t bytes = player->lap * player->settings->advance;

	if (player->lap == 0)
		return;
	if (player->settings->mutates) {
		for (unsigned int i = 0; i < n; i++)
			change_client(rte_pktmbuf_mtod(mbufs[i], uint8_t *), player->lap);
	}
	if (bytes != 0) {
		for (unsigned int i = 0; i < n; i++)
			change_sequence(rte_pktmbuf_mtod(mbufs[i], uint8_t *), bytes);
	}
}

// What a NIC would have told about the packets.
static void
describe(const struct player *player, const uint32_t hashes[], struct rte_mbuf *mbufs[],
	 unsigned int n)
{
	// Other addresses have another hash.
	uint32_t other = player->settings->mutates ? player->lap * 0x9e3779b1U : 0;

	if (player->mbuf_flags == 0)
		return;
	for (unsigned int i = 0; i < n; i++) {
		mbufs[i]->ol_flags |= player->mbuf_flags;
		mbufs[i]->hash.rss = hashes[i] ^ other;
	}
}

// Copies n packets, which the trace has from the position on.
static void
fill(const struct player *player, const struct trace *trace, struct rte_mbuf *mbufs[],
     unsigned int n)
{
	uint32_t position = player->position;

	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *mbuf = mbufs[i];
		uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
		uint16_t len = trace->lengths[position + i];

		if (trace->slots == NULL) {
			const uint8_t *slot = trace->bytes + (size_t)(position + i) * TRACE_SLOT;

			rte_prefetch0(slot + PREFETCH_AHEAD);
			memcpy(frame, slot, TRACE_SLOT);
		} else {
			rte_memcpy(frame,
				   trace->bytes + (size_t)trace->slots[position + i] * TRACE_SLOT,
				   len);
		}
		mbuf->data_len = len;
		mbuf->pkt_len = len;
	}
	change(player, mbufs, n);
	describe(player, trace->hashes + position, mbufs, n);
}

static uint64_t *
due_of(struct rte_mbuf *mbuf)
{
	return RTE_MBUF_DYNFIELD(mbuf, due_offset, uint64_t *);
}

// How many of n packets have come, when there is a clock, and when they did.
static unsigned int
wait_for(struct player *player, struct rte_mbuf *mbufs[], unsigned int n)
{
	uint64_t rate = __atomic_load_n(&meter->rate, __ATOMIC_RELAXED);
	unsigned int n_due;

	n = RTE_MIN(n, (unsigned int)PACE_RING);
	n_due = pace_take(&player->pace, rate, rte_rdtsc(), rte_get_tsc_hz(), player->due, n);
	__atomic_store_n(&meter->n_lost, player->pace.n_lost, __ATOMIC_RELAXED);
	if (rate == 0)
		n_due = n;
	for (unsigned int i = 0; i < n_due; i++)
		*due_of(mbufs[i]) = rate == 0 ? 0 : player->due[i];
	return n_due;
}

// The callback: net_null has received n packets without content.
static uint16_t
play(uint16_t port, uint16_t queue, struct rte_mbuf *mbufs[], uint16_t n, uint16_t max,
     void *argument)
{
	struct player *player = argument;
	unsigned int n_wanted = meter == NULL ? n : wait_for(player, mbufs, n);
	unsigned int done = 0;

	(void)port, (void)queue, (void)max;
	while (done < n_wanted && rte_gettid() != quiet_thread) {
		const struct trace *trace = &player->traces[player->current];
		unsigned int count = RTE_MIN(n_wanted - done, trace->n - player->position);

		if (count == 0) {
			if (!turn_over(player))
				break;
			continue;
		}
		fill(player, trace, mbufs + done, count);
		player->position += count;
		done += count;
	}
	if (done < n)
		rte_pktmbuf_free_bulk(mbufs + done, n - done);
	return (uint16_t)done;
}

// The callback of the sink: n packets are about to leave.
static uint16_t
note(uint16_t port, uint16_t queue, struct rte_mbuf *mbufs[], uint16_t n, void *argument)
{
	uint64_t now = rte_rdtsc();

	(void)port, (void)queue, (void)argument;
	for (unsigned int i = 0; i < n; i++) {
		uint64_t due = *due_of(mbufs[i]);

		if (due != 0)
			meter_count(meter, now - due);
	}
	return n;
}

static struct player *
player_create(const struct trace_share *share)
{
	struct player *player =
		aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN(sizeof(*player), RTE_CACHE_LINE_SIZE));
	int result = 0;

	if (player == NULL)
		return NULL;
	*player = (struct player){.settings = &settings};
	if (settings.first != NULL)
		result |= trace_load(&player->traces[player->n_traces++], settings.first, share);
	result |= trace_load(&player->traces[player->n_traces++], settings.file, share);
	if (settings.has_csum)
		player->mbuf_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	if (settings.has_rss)
		player->mbuf_flags |= RTE_MBUF_F_RX_RSS_HASH;
	if (result == 0 && player->traces[player->n_traces - 1].n > 0)
		return player;
	fprintf(stderr, "net_trace: nothing to play for queue %u\n", share->queue);
	for (unsigned int i = 0; i < player->n_traces; i++)
		trace_free(&player->traces[i]);
	free(player);
	return NULL;
}

// Every receive queue of the port plays its part from now on. A port that starts again goes on
// where it was; it cannot have more queues than when it started first, but fewer.
static int
add_players(uint16_t port)
{
	struct rte_eth_dev_info info;
	struct trace_share share;
	struct rss rss;

	if (n_players > 0 || rte_eth_dev_info_get(port, &info) != 0)
		return 0;
	if (info.nb_rx_queues > QUEUES_MAX || (settings.steers && rss_ask(&rss, port) != 0))
		return -EINVAL;
	share = (struct trace_share){
		.n_queues = info.nb_rx_queues,
		.rss = settings.steers ? &rss : NULL,
	};
	for (uint16_t queue = 0; queue < info.nb_rx_queues; queue++) {
		share.queue = queue;
		players[queue] = player_create(&share);
		if (players[queue] == NULL)
			return -EINVAL;
		if (rte_eth_add_rx_callback(port, queue, play, players[queue]) == NULL)
			return -ENOMEM;
		n_players++;
	}
	return 0;
}

// The packets that leave by the port are timed from now on; once.
static int
add_note(uint16_t port)
{
	static bool is_added;
	struct rte_eth_dev_info info;

	if (is_added || rte_eth_dev_info_get(port, &info) != 0)
		return 0;
	for (uint16_t queue = 0; queue < info.nb_tx_queues; queue++) {
		if (rte_eth_add_tx_callback(port, queue, note, NULL) == NULL)
			return -ENOMEM;
	}
	is_added = true;
	return 0;
}

// Returns 0 also when there is no meter to make.
static int
make_meter(void)
{
	const struct rte_mbuf_dynfield field = {
		.name = "net_trace_due",
		.size = sizeof(uint64_t),
		.align = sizeof(uint64_t),
	};

	if (meter != NULL || settings.meter == NULL)
		return 0;
	due_offset = rte_mbuf_dynfield_register(&field);
	if (due_offset < 0)
		return -ENOSPC;
	meter = meter_create(settings.meter, rte_get_tsc_hz());
	return meter == NULL ? -EINVAL : 0;
}

static bool
is_named(uint16_t port, const char *wanted)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	return rte_eth_dev_get_name_by_port(port, name) == 0 && strcmp(name, wanted) == 0;
}

static bool
is_source(uint16_t port)
{
	return is_named(port, settings.port);
}

// Returns 0 also when there is nothing to read.
static int
know_settings(void)
{
	const char *text = getenv("NET_TRACE");

	return text == NULL || settings.file != NULL ? 0 : settings_read(&settings, text);
}

static bool
is_steering_source(uint16_t port)
{
	return know_settings() == 0 && settings.steers && is_source(port);
}

// The three below are in place of DPDK's functions of their names, which they call.

int
rte_eth_dev_start(uint16_t port)
{
	int (*start)(uint16_t) = (int (*)(uint16_t))dlsym(RTLD_NEXT, __func__);
	int result = start == NULL ? -ENOTSUP : know_settings();

	if (result == 0 && settings.file != NULL)
		result = make_meter();
	if (result == 0 && meter != NULL && is_named(port, settings.sink))
		result = add_note(port);
	if (result == 0 && settings.file != NULL && !settings.steers && is_source(port))
		result = add_players(port);
	return result == 0 ? start(port) : -EINVAL;
}

int
rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info)
{
	int (*get)(uint16_t, struct rte_eth_dev_info *) =
		(int (*)(uint16_t, struct rte_eth_dev_info *))dlsym(RTLD_NEXT, __func__);
	int result = get == NULL ? -ENOTSUP : get(port, info);

	// net_null has all the rest, and keeps what it is told.
	if (result == 0 && is_steering_source(port))
		info->hash_key_size = RSS_KEY_LEN;
	return result;
}

int
rte_eth_dev_rss_reta_update(uint16_t port, struct rte_eth_rss_reta_entry64 *table, uint16_t n)
{
	int (*update)(uint16_t, struct rte_eth_rss_reta_entry64 *, uint16_t) =
		(int (*)(uint16_t, struct rte_eth_rss_reta_entry64 *, uint16_t))dlsym(RTLD_NEXT,
										      __func__);
	int result = update == NULL ? -ENOTSUP : update(port, table, n);

	if (result != 0 || !is_steering_source(port))
		return result;
	// What this thread receives is what came before, and thrown away: nothing of the capture.
	quiet_thread = rte_gettid();
	return add_players(port);
}
