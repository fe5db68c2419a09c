// SPDX-License-Identifier: BSD-3-Clause
//
// What a packet meets between its port and its verdict, and what it leaves behind.
#include "pipeline/pipeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>
#include <rte_ether.h>

#include "packet/parse.h"
#include "util/eal.h"
#include "util/mbuf.h"
#include "util/path.h"

static void
build_udp(struct frame *frame, bool is_reply)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, is_reply ? "10.2.0.2" : "10.1.0.2", is_reply ? "10.1.0.2" : "10.2.0.2");
	frame_udp(frame, is_reply ? 53 : 5000, is_reply ? 5000 : 53);
	frame_end(frame);
}

static struct rule drop_all = {.action = ACTION_DROP};
static struct rule accept_all = {.action = ACTION_ACCEPT};
static struct rule reject_all = {.action = ACTION_REJECT};
static struct rule notrack_all = {.action = ACTION_NOTRACK};
static struct rule drop_new = {.action = ACTION_DROP, .match.classes = 1 << CLASS_NEW};

#define CHAIN(name_, priority_, rule)                                                              \
	{                                                                                          \
		.name = (char *)(name_), .priority = (priority_), .policy = ACTION_ACCEPT,         \
		.n_rules = 1, .rules = (rule)                                                      \
	}

static uint64_t
created(const struct path *path)
{
	struct ct_stats stats;

	ct_stats_read(path->ct, &stats);
	return stats.created;
}

// The experiment of the article: a SYN that is dropped leaves no entry, wherever before confirm it
// is dropped.
static void
a_drop_before_confirm_leaves_no_entry(void **state)
{
	static const struct {
		int32_t priority;
		const char *expected;
		uint64_t n_created;
	} cases[] = {
		{INT32_MIN, "drop rule filter/0", 0},
		{-401, "drop rule filter/0", 0},
		{-400, "drop rule filter/0", 0},
		{-300, "drop rule filter/0", 0},
		{-201, "drop rule filter/0", 0},
		{-200, "drop rule filter/0 new orig", 1},
		{-150, "drop rule filter/0 new orig", 1},
		{0, "drop rule filter/0 new orig", 1},
		{INT32_MAX - 1, "drop rule filter/0 new orig", 1},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		const struct chain chain = CHAIN("filter", cases[i].priority, &drop_all);
		struct path path;
		struct frame frame;
		struct pkt pkt;

		path_open(&path, &(struct path_options){.chains = &chain, .n_chains = 1});
		build_udp(&frame, false);
		pkt = path_one(&path, &frame, LAN);
		assert_path(&path, pkt, cases[i].expected);
		assert_false(pkt.in_table);
		assert_int_equal(ct_count(path.ct).confirmed, 0);
		assert_int_equal(created(&path), cases[i].n_created);
		path_close(&path);
	}
}

// A chain at the priority of confirm runs behind it: the packet is dropped and its entry stays.
static void
a_drop_behind_confirm_leaves_the_entry(void **state)
{
	const struct chain chain = CHAIN("late", INT32_MAX, &drop_all);
	struct path path;
	struct frame frame;
	struct pkt pkt;

	(void)state;
	path_open(&path, &(struct path_options){.chains = &chain, .n_chains = 1});
	build_udp(&frame, false);
	pkt = path_one(&path, &frame, LAN);
	assert_path(&path, pkt, "drop rule late/0 new orig");
	assert_true(pkt.in_table);
	assert_int_equal(ct_count(path.ct).confirmed, 1);
	build_udp(&frame, true);
	assert_path(&path, path_one(&path, &frame, WAN), "drop rule late/0 established reply");
	assert_int_equal(ct_count(path.ct).confirmed, 1);
	path_close(&path);
}

static void
replies_of_what_was_accepted_are_established(void **state)
{
	const struct chain chain = CHAIN("filter", 0, &drop_new);
	struct path path;
	struct frame frame;

	(void)state;
	path_open(&path, &(struct path_options){.chains = &chain, .n_chains = 1});
	build_udp(&frame, true);
	assert_path(&path, path_one(&path, &frame, WAN), "drop rule filter/0 new orig");
	path_close(&path);

	path_open(&path, &(struct path_options){0});
	build_udp(&frame, false);
	assert_path(&path, path_one(&path, &frame, LAN), "accept default new orig");
	build_udp(&frame, true);
	assert_path(&path, path_one(&path, &frame, WAN), "accept default established reply");
	path_close(&path);
}

