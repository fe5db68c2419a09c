// SPDX-License-Identifier: BSD-3-Clause
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "packet/checksum.h"
#include "packet/parse.h"
#include "util/mbuf.h"

#define PAYLOAD_MAX   (65535 + 8)
#define EXTENSIONS    60 // destination options
#define TICKS_WRAP_NS ((UINT64_C(1) << 32) * NS_PER_TICK)

// Byte number i of every datagram's payload. The first eight are a UDP header.
static uint8_t
payload_byte(unsigned int i)
{
	static const uint8_t udp[8] = {0x9c, 0x40, 0, 53, 0, 0, 0, 0};

	return i < sizeof(udp) ? udp[i] : (uint8_t)(i * 7 + i / 256);
}

static void
note_lost(void *context, struct fragment *fragments, enum reason reason)
{
	struct store *store = context;

	assert_non_null(fragments);
	for (const struct fragment *f = fragments; f != NULL; f = f->next) {
		assert_true(store->n_lost < STORE_LOG_MAX);
		store->lost[store->n_lost] = f->seq;
		store->reasons[store->n_lost++] = reason;
	}
	frag_free(fragments);
}

void
store_open(struct store *store, const struct frag_params *params)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "frag tests.....";
	struct frag_config config = {
		.params = &store->params,
		.secret = &store->secret,
		.listener = note_lost,
		.context = store,
		.socket = SOCKET_ID_ANY,
	};

	*store = (struct store){.now_ns = TICKS_WRAP_NS - 40 * NS_PER_SEC};
	frag_params_init(&store->params);
	store->params.max_datagrams = 16;
	store->params.max_fragments = 64;
	store->params.max_per_source = 4;
	if (params != NULL)
		store->params = *params;
	hash_secret_init(&store->secret, seed);
	store->frag = frag_create(&config);
	assert_non_null(store->frag);
}

void
store_close(struct store *store)
{
	frag_destroy(store->frag);
}

void
store_wait(struct store *store, unsigned int sec)
{
	store->now_ns += sec * NS_PER_SEC;
}

// The datagram equals the original one: whole, in order, with headers that match.
static void
check_datagram(struct store *store, const struct pkt *pkt, unsigned int header_len)
{
	uint32_t len = pkt->l3_len - header_len;
	uint8_t *scratch = test_malloc(pkt->l3_len);
	const uint8_t *bytes = pkt_bytes(pkt, pkt->l3_off, pkt->l3_len, scratch);
	uint16_t sum;

	assert_non_null(bytes);
	assert_int_equal(pkt->mbuf->pkt_len, pkt->l3_off + pkt->l3_len);
	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(bytes[header_len + i], payload_byte(i));
	if (pkt->family == FAMILY_IPV4) {
		assert_int_equal(bytes[6] << 8 | bytes[7], 0);
		assert_true(checksum_sum(pkt->mbuf, pkt->l3_off, header_len, &sum));
		assert_int_equal(sum, 0xffff);
	}
	test_free(scratch);
	store->l3_len = pkt->l3_len;
}

static void
note_complete(struct store *store, struct pkt *pkt)
{
	rte_pktmbuf_free(pkt->mbuf);
	store->n_complete++;
	store->n_fragments = 0;
	for (const struct fragment *f = pkt->fragments; f != NULL; f = f->next) {
		// Nothing but the list refers to it any more.
		assert_int_equal(rte_mbuf_refcnt_read(f->mbuf), 1);
		if (store->n_fragments < STORE_LOG_MAX)
			store->seqs[store->n_fragments] = f->seq;
		store->n_fragments++;
	}
	frag_free(pkt->fragments);
	pkt->mbuf = NULL;
	pkt->fragments = NULL;
}

