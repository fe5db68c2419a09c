// SPDX-License-Identifier: BSD-3-Clause
//
// ICMP errors and the connections they speak of.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_common.h>

#include "fixture.h"
#include "util/eal.h"

static const struct flow flow4 = {.is_ipv6 = false, .sport = 5000, .dport = 53};
static const struct flow flow6 = {.is_ipv6 = true, .sport = 5000, .dport = 53};
static const struct flow *const flows[] = {&flow4, &flow6};

static const char *
router(const struct flow *flow)
{
	return flow->is_ipv6 ? "fd09::9" : "10.9.0.9";
}

static enum end
other(enum end end)
{
	return end == CLIENT ? SERVER : CLIENT;
}

// Begins an error of this type from a router to an end; what it quotes comes next.
static uint8_t *
begin_error(struct frame *frame, const struct flow *flow, uint8_t type, enum end to)
{
	uint8_t *ip;

	frame_begin(frame);
	frame_ethernet(frame);
	ip = frame_ip(frame, router(flow), fixture_host(flow, to));
	frame_icmp(frame, type, 0, 0);
	return ip;
}

// Quotes the UDP packet of the flow that this end sent.
static void
quote_udp(struct frame *frame, const struct flow *flow, enum end from)
{
	frame_ip(frame, fixture_host(flow, from), fixture_host(flow, other(from)));
	frame_udp(frame, from == CLIENT ? flow->sport : flow->dport,
		  from == CLIENT ? flow->dport : flow->sport);
}

static void
open_with_flow(struct shard *shard, const struct flow *flow)
{
	struct frame frame;

	shard_open(shard, &(struct shard_options){.event_ring = 15});
	fixture_udp(&frame, flow, CLIENT);
	shard_accept(shard, &frame);
	assert_event(shard, "new 30 [UNREPLIED]");
	shard_wait(shard, 1);
}

// The tracker of the connection sees nothing of it: no refresh, no count, no reply, no event.
static void
assert_untouched(struct shard *shard)
{
	struct ct_entry entry;

	assert_entry(shard, "29 [UNREPLIED]");
	assert_true(shard_entry(shard, CT_CONFIRMED, 0, &entry));
	assert_int_equal(entry.packets[DIR_ORIG], 1);
	assert_int_equal(entry.packets[DIR_REPLY], 0);
	assert_event(shard, "none");
}

// The five errors of ICMP; in ICMPv6, whatever is below 128.
static void
every_type_of_error_is_related(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(flows); i++) {
		for (unsigned int type = 0; type < 256; type++) {
			const bool is_error = flows[i]->is_ipv6
						      ? type < 128
						      : type == 3 || type == 4 || type == 5 ||
								type == 11 || type == 12;
			struct shard shard;
			struct frame frame;
			struct pkt pkt;

			open_with_flow(&shard, flows[i]);
			begin_error(&frame, flows[i], (uint8_t)type, CLIENT);
			quote_udp(&frame, flows[i], CLIENT);
			frame_end(&frame);
			pkt = shard_accept(&shard, &frame);
			assert_int_equal(pkt.class == CLASS_RELATED, is_error);
			if (is_error) {
				assert_class(pkt, "related reply");
				assert_untouched(&shard);
			}
			shard_close(&shard);
		}
	}
}

// The direction is that of whom the error goes to: coming back about an original packet it is a
// reply, about a reply it is original.
static void
an_error_goes_against_what_it_quotes(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(flows); i++) {
		for (enum end from = CLIENT; from <= SERVER; from++) {
			struct shard shard;
			struct frame frame;
			struct pkt pkt;

			open_with_flow(&shard, flows[i]);
			begin_error(&frame, flows[i], flows[i]->is_ipv6 ? 1 : 3, from);
			quote_udp(&frame, flows[i], from);
			frame_end(&frame);
			pkt = shard_accept(&shard, &frame);
			assert_class(pkt, from == CLIENT ? "related reply" : "related orig");
			assert_int_equal(pkt.conn_id, 1);
			assert_untouched(&shard);
			shard_close(&shard);
		}
	}
}

