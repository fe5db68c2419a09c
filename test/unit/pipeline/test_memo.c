// SPDX-License-Identifier: BSD-3-Clause
//
// What is remembered of what the rules said, and what is not. In every case a second packet of a
// connection comes by; whether it is asked about or not, it fares as one that is.
#include "pipeline/memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "util/eal.h"
#include "util/frame.h"

#define COUNTERS_MAX 16
#define OUTCOMES_MAX 16384

static const union address client = {.v4 = RTE_BE32(0x0a000001)};

// The rules, asked with a memory: chain 0 stands before conntrack, the others behind.
struct memory {
	struct snapshot snapshot;
	struct memos memos;
	struct rule_counter counters[COUNTERS_MAX];
};

static void
open_memory(struct memory *memory, const struct chain chains[], unsigned int n_chains)
{
	static uint32_t generation;
	struct errors errors;

	errors_init(&errors);
	*memory = (struct memory){.snapshot.generation = generation++};
	memory->snapshot.ruleset = ruleset_compile(chains, n_chains, memory->snapshot.generation,
						   "test.conf", &errors);
	assert_non_null(memory->snapshot.ruleset);
	errors_fini(&errors);
	assert_true(ruleset_n_counters(memory->snapshot.ruleset) <= COUNTERS_MAX);
	assert_true(memos_init(&memory->memos, &memory->snapshot, 1, n_chains));
}

static void
close_memory(struct memory *memory)
{
	memos_fini(&memory->memos);
	ruleset_destroy(memory->snapshot.ruleset);
}

static void
ask(struct memory *memory, unsigned int first, unsigned int end, struct pkt *pkt)
{
	for (unsigned int i = first; i < end && pkt->verdict == VERDICT_PENDING; i++)
		ruleset_eval_burst(memory->snapshot.ruleset, i, &pkt, 1, memory->counters);
}

// A packet's way. Returns true when the answer was remembered.
static bool
judge(struct memory *memory, struct pkt *pkt)
{
	struct recalled recalled = {0};

	ask(memory, 0, 1, pkt);
	if (pkt->verdict != VERDICT_PENDING)
		return false;
	if (memo_recall(&memory->memos, pkt, &recalled, memory->counters)) {
		recalled_count(&memory->memos, &recalled, memory->counters);
		return true;
	}
	memo_ask(pkt);
	ask(memory, 1, ruleset_n_chains(memory->snapshot.ruleset), pkt);
	memo_store(&memory->memos, pkt);
	return false;
}

// What holds for all packets of a class is asked again.
static void
forget_classes(struct memory *memory)
{
	memset(memory->memos.of_class, 0, sizeof(memory->memos.of_class));
}

// A segment of TCP on an established connection, from the client to port 80.
static struct pkt
segment(struct verdict_memo *memo)
{
	return (struct pkt){
		.in_port = 1,
		.out_port = 2,
		.family = FAMILY_IPV4,
		.l3_len = 100,
		.tcp_flags = TH_ACK,
		.has_tuple = true,
		.has_ports = true,
		.tuple =
			{
				.src = client,
				.dst.v4 = RTE_BE32(0x0a000002),
				.src_field = 1025,
				.dst_field = 80,
				.proto = PROTO_TCP,
				.family = FAMILY_IPV4,
			},
		.class = CLASS_ESTABLISHED,
		.dir = DIR_ORIG,
		.memo = memo,
		.chain = CHAIN_NONE,
		.rule = RULE_NONE,
	};
}

// ---- The second packet differs from the first in one thing, by rules that say this and that.

#define RULES_MAX_OF_CASE 6

struct memory_case {
	const char *name;
	struct rule rules[RULES_MAX_OF_CASE];
	struct rule before;              // in the chain before conntrack
	void (*first)(struct pkt *pkt);  // what the first packet is, NULL: a segment
	void (*second)(struct pkt *pkt); // what the second one is, NULL: another such segment
	unsigned int n_rules;
	bool is_recalled;
};

static void
is_longer(struct pkt *pkt)
{
	pkt->l3_len = 1500;
}

static void
is_from_port_3(struct pkt *pkt)
{
	pkt->in_port = 3;
}

static void
is_new(struct pkt *pkt)
{
	pkt->class = CLASS_NEW;
}

static void
is_reply(struct pkt *pkt)
{
	pkt->dir = DIR_REPLY;
}

static void
is_nobodys(struct pkt *pkt)
{
	pkt->memo = NULL;
}

