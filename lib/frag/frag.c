// SPDX-License-Identifier: BSD-3-Clause
//
// frag_add below is the life of a fragment; everything else is called from there. The rules are
// those of Linux 6: ip_frag_queue of ip_fragment.c for IPv4, nf_ct_frag6_queue of
// nf_conntrack_reasm.c for IPv6, inet_frag_queue_insert for overlaps of both.
#include "frag/frag.h"

#include <stdio.h>

#include <rte_errno.h>
#include <rte_ether.h>
#include <rte_malloc.h>
#include <rte_mempool.h>

#include "base/bytes.h"
#include "base/contract.h"
#include "frag/join.h"
#include "frag/store.h"
#include "packet/parse.h"

#define DATAGRAM_MAX 65535 // bytes, of an IPv4 packet, of what follows the header of an IPv6 packet
#define IN_FLIGHT    512   // fragments of complete datagrams not sent yet, and heads
#define POOL_CACHE   64
#define HEADER_ROOM  256 // bytes of headers in one segment
#define VLAN_ID_MASK 0x0fff
#define SEGMENT_ROOM (RTE_PKTMBUF_HEADROOM + HEADER_ROOM)

uint64_t
frag_bytes_for(const struct frag_params *params)
{
	const unsigned int n = params->max_fragments + IN_FLIGHT;

	return bytes_of_object(sizeof(struct frag_store)) +
	       bytes_of_pool(n, sizeof(struct fragment), POOL_CACHE) +
	       bytes_of_mbufs(n, POOL_CACHE, SEGMENT_ROOM) + frag_store_bytes_for(params);
}

struct frag_store *
frag_create(const struct frag_config *config)
{
	struct frag_store *store = rte_zmalloc_socket("frag_store", sizeof(*store),
						      RTE_CACHE_LINE_SIZE, config->socket);
	const unsigned int n = config->params->max_fragments + IN_FLIGHT;
	char name[RTE_MEMPOOL_NAMESIZE];

	if (store == NULL)
		return NULL;
	store->params = *config->params;
	store->secret = config->secret;
	store->listener = config->listener;
	store->context = config->context;
	snprintf(name, sizeof(name), "frag_nodes%u", config->worker);
	store->nodes = rte_mempool_create(name, n, sizeof(struct fragment), POOL_CACHE, 0, NULL,
					  NULL, NULL, NULL, config->socket, 0);
	snprintf(name, sizeof(name), "frag_segments%u", config->worker);
	store->segments =
		rte_pktmbuf_pool_create(name, n, POOL_CACHE, 0, SEGMENT_ROOM, config->socket);
	if (store->nodes == NULL || store->segments == NULL ||
	    !frag_store_init(store, config->socket)) {
		frag_destroy(store);
		rte_errno = ENOMEM;
		return NULL;
	}
	return store;
}

void
frag_destroy(struct frag_store *store)
{
	struct datagram *datagram;

	if (store == NULL)
		return;
	while ((datagram = frag_store_oldest(store)) != NULL)
		frag_free(frag_store_end(store, datagram));
	frag_store_fini(store);
	rte_mempool_free(store->nodes);
	rte_mempool_free(store->segments);
	rte_free(store);
}

void
frag_set_params(struct frag_store *store, const struct frag_params *params)
{
	CONTRACT(params->max_datagrams == store->params.max_datagrams);
	CONTRACT(params->max_fragments == store->params.max_fragments);
	frag_store_postpone(&store->ipv4, store->params.timeout_ipv4, params->timeout_ipv4);
	frag_store_postpone(&store->ipv6, store->params.timeout_ipv6, params->timeout_ipv6);
	store->params = *params;
}

void
frag_free(struct fragment *fragments)
{
	while (fragments != NULL) {
		struct fragment *next = fragments->next;

		rte_pktmbuf_free(fragments->mbuf);
		rte_mempool_put(rte_mempool_from_obj(fragments), fragments);
		fragments = next;
	}
}

