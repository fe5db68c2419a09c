// SPDX-License-Identifier: BSD-3-Clause
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <rte_hash_crc.h>

#include "conntrack/delete.h"
#include "conntrack/metrics.h"
#include "engine/sums.h"
#include "packet/parse.h"
#include "pipeline/metrics.h"
#include "util/mbuf.h"

#define BEGIN_NS     (UINT64_C(3600) * NS_PER_SEC)
#define CHECK_ONE_IN 40 // acts, after which everything is looked at
#define REQUESTS_MAX 8  // deletions that are on their way
#define REAP_MAX     256
#define SLICES_MAX   256 // of a deletion; it goes on later where events find no room
#define EXPIRE_MAX   4
#define ENTRIES_MAX  4096
#define FLOWS_MAX    (3 * SCENE_PACKETS)

struct deleting {
	struct request request;
	struct ct_deletion deletion;
};

struct play {
	const struct scene *scene;
	struct record *record;
	struct config configs[2]; // that in force and the one on its way
	unsigned int current;     // of these
	bool is_changing;
	uint32_t generation;
	bool lane;
	struct engine *engine;
	uint64_t now_ns;
	unsigned int next_packet;
	bool reaps; // expired connections are removed behind a burst
	struct deleting requests[REQUESTS_MAX];
	unsigned int n_requests;
	uint32_t n_left[PORTS_MAX][FLOWS_MAX]; // frames of a flow that have left at a port
};

// ---- What is told.

static void
hear(void *context, const struct ct_event events[], unsigned int n)
{
	struct play *play = context;

	for (unsigned int i = 0; i < n; i++)
		record_event(play->record, &events[i]);
}

static void
note_lost(void *context, const struct pkt *pkt)
{
	struct play *play = context;

	for (const struct fragment *f = pkt->fragments; f != NULL; f = f->next) {
		play->record->fates[f->seq].times++;
		play->record->fates[f->seq].verdict = pkt->verdict;
		play->record->fates[f->seq].reason = pkt->reason;
	}
}

static void
record_counters(struct play *play, unsigned int worker)
{
	const struct pipeline *pipeline = engine_pipeline(play->engine, worker);
	const struct rule_counter *counters = pipeline_rule_counters(pipeline);
	const unsigned int n = ruleset_n_counters(pipeline_snapshot(pipeline)->ruleset);

	for (unsigned int i = 0; i < n; i++) {
		record_fact(play->record, "packets of a rule", i, counters[i].packets);
		record_fact(play->record, "bytes of a rule", i, counters[i].bytes);
	}
}

