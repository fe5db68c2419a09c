// SPDX-License-Identifier: BSD-3-Clause
#include "scene.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_mbuf.h>

#include "pipeline/burst.h"
#include "scene_rules.h"
#include "talk.h"
#include "util/random.h"

#define TALKS_MAX 24

enum { LAN, WAN, SPARE, OTHER_LAN, OTHER_WAN, N_PORTS };

// How a scene goes: what is drawn once and shapes all of it.
struct style {
	struct talk_style talk;
	unsigned int n_talks;
	unsigned int trains;  // percent of packets that follow upon one of the same conversation
	unsigned int damaged; // percent of frames
	unsigned int strange; // percent of frames that are none of a conversation's packets
	unsigned int cut;     // percent of frames in several segments
	unsigned int padded;  // percent of frames with bytes behind the IP packet
	unsigned int pauses;  // percent of bursts before which time goes by
	unsigned int between; // percent of bursts after which something happens
	bool is_slow;         // packets of one burst have times of their own
	bool is_calm;         // packets come in where they should
	bool nic_says;        // the NIC has looked at checksums
	uint16_t burst_max;
};

struct maker {
	struct scene *scene;
	struct style style;
	struct talk talks[TALKS_MAX];
	uint32_t flows[TALKS_MAX];
	bool is_other_wire[TALKS_MAX];
	bool is_no_talk; // the next packet is of none
	uint32_t n_flows;
	unsigned int at; // the conversation that had the last word
};

// ---- The engine and its configurations.

static void
draw_params(struct ct_params *params, bool is_calm)
{
	static const uint32_t sizes[] = {8, 24, 100, 512, 2048};

	ct_params_init(params);
	params->max_connections = is_calm ? 2048 : RANDOM_PICK(sizes);
	params->table = random_chance(75) ? CT_TABLE_LINES : CT_TABLE_RTE_HASH;
	params->enable = random_chance(80) ? CT_ENABLE_ALWAYS : CT_ENABLE_AUTO;
	params->dccp = random_chance(50) ? CT_DCCP_TRACKED : CT_DCCP_GENERIC;
}

// What a reload may change of them.
static void
draw_live_params(struct ct_params *params)
{
	params->lane = !random_chance(7);
	params->accounting = random_chance(70);
	params->checksum = random_chance(70);
	params->tcp_loose = random_chance(92);
	params->tcp_be_liberal = random_chance(10);
	params->tcp_ignore_invalid_rst = random_chance(10);
	params->tcp_max_retrans = random_chance(50) ? 3 : (uint8_t)random_below(4);
	for (unsigned int i = 0; i < CT_TIMEOUT_COUNT; i++) {
		if (random_chance(15))
			params->timeouts_sec[i] = 1 + random_below(400);
	}
}

static void
draw_config(struct config *config, const struct ct_params *params, bool is_calm)
{
	static const char *const names[N_PORTS] = {"lan", "wan", "spare", "lan2", "wan2"};

	*config = (struct config){
		.file = (char *)"test.conf",
		.n_ports = N_PORTS,
		.n_wires = 2,
		.wires = {{LAN, WAN, false}, {OTHER_LAN, OTHER_WAN, false}},
		.workers = 1,
		.answers = {.per_second = random_chance(50) ? 1000 : 5,
			    .icmp_ratelimit_ms = random_chance(50) ? 0 : 1000},
		.conntrack = *params,
	};
	for (unsigned int i = 0; i < N_PORTS; i++)
		config->ports[i].name = (char *)names[i];
	draw_live_params(&config->conntrack);
	frag_params_init(&config->fragments);
	config->fragments.max_datagrams = 8;
	config->fragments.max_fragments = 24;
	for (unsigned int i = 0; i < NON_IP_COUNT; i++)
		config->non_ip[i] = random_chance(50) ? VERDICT_ACCEPT : VERDICT_DROP;
	scene_rules(config, is_calm);
}

static void
draw_engine(struct scene *scene, bool is_calm)
{
	static const uint32_t generations[] = {1, 0x7fff, 0xffff, 1000};
	struct ct_params params;

	scene->n_workers = random_chance(65) ? 1 : 2 + random_below(SCENE_WORKERS_MAX - 1);
	scene->steer_ring = scene->n_workers == 1 ? 0 : random_chance(20) ? 8 : 256;
	scene->event_ring = random_chance(30) ? 0 : 4096;
	scene->generation = RANDOM_PICK(generations) - random_below(2);
	scene->wants_entries = random_chance(60);
	scene->chooses_as_nics = random_chance(50);
	scene->n_configs = SCENE_CONFIGS;
	draw_params(&params, is_calm);
	for (unsigned int i = 0; i < SCENE_CONFIGS; i++)
		draw_config(&scene->configs[i], &params, is_calm);
}