static void
give_up(struct frag_store *store, struct datagram *datagram, enum reason reason)
{
	struct fragment *fragments = frag_store_end(store, datagram);

	if (fragments != NULL)
		store->listener(store->context, fragments, reason);
}

// Gives up a datagram to make room; if it has timed out anyway, that is the reason.
static void
give_way(struct frag_store *store, struct datagram *datagram, tick_t now)
{
	give_up(store, datagram,
		tick_reached(datagram->deadline, now) ? REASON_FRAG_TIMEOUT : REASON_FRAG_FULL);
}

static enum frag_result
refuse(struct pkt *pkt, enum reason reason)
{
	pkt->fault = FAULT_NONE; // a fragment that could have been held is not a fault
	pkt_drop(pkt, reason);
	return FRAG_REFUSED;
}

// The VLANs of a frame; its tags end two bytes before layer 3.
static void
read_vlans(const struct pkt *pkt, uint16_t vlans[FRAG_VLANS])
{
	uint32_t off = RTE_ETHER_HDR_LEN;

	for (unsigned int i = 0; i < FRAG_VLANS && off < pkt->l3_off; i++) {
		uint8_t scratch[2];
		const uint8_t *tag = rte_pktmbuf_read(pkt->mbuf, off, sizeof(scratch), scratch);

		vlans[i] = (uint16_t)((tag[0] << 8 | tag[1]) & VLAN_ID_MASK);
		off += RTE_VLAN_HLEN;
	}
}

static struct frag_key
key_of(const struct pkt *pkt, const struct frag_place *place)
{
	struct frag_key key = {
		.src = pkt->tuple.src,
		.dst = pkt->tuple.dst,
		.id = place->id,
		.zone = pkt->tuple.zone,
		.family = pkt->family,
		.proto = place->proto,
		.in_port = pkt->in_port,
	};

	read_vlans(pkt, key.vlans);
	return key;
}

// The datagram with that key, a new one if necessary, for which others may be given up.
static struct datagram *
find_or_begin(struct frag_store *store, const struct frag_key *key, tick_t now)
{
	struct datagram *datagram = frag_store_find(store, key);
	struct source *source;

	if (datagram != NULL && tick_reached(datagram->deadline, now)) {
		give_up(store, datagram, REASON_FRAG_TIMEOUT);
		datagram = NULL;
	}
	if (datagram != NULL)
		return datagram;
	source = frag_store_source(store, key);
	if (source != NULL && source->n >= store->params.max_per_source)
		give_way(store, TAILQ_FIRST(&source->datagrams), now);
	if (store->n_datagrams == store->params.max_datagrams)
		give_way(store, frag_store_oldest(store), now);
	return frag_store_begin(store, key, now);
}

// What the place of a fragment means for the fragment and its datagram.
enum effect {
	EFFECT_HOLD,
	EFFECT_REFUSE,  // only the fragment is dropped
	EFFECT_GIVE_UP, // it is dropped with its datagram
	EFFECT_PASS,    // the datagram is given up, the fragment goes on by itself
};

// Records the end of the datagram as far as a fragment shows it. Returns false if that contradicts
// an earlier fragment.
static bool
note_end(struct datagram *datagram, const struct frag_place *place)
{
	if (!place->more) {
		if (place->end < datagram->len ||
		    (datagram->has_last && place->end != datagram->len))
			return false;
		datagram->has_last = true;
		datagram->len = place->end;
	} else if (place->end > datagram->len) {
		if (datagram->has_last)
			return false;
		datagram->len = place->end;
	}
	return true;
}

// More is to follow, but not at a block boundary: the next fragment leaves a gap or overlaps this
// one.
static bool
ends_within_block(const struct frag_place *place)
{
	return place->more && place->end % COVER_BLOCK != 0;
}

