// SPDX-License-Identifier: BSD-3-Clause
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

const char *
fixture_host(const struct flow *flow, enum end end)
{
	static const char *const hosts[2][2] = {
		{"10.1.0.2", "10.2.0.2"},
		{"fd01::2", "fd02::2"},
	};

	return hosts[flow->is_ipv6][end];
}

void
fixture_begin(struct frame *frame, const struct flow *flow, enum end from)
{
	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, fixture_host(flow, from),
		 fixture_host(flow, from == CLIENT ? SERVER : CLIENT));
}

void
fixture_udp(struct frame *frame, const struct flow *flow, enum end from)
{
	fixture_begin(frame, flow, from);
	if (from == CLIENT)
		frame_udp(frame, flow->sport, flow->dport);
	else
		frame_udp(frame, flow->dport, flow->sport);
	frame_end(frame);
}

void
fixture_echo(struct frame *frame, const struct flow *flow, enum end from)
{
	static const uint8_t types[2][2] = {{8, 0}, {128, 129}};

	fixture_begin(frame, flow, from);
	frame_icmp(frame, types[flow->is_ipv6][from], 0, flow->dport);
	frame_end(frame);
}

void
fixture_assert_entry(const struct shard *shard, const char *expected, const char *file, int line)
{
	char text[SHARD_TEXT_MAX];

	_assert_string_equal(shard_entry_text(shard, text), expected, file, line);
}

void
fixture_assert_event(struct shard *shard, const char *expected, const char *file, int line)
{
	char text[SHARD_TEXT_MAX];

	_assert_string_equal(shard_event_text(shard, text), expected, file, line);
}

void
fixture_assert_class(struct pkt pkt, const char *expected, const char *file, int line)
{
	char text[SHARD_TEXT_MAX];

	_assert_string_equal(shard_class_text(&pkt, text), expected, file, line);
}

void
fixture_assert_counts(const struct shard *shard, const uint32_t expected[3], const char *file,
		      int line)
{
	struct ct_count count = ct_count(shard->ct);

	_assert_int_equal(count.confirmed, expected[0], file, line);
	_assert_int_equal(count.unconfirmed, expected[1], file, line);
	_assert_int_equal(count.dying, expected[2], file, line);
}