// ---- Packets.

static struct style
draw_style(bool is_calm)
{
	const bool is_wild = !is_calm && random_chance(30);
	const bool is_pure = is_calm || (!is_wild && random_chance(40));

	return (struct style){
		.talk = {.odd = is_wild   ? 10
				: is_pure ? 0
					  : 1,
			 .ending = random_chance(50)   ? 1
				   : random_chance(50) ? 0
						       : 4},
		.n_talks = 2 + random_below(random_chance(50) ? 6 : TALKS_MAX - 2),
		.is_calm = is_calm,
		.trains = random_chance(50) ? 60 : 10,
		.damaged = is_wild   ? 4
			   : is_pure ? 0
				     : 1,
		.strange = is_wild   ? 15
			   : is_pure ? 1
				     : 4,
		.cut = random_chance(30) ? 10 : 1,
		.padded = random_chance(30) ? 30 : 3,
		.pauses = random_chance(50) ? 10 : 2,
		.between = random_chance(50) ? 10 : 40,
		.is_slow = random_chance(50),
		.nic_says = random_chance(40),
		.burst_max = (uint16_t)(random_chance(55)   ? BURST_MAX
					: random_chance(15) ? 1
							    : 1 + random_below(12)),
	};
}

static void
begin_talk(struct maker *maker, unsigned int at)
{
	talk_begin(&maker->talks[at]);
	maker->flows[at] = maker->n_flows;
	maker->n_flows += 2;
	maker->is_other_wire[at] = random_chance(20);
}

// Packets of one direction come in at one end of the wire, mostly.
static uint8_t
choose_port(const struct maker *maker, enum dir dir)
{
	const bool is_wrong = !maker->style.is_calm && random_chance(5);
	const bool is_client_end = (dir == DIR_ORIG) != (is_wrong && random_chance(40));

	if (is_wrong && random_chance(20))
		return SPARE;
	if (maker->is_other_wire[maker->at] != (is_wrong && random_chance(40)))
		return is_client_end ? OTHER_LAN : OTHER_WAN;
	return is_client_end ? LAN : WAN;
}

static void
damage(struct frame *frame)
{
	if (random_chance(30))
		frame->len = 1 + random_below(frame->len);
	else
		frame->bytes[random_below(frame->len)] ^= (uint8_t)(1u << random_below(8));
}

static void
cut(struct packet *packet)
{
	const uint32_t span = random_chance(50) ? RTE_MIN(packet->len, 80u) : packet->len;
	uint32_t at = 0;

	for (unsigned int n = 1 + random_below(SCENE_CUTS_MAX); n > 0; n--) {
		at += 1 + random_below(span);
		if (at >= packet->len)
			break;
		packet->cuts[packet->n_cuts++] = (uint16_t)at;
	}
}

// What NICs that look at checksums say: mostly the truth.
static uint64_t
say_checksums(bool is_damaged)
{
	static const uint64_t ip[] = {RTE_MBUF_F_RX_IP_CKSUM_GOOD, RTE_MBUF_F_RX_IP_CKSUM_BAD,
				      RTE_MBUF_F_RX_IP_CKSUM_NONE, RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN};
	static const uint64_t l4[] = {RTE_MBUF_F_RX_L4_CKSUM_GOOD, RTE_MBUF_F_RX_L4_CKSUM_BAD,
				      RTE_MBUF_F_RX_L4_CKSUM_NONE, RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN};

	if (random_chance(5) || is_damaged)
		return RANDOM_PICK(ip) | RANDOM_PICK(l4);
	return ip[0] | l4[0];
}

// What keeps its order with this packet: others of its flow, nothing if nobody knows what it is.
static uint32_t
flow_of(struct maker *maker, bool is_damaged)
{
	if (is_damaged || maker->is_no_talk)
		return maker->n_flows++;
	return maker->flows[maker->at] + maker->talks[maker->at].is_elsewhere;
}