static void
is_syn(struct pkt *pkt)
{
	pkt->tcp_flags = TH_SYN;
}

static void
is_udp(struct pkt *pkt)
{
	pkt->tuple.proto = PROTO_UDP;
}

static void
is_marked(struct pkt *pkt)
{
	pkt->mark = 5;
}

#define ON_SYN      .tcp_flags = TH_SYN, .tcp_flags_mask = TH_SYN
#define ON_MARK     .mark = {5, 7}
#define MARK        .set_mark = {5, 7}
#define NEW         .classes = 1 << CLASS_NEW
#define ESTABLISHED .classes = 1 << CLASS_ESTABLISHED
#define COUNT                                                                                      \
	{                                                                                          \
		.action = ACTION_NONE                                                              \
	}

static const struct memory_case cases[] = {
	{"the same again", {{.action = ACTION_ACCEPT}}, .n_rules = 1, .is_recalled = true},
	{"a drop", {{.action = ACTION_DROP}}, .n_rules = 1, .is_recalled = true},
	{"a reject", {{.action = ACTION_REJECT}}, .n_rules = 1, .is_recalled = true},
	{"the policies", .is_recalled = true},
	{"another length", {COUNT}, .n_rules = 1, .second = is_longer, .is_recalled = true},

	{"another input port",
	 {{.match.in_ports = 1 << 3, .action = ACTION_DROP}},
	 .n_rules = 1,
	 .second = is_from_port_3},
	{"another class",
	 {{.match = {NEW}, .action = ACTION_DROP}},
	 .n_rules = 1,
	 .second = is_new},
	{"another direction",
	 {{.match.dirs = 1 << DIR_REPLY, .action = ACTION_DROP}},
	 .n_rules = 1,
	 .second = is_reply},
	{"of no connection",
	 {{.match.out_ports = 1 << 3, .action = ACTION_DROP}},
	 .n_rules = 1,
	 .second = is_nobodys},

	{"a rule looks at flags",
	 {{.match = {ON_SYN}, .action = ACTION_DROP}},
	 .n_rules = 1,
	 .second = is_syn},
	{"at those of another class",
	 {{.match = {ON_SYN, NEW}, .action = ACTION_DROP}},
	 .n_rules = 1,
	 .second = is_syn,
	 .is_recalled = true},
	{"at those of this class",
	 {{.match = {ON_SYN, ESTABLISHED}, .action = ACTION_DROP}},
	 .n_rules = 1,
	 .second = is_syn},
	{"UDP has none",
	 {{.match = {ON_SYN}, .action = ACTION_DROP}},
	 .n_rules = 1,
	 .first = is_udp,
	 .second = is_udp,
	 .is_recalled = true},
	{"no rule looks at them", {COUNT}, .n_rules = 1, .second = is_syn, .is_recalled = true},
	{"only one before conntrack does, and accepts the second",
	 .before = {.match = {ON_SYN}, .action = ACTION_ACCEPT}, .second = is_syn,
	 .is_recalled = true},
	{"only one before conntrack does, and accepts the first",
	 .before = {.match = {ON_SYN}, .action = ACTION_ACCEPT}, .first = is_syn,
	 .is_recalled = true},
	{"only one before conntrack does, and another one decides",
	 {{.action = ACTION_ACCEPT}},
	 .before = {.match = {ON_SYN}, .action = ACTION_ACCEPT},
	 .n_rules = 1,
	 .second = is_syn,
	 .is_recalled = true},

	{"a mark that no rule sets",
	 {{.match = {ON_MARK}, .action = ACTION_DROP}},
	 .n_rules = 1,
	 .is_recalled = true},
	{"a mark that one before conntrack sets",
	 {{.match = {ON_MARK}, .action = ACTION_DROP}},
	 .before = {.match = {ON_SYN}, MARK},
	 .n_rules = 1,
	 .second = is_marked},
	{"a mark of packets of another class",
	 {{.match = {ON_MARK, NEW}, .action = ACTION_DROP}},
	 .before = {.match = {ON_SYN}, MARK},
	 .n_rules = 1,
	 .second = is_marked,
	 .is_recalled = true},
	{"a rule sets a mark", {{MARK}}, .n_rules = 1},
	{"a rule sets a mark of UDP", {{MARK}}, .n_rules = 1, .first = is_udp, .second = is_udp},
	{"a rule sets a mark of packets of this class",
	 {{.match = {ESTABLISHED}, MARK}},
	 .n_rules = 1},
	{"a rule sets a mark of packets of another class",
	 {{.match = {NEW}, MARK}},
	 .n_rules = 1,
	 .is_recalled = true},
	{"a rule sets a zone", {{.has_set_zone = true, .set_zone = 7}}, .n_rules = 1},
	{"a rule sets a zone of packets of another class",
	 {{.match = {NEW}, .has_set_zone = true, .set_zone = 7}},
	 .n_rules = 1,
	 .is_recalled = true},
	{"a rule sets a helper", {{.set_helper = 1}}, .n_rules = 1},
	{"a rule sets a helper, but not here",
	 {{.match = {NEW}, .set_helper = 1}},
	 .n_rules = 1,
	 .is_recalled = true},

	// and the policies of two chains, which makes four
	{"as many counters as can be remembered",
	 {COUNT, COUNT},
	 .n_rules = 2,
	 .is_recalled = true},
	{"one more", {COUNT, COUNT, COUNT}, .n_rules = 3},
	{"two more", {COUNT, COUNT, COUNT, COUNT}, .n_rules = 4},
};

