// SPDX-License-Identifier: BSD-3-Clause
//
// How often rejected packets are answered: the two buckets, whom each is for, and why there is no
// answer. The bucket of a source is Linux's icmp_ratelimit: six at once, then one per interval;
// Linux has no limit for TCP resets, so only the bound for all answers holds for them.
#include "pipeline/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <rte_mempool.h>

#include "frag/frag.h"
#include "packet/parse.h"
#include "rules/reject.h"
#include "util/eal.h"
#include "util/mbuf.h"

#define SERVER4 "198.51.100.2"
#define SERVER6 "2001:db8:ff::2"
#define IN_PORT 3

#define NS_PER_MS   (NS_PER_SEC / 1000)
#define START_NS    (1000 * NS_PER_SEC)
#define AT_ONCE     6 // of one source: icmp_ratelimit's bucket
#define PLENTY      100000
#define N_SOURCES   20000
#define POOL_MBUFS  8192
#define RESET_BYTES 54 // Ethernet, IPv4 and TCP without options

// The rules, by number.
enum { RESETS, UNREACHABLE, PROHIBITED };

static struct rule rules[] = {
	[RESETS] = {.action = ACTION_REJECT},
	[UNREACHABLE] = {.action = ACTION_REJECT, .reject_with = REJECT_DEFAULT},
	[PROHIBITED] = {.action = ACTION_REJECT},
};

static struct ruleset *ruleset;
static struct hash_secret secret;
static struct answer_params params;
static struct answers *answers;
static struct emit emit;
static uint64_t now_ns;

static uint8_t
number_of(const char *name)
{
	for (unsigned int i = 0; i < n_reject_withs; i++) {
		if (strcmp(reject_withs[i].name, name) == 0)
			return (uint8_t)i;
	}
	fail_msg("there is no %s", name);
	return 0;
}

static int
start(void **state)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "answer tests...";
	const struct chain chain = {
		.name = (char *)"filter", .n_rules = RTE_DIM(rules), .rules = rules};
	struct errors errors;

	if (test_eal_start(state) != 0)
		return -1;
	hash_secret_init(&secret, seed);
	rules[RESETS].reject_with = number_of("tcp_reset");
	rules[PROHIBITED].reject_with = number_of("admin_prohibited");
	errors_init(&errors);
	ruleset = ruleset_compile(&chain, 1, 1, "test", &errors);
	errors_fini(&errors);
	return ruleset == NULL ? -1 : 0;
}

static int
stop(void **state)
{
	ruleset_destroy(ruleset);
	return test_eal_stop(state);
}

static void
open_answers(uint32_t per_second, uint32_t ratelimit_ms, unsigned int n_workers)
{
	params =
		(struct answer_params){.per_second = per_second, .icmp_ratelimit_ms = ratelimit_ms};
	answers = answers_create(&secret, n_workers, SOCKET_ID_ANY);
	assert_non_null(answers);
	now_ns = START_NS;
}

static void
close_answers(void)
{
	answers_destroy(answers);
}

static void
build(struct frame *frame, const char *src, uint8_t tcp_flags)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, src, strchr(src, ':') == NULL ? SERVER4 : SERVER6);
	frame_tcp(frame, &(struct frame_tcp){40000, 80, tcp_flags, 1, 2, 3});
	frame_end(frame);
}

static struct pkt
parse(struct rte_mbuf *mbuf, unsigned int rule)
{
	struct pkt pkt = {.mbuf = mbuf, .in_port = IN_PORT, .rule = rule, .now_ns = now_ns};

	packet_parse(&pkt);
	assert_int_equal(pkt.fault, FAULT_NONE);
	return pkt;
}

// Rejects a frame by a rule. Returns how it was answered, or why it was not.
static const char *
reject_frame(const struct frame *frame, unsigned int rule)
{
	struct rte_mbuf *mbuf = mbuf_from_frame(frame);
	struct pkt pkt = parse(mbuf, rule);
	unsigned int n;

	answer_rejected(answers, &params, ruleset, &pkt, &emit);
	n = emit.n;
	emit_free(&emit);
	rte_pktmbuf_free(mbuf);
	if (pkt.answer == ANSWER_NONE) {
		assert_int_equal(n, 0);
		return silence_name((enum silence)pkt.silence);
	}
	assert_int_equal(n, 1);
	assert_int_equal(pkt.silence, SILENCE_SPEAKING);
	return answer_name((enum pkt_answer)pkt.answer);
}

// The same for a SYN from this address.
static const char *
reject_syn(const char *src, unsigned int rule)
{
	struct frame frame;

	build(&frame, src, TH_SYN);
	return reject_frame(&frame, rule);
}

