// SPDX-License-Identifier: BSD-3-Clause
//
// GRE: a stream, and assured, as soon as a packet follows the first reply. And its keys (gre.h).
#include "conntrack/proto/gre.h"

#include "conntrack/helper/helper.h"
#include "conntrack/proto/proto.h"

static enum ct_result
track(struct ct *ct, struct ct_conn *conn, struct pkt *pkt, enum ct_timeout *timeout)
{
	(void)ct;
	(void)pkt;
	if (conn_has(conn, CT_SEEN_REPLY)) {
		*timeout = CT_TIMEOUT_GRE_STREAM;
		conn_set_assured(conn);
	} else {
		*timeout = CT_TIMEOUT_GRE;
	}
	return CT_ACCEPT;
}

const struct ct_proto ct_proto_gre = {.track = track};

static uint32_t
link_to(const struct ct *ct, const struct ct_conn *master, enum dir dir)
{
	return (conn_slot(ct, master) << 1 | dir) + 1;
}

static const struct ct_conn *
master_of(const struct ct *ct, uint32_t link)
{
	return &ct->conns[(link - 1) >> 1];
}

static struct ct_gre_call *
call_of(const struct ct *ct, uint32_t link)
{
	return &ct->helper_memory[(link - 1) >> 1].pptp.call;
}

static enum dir
dir_of(uint32_t link)
{
	return (enum dir)((link - 1) & 1);
}

// A packet of a call, as it is looked for: without the key it does not carry.
static struct tuple
bare_tuple(const struct ct *ct, uint32_t link)
{
	struct tuple tuple;

	ct_conn_tuple(ct, master_of(ct, link), dir_of(link), &tuple);
	tuple.proto = PROTO_GRE;
	tuple.src_field = 0;
	tuple.dst_field = call_of(ct, link)->id[dir_other(dir_of(link))];
	return tuple;
}

// The hash has a secret: whoever makes calls cannot choose their bucket.
static uint32_t
bucket_of(const struct ct *ct, const struct tuple *bare)
{
	return hash_tuple(ct->secret, bare) % GRE_BUCKETS;
}

// As in the kernel the older one of two calls is found, should they share an id and addresses.
static void
append(struct ct *ct, uint32_t link)
{
	const struct tuple bare = bare_tuple(ct, link);
	uint32_t *at = &ct->calls.buckets[bucket_of(ct, &bare)];

	while (*at != 0)
		at = &call_of(ct, *at)->next[dir_of(*at)];
	*at = link;
	call_of(ct, link)->next[dir_of(link)] = 0;
}

static void
take_out(struct ct *ct, uint32_t link)
{
	const struct tuple bare = bare_tuple(ct, link);
	uint32_t *at = &ct->calls.buckets[bucket_of(ct, &bare)];

	while (*at != link)
		at = &call_of(ct, *at)->next[dir_of(*at)];
	*at = call_of(ct, link)->next[dir_of(link)];
}

void
ct_gre_map(struct ct *ct, const struct ct_conn *master, const uint16_t id[DIR_COUNT])
{
	ct_helper_memory(ct, master)->pptp.call = (struct ct_gre_call){
		.id = {id[DIR_ORIG], id[DIR_REPLY]},
		.is_mapped = true,
	};
	for (enum dir dir = DIR_ORIG; dir < DIR_COUNT; dir++)
		append(ct, link_to(ct, master, dir));
	ct->calls.n++;
}

void
ct_gre_unmap(struct ct *ct, const struct ct_conn *master)
{
	for (enum dir dir = DIR_ORIG; dir < DIR_COUNT; dir++)
		take_out(ct, link_to(ct, master, dir));
	ct_helper_memory(ct, master)->pptp.call.is_mapped = false;
	ct->calls.n--;
}

void
ct_gre_complete(const struct ct *ct, struct tuple *tuple)
{
	uint32_t link = 0;

	tuple->src_field = 0;
	if (ct->calls.n > 0)
		link = ct->calls.buckets[bucket_of(ct, tuple)];
	while (link != 0) {
		const struct ct_gre_call *call = call_of(ct, link);
		const struct tuple bare = bare_tuple(ct, link);

		if (tuple_equal(&bare, tuple)) {
			tuple->src_field = call->id[dir_of(link)];
			return;
		}
		link = call->next[dir_of(link)];
	}
}