// Everything that a chain decides, and the counters.
static void
assert_same(const struct memory *got, const struct pkt *pkt, const struct memory *wanted,
	    const struct pkt *want)
{
	assert_int_equal(pkt->verdict, want->verdict);
	assert_int_equal(pkt->reason, want->reason);
	assert_int_equal(pkt->chain, want->chain);
	assert_int_equal(pkt->rule, want->rule);
	assert_int_equal(pkt->mark, want->mark);
	assert_int_equal(pkt->tuple.zone, want->tuple.zone);
	assert_int_equal(pkt->set_helper, want->set_helper);
	assert_memory_equal(got->counters, wanted->counters, sizeof(got->counters));
}

static void
check_case(const struct memory_case *one, struct verdict_memo *first, struct verdict_memo *second)
{
	struct pkt pkts[2] = {segment(first), segment(second)}, wanted[2];
	struct memory memory, without;
	bool is_recalled = false;
	const struct chain chains[] = {
		{.policy = ACTION_ACCEPT, .n_rules = 1, .rules = (struct rule *)&one->before},
		{.policy = ACTION_ACCEPT,
		 .n_rules = one->n_rules,
		 .rules = (struct rule *)one->rules},
		{.policy = ACTION_ACCEPT},
	};

	if (one->first != NULL)
		one->first(&pkts[0]);
	if (one->second != NULL)
		one->second(&pkts[1]);
	open_memory(&memory, chains, RTE_DIM(chains));
	open_memory(&without, chains, RTE_DIM(chains));
	for (int i = 0; i < 2; i++) {
		wanted[i] = pkts[i];
		wanted[i].memo = NULL;
		assert_false(judge(&without, &wanted[i]));
		forget_classes(&without);
		is_recalled = judge(&memory, &pkts[i]);
		assert_same(&memory, &pkts[i], &without, &wanted[i]);
	}
	if (is_recalled != one->is_recalled)
		fail_msg("%s: %s", one->name, is_recalled ? "remembered" : "asked again");
	close_memory(&memory);
	close_memory(&without);
}

static void
what_is_remembered(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct verdict_memo memo = {0};

		check_case(&cases[i], &memo, &memo);
	}
}

// ---- The second packet is of another connection, and nothing of it is like the first but its
// class.

static void
is_another(struct pkt *pkt)
{
	pkt->tuple.src.v4 = RTE_BE32(0x0a000077);
	pkt->tuple.src_field = 77;
	pkt->tuple.dst_field = 7777;
	pkt->in_port = 3;
	pkt->out_port = 4;
	pkt->dir = DIR_REPLY;
	pkt->mark = 5;
	pkt->tcp_flags = TH_SYN;
}

static void
is_another_udp(struct pkt *pkt)
{
	is_another(pkt);
	is_udp(pkt);
}

static void
is_another_new(struct pkt *pkt)
{
	is_another(pkt);
	is_new(pkt);
}

static void
is_another_of_nobody(struct pkt *pkt)
{
	is_another(pkt);
	is_nobodys(pkt);
}

static uint8_t tcp[] = {PROTO_UDP, PROTO_TCP}, udp[] = {PROTO_UDP};
static struct prefix here = {.family = FAMILY_IPV4, .len = 32, .address.v4 = RTE_BE32(0x0a000001)};
static struct range any_type = {0, UINT8_MAX};