// How many of so many SYNs in a row are answered; the others exceed a rate.
static unsigned int
n_answered(unsigned int n, const char *src, unsigned int rule)
{
	const char *answer = rule == RESETS ? "tcp_reset" : "icmp";
	unsigned int n_answered = 0;

	while (n-- > 0) {
		const char *became = reject_syn(src, rule);

		if (strcmp(became, answer) == 0)
			n_answered++;
		else
			assert_string_equal(became, "rate");
	}
	return n_answered;
}

static void
a_source_has_six_errors_at_once_then_one_per_interval(void **state)
{
	static const char *const sources[] = {"192.0.2.1", "2001:db8::1"};
	static const uint32_t intervals_ms[] = {1000, 100};

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(sources); i++) {
		const uint64_t interval_ns = intervals_ms[i] * NS_PER_MS;

		open_answers(PLENTY, intervals_ms[i], 1);
		assert_int_equal(n_answered(20, sources[i], UNREACHABLE), AT_ONCE);
		now_ns += interval_ns - 1;
		assert_int_equal(n_answered(2, sources[i], UNREACHABLE), 0);
		now_ns += 1;
		assert_int_equal(n_answered(2, sources[i], UNREACHABLE), 1);
		now_ns += 3 * interval_ns;
		assert_int_equal(n_answered(20, sources[i], UNREACHABLE), 3);
		now_ns += 1000 * interval_ns;
		assert_int_equal(n_answered(20, sources[i], UNREACHABLE), AT_ONCE);
		close_answers();
	}
}

// Whichever rule rejects, and whatever host the packet was for; others have buckets of their own.
static void
errors_are_counted_by_source(void **state)
{
	struct frame frame;

	(void)state;
	open_answers(PLENTY, 1000, 1);
	assert_int_equal(n_answered(AT_ONCE - 1, "192.0.2.1", UNREACHABLE), AT_ONCE - 1);
	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, "192.0.2.1", "203.0.113.9");
	frame_udp(&frame, 5000, 53);
	frame_end(&frame);
	assert_string_equal(reject_frame(&frame, PROHIBITED), "icmp");
	assert_string_equal(reject_frame(&frame, UNREACHABLE), "rate");
	assert_int_equal(n_answered(20, "192.0.2.2", UNREACHABLE), AT_ONCE);
	assert_int_equal(n_answered(20, "c000:201::", UNREACHABLE),
			 AT_ONCE); // bytes 192.0.2.1, 0...
	assert_int_equal(n_answered(20, "192.0.2.1", UNREACHABLE), 0);
	close_answers();
}

static void
resets_have_no_limit_by_source(void **state)
{
	(void)state;
	open_answers(PLENTY, 1000, 1);
	assert_int_equal(n_answered(20, "192.0.2.1", RESETS), 20);
	assert_int_equal(n_answered(20, "192.0.2.1", UNREACHABLE), AT_ONCE);
	assert_int_equal(n_answered(20, "192.0.2.1", RESETS), 20);
	close_answers();
}

static void
an_interval_of_zero_is_no_limit(void **state)
{
	(void)state;
	open_answers(PLENTY, 0, 1);
	assert_int_equal(n_answered(20, "192.0.2.1", UNREACHABLE), 20);
	close_answers();
}

// A worker has its part of the second, but never less than one answer.
static void
answers_of_a_second_are_bounded(void **state)
{
	static const struct {
		uint32_t per_second;
		unsigned int n_workers;
		unsigned int expected;
	} cases[] = {{20, 1, 20}, {20, 2, 10}, {20, 4, 5}, {2, 4, 1}, {0, 1, 0}};

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(cases); i++) {
		const unsigned int expected = cases[i].expected;

		open_answers(cases[i].per_second, 0, cases[i].n_workers);
		assert_int_equal(n_answered(30, "192.0.2.1", RESETS), expected);
		if (expected > 0) {
			now_ns += NS_PER_SEC / expected - 1;
			assert_int_equal(n_answered(2, "192.0.2.1", RESETS), 0);
			now_ns += 1;
			assert_int_equal(n_answered(2, "192.0.2.1", RESETS), 1);
			now_ns += 100 * NS_PER_SEC;
			assert_int_equal(n_answered(30, "192.0.2.1", UNREACHABLE), expected);
		}
		close_answers();
	}
}