static int
compare_ids(const void *a, const void *b)
{
	const struct ct_entry *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

// All connections. Which slot each has is a matter of the burst.
static void
record_table(struct play *play, const struct ct *ct)
{
	static struct ct_entry entries[ENTRIES_MAX];
	const tick_t now = tick_from_ns(play->now_ns);
	size_t n = 0;

	assert_true(ct_n_slots(ct) <= ENTRIES_MAX);
	for (uint32_t slot = 0; slot < ct_n_slots(ct); slot++)
		n += ct_read(ct, slot, CT_CONFIRMED, now, &entries[n]);
	qsort(entries, n, sizeof(entries[0]), compare_ids);
	for (size_t i = 0; i < n; i++)
		record_entry(play->record, &entries[i], entries[i].id);
}

static void
record_worker(struct play *play, unsigned int worker)
{
	const struct ct *ct = engine_shard(play->engine, worker);
	const struct ct_count count = ct_count(ct);
	struct ct_stats stats;

	ct_stats_read(ct, &stats);
	record_fact(play->record, "worker", worker, play->now_ns);
	record_metrics(play->record, &pipeline_metrics,
		       pipeline_stats(engine_pipeline(play->engine, worker)));
	record_metrics(play->record, &ct_metrics, &stats);
	record_metrics(play->record, &ct_count_metrics, &count);
	record_counters(play, worker);
	record_table(play, ct);
}

static void
record_all(struct play *play)
{
	for (unsigned int i = 0; i < play->scene->n_workers; i++)
		record_worker(play, i);
}

static uint32_t
digest(const struct rte_mbuf *mbuf)
{
	uint32_t sum = mbuf->pkt_len;

	for (; mbuf != NULL; mbuf = mbuf->next) {
		const uint8_t *bytes = rte_pktmbuf_mtod(mbuf, const uint8_t *);

		for (uint16_t i = 0; i < mbuf->data_len; i++)
			sum = rte_hash_crc_1byte(bytes[i], sum);
	}
	return sum;
}

// ---- What a driver does.

static struct rte_mbuf *
make_mbuf(const struct scene *scene, const struct packet *packet)
{
	const uint8_t *bytes = scene->bytes + packet->off;
	struct rte_mbuf *head = NULL;
	uint32_t begin = 0;

	for (unsigned int i = 0; i <= packet->n_cuts; i++) {
		const uint32_t end = i < packet->n_cuts ? packet->cuts[i] : packet->len;
		struct rte_mbuf *tail = mbuf_from_bytes(bytes + begin, end - begin);

		if (head == NULL)
			head = tail;
		else
			assert_int_equal(rte_pktmbuf_chain(head, tail), 0);
		begin = end;
	}
	head->ol_flags |= packet->flags;
	head->hash.rss = packet->hash;
	return head;
}

// A frame leaves at a port, unless that has no room for it.
static void
send_frame(struct play *play, uint8_t port, const struct rte_mbuf *mbuf, uint64_t number,
	   uint16_t refused)
{
	struct fate *fate = &play->record->fates[number];
	struct pipeline *pipeline = engine_pipeline(play->engine, fate->worker);
	const uint32_t flow = play->scene->packets[number - 1].flow;

	if (refused != 0 && number % refused == 0) {
		pipeline_refuse(pipeline, REASON_TX_FULL);
		return;
	}
	fate->has_left = true;
	fate->digest = digest(mbuf);
	fate->n_ahead = play->n_left[port][flow]++;
	pipeline_sent(pipeline, 1);
}

static void
note_packet(struct play *play, const struct pkt *pkt, unsigned int worker, uint64_t number)
{
	struct fate *fate = &play->record->fates[number];
	const bool has_entry = pkt->conn_id != 0;

	*fate = (struct fate){
		.times = fate->times + 1,
		.datagram = number == pkt->seq ? 0 : pkt->seq,
		.verdict = pkt->verdict,
		.reason = pkt->reason,
		.chain = pkt->chain,
		.rule = pkt->rule,
		.mark = pkt->mark,
		.class = pkt->class,
		.dir = pkt->dir,
		.fault = pkt->fault,
		.out_port = pkt->out_port,
		.worker = (uint8_t)worker,
		.helper = pkt->helper,
		.conn_id = pkt->conn_id,
		.state = has_entry ? pkt->ct_state : NULL,
		.deadline = has_entry ? pkt->ct_deadline : 0,
		.status = has_entry ? pkt->ct_status : 0,
		.is_in_table = pkt->in_table,
	};
}

static void
depart(struct play *play, const struct pkt *pkt, unsigned int worker, uint16_t refused)
{
	const bool is_accepted = pkt->verdict == VERDICT_ACCEPT;

	if (pkt->fragments == NULL) {
		note_packet(play, pkt, worker, pkt->seq);
		if (is_accepted)
			send_frame(play, pkt->out_port, pkt->mbuf, pkt->seq, refused);
		return;
	}
	for (const struct fragment *f = pkt->fragments; f != NULL; f = f->next) {
		note_packet(play, pkt, worker, f->seq);
		if (is_accepted)
			send_frame(play, pkt->out_port, f->mbuf, f->seq, refused);
	}
}

// Packets that took the lane: the frames tell where they are, and the packets all else if anybody
// wants to know it.
static void
depart_passed(struct play *play, const struct burst *burst, unsigned int worker, uint16_t refused)
{
	uint16_t k = 0;

	for (uint16_t i = 0; i < burst->n && k < burst->n_passed; i++) {
		const struct pkt *pkt = &burst->pkts[i];
		const uint8_t port =
			burst->out_port != PORT_NONE ? burst->out_port : burst->passed_to[k];

		if (pkt->mbuf != burst->passed[k])
			continue;
		if (play->scene->wants_entries) {
			note_packet(play, pkt, worker, pkt->seq);
			assert_int_equal(pkt->out_port, port);
		} else {
			struct fate *fate = &play->record->fates[pkt->seq];

			*fate = (struct fate){
				.times = fate->times + 1,
				.verdict = VERDICT_ACCEPT,
				.out_port = port,
				.worker = (uint8_t)worker,
			};
		}
		send_frame(play, port, burst->passed[k], pkt->seq, refused);
		k++;
	}
	assert_int_equal(k, burst->n_passed);
}

static void
send_answers(struct play *play, unsigned int worker)
{
	struct emit *emit = pipeline_emit(engine_pipeline(play->engine, worker));

	for (uint16_t i = 0; i < emit->n; i++) {
		const struct emission *emission = &emit->list[i];

		record_fact(play->record, "answer", emission->seq, digest(emission->mbuf));
		record_fact(play->record, "port of an answer", emission->seq, emission->port);
		rte_pktmbuf_free(emission->mbuf);
	}
	emit_reset(emit);
}

// What a worker does behind every burst, and without one. All that is to be done, or nothing of it:
// what comes first is a matter of slots, and these of the burst.
static void
between(struct play *play, unsigned int worker, bool reaps)
{
	const struct engine_bounds bounds = {.reap = reaps ? REAP_MAX : 0, .expire = EXPIRE_MAX};
	struct inbox *inbox = engine_inbox(play->engine, worker);
	unsigned int n, n_reaped = 0;

	if (play->is_changing) // its counters begin anew, perhaps
		record_counters(play, worker);
	do {
		n = engine_between_bursts(play->engine, worker, play->now_ns, &bounds);
		n_reaped += n;
	} while (n > 0);
	record_fact(play->record, "connections looked at", worker, n_reaped);
	for (int i = 0; i < SLICES_MAX && !inbox_is_empty(inbox); i++)
		engine_serve(play->engine, worker, play->now_ns);
	if (play->is_changing && engine_retire(play->engine))
		play->is_changing = false;
}

static void
run_burst(struct play *play, unsigned int worker, struct burst *burst, uint16_t refused)
{
	if (burst->n == 0)
		return;
	pipeline_run(engine_pipeline(play->engine, worker), burst);
	depart_passed(play, burst, worker, refused);
	for (uint16_t i = 0; i < burst->n_live; i++)
		depart(play, burst->live[i], worker, refused);
	send_answers(play, worker);
	burst_free(burst);
	between(play, worker, play->reaps);
}

// Every worker takes what was handed over to it; a datagram may go on to a third one.
static void
take_handed_over(struct play *play)
{
	static struct burst burst;
	bool has_more = play->scene->steer_ring > 0;

	while (has_more) {
		has_more = false;
		for (unsigned int i = 0; i < play->scene->n_workers; i++) {
			engine_receive(play->engine, i, &burst, BURST_MAX);
			has_more |= burst.n > 0;
			run_burst(play, i, &burst, 0);
		}
	}
}

// ---- Steps.

static void
receive(struct play *play, const struct act *act, bool is_left_out)
{
	static struct burst burst;
	const struct scene *scene = play->scene;

	burst_reset(&burst);
	for (uint16_t i = 0; i < act->n; i++) {
		const struct packet *packet = &scene->packets[play->next_packet++];
		const uint64_t seq = play->next_packet;
		struct pkt pkt;

		play->now_ns += packet->after_ns;
		if (is_left_out || packet->is_left_out)
			continue;
		if (!act->is_parsed) {
			burst_add(&burst, make_mbuf(scene, packet), packet->port, seq,
				  play->now_ns);
			continue;
		}
		pkt_init(&pkt, make_mbuf(scene, packet), packet->port, seq, play->now_ns);
		packet_parse(&pkt);
		burst_add_parsed(&burst, &pkt);
	}
	run_burst(play, act->worker, &burst, act->refused);
	if (!act->leaves)
		take_handed_over(play);
}

static struct config *
next_config(struct play *play, unsigned int number)
{
	struct config *config = &play->configs[1 - play->current];

	play->current = 1 - play->current;
	*config = play->scene->configs[number];
	config->conntrack.lane = config->conntrack.lane && play->lane;
	return config;
}

static void
reload(struct play *play, const struct act *act)
{
	struct changeover *changeover;
	struct errors errors;

	if (play->is_changing) // one at a time
		return;
	errors_init(&errors);
	changeover = changeover_create(next_config(play, act->config), ++play->generation,
				       play->scene->n_workers, &errors);
	errors_print(&errors, stderr);
	errors_fini(&errors);
	assert_non_null(changeover);
	engine_publish(play->engine, changeover);
	play->is_changing = true;
}

static bool
delete_slice(struct request *request, void *pipeline, uint64_t now_ns, unsigned int *budget)
{
	struct deleting *deleting = container_of(request, struct deleting, request);

	return ct_delete(pipeline_ct(pipeline), &deleting->deletion, now_ns, budget);
}

static void
delete_some(struct play *play, const struct act *act)
{
	struct deleting *deleting = &play->requests[play->n_requests % REQUESTS_MAX];
	struct ct_filter filter = {0};

	if (deleting->request.step != NULL && request_answer(&deleting->request) == INBOX_WAITING)
		return;
	play->n_requests++;
	filter.value[DIR_ORIG].proto = act->proto;
	filter.mask[DIR_ORIG].proto = act->proto == 0 ? 0 : UINT8_MAX;
	*deleting = (struct deleting){
		.request.step = delete_slice,
		.deletion = {.filter = filter, .end = UINT32_MAX},
	};
	inbox_put(engine_inbox(play->engine, act->worker), &deleting->request);
}

static void
take_act(struct play *play, const struct act *act)
{
	tick_t next;

	play->now_ns += act->after_ns;
	play->reaps = act->reaps;
	if (act->kind == ACT_BURST) {
		receive(play, act, act->is_left_out);
		return;
	}
	if (act->is_left_out)
		return;
	switch (act->kind) {
	case ACT_BETWEEN:
		between(play, act->worker, act->reaps);
		break;
	case ACT_SERVICE:
		service_turn(engine_service(play->engine), tick_from_ns(play->now_ns), UINT32_MAX,
			     &next);
		break;
	case ACT_RELOAD:
		reload(play, act);
		break;
	default:
		delete_some(play, act);
		break;
	}
}

// ---- The whole.

static void
open_engine(struct play *play)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "lane alike.....";
	static struct toeplitz toeplitz;
	const struct scene *scene = play->scene;
	struct hash_secret secret;
	struct errors errors;

	hash_secret_init(&secret, seed);
	for (uint32_t pattern = 0x6d5a56da; !toeplitz_init(&toeplitz, pattern, 7); pattern++)
		continue;
	errors_init(&errors);
	play->engine = engine_create(&(struct engine_config){
		.snapshot = snapshot_create(next_config(play, 0), play->generation, &errors),
		.secret = &secret,
		.n_workers = scene->n_workers,
		.steer_ring = scene->steer_ring,
		.toeplitz = scene->chooses_as_nics ? &toeplitz : NULL,
		.event_ring = scene->event_ring,
		.listener = scene->event_ring == 0 ? NULL : hear,
		.lost = note_lost,
		.context = play,
		.wants_entries = scene->wants_entries,
	});
	errors_print(&errors, stderr);
	errors_fini(&errors);
	assert_non_null(play->engine);
}