#define ACCEPT  .action = ACTION_ACCEPT
#define DROP    .action = ACTION_DROP
#define ON_SRC  .src = &here, .n_src = 1
#define ON_TCP  .protos = tcp, .n_protos = 2
#define ON_UDP  .protos = udp, .n_protos = 1
#define ON_ICMP .icmp_type = &any_type, .n_icmp_type = 1

static const struct memory_case class_cases[] = {
	{"the policies", .is_recalled = true},
	{"all are accepted", {{ACCEPT}}, .n_rules = 1, .is_recalled = true},
	{"all are dropped", {{DROP}}, .n_rules = 1, .is_recalled = true},
	{"all of the class are accepted",
	 {{.match = {ESTABLISHED}, ACCEPT}, {.match = {ON_SRC}, DROP}},
	 .n_rules = 2,
	 .is_recalled = true},
	{"all of the class are counted, and accepted",
	 {COUNT, {.match = {ESTABLISHED}}, {.match = {ESTABLISHED}, ACCEPT}},
	 .n_rules = 3,
	 .is_recalled = true},
	{"of no connection",
	 {{.match = {ESTABLISHED}, DROP}},
	 .n_rules = 1,
	 .second = is_another_of_nobody,
	 .is_recalled = true},
	{"the first is of none",
	 {{.match = {ESTABLISHED}, DROP}},
	 .n_rules = 1,
	 .first = is_nobodys,
	 .is_recalled = true},
	{"flags do not matter behind",
	 {{.match = {ESTABLISHED}, ACCEPT}, {.match = {ON_SYN}, DROP}},
	 .n_rules = 2,
	 .is_recalled = true},
	{"a rule before conntrack accepts the first",
	 {{.match = {ESTABLISHED}, ACCEPT}},
	 .before = {.match = {ON_SRC}, ACCEPT},
	 .n_rules = 1,
	 .is_recalled = true},
	{"and then only policies do", .before = {.match = {ON_SRC}, ACCEPT}, .is_recalled = true},
	{"the second, and then only policies do", .before = {.match = {ON_SYN}, ACCEPT},
	 .is_recalled = true},

	{"those of another class", {{ACCEPT}}, .n_rules = 1, .second = is_another_new},
	{"those of another protocol", {{ACCEPT}}, .n_rules = 1, .second = is_another_udp},
	{"those of TCP are taken, which both are",
	 {{.match = {ON_TCP}, ACCEPT}, {.match = {ON_SRC}, DROP}},
	 .n_rules = 2,
	 .is_recalled = true},
	{"those of TCP are taken, which neither is",
	 {{.match = {.protos = tcp + 1, .n_protos = 1}, ACCEPT}, {.match = {ON_SRC}, DROP}},
	 .n_rules = 2,
	 .first = is_udp,
	 .second = is_another_udp},
	{"those of UDP are taken, which neither is",
	 {{.match = {ON_UDP}, DROP}},
	 .n_rules = 1,
	 .is_recalled = true},
	{"those of UDP are taken, which both are",
	 {{.match = {ON_UDP}, DROP}},
	 .n_rules = 1,
	 .first = is_udp,
	 .second = is_another_udp},
	{"TCP has no type of ICMP",
	 {{.match = {ON_ICMP}, DROP}},
	 .n_rules = 1,
	 .is_recalled = true},
	{"UDP has no flags",
	 {{.match = {ON_SYN}, DROP}},
	 .n_rules = 1,
	 .first = is_udp,
	 .second = is_another_udp,
	 .is_recalled = true},

	{"a rule in front looks at more",
	 {{.match = {ON_SRC}, DROP}, {.match = {ESTABLISHED}, ACCEPT}},
	 .n_rules = 2},
	{"it does nothing but count",
	 {{.match = {ON_SRC}}, {.match = {ESTABLISHED}, ACCEPT}},
	 .n_rules = 2},
	{"it is for another class",
	 {{.match = {ON_SRC, NEW}, DROP}, {.match = {ESTABLISHED}, ACCEPT}},
	 .n_rules = 2,
	 .is_recalled = true},
	{"the rule itself looks at more", {{.match = {ON_SRC, ESTABLISHED}, ACCEPT}}, .n_rules = 1},
	{"the rule looks at flags", {{.match = {ON_SYN, ESTABLISHED}, DROP}}, .n_rules = 1},
	{"a rule behind looks at more, and all come to it",
	 {{.match = {ESTABLISHED}}, {.match = {ON_SRC}, DROP}},
	 .n_rules = 2},
	{"the rule sets a mark", {{.match = {ESTABLISHED}, MARK, ACCEPT}}, .n_rules = 1},
	{"the rule sets a zone",
	 {{.match = {ESTABLISHED}, .has_set_zone = true, .set_zone = 7, ACCEPT}},
	 .n_rules = 1},
	{"the rule sets a helper",
	 {{.match = {ESTABLISHED}, .set_helper = 1, ACCEPT}},
	 .n_rules = 1},
	{"the rule sets how windows are kept",
	 {{.match = {ESTABLISHED}, .set_window = 1, ACCEPT}},
	 .n_rules = 1},
	{"one more counter than can be remembered", {COUNT, COUNT, COUNT}, .n_rules = 3},
};