// IPv4: any error ends the datagram. The kernel would trim a fragment that ends within a block and
// send it so; ours leaves unchanged, and the receiver might keep the bytes that the kernel trims.
static enum effect
check_ipv4(struct datagram *datagram, const struct frag_place *place, enum reason *reason)
{
	if (place->end > DATAGRAM_MAX) {
		*reason = REASON_FRAG_OVERSIZE;
		return EFFECT_GIVE_UP;
	}
	*reason = REASON_FRAG_LENGTH;
	if (ends_within_block(place) || !note_end(datagram, place) || place->end == place->off)
		return EFFECT_GIVE_UP;
	return EFFECT_HOLD;
}

// IPv6: of a contradiction, only the fragment is dropped.
static enum effect
check_ipv6(struct datagram *datagram, const struct frag_place *place, enum reason *reason)
{
	if (place->end > DATAGRAM_MAX) {
		*reason = REASON_FRAG_OVERSIZE;
		return EFFECT_REFUSE;
	}
	*reason = REASON_FRAG_LENGTH;
	if (ends_within_block(place))
		return EFFECT_PASS;
	if (!note_end(datagram, place) || place->end == place->off)
		return EFFECT_REFUSE;
	return EFFECT_HOLD;
}

static unsigned int
first_block(const struct frag_place *place)
{
	return place->off / COVER_BLOCK;
}

// The block after the last one.
static unsigned int
end_block(const struct frag_place *place) // one past the last
{
	return (place->end + COVER_BLOCK - 1) / COVER_BLOCK;
}

// Any overlap ends the datagram (RFC 5722, section 4; the kernel does it for IPv4, too), unless all
// of the fragment is already there. As in the kernel, it must then lie within one run: fragments
// that arrived in order, each beginning where the one before ended.
static enum effect
check_overlap(const struct datagram *datagram, const struct frag_place *place, enum reason *reason)
{
	const unsigned int first = first_block(place);
	const unsigned int end = end_block(place);
	const unsigned int n_there = cover_count(&datagram->covered, first, end);

	if (n_there == 0)
		return EFFECT_HOLD;
	if (n_there == end - first && cover_count(&datagram->starts, first + 1, end) == 0) {
		*reason = REASON_FRAG_DUPLICATE;
		return EFFECT_REFUSE;
	}
	*reason = REASON_FRAG_OVERLAP;
	return EFFECT_GIVE_UP;
}

// Makes room for one more fragment, without giving up its own datagram. Returns NULL if that is
// impossible.
static struct fragment *
make_room(struct frag_store *store, const struct datagram *own, const struct pkt *pkt)
{
	void *node;

	while (store->n_segments + pkt->mbuf->nb_segs > store->params.max_fragments) {
		struct datagram *oldest = frag_store_oldest(store);

		if (oldest == own)
			return NULL;
		give_way(store, oldest, pkt->now);
	}
	return rte_mempool_get(store->nodes, &node) == 0 ? node : NULL;
}

static void
hold(struct frag_store *store, struct datagram *datagram, const struct frag_place *place,
     struct fragment *fragment, const struct pkt *pkt)
{
	const bool continues_run = datagram->n > 0 && place->off == datagram->tail_end;

	*fragment = (struct fragment){
		.mbuf = pkt->mbuf,
		.seq = pkt->seq,
		.payload_off = place->payload_off,
		.off = (uint16_t)place->off,
		.len = (uint16_t)(place->end - place->off),
		.in_port = pkt->in_port,
	};
	if (datagram->first == NULL)
		datagram->first = fragment;
	else
		datagram->last->next = fragment;
	datagram->last = fragment;
	datagram->n++;
	datagram->n_segments += pkt->mbuf->nb_segs;
	store->n_fragments++;
	store->n_segments += pkt->mbuf->nb_segs;
	if (place->off == 0) {
		datagram->has_first = true;
		datagram->head = place->head;
	}
	if (!continues_run)
		cover_add(&datagram->starts, first_block(place), first_block(place) + 1);
	cover_add(&datagram->covered, first_block(place), end_block(place));
	datagram->tail_end = RTE_MAX(datagram->tail_end, place->end);
	datagram->n_bytes += fragment->len;
	datagram->ecn |= (uint8_t)(1U << place->ecn);
}