// Drop and reject are final; accept ends its own chain only, and every later chain is asked.
static void
chains_are_asked_in_order(void **state)
{
	const struct chain early_drop[] = {CHAIN("a", -10, &drop_all), CHAIN("b", 0, &accept_all)};
	const struct chain late_drop[] = {CHAIN("a", -10, &accept_all), CHAIN("b", 0, &drop_all)};
	const struct chain late_reject[] = {CHAIN("a", -10, &accept_all),
					    CHAIN("b", 0, &reject_all)};
	struct path path;
	struct frame frame;

	(void)state;
	build_udp(&frame, false);
	path_open(&path, &(struct path_options){.chains = early_drop, .n_chains = 2});
	assert_path(&path, path_one(&path, &frame, LAN), "drop rule a/0 new orig");
	assert_int_equal(pipeline_rule_counters(path.pipeline)[0].packets, 1);
	assert_int_equal(pipeline_rule_counters(path.pipeline)[1].packets, 0);
	path_close(&path);

	path_open(&path, &(struct path_options){.chains = late_drop, .n_chains = 2});
	assert_path(&path, path_one(&path, &frame, LAN), "drop rule b/0 new orig");
	assert_int_equal(pipeline_rule_counters(path.pipeline)[0].packets, 1);
	assert_int_equal(pipeline_rule_counters(path.pipeline)[0].bytes, 28);
	assert_int_equal(pipeline_rule_counters(path.pipeline)[1].packets, 1);
	path_close(&path);

	path_open(&path, &(struct path_options){.chains = late_reject, .n_chains = 2});
	assert_path(&path, path_one(&path, &frame, LAN), "reject rule b/0 new orig");
	assert_int_equal(ct_count(path.ct).confirmed, 0);
	path_close(&path);
}

static void
notrack_skips_conntrack(void **state)
{
	const struct chain chain = CHAIN("raw", -300, &notrack_all);
	struct path path;
	struct frame frame;

	(void)state;
	path_open(&path, &(struct path_options){.chains = &chain, .n_chains = 1});
	build_udp(&frame, false);
	assert_path(&path, path_one(&path, &frame, LAN), "accept rule raw/0 untracked");
	assert_int_equal(created(&path), 0);
	path_close(&path);
}

// With tracking on demand and no rule that needs it, packets have no class, and no connection is
// made; late chains are asked all the same.
static void
without_need_nothing_is_tracked(void **state)
{
	const struct chain accepts = CHAIN("filter", 0, &accept_all);
	const struct chain chains[] = {CHAIN("filter", 0, &accept_all),
				       CHAIN("late", INT32_MAX, &drop_all)};
	struct path path;
	struct frame frame;

	(void)state;
	build_udp(&frame, false);
	path_open(&path, &(struct path_options){
				 .chains = &accepts, .n_chains = 1, .enable = CT_ENABLE_AUTO});
	assert_path(&path, path_one(&path, &frame, LAN), "accept rule filter/0");
	assert_int_equal(created(&path), 0);
	path_close(&path);
	path_open(&path, &(struct path_options){
				 .chains = chains, .n_chains = 2, .enable = CT_ENABLE_AUTO});
	assert_path(&path, path_one(&path, &frame, LAN), "drop rule late/0");
	path_close(&path);
}

// A frame of that ethertype around zeros.
static void
build_non_ip(struct frame *frame, uint16_t ethertype)
{
	uint8_t *ethernet;

	frame_begin(frame);
	ethernet = frame_ethernet(frame);
	ethernet[12] = (uint8_t)(ethertype >> 8);
	ethernet[13] = (uint8_t)ethertype;
	memset(frame_data(frame, 46), 0, 46);
	frame_end(frame);
}