static void
what_is_remembered_of_a_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(class_cases); i++) {
		struct memory_case one = class_cases[i];
		struct verdict_memo first = {0}, second = {0};

		if (one.second == NULL)
			one.second = is_another;
		check_case(&one, &first, &second);
	}
}

// The outcome of a class becomes that of the connection: one that is found there is as good.
static void
a_connection_remembers_what_its_class_was_told(void **state)
{
	const struct chain chains[] = {{.policy = ACTION_ACCEPT}, {.policy = ACTION_DROP}};
	struct verdict_memo memos[2] = {{0}};
	struct memory memory;

	(void)state;
	open_memory(&memory, chains, RTE_DIM(chains));
	for (int i = 0; i < 2; i++) {
		struct pkt pkt = segment(&memos[i]);

		assert_int_equal(judge(&memory, &pkt), i == 1);
	}
	forget_classes(&memory);
	for (int i = 0; i < 2; i++) {
		struct pkt pkt = segment(&memos[i]);

		assert_true(judge(&memory, &pkt));
		assert_int_equal(pkt.verdict, VERDICT_DROP);
	}
	close_memory(&memory);
}

// ---- What takes more than two packets.

// It takes none of them, and makes their answers those of a connection, not of a class.
static struct rule looks = {.match.out_ports = 1 << 9, .action = ACTION_DROP};

#define LOOKS .n_rules = 1, .rules = &looks

static void
either_direction_has_its_answer(void **state)
{
	struct rule rule = {.match.dirs = 1 << DIR_REPLY, .action = ACTION_DROP};
	const struct chain chains[] = {
		{.policy = ACTION_ACCEPT},
		{.policy = ACTION_ACCEPT, .n_rules = 1, .rules = &rule},
	};
	struct verdict_memo memo = {0};
	struct memory memory;

	(void)state;
	open_memory(&memory, chains, RTE_DIM(chains));
	for (int round = 0; round < 3; round++) {
		struct pkt orig = segment(&memo), reply = segment(&memo);

		is_reply(&reply);
		assert_int_equal(judge(&memory, &orig), round > 0);
		assert_int_equal(judge(&memory, &reply), round > 0);
		assert_int_equal(orig.verdict, VERDICT_PENDING);
		assert_int_equal(reply.verdict, VERDICT_DROP);
	}
	assert_int_equal(memory.counters[0].packets, 3);
	assert_int_equal(memory.counters[0].bytes, 300);
	assert_int_equal(memory.counters[2].packets, 3);
	close_memory(&memory);
}

// Other rules have taken the place of those that were asked: nothing of what they said is left, of
// neither direction.
static void
other_rules_are_asked_again(void **state)
{
	const struct chain before[] = {{.policy = ACTION_ACCEPT}, {.policy = ACTION_ACCEPT, LOOKS}};
	const struct chain after[] = {{.policy = ACTION_ACCEPT}, {.policy = ACTION_DROP, LOOKS}};
	struct verdict_memo memo = {0};
	struct memory old, new;
	struct pkt orig, reply;

	(void)state;
	open_memory(&old, before, RTE_DIM(before));
	open_memory(&new, after, RTE_DIM(after));
	for (int round = 0; round < 2; round++) {
		orig = segment(&memo);
		reply = segment(&memo);
		is_reply(&reply);
		assert_int_equal(judge(&old, &orig), round);
		assert_int_equal(judge(&old, &reply), round);
	}
	for (int round = 0; round < 2; round++) {
		orig = segment(&memo);
		reply = segment(&memo);
		is_reply(&reply);
		assert_int_equal(judge(&new, &orig), round);
		assert_int_equal(judge(&new, &reply), round);
		assert_int_equal(orig.verdict, VERDICT_DROP);
		assert_int_equal(reply.verdict, VERDICT_DROP);
	}
	close_memory(&old);
	close_memory(&new);
}

