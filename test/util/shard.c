// SPDX-License-Identifier: BSD-3-Clause
#include "util/shard.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "packet/parse.h"
#include "util/mbuf.h"

// Closes what a failed test left open, so that the next one can begin.
static struct {
	struct ct *ct;
	struct rte_ring *events;
} open_shards[SHARD_WORKERS];

#define WRAP_NS ((UINT64_C(1) << 32) * NS_PER_TICK)

struct ct_params
shard_params(void)
{
	struct ct_params params;

	ct_params_init(&params);
	params.max_connections = SHARD_CONNS;
	return params;
}

static void
clean_up(unsigned int worker)
{
	ct_destroy(open_shards[worker].ct);
	rte_ring_free(open_shards[worker].events);
	open_shards[worker].ct = NULL;
	open_shards[worker].events = NULL;
}

static struct rte_ring *
create_ring(unsigned int worker, unsigned int size)
{
	struct rte_ring *ring;
	char name[16];

	snprintf(name, sizeof(name), "told%u", worker);
	ring = rte_ring_create_elem(name, sizeof(struct ct_event), size, SOCKET_ID_ANY,
				    RING_F_EXACT_SZ);
	assert(ring != NULL);
	open_shards[worker].events = ring;
	return ring;
}

void
shard_open(struct shard *shard, const struct shard_options *options)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "conntrack tests";
	const struct ct_params defaults = shard_params();
	struct ct_config config = {
		.params = options->params == NULL ? &defaults : options->params,
		.secret = &shard->secret,
		.worker = options->worker,
		.n_workers = 1,
		.socket = SOCKET_ID_ANY,
		.wants_entries = true,
	};

	clean_up(options->worker);
	*shard = (struct shard){
		.now_ns = WRAP_NS - SHARD_WRAP_SEC * NS_PER_SEC,
		.worker = options->worker,
		.events = options->events,
	};
	hash_secret_init(&shard->secret, seed);
	if (options->event_ring > 0)
		shard->events = create_ring(options->worker, options->event_ring);
	config.events = shard->events;
	shard->ct = ct_create(&config);
	assert(shard->ct != NULL);
	open_shards[options->worker].ct = shard->ct;
}

void
shard_close(struct shard *shard)
{
	assert(ct_count(shard->ct).unconfirmed == 0);
	assert(ct_n_lost(shard->ct) == 0);
	clean_up(shard->worker);
}

void
shard_wait(struct shard *shard, uint32_t sec)
{
	shard->now_ns += sec * NS_PER_SEC;
}

tick_t
shard_now(const struct shard *shard)
{
	return tick_from_ns(shard->now_ns);
}

static void
begin_packet(struct shard *shard, const struct frame *frame, struct pkt *pkt)
{
	*pkt = (struct pkt){
		.mbuf = mbuf_from_frame(frame),
		.seq = ++shard->seq,
		.now_ns = shard->now_ns,
		.now = shard_now(shard),
		.dir = DIR_NONE,
	};
	packet_parse(pkt);
	pkt->tuple.zone = shard->zone;
	pkt->is_notrack = shard->is_notrack;
	pkt->set_window = shard->set_window;
}

static void
judge(struct pkt *const pkts[], uint16_t n, shard_ruling ruling)
{
	for (uint16_t i = 0; i < n; i++) {
		if (ruling != NULL && pkts[i]->verdict == VERDICT_PENDING)
			pkts[i]->verdict = (uint8_t)ruling(pkts[i]);
	}
}

unsigned int
shard_burst(struct shard *shard, const struct frame frames[], uint16_t n, shard_ruling ruling,
	    struct pkt pkts[])
{
	struct pkt *pointers[BURST_MAX];
	unsigned int n_passes = 0;

	for (uint16_t i = 0; i < n; i++) {
		begin_packet(shard, &frames[i], &pkts[i]);
		pointers[i] = &pkts[i];
	}
	for (uint16_t begin = 0, done; begin < n; begin += done, n_passes++) {
		struct pkt *const *pass = pointers + begin;

		done = ct_track_burst(shard->ct, pass, n - begin, shard->rules);
		assert(done > 0);
		judge(pass, done, ruling);
		ct_confirm_burst(shard->ct, pass, done);
		ct_release_burst(shard->ct, pass, done);
	}
	for (uint16_t i = 0; i < n; i++) {
		rte_pktmbuf_free(pkts[i].mbuf);
		pkts[i].mbuf = NULL;
	}
	return n_passes;
}

static enum verdict
drop(struct pkt *pkt)
{
	(void)pkt;
	return VERDICT_DROP;
}

struct pkt
shard_accept(struct shard *shard, const struct frame *frame)
{
	struct pkt pkt;

	shard_burst(shard, frame, 1, NULL, &pkt);
	return pkt;
}

struct pkt
shard_refuse(struct shard *shard, const struct frame *frame)
{
	struct pkt pkt;

	shard_burst(shard, frame, 1, drop, &pkt);
	return pkt;
}

unsigned int
shard_expire(struct shard *shard)
{
	uint32_t slots[SHARD_CONNS];
	struct ct_scan scan = {.now = shard_now(shard), .next = shard_now(shard)};
	unsigned int n = ct_scan(shard->ct, &scan, UINT32_MAX, slots, RTE_DIM(slots));

	return ct_reap(shard->ct, slots, n, shard->now_ns);
}

bool
shard_entry(const struct shard *shard, enum ct_life life, unsigned int n, struct ct_entry *entry)
{
	for (uint32_t slot = 0; slot < ct_n_slots(shard->ct); slot++) {
		if (ct_read(shard->ct, slot, life, shard_now(shard), entry) && n-- == 0)
			return true;
	}
	return false;
}

static const char *
describe(const struct ct_entry *entry, char *text)
{
	char *at = text;

	at += sprintf(at, "%u", entry->timeout_sec);
	if (entry->state != NULL)
		at += sprintf(at, " %s", entry->state);
	if ((entry->status & CT_SEEN_REPLY) == 0)
		at += sprintf(at, " [UNREPLIED]");
	if ((entry->status & CT_ASSURED) != 0)
		sprintf(at, " [ASSURED]");
	return text;
}

const char *
shard_entry_text(const struct shard *shard, char text[SHARD_TEXT_MAX])
{
	struct ct_entry entry, other;

	if (!shard_entry(shard, CT_CONFIRMED, 0, &entry))
		return memcpy(text, "none", 5);
	if (shard_entry(shard, CT_CONFIRMED, 1, &other))
		return memcpy(text, "many", 5);
	return describe(&entry, text);
}

const char *
shard_class_text(const struct pkt *pkt, char text[SHARD_TEXT_MAX])
{
	static const char *const dirs[] = {
		[DIR_ORIG] = " orig",
		[DIR_REPLY] = " reply",
		[DIR_NONE] = "",
	};
	const char *name = class_name(pkt->class);

	sprintf(text, "%s%s", name == NULL ? "none" : name, dirs[pkt->dir]);
	return text;
}

bool
shard_event(struct shard *shard, struct ct_event *event)
{
	return rte_ring_dequeue_elem(shard->events, event, sizeof(*event)) == 0;
}

const char *
shard_event_text(struct shard *shard, char text[SHARD_TEXT_MAX])
{
	static const char *const types[] = {
		[CT_EVENT_DESTROY] = "destroy",
		[CT_EVENT_NEW] = "new",
		[CT_EVENT_UPDATE] = "update",
	};
	struct ct_event event;

	if (!shard_event(shard, &event))
		return memcpy(text, "none", 5);
	describe(&event.entry, text + sprintf(text, "%s ", types[event.type]));
	return text;
}
