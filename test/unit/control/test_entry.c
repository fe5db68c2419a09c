// SPDX-License-Identifier: BSD-3-Clause
//
// How much of an answer a connection takes. What it says is tested where it can be read: with
// sallyctl, in test/system.
#include "control/entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct answer_space space;

// Bytes of one row.
static size_t
row_bytes(const struct ct_entry *entry)
{
	struct answer answer = answer_begin(&space, "/a", ANSWER_OBJECT);
	struct answer row = answer_row(&answer, 255);

	entry_fill(entry, &row);
	answer_end(&space);
	assert_false(space.is_short);
	return space.len - strlen("{\"/a\":{}}");
}

static struct ct_entry
largest_entry(uint8_t proto)
{
	struct ct_entry entry = {
		.packets = {UINT64_MAX, UINT64_MAX},
		.octets = {UINT64_MAX, UINT64_MAX},
		.id = UINT64_MAX,
		.timeout_sec = UINT32_MAX,
		.status = CT_SEEN_REPLY | CT_ASSURED,
		.mark = UINT32_MAX,
		.state = "SHUTDOWN_ACK_SENT", // the longest there is
		.helper = CT_HELPER_TFTP,
		.has_counters = true,
		.worker = UINT16_MAX,
	};

	for (int dir = 0; dir < DIR_COUNT; dir++) {
		struct tuple *tuple = &entry.tuple[dir];

		memset(tuple, 0xff, sizeof(*tuple));
		tuple->proto = proto;
		tuple->family = FAMILY_IPV6;
	}
	return entry;
}

static void
test_the_largest_entry_fits(void **state)
{
	static const uint8_t protos[] = {PROTO_TCP,    PROTO_UDP,  PROTO_ICMP,
					 PROTO_ICMPV6, PROTO_SCTP, PROTO_UDPLITE,
					 PROTO_GRE,    PROTO_ESP,  255};

	(void)state;
	for (size_t i = 0; i < sizeof(protos); i++) {
		struct ct_entry entry = largest_entry(protos[i]);

		assert_in_range(row_bytes(&entry), 400, ENTRY_BYTES_MAX);
	}
}

// Written by hand.
static void
test_a_small_entry_takes_what_it_takes(void **state)
{
	static const char json[] =
		"\"255\":{\"proto\":\"udp\",\"protonum\":17,\"timeout\":29,"
		"\"orig\":{\"src\":\"10.0.0.1\",\"dst\":\"10.0.0.2\",\"sport\":1,\"dport\":53},"
		"\"reply\":{\"src\":\"10.0.0.2\",\"dst\":\"10.0.0.1\",\"sport\":53,\"dport\":1},"
		"\"seen_reply\":0,\"assured\":0,\"expected\":0,\"mark\":0,\"zone\":0,\"worker\":0,"
		"\"conn\":1}";
	struct ct_entry entry = {.id = 1, .timeout_sec = 29};

	(void)state;
	entry.tuple[DIR_ORIG] = (struct tuple){
		.src.v4 = RTE_BE32(0x0a000001),
		.dst.v4 = RTE_BE32(0x0a000002),
		.src_field = 1,
		.dst_field = 53,
		.proto = PROTO_UDP,
		.family = FAMILY_IPV4,
	};
	tuple_invert(&entry.tuple[DIR_ORIG], &entry.tuple[DIR_REPLY]);
	assert_int_equal(row_bytes(&entry), strlen(json));
	assert_memory_equal(space.bytes + strlen("{\"/a\":{"), json, strlen(json));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_largest_entry_fits),
		cmocka_unit_test(test_a_small_entry_takes_what_it_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