static void
connections_share_an_answer(void **state)
{
	const struct chain chains[] = {{.policy = ACTION_ACCEPT}, {.policy = ACTION_ACCEPT, LOOKS}};
	struct memory memory;

	(void)state;
	open_memory(&memory, chains, RTE_DIM(chains));
	for (int i = 0; i < 2 * OUTCOMES_MAX; i++) {
		struct verdict_memo memo = {0};
		struct pkt first = segment(&memo), second = segment(&memo);

		assert_false(judge(&memory, &first));
		assert_true(judge(&memory, &second));
	}
	assert_int_equal(memory.memos.n, 1);
	close_memory(&memory);
}

// An answer that no other packet has had: a rule accepted it, and this counter counted it.
static struct pkt
accepted(struct verdict_memo *memo, uint32_t counter)
{
	struct pkt pkt = segment(memo);

	pkt.reason = REASON_RULE;
	pkt.chain = 1;
	pkt.rule = counter % 100;
	pkt.trail[0] = counter;
	pkt.n_trail = 1;
	return pkt;
}

// Answers that come later find no room; those before are still there, and may be given again.
static void
there_is_room_for_so_many_answers(void **state)
{
	static struct verdict_memo memos[OUTCOMES_MAX + 2];
	static struct rule_counter counters[OUTCOMES_MAX + 1];
	const struct chain chains[] = {{.policy = ACTION_ACCEPT}, {.policy = ACTION_ACCEPT, LOOKS}};
	struct memory memory;

	(void)state;
	open_memory(&memory, chains, RTE_DIM(chains));
	for (uint32_t i = 0; i < RTE_DIM(memos); i++) {
		struct pkt pkt = accepted(&memos[i], i <= OUTCOMES_MAX ? i : 77);

		memo_store(&memory.memos, &pkt);
	}
	for (uint32_t i = 0; i < RTE_DIM(memos); i++) {
		const bool has_room = i != OUTCOMES_MAX;
		const uint32_t counter = i <= OUTCOMES_MAX ? i : 77;
		struct recalled recalled = {0};
		struct pkt pkt = segment(&memos[i]);

		assert_int_equal(memo_recall(&memory.memos, &pkt, &recalled, counters), has_room);
		recalled_count(&memory.memos, &recalled, counters);
		assert_int_equal(pkt.rule, has_room ? counter % 100 : RULE_NONE);
		assert_int_equal(counters[counter].packets, counter == i ? has_room : 2);
	}
	close_memory(&memory);
}

// Packets in a row that have one answer are counted at once, those of another one by themselves.
static void
packets_in_a_row_are_counted_together(void **state)
{
	static struct rule_counter counters[3];
	const struct chain chains[] = {{.policy = ACTION_ACCEPT}, {.policy = ACTION_ACCEPT, LOOKS}};
	struct verdict_memo memos[2] = {0};
	struct recalled recalled = {0};
	struct memory memory;

	(void)state;
	open_memory(&memory, chains, RTE_DIM(chains));
	for (uint32_t i = 0; i < RTE_DIM(memos); i++) {
		struct pkt pkt = accepted(&memos[i], 1 + i);

		memo_store(&memory.memos, &pkt);
	}
	for (uint32_t i = 0; i < 5; i++) {
		struct pkt pkt = segment(&memos[i == 3]);

		assert_true(memo_recall(&memory.memos, &pkt, &recalled, counters));
	}
	recalled_count(&memory.memos, &recalled, counters);
	assert_int_equal(counters[0].packets, 0);
	assert_int_equal(counters[1].packets, 4);
	assert_int_equal(counters[1].bytes, 400);
	assert_int_equal(counters[2].packets, 1);
	assert_int_equal(counters[2].bytes, 100);
	close_memory(&memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_remembered),
		cmocka_unit_test(what_is_remembered_of_a_class),
		cmocka_unit_test(a_connection_remembers_what_its_class_was_told),
		cmocka_unit_test(either_direction_has_its_answer),
		cmocka_unit_test(other_rules_are_asked_again),
		cmocka_unit_test(connections_share_an_answer),
		cmocka_unit_test(there_is_room_for_so_many_answers),
		cmocka_unit_test(packets_in_a_row_are_counted_together),
	};

	return cmocka_run_group_tests_name("memo", tests, test_eal_start, test_eal_stop);
}
