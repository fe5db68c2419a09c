// SPDX-License-Identifier: BSD-3-Clause
//
// Any sequence of fragments: the store never exceeds its limits, reassembled datagrams can be read
// to their end, and nothing leaks.
//
// An input is a sequence of records: what to do (enum record), then its numbers, one byte each.
// Numbers beyond the end are zero.
#include <stdlib.h>
#include <string.h>

#include <rte_mempool.h>

#include "frag/frag.h"
#include "packet/parse.h"
#include "util/eal.h"
#include "util/frame.h"
#include "util/mbuf.h"
#include "input.h"

#define RECORDS_MAX 200 // of an input
#define ETHERNET    14

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Bits of a record's first byte.
enum record {
	RECORD_IPV6 = 1 << 0,
	RECORD_MORE = 1 << 1,
	RECORD_RAW = 1 << 2,  // any bytes after Ethernet; otherwise a fragment with a place
	RECORD_WAIT = 1 << 3, // time passes first
	RECORD_ID = 3 << 4,
	RECORD_SPLIT = 1 << 6, // two segments
	RECORD_FAR = 1 << 7,   // the offset counts units of 256 bytes instead of 8
};

static const struct frag_params params = {
	.max_datagrams = 4,
	.max_fragments = 16,
	.max_per_source = 3,
	.timeout_ipv4 = 30,
	.timeout_ipv6 = 60,
};

static struct hash_secret secret;
static struct frag_store *store;
static uint64_t now_ns;

static void
lose(void *context, struct fragment *fragments, enum reason reason)
{
	(void)context;
	check(fragments != NULL && reason > REASON_DEFAULT && reason < REASON_COUNT);
	frag_free(fragments);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "frag fuzz......";
	struct frag_config config = {
		.params = &params,
		.secret = &secret,
		.listener = lose,
		.socket = SOCKET_ID_ANY,
	};

	(void)argc;
	(void)argv;
	hash_secret_init(&secret, seed);
	if (test_eal_start(NULL) != 0)
		return -1;
	store = frag_create(&config);
	return store == NULL ? -1 : 0;
}

static void
build_raw(struct input *input, uint8_t record, struct frame *frame)
{
	unsigned int len = next(input);
	uint8_t *bytes;

	frame_begin(frame);
	bytes = frame_ethernet(frame);
	bytes[12] = record & RECORD_IPV6 ? 0x86 : 0x08;
	bytes[13] = record & RECORD_IPV6 ? 0xdd : 0x00;
	bytes = frame_data(frame, len);
	for (unsigned int i = 0; i < len; i++)
		bytes[i] = next(input);
}

static void
build_fragment(struct input *input, uint8_t record, struct frame *frame)
{
	const bool more = (record & RECORD_MORE) != 0;
	const uint8_t id = (record & RECORD_ID) >> 4;
	unsigned int off = next(input) * (record & RECORD_FAR ? 32u : 1u);
	uint8_t *ip;

	frame_begin(frame);
	frame_ethernet(frame);
	if (record & RECORD_IPV6) {
		frame_ip(frame, "2001:db8::1", "2001:db8::2");
		ip = frame_fragment(frame, off * 8, more);
		ip[0] = PROTO_UDP;
		ip[7] = id;
	} else {
		ip = frame_ip(frame, "192.0.2.1", "192.0.2.2");
		ip[5] = id;
		ip[6] = (uint8_t)((more ? 0x20 : 0) | off >> 8);
		ip[7] = (uint8_t)off;
		ip[9] = PROTO_UDP;
	}
	frame_data(frame, next(input));
	frame_end(frame);
}

// Reads every byte of the datagram, for the sanitizers.
static void
read_datagram(const struct pkt *pkt)
{
	uint32_t len = 0;
	unsigned int sum = 0;

	for (const struct rte_mbuf *segment = pkt->mbuf; segment != NULL; segment = segment->next) {
		const uint8_t *bytes = rte_pktmbuf_mtod(segment, const uint8_t *);

		for (uint16_t i = 0; i < segment->data_len; i++)
			sum += bytes[i];
		len += segment->data_len;
	}
	check(pkt->mbuf != NULL && sum < UINT32_MAX && len == pkt->mbuf->pkt_len);
	check(pkt->family != FAMILY_NONE && pkt->l3_off + pkt->l3_len == len);
}

static void
add(struct rte_mbuf *mbuf)
{
	struct pkt pkt = {.mbuf = mbuf, .now_ns = now_ns, .now = tick_from_ns(now_ns)};

	mbuf->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	packet_parse(&pkt);
	if (pkt_has_place(&pkt) && frag_add(store, &pkt) == FRAG_COMPLETE)
		read_datagram(&pkt);
	check(frag_held(store) <= params.max_fragments);
	rte_pktmbuf_free(pkt.mbuf);
	frag_free(pkt.fragments);
}

static void
run_record(struct input *input)
{
	const uint8_t record = next(input);
	struct frame frame;
	uint32_t cut;

	if (record & RECORD_WAIT)
		now_ns += next(input) * NS_PER_SEC;
	if (record & RECORD_RAW)
		build_raw(input, record, &frame);
	else
		build_fragment(input, record, &frame);
	cut = record & RECORD_SPLIT ? 1u + next(input) : 0;
	if (cut > 0 && cut < frame.len)
		add(mbuf_split(&frame, &cut, 1));
	else
		add(mbuf_from_frame(&frame));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {.bytes = data, .left = size};

	for (unsigned int i = 0; i < RECORDS_MAX && input.left > 0; i++)
		run_record(&input);
	frag_expire(store, tick_from_ns(now_ns), 1);
	frag_give_up_all(store);
	check(frag_held(store) == 0);
	check(rte_mempool_in_use_count(test_eal_pool()) == 0);
	return 0;
}