static void
add_packet(struct maker *maker, struct frame *frame, enum dir dir)
{
	struct scene *scene = maker->scene;
	const struct style *style = &maker->style;
	const bool is_damaged = random_chance(style->damaged);
	struct packet *packet = &scene->packets[scene->n_packets];

	if (scene->n_packets == SCENE_PACKETS)
		return;
	scene->n_packets++;
	if (random_chance(style->padded))
		frame_data(frame, 1 + random_below(20));
	if (is_damaged)
		damage(frame);
	*packet = (struct packet){
		.off = (uint32_t)scene->n_bytes,
		.len = frame->len,
		.flow = flow_of(maker, is_damaged),
		.port = choose_port(maker, dir),
		.flags = style->nic_says ? say_checksums(is_damaged) : 0,
		.hash = (uint32_t)random_bits(),
	};
	if (random_chance(10))
		packet->flags |= RTE_MBUF_F_RX_RSS_HASH;
	if (style->is_slow && random_chance(40))
		packet->after_ns = random_below(50) * NS_PER_TICK / 4;
	if (random_chance(style->cut))
		cut(packet);
	while (scene->n_bytes + frame->len > scene->bytes_capacity) {
		scene->bytes_capacity += 1 << 18;
		scene->bytes = realloc(scene->bytes, scene->bytes_capacity);
		assert(scene->bytes != NULL);
	}
	memcpy(scene->bytes + scene->n_bytes, frame->bytes, frame->len);
	scene->n_bytes += frame->len;
}

static void
build_non_ip(struct frame *frame)
{
	static const uint8_t spanning_tree[14] = {0x01, 0x80, 0xc2, 0, 0, 0, 2,
						  0,    0,    0,    0, 1, 0, 38};
	static const uint8_t types[][2] = {{0x08, 0x06}, {0x88, 0xcc}, {0x88, 0x63}, {0x86, 0xde}};
	uint8_t *ethernet;

	frame_begin(frame);
	ethernet = frame_ethernet(frame);
	if (random_chance(25)) {
		memcpy(ethernet, spanning_tree, sizeof(spanning_tree));
		frame_data(frame, 30)[0] = 0x42;
		return;
	}
	memcpy(ethernet + 12, types[random_below(4)], 2);
	frame_data(frame, 28);
}

// Errors, fragments, and what is no IP.
static void
add_strange(struct maker *maker)
{
	static struct frame frames[TALK_PIECES];
	const struct talk *talk = &maker->talks[maker->at];
	const unsigned int dice = random_below(100);

	if (dice < 50 && talk->quote_len > 0) {
		const enum dir dir = talk_error(talk, &frames[0]);

		add_packet(maker, &frames[0], dir);
	} else if (dice < 68) {
		const enum dir dir = random_chance(50) ? DIR_ORIG : DIR_REPLY;
		const unsigned int n = talk_pieces(talk, dir, frames);

		for (unsigned int i = 0; i < n; i++)
			add_packet(maker, &frames[i], dir);
	} else {
		build_non_ip(&frames[0]);
		maker->is_no_talk = true;
		add_packet(maker, &frames[0], DIR_ORIG);
		maker->is_no_talk = false;
	}
}

static void
add_packets(struct maker *maker)
{
	static struct frame frame;
	const struct style *style = &maker->style;

	if (!random_chance(style->trains))
		maker->at = random_below(style->n_talks);
	if (random_chance(style->strange)) {
		add_strange(maker);
	} else {
		const enum dir dir = talk_next(&maker->talks[maker->at], &style->talk, &frame);

		add_packet(maker, &frame, dir);
	}
	if (random_chance(1) && random_chance(30))
		begin_talk(maker, maker->at);
}

// ---- Steps.

static uint64_t
draw_pause(void)
{
	switch (random_below(4)) {
	case 0:
		return random_below(400) * NS_PER_SEC;
	case 1:
		return random_below(40) * NS_PER_SEC;
	default:
		return random_below(4000) * (NS_PER_SEC / 1000);
	}
}

static struct act *
add_act(struct scene *scene, enum act_kind kind)
{
	struct act *act = &scene->acts[scene->n_acts++];

	assert(scene->n_acts <= SCENE_ACTS_MAX);
	*act = (struct act){
		.kind = (uint8_t)kind,
		.worker = (uint8_t)random_below(scene->n_workers),
	};
	return act;
}

// What happens between two bursts.
static void
add_event(struct scene *scene)
{
	static const uint8_t protos[] = {PROTO_TCP, PROTO_UDP, 0};
	const unsigned int dice = random_below(100);
	struct act *act;

	if (dice < 30) {
		add_act(scene, ACT_SERVICE);
	} else if (dice < 90) {
		add_act(scene, ACT_BETWEEN)->reaps = random_chance(70);
	} else if (dice < 95) {
		act = add_act(scene, ACT_RELOAD);
		act->config = (uint8_t)random_below(SCENE_CONFIGS);
	} else {
		act = add_act(scene, ACT_DELETE);
		act->proto = RANDOM_PICK(protos);
	}
}