// A packet that one bucket leaves without an answer takes nothing out of the other one.
static void
what_is_not_answered_is_not_taken(void **state)
{
	(void)state;
	open_answers(10, 1000, 1);
	assert_int_equal(n_answered(50, "192.0.2.1", UNREACHABLE), AT_ONCE);
	assert_int_equal(n_answered(50, "192.0.2.2", UNREACHABLE), 10 - AT_ONCE);
	close_answers();

	open_answers(1, 100 * 1000, 1);
	for (unsigned int i = 0; i < AT_ONCE; i++, now_ns += NS_PER_SEC)
		assert_int_equal(n_answered(10, "192.0.2.1", UNREACHABLE), 1);
	assert_int_equal(n_answered(1, "192.0.2.1", UNREACHABLE), 0);
	close_answers();
}

// They are silent for a reason of their own, and use up nothing.
static void
packets_that_must_not_be_answered_are_not(void **state)
{
	struct frame reset, error;

	(void)state;
	build(&reset, "192.0.2.1", TH_RST);
	frame_begin(&error);
	frame_ethernet(&error);
	frame_ip(&error, "192.0.2.1", SERVER4);
	frame_icmp(&error, 3, 1, 0);
	frame_data(&error, 28);
	frame_end(&error);

	open_answers(1, 1000, 1);
	for (unsigned int i = 0; i < 10; i++) {
		assert_string_equal(reject_frame(&reset, RESETS), "rst");
		assert_string_equal(reject_frame(&error, UNREACHABLE), "icmp_error");
		assert_string_equal(reject_syn("224.0.0.1", UNREACHABLE), "address");
	}
	assert_string_equal(reject_frame(&reset, UNREACHABLE), "icmp"); // quoted as any other
	assert_string_equal(reject_frame(&reset, RESETS), "rst");
	assert_string_equal(reject_frame(&error, UNREACHABLE), "icmp_error");
	assert_string_equal(reject_syn("192.0.2.1", UNREACHABLE), "rate");
	close_answers();
}

// The table has fewer buckets than there are sources. The one that is closest to being full is
// reused, so a crowd of sources does not make it forget one that has had its six.
static void
a_crowd_lifts_no_limit(void **state)
{
	char source[sizeof("10.255.255.255")];

	(void)state;
	open_answers(UINT32_MAX, 1000, 1);
	assert_int_equal(n_answered(20, "192.0.2.1", UNREACHABLE), AT_ONCE);
	for (unsigned int i = 0; i < N_SOURCES; i++) {
		snprintf(source, sizeof(source), "10.0.%u.%u", i / 250, i % 250 + 1);
		assert_string_equal(reject_syn(source, UNREACHABLE), "icmp");
	}
	assert_int_equal(n_answered(20, "192.0.2.1", UNREACHABLE), 0);
	close_answers();
}

static void
assert_sent(const char *src, unsigned int rule, uint8_t proto, int type, int code)
{
	struct frame frame;
	struct rte_mbuf *mbuf;
	struct pkt pkt, sent;

	build(&frame, src, TH_SYN);
	mbuf = mbuf_from_frame(&frame);
	pkt = parse(mbuf, rule);
	pkt.seq = 77;
	answer_rejected(answers, &params, ruleset, &pkt, &emit);
	assert_int_equal(emit.n, 1);
	assert_int_equal(emit.list[0].port, IN_PORT);
	assert_int_equal(emit.list[0].seq, 77);
	assert_ptr_equal(emit.list[0].mbuf->pool, mbuf->pool);

	sent = parse(emit.list[0].mbuf, 0);
	assert_int_equal(sent.tuple.proto, proto);
	assert_memory_equal(&sent.tuple.dst, &pkt.tuple.src, sizeof(pkt.tuple.src));
	if (type >= 0) {
		const uint8_t *icmp =
			rte_pktmbuf_mtod_offset(sent.mbuf, const uint8_t *, sent.l4_off);

		assert_int_equal(icmp[0], type);
		assert_int_equal(icmp[1], code);
	} else {
		assert_int_equal(sent.mbuf->pkt_len, RESET_BYTES);
	}
	emit_free(&emit);
	rte_pktmbuf_free(mbuf);
}

// RFC 792 and 1812, RFC 4443: the codes that nft's names have.
static void
the_rule_says_with_what(void **state)
{
	(void)state;
	open_answers(PLENTY, 1000, 1);
	assert_sent("192.0.2.1", RESETS, PROTO_TCP, -1, -1);
	assert_sent("192.0.2.1", UNREACHABLE, PROTO_ICMP, 3, 3);
	assert_sent("2001:db8::1", UNREACHABLE, PROTO_ICMPV6, 1, 4);
	assert_sent("192.0.2.1", PROHIBITED, PROTO_ICMP, 3, 13);
	assert_sent("2001:db8::1", PROHIBITED, PROTO_ICMPV6, 1, 1);
	close_answers();
}