static enum frag_result
add(struct store *store, struct rte_mbuf *mbuf, const struct origin *origin,
    unsigned int header_len)
{
	struct pkt *pkt = &store->pkt;
	enum frag_result result;

	*pkt = (struct pkt){
		.mbuf = mbuf,
		.seq = ++store->seq,
		.now_ns = store->now_ns,
		.now = tick_from_ns(store->now_ns),
		.tuple.zone = origin == NULL ? 0 : origin->zone,
		.in_port = origin == NULL ? 0 : origin->in_port,
	};
	packet_parse(pkt);
	assert_true(pkt_has_place(pkt));
	result = frag_add(store->frag, pkt);
	if (result == FRAG_TAKEN) {
		assert_null(pkt->mbuf);
	} else if (result == FRAG_COMPLETE) {
		if (header_len > 0)
			check_datagram(store, pkt, header_len);
		note_complete(store, pkt);
	} else {
		assert_ptr_equal(pkt->mbuf, mbuf);
		assert_int_equal(pkt->verdict,
				 result == FRAG_REFUSED ? VERDICT_DROP : VERDICT_PENDING);
		rte_pktmbuf_free(pkt->mbuf);
		pkt->mbuf = NULL;
	}
	return result;
}

enum frag_result
store_frame(struct store *store, const struct frame *frame)
{
	return add(store, mbuf_from_frame(frame), NULL, 0);
}

static unsigned int
begin_ipv4(struct frame *frame, const struct origin *origin, const struct piece *piece)
{
	char src[16];
	uint8_t *ip;

	snprintf(src, sizeof(src), "192.0.2.%u", origin->host);
	ip = frame_ip(frame, src, "198.51.100.1");
	ip[1] = origin->ecn;
	ip[4] = (uint8_t)(origin->id >> 8);
	ip[5] = (uint8_t)origin->id;
	ip[6] = (uint8_t)((piece->more ? 0x20 : 0) | (piece->begin / 8) >> 8);
	ip[7] = (uint8_t)(piece->begin / 8);
	ip[9] = origin->proto == 0 ? PROTO_UDP : origin->proto;
	return 20;
}

static unsigned int
begin_ipv6(struct frame *frame, const struct origin *origin, const struct piece *piece)
{
	char src[32];
	uint8_t *ip, *header;

	snprintf(src, sizeof(src), "2001:db8::%x", origin->host + 1u);
	ip = frame_ip(frame, src, "2001:db8:1::1");
	ip[1] = (uint8_t)(origin->ecn << 4);
	if (origin->extension > 0)
		frame_extension(frame, EXTENSIONS, origin->extension);
	header = frame_fragment(frame, piece->begin, piece->more);
	header[0] = origin->proto == 0 ? PROTO_UDP : origin->proto;
	header[4] = (uint8_t)(origin->id >> 24);
	header[5] = (uint8_t)(origin->id >> 16);
	header[6] = (uint8_t)(origin->id >> 8);
	header[7] = (uint8_t)origin->id;
	return 40 + origin->extension;
}

enum frag_result
store_piece(struct store *store, const struct origin *origin, const struct piece *piece)
{
	struct frame frame;
	struct rte_mbuf *mbuf;
	unsigned int header_len;

	frame_begin(&frame);
	frame_ethernet(&frame);
	header_len = origin->is_ipv6 ? begin_ipv6(&frame, origin, piece)
				     : begin_ipv4(&frame, origin, piece);
	if (piece->end > piece->begin) {
		uint8_t *payload = frame_data(&frame, piece->end - piece->begin);

		for (unsigned int i = piece->begin; i < piece->end; i++)
			payload[i - piece->begin] = payload_byte(i);
	}
	frame_end(&frame);
	mbuf = origin->cut > 0 && origin->cut < frame.len ? mbuf_split(&frame, &origin->cut, 1)
							  : mbuf_from_frame(&frame);
	return add(store, mbuf, origin, header_len);
}

enum frag_result
store_pieces(struct store *store, const struct origin *origin, const struct piece pieces[],
	     unsigned int n)
{
	for (unsigned int i = 0; i + 1 < n; i++)
		assert_int_equal(store_piece(store, origin, &pieces[i]), FRAG_TAKEN);
	return store_piece(store, origin, &pieces[n - 1]);
}

void
fixture_assert_lost(struct store *store, enum reason reason, const uint64_t seqs[], unsigned int n,
		    const char *file, int line)
{
	_assert_int_equal(store->n_lost, n, file, line);
	for (unsigned int i = 0; i < n; i++) {
		_assert_int_equal(store->lost[i], seqs[i], file, line);
		_assert_int_equal(store->reasons[i], reason, file, line);
	}
	store->n_lost = 0;
}
