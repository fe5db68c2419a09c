// SPDX-License-Identifier: BSD-3-Clause
//
// A burst is invisible: the same packets, in bursts of any size, have the same verdicts, leave the
// same table and tell the same events.
//
// The packets are made up at random, from so few hosts and ports that they meet all the time: new
// flows, replies, the three protocols, errors about flows, fragments, garbage, at intervals that
// let connections expire in between.
#include "pipeline/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "util/eal.h"
#include "util/path.h"

#define N_PACKETS 3000
#define N_SEEDS   4
#define N_FLOODS  12 // seeds

static uint64_t random_state;
static bool is_flood; // many packets are the first of a flow of their own, and time goes slowly

// xorshift64*, so that every run of a seed is the same.
static uint32_t
random_below(uint32_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % limit;
}

struct ends {
	const char *src, *dst;
	uint16_t sport, dport;
};

static struct ends
random_ends(bool is_ipv6)
{
	static const char *const hosts[2][4] = {
		{"10.1.0.2", "10.1.0.3", "10.2.0.2", "10.2.0.3"},
		{"fd01::2", "fd01::3", "fd02::2", "fd02::3"},
	};
	const bool is_of_flood = is_flood && random_below(2) == 0;
	const uint16_t client_port =
		(uint16_t)(is_of_flood ? 6000 + random_below(50000) : 5000 + random_below(2));
	const uint16_t server_port = (uint16_t)(80 + random_below(3));
	const char *client = hosts[is_ipv6][random_below(2)];
	const char *server = hosts[is_ipv6][2 + random_below(2)];

	if (random_below(2) == 0)
		return (struct ends){client, server, client_port, server_port};
	return (struct ends){server, client, server_port, client_port};
}

static void
add_random_tcp(struct frame *frame, const struct ends *ends)
{
	static const uint8_t flags[] = {
		TH_SYN,          TH_SYN | TH_ACK, TH_ACK, TH_ACK,          TH_ACK | TH_PSH,
		TH_FIN | TH_ACK, TH_FIN | TH_ACK, TH_RST, TH_RST | TH_ACK, 0,
	};
	const struct frame_tcp tcp = {
		.sport = ends->sport,
		.dport = ends->dport,
		.flags = flags[random_below(RTE_DIM(flags))],
		.seq = 1000 + random_below(3),
		.ack = 1000 + random_below(3),
		.window = (uint16_t)random_below(65536),
	};

	frame_tcp(frame, &tcp);
	frame_data(frame, random_below(3));
}

// An error from a router to the sender of what it quotes, mostly.
static void
build_random_error(struct frame *frame, bool is_ipv6)
{
	const struct ends ends = random_ends(is_ipv6);

	frame_ip(frame, is_ipv6 ? "fd09::9" : "10.9.0.9",
		 random_below(8) == 0 ? ends.dst : ends.src);
	frame_icmp(frame, is_ipv6 ? 1 : 3, 0, 0);
	frame_ip(frame, ends.src, ends.dst);
	if (random_below(2) == 0)
		frame_udp(frame, ends.sport, ends.dport);
	else
		frame_tcp(frame, &(struct frame_tcp){.sport = ends.sport, .dport = ends.dport});
}

// One of the two halves of a datagram, of which there are few, so that they meet.
static void
make_fragment(struct frame *frame, uint8_t *ip)
{
	const bool is_second = random_below(2) == 1;

	ip[5] = (uint8_t)(1 + random_below(2));
	ip[6] = is_second ? 0 : 0x20;
	ip[7] = is_second;
	frame->bytes[frame->len - 3] = 16; // its length
	if (is_second)
		memset(frame->bytes + frame->len - 8, 0, 8);
}

static void
build_random(struct frame *frame)
{
	const bool is_ipv6 = random_below(3) == 0;
	const struct ends ends = random_ends(is_ipv6);
	const uint32_t kind = random_below(20);
	uint8_t *ip;

	frame_begin(frame);
	frame_ethernet(frame);
	if (kind == 0) {
		build_random_error(frame, is_ipv6);
		frame_end(frame);
		return;
	}
	ip = frame_ip(frame, ends.src, ends.dst);
	if (kind < 9)
		add_random_tcp(frame, &ends);
	else if (kind < 15)
		frame_udp(frame, ends.sport, ends.dport);
	else if (kind < 18)
		frame_icmp(frame,
			   is_ipv6 ? (uint8_t)(128 + random_below(2))
				   : (uint8_t)(8 * random_below(2)),
			   0, ends.sport);
	else
		frame_proto(frame, 47, 8);
	if (kind == 14 && !is_ipv6)
		make_fragment(frame, ip);
	frame_end(frame);
	if (kind == 18)
		frame->bytes[random_below(frame->len)] ^= 0x10; // garbage
}