static void
an_error_to_anyone_but_the_sender_is_invalid(void **state)
{
	static const struct {
		const char *to4, *to6;
		bool is_related;
	} cases[] = {
		{"10.1.0.2", "fd01::2", true},
		{"10.2.0.2", "fd02::2", false}, // the other end
		{"10.1.0.3", "fd01::3", false},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(flows); i++) {
		for (size_t c = 0; c < RTE_DIM(cases); c++) {
			struct shard shard;
			struct frame frame;
			struct ct_stats stats;
			struct pkt pkt;

			open_with_flow(&shard, flows[i]);
			frame_begin(&frame);
			frame_ethernet(&frame);
			frame_ip(&frame, router(flows[i]),
				 flows[i]->is_ipv6 ? cases[c].to6 : cases[c].to4);
			frame_icmp(&frame, flows[i]->is_ipv6 ? 1 : 3, 0, 0);
			quote_udp(&frame, flows[i], CLIENT);
			frame_end(&frame);
			pkt = shard_accept(&shard, &frame);
			assert_class(pkt, cases[c].is_related ? "related reply" : "invalid");
			if (!cases[c].is_related)
				assert_int_equal(pkt.fault, FAULT_ICMP_NOT_SENDER);
			ct_stats_read(shard.ct, &stats);
			assert_int_equal(stats.error, !cases[c].is_related);
			assert_int_equal(stats.invalid, 0);
			assert_untouched(&shard);
			shard_close(&shard);
		}
	}
}

// Who sends it does not matter: any router on the way, the other end, even the sender itself.
static void
an_error_may_come_from_anywhere(void **state)
{
	static const char *const sources[] = {"10.9.0.9", "10.2.0.2", "10.1.0.2", "203.0.113.1"};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(sources); i++) {
		struct shard shard;
		struct frame frame;

		open_with_flow(&shard, &flow4);
		frame_begin(&frame);
		frame_ethernet(&frame);
		frame_ip(&frame, sources[i], "10.1.0.2");
		frame_icmp(&frame, 11, 0, 0);
		quote_udp(&frame, &flow4, CLIENT);
		frame_end(&frame);
		assert_class(shard_accept(&shard, &frame), "related reply");
		shard_close(&shard);
	}
}

static void
an_error_about_no_known_flow_is_invalid(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(flows); i++) {
		const struct flow unknown = {
			.is_ipv6 = flows[i]->is_ipv6, .sport = 5001, .dport = 53};
		struct shard shard;
		struct frame frame;
		struct pkt pkt;

		open_with_flow(&shard, flows[i]);
		begin_error(&frame, flows[i], flows[i]->is_ipv6 ? 3 : 11, CLIENT);
		quote_udp(&frame, &unknown, CLIENT);
		frame_end(&frame);
		pkt = shard_accept(&shard, &frame);
		assert_class(pkt, "invalid");
		assert_int_equal(pkt.fault, FAULT_ICMP_NO_CONNECTION);

		// Nor is one about a flow that has expired.
		shard_wait(&shard, 29);
		begin_error(&frame, flows[i], flows[i]->is_ipv6 ? 3 : 11, CLIENT);
		quote_udp(&frame, flows[i], CLIENT);
		frame_end(&frame);
		assert_class(shard_accept(&shard, &frame), "invalid");
		shard_close(&shard);
	}
}

// What is quoted: four bytes of ports are enough, eight of ICMP; a first fragment will do, a later
// one not; lengths and checksums inside are not looked at; no errors about errors.
static void
quotes_are_read_as_far_as_needed(void **state)
{
	struct shard shard;
	struct frame frame;
	uint8_t *inner;

	(void)state;
	open_with_flow(&shard, &flow4);
	begin_error(&frame, &flow4, 3, CLIENT);
	inner = frame_ip(&frame, "10.1.0.2", "10.2.0.2");
	inner[2] = 0x40; // a length of 16 KiB
	inner[6] = 0x20; // a first fragment
	inner[10] = 1;   // a checksum that is wrong
	frame_udp(&frame, 5000, 53)[6] = 0xff;
	frame_end(&frame);
	assert_class(shard_accept(&shard, &frame), "related reply");

	begin_error(&frame, &flow4, 3, CLIENT);
	frame_ip(&frame, "10.1.0.2", "10.2.0.2")[7] = 1; // a later fragment
	frame_udp(&frame, 5000, 53);
	frame_end(&frame);
	assert_class(shard_accept(&shard, &frame), "invalid");

	// Only the ports are there; then one byte less.
	for (uint32_t missing = 0; missing <= 1; missing++) {
		begin_error(&frame, &flow4, 3, CLIENT);
		inner = frame_ip(&frame, "10.1.0.2", "10.2.0.2");
		inner[9] = 17;
		inner[0] = 0x45;
		inner = frame_data(&frame, 4 - missing);
		inner[0] = 5000 >> 8;
		inner[1] = (uint8_t)5000;
		inner[2] = 0;
		if (missing == 0)
			inner[3] = 53;
		frame_end(&frame);
		assert_class(shard_accept(&shard, &frame),
			     missing == 0 ? "related reply" : "invalid");
	}
	begin_error(&frame, &flow4, 3, CLIENT);
	frame_ip(&frame, "10.1.0.2", "10.2.0.2");
	frame_icmp(&frame, 3, 0, 0);
	frame_end(&frame);
	assert_class(shard_accept(&shard, &frame), "invalid");
	assert_untouched(&shard);
	shard_close(&shard);
}