// The frame of a datagram has segments of the store of fragments, in which no answer fits.
static void
an_answer_to_a_datagram_has_the_buffer_of_a_fragment(void **state)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create("other", 63, 0, 0, 64, SOCKET_ID_ANY);
	struct fragment fragment = {0};
	struct frame frame;
	struct rte_mbuf *mbuf;
	struct pkt pkt;

	(void)state;
	assert_non_null(pool);
	open_answers(PLENTY, 1000, 1);
	build(&frame, "192.0.2.1", TH_SYN);
	fragment.mbuf = mbuf_from_frame(&frame);
	mbuf = rte_pktmbuf_alloc(pool);
	rte_pktmbuf_attach(mbuf, fragment.mbuf);
	pkt = parse(mbuf, UNREACHABLE);
	pkt.fragments = &fragment;
	answer_rejected(answers, &params, ruleset, &pkt, &emit);
	assert_int_equal(emit.n, 1);
	assert_ptr_equal(emit.list[0].mbuf->pool, test_eal_pool());
	emit_free(&emit);
	rte_pktmbuf_free(mbuf);
	rte_pktmbuf_free(fragment.mbuf);
	rte_mempool_free(pool);
	close_answers();
}

static void
without_a_buffer_there_is_no_answer(void **state)
{
	static struct rte_mbuf *taken[POOL_MBUFS];
	unsigned int n = 0;
	struct frame frame;
	struct rte_mbuf *mbuf;
	struct pkt pkt;

	(void)state;
	open_answers(PLENTY, 1000, 1);
	build(&frame, "192.0.2.1", TH_SYN);
	mbuf = mbuf_from_frame(&frame);
	pkt = parse(mbuf, UNREACHABLE);
	while ((taken[n] = rte_pktmbuf_alloc(test_eal_pool())) != NULL)
		n++;
	answer_rejected(answers, &params, ruleset, &pkt, &emit);
	assert_int_equal(emit.n, 0);
	assert_int_equal(pkt.answer, ANSWER_NONE);
	assert_string_equal(silence_name((enum silence)pkt.silence), "no_memory");

	rte_pktmbuf_free(taken[--n]);
	answer_rejected(answers, &params, ruleset, &pkt, &emit);
	assert_int_equal(emit.n, 1);
	assert_int_equal(pkt.answer, ANSWER_ICMP);
	emit_free(&emit);
	rte_pktmbuf_free_bulk(taken, n);
	rte_pktmbuf_free(mbuf);
	close_answers();
}

// The connection of a packet that is answered with a reset is closed, at every reset: also when the
// rate keeps the answer back.
static void
a_reset_is_foreseen(void **state)
{
	static const struct {
		uint32_t per_second;
		unsigned int rule;
		uint8_t flags;
		bool expected;
	} cases[] = {
		{1, RESETS, TH_ACK, true},
		{1, RESETS, TH_RST, false},
		{1, UNREACHABLE, TH_ACK, false},
		{0, RESETS, TH_ACK, false},
	};

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(cases); i++) {
		struct frame frame;
		struct rte_mbuf *mbuf;
		struct pkt pkt;

		open_answers(cases[i].per_second, 1000, 1);
		n_answered(2, "192.0.2.1", RESETS); // the bucket is empty
		build(&frame, "192.0.2.1", cases[i].flags);
		mbuf = mbuf_from_frame(&frame);
		pkt = parse(mbuf, cases[i].rule);
		assert_int_equal(answer_is_reset(&params, ruleset, &pkt), cases[i].expected);
		rte_pktmbuf_free(mbuf);
		close_answers();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_has_six_errors_at_once_then_one_per_interval),
		cmocka_unit_test(errors_are_counted_by_source),
		cmocka_unit_test(resets_have_no_limit_by_source),
		cmocka_unit_test(an_interval_of_zero_is_no_limit),
		cmocka_unit_test(answers_of_a_second_are_bounded),
		cmocka_unit_test(what_is_not_answered_is_not_taken),
		cmocka_unit_test(packets_that_must_not_be_answered_are_not),
		cmocka_unit_test(a_crowd_lifts_no_limit),
		cmocka_unit_test(the_rule_says_with_what),
		cmocka_unit_test(an_answer_to_a_datagram_has_the_buffer_of_a_fragment),
		cmocka_unit_test(without_a_buffer_there_is_no_answer),
		cmocka_unit_test(a_reset_is_foreseen),
	};

	return cmocka_run_group_tests_name("answer", tests, start, stop);
}