// Nothing is on its way any more, and nothing is left of it.
static void
end(struct play *play)
{
	take_handed_over(play);
	for (unsigned int i = 0; i < play->scene->n_workers; i++) {
		pipeline_end(engine_pipeline(play->engine, i));
		do {
			service_drain(engine_service(play->engine));
			between(play, i, true);
		} while (!inbox_is_empty(engine_inbox(play->engine, i)));
	}
	service_drain(engine_service(play->engine));
	record_all(play);
	record_events(play->record);
	play->record->stats = engine_pipeline_stats(play->engine);
	play->record->n_in_lane = play->record->stats.lane;
	play->record->ct_stats = engine_ct_stats(play->engine);
	for (unsigned int i = 0; i < play->scene->n_workers; i++) {
		assert_int_equal(ct_count(engine_shard(play->engine, i)).unconfirmed, 0);
		assert_int_equal(ct_n_lost(engine_shard(play->engine, i)), 0);
	}
}

void
scene_play(const struct scene *scene, bool lane, struct record *record)
{
	static struct play play;

	play = (struct play){
		.scene = scene,
		.record = record,
		.lane = lane,
		.generation = scene->generation,
		.now_ns = BEGIN_NS,
	};
	open_engine(&play);
	for (unsigned int i = 0; i < scene->n_acts; i++) {
		take_act(&play, &scene->acts[i]);
		if (i % CHECK_ONE_IN == 0)
			record_all(&play);
	}
	end(&play);
	engine_destroy(play.engine);
}