static void
an_error_about_a_ping_is_related(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(flows); i++) {
		struct shard shard;
		struct frame frame;

		shard_open(&shard, &(struct shard_options){0});
		fixture_echo(&frame, flows[i], CLIENT);
		shard_accept(&shard, &frame);
		begin_error(&frame, flows[i], flows[i]->is_ipv6 ? 1 : 3, CLIENT);
		frame_ip(&frame, fixture_host(flows[i], CLIENT), fixture_host(flows[i], SERVER));
		frame_icmp(&frame, flows[i]->is_ipv6 ? 128 : 8, 0, flows[i]->dport);
		frame_end(&frame);
		assert_class(shard_accept(&shard, &frame), "related reply");
		shard_close(&shard);
	}
}

static void
an_error_with_a_wrong_checksum_is_invalid(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(flows); i++) {
		struct shard shard;
		struct frame frame;

		open_with_flow(&shard, flows[i]);
		begin_error(&frame, flows[i], flows[i]->is_ipv6 ? 1 : 3, CLIENT);
		quote_udp(&frame, flows[i], CLIENT);
		frame_data(&frame, 3);
		frame_end(&frame);
		frame.bytes[frame.len - 1] ^= 1; // behind all that is read
		assert_class(shard_accept(&shard, &frame), "invalid");
		shard_close(&shard);
	}
}

// RFC 4861, 8.1: a redirect comes from a neighbour, who has a link-local address and whom no
// router is between. It quotes in an option, which must be the first.
static void
a_redirect_of_ipv6_comes_from_a_neighbour(void **state)
{
	static const struct {
		const char *src;
		uint8_t hop_limit, code, option;
		const char *expected;
	} cases[] = {
		{"fe80::9", 255, 0, 4, "related reply"},
		{"febf:ffff::9", 255, 0, 4, "related reply"},
		{"fec0::9", 255, 0, 4, "invalid"},
		{"fd09::9", 255, 0, 4, "invalid"},
		{"fe80::9", 254, 0, 4, "invalid"},
		{"fe80::9", 255, 1, 4, "invalid"},
		{"fe80::9", 255, 0, 2, "invalid"},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct shard shard;
		struct frame frame;
		uint8_t *option;

		open_with_flow(&shard, &flow6);
		frame_begin(&frame);
		frame_ethernet(&frame);
		frame_ip(&frame, cases[i].src, "fd01::2")[7] = cases[i].hop_limit;
		frame_icmp(&frame, 137, cases[i].code, 0);
		frame_data(&frame, 32); // target and destination
		option = frame_proto(&frame, 0, 8);
		option[0] = cases[i].option;
		option[1] = 7;
		quote_udp(&frame, &flow6, CLIENT);
		frame_end(&frame);
		assert_class(shard_accept(&shard, &frame), cases[i].expected);
		assert_untouched(&shard);
		shard_close(&shard);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_of_error_is_related),
		cmocka_unit_test(an_error_goes_against_what_it_quotes),
		cmocka_unit_test(an_error_to_anyone_but_the_sender_is_invalid),
		cmocka_unit_test(an_error_may_come_from_anywhere),
		cmocka_unit_test(an_error_about_no_known_flow_is_invalid),
		cmocka_unit_test(quotes_are_read_as_far_as_needed),
		cmocka_unit_test(an_error_about_a_ping_is_related),
		cmocka_unit_test(an_error_with_a_wrong_checksum_is_invalid),
		cmocka_unit_test(a_redirect_of_ipv6_comes_from_a_neighbour),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