// What is no IP packet meets no rule: each kind passes or not, as it was configured.
static void
what_is_not_ip_meets_no_rule(void **state)
{
	static const uint16_t ethertypes[] = {RTE_ETHER_TYPE_ARP, RTE_ETHER_TYPE_LLDP,
					      RTE_ETHER_TYPE_RARP};
	static const enum non_ip kinds[] = {NON_IP_ARP, NON_IP_LLDP, NON_IP_OTHER};
	const struct chain chain = CHAIN("filter", 0, &accept_all);
	struct path path;
	struct frame frame;

	(void)state;
	for (unsigned int passing = 0; passing < RTE_DIM(kinds); passing++) {
		path_open(&path, &(struct path_options){.chains = &chain,
							.n_chains = 1,
							.passing = 1u << kinds[passing]});
		for (unsigned int i = 0; i < RTE_DIM(kinds); i++) {
			build_non_ip(&frame, ethertypes[i]);
			assert_path(&path, path_one(&path, &frame, LAN),
				    i == passing ? "accept default" : "drop not_ip");
			assert_int_equal(pipeline_stats(path.pipeline)->non_ip[kinds[i]], 1);
		}
		assert_path(&path, path_one(&path, &frame, SPARE), "drop no_wire");
		assert_int_equal(pipeline_stats(path.pipeline)->non_ip[NON_IP_OTHER], 1);
		assert_int_equal(pipeline_rule_counters(path.pipeline)[0].packets, 0);
		path_close(&path);
	}
}

static void
what_is_malformed_meets_no_rule(void **state)
{
	const struct chain chain = CHAIN("filter", 0, &accept_all);
	struct path path;
	struct frame frame;

	(void)state;
	path_open(&path, &(struct path_options){.chains = &chain, .n_chains = 1});
	build_non_ip(&frame, RTE_ETHER_TYPE_ARP);
	frame.len = 13;
	assert_path(&path, path_one(&path, &frame, LAN), "drop malformed");

	build_udp(&frame, false);
	frame.bytes[24] ^= 1; // the checksum of IPv4
	assert_path(&path, path_one(&path, &frame, LAN), "drop malformed");
	assert_int_equal(pipeline_rule_counters(path.pipeline)[0].packets, 0);
	path_close(&path);
}

// What can be read but not tracked is invalid, and the rules decide.
static void
what_is_invalid_is_for_the_rules(void **state)
{
	static struct rule drop_invalid = {.action = ACTION_DROP,
					   .match.classes = 1 << CLASS_INVALID};
	const struct chain chain = CHAIN("filter", 0, &drop_invalid);
	struct path path;
	struct frame frame;

	(void)state;
	build_udp(&frame, false);
	frame.bytes[40] ^= 1; // the checksum of UDP
	path_open(&path, &(struct path_options){0});
	assert_path(&path, path_one(&path, &frame, LAN), "accept default invalid");
	path_close(&path);
	path_open(&path, &(struct path_options){.chains = &chain, .n_chains = 1});
	assert_path(&path, path_one(&path, &frame, LAN), "drop rule filter/0 invalid");
	path_close(&path);
}

// Half of a datagram of 16 bytes behind its UDP header: the first or the second eight.
static void
build_fragment(struct frame *frame, bool is_second)
{
	uint8_t *ip, *udp;

	frame_begin(frame);
	frame_ethernet(frame);
	ip = frame_ip(frame, "10.1.0.2", "10.2.0.2");
	ip[5] = 77; // the datagram's identification
	ip[6] = is_second ? 0 : 0x20;
	ip[7] = is_second ? 1 : 0;
	if (is_second) {
		frame_proto(frame, PROTO_UDP, 8);
		frame_end(frame);
		return;
	}
	udp = frame_udp(frame, 5000, 53);
	frame_end(frame);
	udp[5] = 16;
	udp[6] = udp[7] = 0; // no checksum
}