static struct arrival *
make_arrivals(uint64_t seed)
{
	struct arrival *arrivals = calloc(N_PACKETS, sizeof(*arrivals));

	assert_non_null(arrivals);
	random_state = seed;
	for (unsigned int i = 0; i < N_PACKETS; i++) {
		build_random(&arrivals[i].frame);
		arrivals[i].port = (uint8_t)random_below(2);
		// Mostly at once, at times long enough for timeouts to run out.
		arrivals[i].after_ns = random_below(4) == 0 ? random_below(is_flood ? 40 : 4000) *
								      UINT64_C(1000000)
							    : 0;
	}
	return arrivals;
}

// Everything that can be told about a run, as text.
struct record {
	char *text;
	size_t len;
	FILE *out;
};

static void
record_packets(const struct path *path, const struct burst *burst, struct record *record)
{
	for (uint16_t i = 0; i < burst->n; i++) {
		const struct pkt *pkt = &burst->pkts[i];
		char text[PATH_TEXT_MAX];

		fprintf(record->out, "%ju %s conn %ju %s %u %u %u mark %u\n", (uintmax_t)pkt->seq,
			path_describe(path, pkt, text), (uintmax_t)pkt->conn_id,
			pkt->ct_state == NULL ? "-" : pkt->ct_state, pkt->in_table, pkt->ct_status,
			pkt->in_table ? pkt->ct_deadline : 0, pkt->mark);
		for (unsigned int f = 0; f < path->n_frames[i]; f++)
			fprintf(record->out, "  fragment %ju\n", (uintmax_t)path->frames[i][f]);
	}
}

static void
record_entry(const struct ct_entry *entry, struct record *record)
{
	fprintf(record->out, "conn %ju %s %u %u mark %u %ju/%ju %ju/%ju\n", (uintmax_t)entry->id,
		entry->state == NULL ? "-" : entry->state, entry->deadline, entry->status,
		entry->mark, (uintmax_t)entry->packets[0], (uintmax_t)entry->octets[0],
		(uintmax_t)entry->packets[1], (uintmax_t)entry->octets[1]);
}

// Events in the order of the packets that caused them: within a burst, what conntrack ends is told
// before what the rules have let begin. Those of one packet keep their order.
static void
record_events(struct path *path, struct record *record)
{
	static struct ct_event events[4 * BURST_MAX];
	unsigned int n = 0;

	while (n < RTE_DIM(events) &&
	       rte_ring_dequeue_elem(path->events, &events[n], sizeof(events[n])) == 0) {
		struct ct_event last = events[n];
		unsigned int at = n++;

		for (; at > 0 && events[at - 1].seq > last.seq; at--)
			events[at] = events[at - 1];
		events[at] = last;
	}
	for (unsigned int i = 0; i < n; i++) {
		fprintf(record->out, "event %u by %ju at %ju: %u ", events[i].type,
			(uintmax_t)events[i].seq, (uintmax_t)events[i].time_ns, events[i].changed);
		record_entry(&events[i].entry, record);
	}
}

// The table in the order of the connections' ids: their slots may differ.
static void
record_table(const struct path *path, struct record *record)
{
	const tick_t now = tick_from_ns(path->now_ns);
	uint64_t last = 0;

	for (;;) {
		struct ct_entry next = {.id = UINT64_MAX}, entry;

		for (uint32_t slot = 0; slot < ct_n_slots(path->ct); slot++) {
			if (ct_read(path->ct, slot, CT_CONFIRMED, now, &entry) && entry.id > last &&
			    entry.id < next.id)
				next = entry;
		}
		if (next.id == UINT64_MAX)
			return;
		record_entry(&next, record);
		last = next.id;
	}
}

static void
record_counters(const struct path *path, struct record *record)
{
	const unsigned int n = ruleset_n_counters(path->snapshot->ruleset);
	const struct rule_counter *counters = pipeline_rule_counters(path->pipeline);
	const struct pipeline_stats *stats = pipeline_stats(path->pipeline);

	for (unsigned int i = 0; i < n; i++)
		fprintf(record->out, "rule %u: %ju %ju\n", i, (uintmax_t)counters[i].packets,
			(uintmax_t)counters[i].bytes);
	fprintf(record->out, "packets %ju accepted %ju\n", (uintmax_t)stats->packets,
		(uintmax_t)stats->accepted);
}

static char *
run(const struct path_options *options, const struct arrival arrivals[], uint16_t burst_size)
{
	static struct burst burst;
	struct record events = {0}, packets = {0};
	struct path path;

	packets.out = open_memstream(&packets.text, &packets.len);
	events.out = open_memstream(&events.text, &events.len);
	assert_true(packets.out != NULL && events.out != NULL);
	path_open(&path, options);
	for (unsigned int i = 0; i < N_PACKETS; i += burst_size) {
		path_run(&path, arrivals + i, (uint16_t)RTE_MIN(burst_size, N_PACKETS - i), &burst);
		record_packets(&path, &burst, &packets);
		record_events(&path, &events);
	}
	fclose(events.out);
	fputs(events.text, packets.out);
	free(events.text);
	record_table(&path, &packets);
	record_counters(&path, &packets);
	path_close(&path);
	fclose(packets.out);
	return packets.text;
}