static void
add_burst(struct maker *maker)
{
	struct scene *scene = maker->scene;
	const struct style *style = &maker->style;
	const uint64_t pause_ns = random_chance(style->pauses) ? draw_pause() : 0;
	struct act *act = add_act(scene, ACT_BURST);

	act->after_ns = pause_ns + random_below(3) * NS_PER_TICK / 2;
	if (style->is_slow)
		act->after_ns += random_below(200) * (NS_PER_SEC / 1000);
	act->n = (uint16_t)(1 + random_below(style->burst_max));
	act->is_parsed = random_chance(30);
	act->reaps = random_chance(30);
	act->leaves = random_chance(30);
	act->refused = random_chance(97) ? 0 : (uint16_t)(1 + random_below(4));
}

static void
make_acts(struct maker *maker)
{
	struct scene *scene = maker->scene;
	unsigned int n_left;

	while (scene->n_packets < SCENE_PACKETS)
		add_packets(maker);
	for (n_left = scene->n_packets; n_left > 0;) {
		struct act *act = &scene->acts[scene->n_acts];

		add_burst(maker);
		act->n = (uint16_t)RTE_MIN(act->n, n_left);
		n_left -= act->n;
		while (scene->n_acts + n_left < SCENE_ACTS_MAX &&
		       random_chance(maker->style.between))
			add_event(scene);
	}
}

void
scene_make(struct scene *scene, uint64_t seed, unsigned int number)
{
	static struct maker maker;

	bool is_calm;

	*scene = (struct scene){.seed = seed, .number = number};
	random_start(seed, number);
	is_calm = random_chance(50);
	draw_engine(scene, is_calm);
	maker = (struct maker){.scene = scene, .style = draw_style(is_calm)};
	// Which event finds no room is a matter of the burst, but for those of one packet.
	if (maker.style.burst_max == 1 && scene->event_ring > 0)
		scene->event_ring = 16;
	for (unsigned int i = 0; i < maker.style.n_talks; i++)
		begin_talk(&maker, i);
	make_acts(&maker);
}

void
scene_fini(struct scene *scene)
{
	for (unsigned int i = 0; i < scene->n_configs; i++) {
		for (unsigned int k = 0; k < scene->configs[i].n_chains; k++)
			chain_fini(&scene->configs[i].chains[k]);
	}
	free(scene->bytes);
	*scene = (struct scene){0};
}

// ---- What it is, for people.

static void
print_config(const struct config *config)
{
	const struct ct_params *params = &config->conntrack;

	printf("  connections %u, table %s, lane %d, accounting %d, checksum %d, loose %d, "
	       "liberal %d, retrans %u\n",
	       params->max_connections, ct_table_name(params->table), params->lane,
	       params->accounting, params->checksum, params->tcp_loose, params->tcp_be_liberal,
	       params->tcp_max_retrans);
	for (unsigned int i = 0; i < config->n_chains; i++)
		printf("  chain at %d, %u rules, policy %d\n", config->chains[i].priority,
		       config->chains[i].n_rules, config->chains[i].policy);
}

static void
print_packet(const struct scene *scene, unsigned int at)
{
	const struct packet *packet = &scene->packets[at];

	printf("    packet %u at port %u after %" PRIu64 " us, flags %#" PRIx64 ", cuts", at + 1,
	       packet->port, packet->after_ns / NS_PER_USEC, packet->flags);
	for (unsigned int i = 0; i < packet->n_cuts; i++)
		printf(" %u", packet->cuts[i]);
	printf("\n     ");
	for (uint32_t i = 0; i < packet->len; i++)
		printf(" %02x", scene->bytes[packet->off + i]);
	printf("\n");
}

void
scene_print(const struct scene *scene)
{
	static const char *const kinds[] = {"burst", "between", "service", "reload", "delete"};
	unsigned int at = 0;

	printf("scene %u of seed %" PRIu64 ": %u workers, steer ring %u, event ring %u, %s\n",
	       scene->number, scene->seed, scene->n_workers, scene->steer_ring, scene->event_ring,
	       scene->wants_entries ? "entries" : "no entries");
	for (unsigned int i = 0; i < scene->n_configs; i++)
		print_config(&scene->configs[i]);
	for (unsigned int i = 0; i < scene->n_acts; i++) {
		const struct act *act = &scene->acts[i];
		const unsigned int n = act->kind == ACT_BURST ? act->n : 0;

		if (!act->is_left_out)
			printf("  act %u: %s, worker %u, %u, after %" PRIu64
			       " us, parsed %d, refused %u, config %u, proto %u\n",
			       i, kinds[act->kind], act->worker, act->n,
			       act->after_ns / NS_PER_USEC, act->is_parsed, act->refused,
			       act->config, act->proto);
		for (unsigned int k = at; k < at + n; k++) {
			if (!act->is_left_out && !scene->packets[k].is_left_out)
				print_packet(scene, k);
		}
		at += n;
	}
}