static bool
is_complete(const struct datagram *datagram)
{
	return datagram->has_first && datagram->has_last && datagram->n_bytes == datagram->len;
}

// Why a complete datagram must be dropped; REASON_DEFAULT if it need not.
static enum reason
check_complete(const struct datagram *datagram)
{
	const uint32_t base = datagram->key.family == FAMILY_IPV4 ? 0 : 40; // not counted in IPv6
	const uint32_t len = datagram->head.len - datagram->head.l3_off - base + datagram->len;

	if (len > DATAGRAM_MAX)
		return REASON_FRAG_OVERSIZE;
	// Some fragments ECN-capable, some not: dropped by RFC 3168, 5.3.
	if ((datagram->ecn & 1) != 0 && datagram->ecn != 1)
		return REASON_FRAG_ECN;
	return REASON_DEFAULT;
}

// Turns the packet of the last fragment into the datagram.
static enum frag_result
complete(struct frag_store *store, struct datagram *datagram, struct pkt *pkt)
{
	enum reason reason = check_complete(datagram);

	pkt->mbuf = NULL;
	if (reason == REASON_DEFAULT) {
		pkt->mbuf = frag_join(store, datagram);
		reason = REASON_FRAG_FULL;
	}
	if (pkt->mbuf == NULL) {
		give_up(store, datagram, reason);
		return FRAG_TAKEN;
	}
	pkt->fragments = frag_store_end(store, datagram);
	pkt->reason = REASON_DEFAULT; // what chains decided about the fragment no longer counts
	pkt->chain = CHAIN_NONE;
	pkt->rule = RULE_NONE;
	packet_parse(pkt);
	return FRAG_COMPLETE;
}

enum frag_result
frag_add(struct frag_store *store, struct pkt *pkt)
{
	struct frag_place place;
	const enum frag_place_kind kind = frag_place_read(pkt, &place);
	enum reason reason = REASON_FRAG_LENGTH;
	struct frag_key key;
	struct datagram *datagram;
	struct fragment *fragment = NULL;
	enum effect effect;

	if (kind == FRAG_PLACE_NONE)
		return FRAG_PASSES;
	if (kind == FRAG_PLACE_CUT_OFF)
		return refuse(pkt, reason);
	key = key_of(pkt, &place);
	datagram = find_or_begin(store, &key, pkt->now);
	effect = pkt->family == FAMILY_IPV4 ? check_ipv4(datagram, &place, &reason)
					    : check_ipv6(datagram, &place, &reason);
	if (effect == EFFECT_HOLD)
		effect = check_overlap(datagram, &place, &reason);
	if (effect == EFFECT_HOLD) {
		fragment = make_room(store, datagram, pkt);
		if (fragment == NULL) {
			reason = REASON_FRAG_FULL;
			effect = EFFECT_GIVE_UP;
		}
	}
	if (effect == EFFECT_GIVE_UP || effect == EFFECT_PASS)
		give_up(store, datagram, reason);
	if (effect == EFFECT_PASS)
		return FRAG_PASSES;
	if (effect != EFFECT_HOLD)
		return refuse(pkt, reason);
	hold(store, datagram, &place, fragment, pkt);
	if (is_complete(datagram))
		return complete(store, datagram, pkt);
	pkt->mbuf = NULL;
	return FRAG_TAKEN;
}

unsigned int
frag_expire(struct frag_store *store, tick_t now, unsigned int max)
{
	unsigned int n = 0;

	for (; n < max; n++) {
		struct datagram *oldest = frag_store_oldest(store);

		if (oldest == NULL || !tick_reached(oldest->deadline, now))
			break;
		give_up(store, oldest, REASON_FRAG_TIMEOUT);
	}
	return n;
}

void
frag_give_up_all(struct frag_store *store)
{
	struct datagram *oldest;

	while ((oldest = frag_store_oldest(store)) != NULL)
		give_up(store, oldest, REASON_FRAG_TIMEOUT);
}

uint32_t
frag_held(const struct frag_store *store)
{
	return store->n_fragments;
}