static void
print_difference(const char *a, const char *b)
{
	const char *line_a = a, *line_b = b;

	for (; *a != '\0' && *a == *b; a++, b++) {
		if (*a == '\n') {
			line_a = a + 1;
			line_b = b + 1;
		}
	}
	print_error("%.*s\n%.*s\n", (int)strcspn(line_a, "\n"), line_a, (int)strcspn(line_b, "\n"),
		    line_b);
}

static void
assert_bursts_agree(const struct path_options *options, uint64_t n_seeds)
{
	static const uint16_t sizes[] = {2, 7, 32, 64};

	for (uint64_t seed = 1; seed <= n_seeds; seed++) {
		struct arrival *arrivals = make_arrivals(seed);
		char *single = run(options, arrivals, 1);

		for (size_t i = 0; i < RTE_DIM(sizes); i++) {
			char *text = run(options, arrivals, sizes[i]);

			if (strcmp(single, text) != 0) {
				print_error("seed %ju, bursts of 1 and of %u:\n", (uintmax_t)seed,
					    sizes[i]);
				print_difference(single, text);
				fail();
			}
			free(text);
		}
		free(single);
		free(arrivals);
	}
}

static void
without_rules(void **state)
{
	(void)state;
	assert_bursts_agree(&(struct path_options){0}, N_SEEDS);
}

// Rules before and behind conntrack and confirm, some of which drop new flows or change marks.
static void
with_rules(void **state)
{
	static struct range port_80 = {80, 80}, port_81 = {81, 81}, port_5001 = {5001, 5001};
	struct rule raw = {
		.action = ACTION_NOTRACK,
		.match = {.n_sport = 1, .sport = &port_5001, .n_dport = 1, .dport = &port_80}};
	struct rule mangle = {.set_mark = {.value = 3, .mask = 7},
			      .match.classes = 1 << CLASS_ESTABLISHED};
	struct rule filter[] = {
		{.action = ACTION_DROP,
		 .match = {.classes = 1 << CLASS_NEW, .n_dport = 1, .dport = &port_81}},
		{.action = ACTION_DROP, .match.classes = 1 << CLASS_INVALID},
		{.action = ACTION_ACCEPT, .match.mark = {.value = 3, .mask = 3}},
		{.action = ACTION_REJECT,
		 .match = {.classes = 1 << CLASS_NEW,
			   .in_ports = 1 << WAN,
			   .n_dport = 1,
			   .dport = &port_80}},
	};
	struct rule late = {
		.action = ACTION_DROP,
		.match = {.classes = 1 << CLASS_NEW, .n_sport = 1, .sport = &port_5001}};
	const struct chain chains[] = {
		{.name = (char *)"raw",
		 .priority = -300,
		 .policy = ACTION_ACCEPT,
		 .n_rules = 1,
		 .rules = &raw},
		{.name = (char *)"mangle",
		 .priority = -150,
		 .policy = ACTION_ACCEPT,
		 .n_rules = 1,
		 .rules = &mangle},
		{.name = (char *)"filter",
		 .priority = 0,
		 .policy = ACTION_ACCEPT,
		 .n_rules = RTE_DIM(filter),
		 .rules = filter},
		{.name = (char *)"late",
		 .priority = INT32_MAX,
		 .policy = ACTION_ACCEPT,
		 .n_rules = 1,
		 .rules = &late},
	};

	(void)state;
	assert_bursts_agree(&(struct path_options){.chains = chains, .n_chains = RTE_DIM(chains)},
			    N_SEEDS);
}

// So few places that most new flows need somebody to give way.
static void
with_a_full_table(void **state)
{
	(void)state;
	assert_bursts_agree(&(struct path_options){.max_connections = 12}, N_SEEDS);
}

// A table full of what nobody answers, so that one pass has many new flows, some of which a rule
// drops. Sizes about the one from which that is so.
static void
with_a_flood(void **state)
{
	static struct range port_81 = {81, 81};
	struct rule filter = {
		.action = ACTION_DROP,
		.match = {.classes = 1 << CLASS_NEW, .n_dport = 1, .dport = &port_81}};
	const struct chain chain = {
		.name = (char *)"filter", .policy = ACTION_ACCEPT, .n_rules = 1, .rules = &filter};

	(void)state;
	is_flood = true;
	for (uint32_t size = 120; size <= 240; size += 60)
		assert_bursts_agree(&(struct path_options){.chains = &chain,
							   .n_chains = 1,
							   .max_connections = size},
				    N_FLOODS);
	is_flood = false;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_rules),
		cmocka_unit_test(with_rules),
		cmocka_unit_test(with_a_full_table),
		cmocka_unit_test(with_a_flood),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