// Fragments wait until their datagram can be judged, with the connection of its ports.
static void
fragments_are_judged_with_their_datagram(void **state)
{
	const struct chain chain = CHAIN("filter", 0, &drop_new);
	struct path path;
	struct frame frame;
	struct pkt pkt;

	(void)state;
	for (int first = 0; first <= 1; first++) {
		path_open(&path, &(struct path_options){0});
		build_fragment(&frame, first == 1);
		pkt = path_one(&path, &frame, LAN);
		assert_int_equal(pkt.verdict, VERDICT_PENDING);
		assert_int_equal(created(&path), 0);
		assert_int_equal(pipeline_stats(path.pipeline)->held, 1);
		build_fragment(&frame, first == 0);
		pkt = path_one(&path, &frame, LAN);
		assert_path(&path, pkt, "accept default new orig");
		assert_int_equal(pkt.tuple.dst_field, 53);
		assert_int_equal(path.n_frames[0], 2);
		assert_int_equal(path.frames[0][0], 1);
		assert_int_equal(path.frames[0][1], 2);
		assert_int_equal(pipeline_stats(path.pipeline)->held, 0);
		assert_int_equal(pipeline_stats(path.pipeline)->packets, 2);
		assert_int_equal(pipeline_stats(path.pipeline)->accepted, 2);
		path_close(&path);
	}
	path_open(&path, &(struct path_options){.chains = &chain, .n_chains = 1});
	build_fragment(&frame, false);
	path_one(&path, &frame, LAN);
	build_fragment(&frame, true);
	assert_path(&path, path_one(&path, &frame, LAN), "drop rule filter/0 new orig");
	assert_int_equal(pipeline_stats(path.pipeline)->dropped[REASON_RULE], 2);
	assert_int_equal(ct_count(path.ct).confirmed, 0);
	path_close(&path);
}

static void
a_packet_leaves_at_the_other_end_of_its_wire(void **state)
{
	struct path path;
	struct frame frame;

	(void)state;
	path_open(&path, &(struct path_options){0});
	build_udp(&frame, false);
	assert_int_equal(path_one(&path, &frame, LAN).out_port, WAN);
	assert_int_equal(path_one(&path, &frame, WAN).out_port, LAN);
	assert_path(&path, path_one(&path, &frame, SPARE), "drop no_wire");
	assert_path(&path, path_one(&path, &frame, 77), "drop no_wire");
	path_close(&path);
}

static void
every_packet_is_counted_once(void **state)
{
	static struct rule drop_dns = {.action = ACTION_DROP};
	static struct range dns = {53, 53};
	const struct chain chain = CHAIN("filter", 0, &drop_dns);
	const struct pipeline_stats *stats;
	struct path path;
	struct frame frame;

	(void)state;
	drop_dns.match.n_dport = 1;
	drop_dns.match.dport = &dns;
	path_open(&path, &(struct path_options){.chains = &chain, .n_chains = 1});
	stats = pipeline_stats(path.pipeline);
	build_udp(&frame, false);
	path_one(&path, &frame, LAN); // dropped by the rule
	build_udp(&frame, true);
	path_one(&path, &frame, WAN); // accepted, new
	path_one(&path, &frame, WAN);
	frame.bytes[24] ^= 1;
	path_one(&path, &frame, WAN); // malformed
	path_one(&path, &frame, SPARE);
	assert_int_equal(stats->packets, 5);
	assert_int_equal(stats->bytes, 5 * 42);
	assert_int_equal(stats->accepted, 2);
	assert_int_equal(stats->rejected, 0);
	assert_int_equal(stats->dropped[REASON_RULE], 1);
	assert_int_equal(stats->dropped[REASON_MALFORMED], 1);
	assert_int_equal(stats->dropped[REASON_NO_WIRE], 1);
	assert_int_equal(stats->classes[CLASS_NEW], 3);
	assert_int_equal(stats->faults[FAULT_IPV4_CHECKSUM], 2);
	assert_int_equal(stats->faults[FAULT_NONE], 0); // none is no fault

	// Accepted, and then the port took no more.
	build_udp(&frame, true);
	path.unsent = REASON_TX_FULL;
	path_one(&path, &frame, WAN);
	assert_int_equal(stats->packets, 6);
	assert_int_equal(stats->accepted, 2);
	assert_int_equal(stats->dropped[REASON_TX_FULL], 1);
	path_close(&path);
}

// What became of all the frames that a path was given.
static uint64_t
n_accounted(const struct pipeline_stats *stats)
{
	uint64_t n = stats->accepted + stats->rejected + stats->held + stats->handed_over;

	for (int reason = 0; reason < REASON_COUNT; reason++)
		n += stats->dropped[reason];
	return n;
}

// A counter that ran backwards would look like one that began anew.
static void
no_counter_runs_backwards_when_nothing_can_be_sent(void **state)
{
	const enum reason reasons[] = {REASON_RULE, REASON_TX_FULL, REASON_PORT_GONE, REASON_RULE};
	const struct pipeline_stats *stats;
	uint64_t n_given = 0, n_sent = 0;
	struct path path;
	struct frame frame;

	(void)state;
	path_open(&path, &(struct path_options){0});
	stats = pipeline_stats(path.pipeline);
	for (size_t i = 0; i < RTE_DIM(reasons); i++) {
		uint64_t accepted = stats->accepted;

		path.unsent = reasons[i];
		build_udp(&frame, false);
		path_one(&path, &frame, LAN);
		build_fragment(&frame, true);
		path_one(&path, &frame, LAN);
		assert_int_equal(n_accounted(stats), n_given + 2); // one of them is held
		build_fragment(&frame, false);
		path_one(&path, &frame, LAN);
		n_given += 3;
		n_sent += reasons[i] == REASON_RULE ? 3 : 0;
		assert_true(stats->accepted >= accepted);
		assert_int_equal(stats->accepted, n_sent);
		assert_int_equal(stats->packets, n_given);
		assert_int_equal(n_accounted(stats), n_given);
	}
	assert_int_equal(stats->dropped[REASON_TX_FULL], 3);
	assert_int_equal(stats->dropped[REASON_PORT_GONE], 3);
	path_close(&path);
}

static void
the_burst_may_be_empty(void **state)
{
	static struct burst burst;
	struct path path;

	(void)state;
	path_open(&path, &(struct path_options){0});
	path_run(&path, NULL, 0, &burst);
	assert_int_equal(pipeline_stats(path.pipeline)->packets, 0);
	path_close(&path);
	pipeline_destroy(NULL);
	snapshot_destroy(NULL);
}

// Whoever had to parse a packet to know where it belongs hands it in as it is: read again, this one
// would be malformed by now.
static void
what_was_parsed_is_not_parsed_again(void **state)
{
	static struct burst burst;
	struct chain chain = CHAIN("filter", 0, &accept_all);
	struct frame frame;
	struct path path;
	struct pkt pkt;

	(void)state;
	path_open(&path, &(struct path_options){.chains = &chain, .n_chains = 1});
	build_udp(&frame, false);
	for (int is_parsed = 0; is_parsed < 2; is_parsed++) {
		burst_reset(&burst);
		pkt_init(&pkt, mbuf_from_frame(&frame), LAN, 1, path.now_ns);
		packet_parse(&pkt);
		*rte_pktmbuf_mtod_offset(pkt.mbuf, uint8_t *, RTE_ETHER_HDR_LEN) = 0;
		if (is_parsed == 1)
			burst_add_parsed(&burst, &pkt);
		else
			burst_add(&burst, pkt.mbuf, LAN, 1, path.now_ns);
		pipeline_run(path.pipeline, &burst);
		assert_path(&path, burst.pkts[0],
			    is_parsed == 1 ? "accept rule filter/0 new orig" : "drop malformed");
		burst_free(&burst);
	}
	path_close(&path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drop_before_confirm_leaves_no_entry),
		cmocka_unit_test(a_drop_behind_confirm_leaves_the_entry),
		cmocka_unit_test(replies_of_what_was_accepted_are_established),
		cmocka_unit_test(chains_are_asked_in_order),
		cmocka_unit_test(notrack_skips_conntrack),
		cmocka_unit_test(without_need_nothing_is_tracked),
		cmocka_unit_test(what_is_not_ip_meets_no_rule),
		cmocka_unit_test(what_is_malformed_meets_no_rule),
		cmocka_unit_test(what_is_invalid_is_for_the_rules),
		cmocka_unit_test(fragments_are_judged_with_their_datagram),
		cmocka_unit_test(a_packet_leaves_at_the_other_end_of_its_wire),
		cmocka_unit_test(every_packet_is_counted_once),
		cmocka_unit_test(no_counter_runs_backwards_when_nothing_can_be_sent),
		cmocka_unit_test(the_burst_may_be_empty),
		cmocka_unit_test(what_was_parsed_is_not_parsed_again),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
