// SPDX-License-Identifier: BSD-3-Clause
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "packet/parse.h"
#include "util/mbuf.h"

const struct hash_secret *
fixture_secret(void)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "packet tests...";
	static struct hash_secret secret;

	if (secret.mix == NULL)
		hash_secret_init(&secret, seed);
	return &secret;
}

struct pkt
fixture_parse(struct rte_mbuf *mbuf)
{
	struct pkt pkt = {.mbuf = mbuf};

	packet_parse(&pkt);
	return pkt;
}

static int
describe_end(char *text, const struct pkt *pkt, const union address *address, uint16_t field)
{
	char printed[INET6_ADDRSTRLEN];
	int n = sprintf(text, "%s", address_format(pkt->family, address, printed));

	if (pkt->has_tuple)
		n += sprintf(text + n, pkt->has_ports ? " :%u" : " %u", field);
	return n;
}

const char *
fixture_describe(const struct pkt *pkt, char *text)
{
	char *at = text;

	at += sprintf(at, "%s", fault_name(pkt->fault));
	if (pkt->fault != FAULT_NONE && pkt->fault <= FAULT_L3_LAST)
		return text;
	if (pkt->family == FAMILY_NONE) {
		sprintf(at, ": 0x%04x", pkt->ethertype);
		return text;
	}
	at += sprintf(at, ": ipv%u %u ", pkt->family, pkt->tuple.proto);
	at += describe_end(at, pkt, &pkt->tuple.src, pkt->tuple.src_field);
	at += sprintf(at, " > ");
	at += describe_end(at, pkt, &pkt->tuple.dst, pkt->tuple.dst_field);
	at += sprintf(at, " l3 %u+%u l4 %u+%u", pkt->l3_off, pkt->l3_len, pkt->l4_off, pkt->l4_len);
	if (pkt->is_fragment)
		sprintf(at, " fragment");
	return text;
}

void
fixture_assert_parsed(const struct frame *frame, const char *expected, const char *file, int line)
{
	struct rte_mbuf *mbuf = mbuf_from_frame(frame);
	struct pkt pkt = fixture_parse(mbuf);
	char text[DESCRIPTION_MAX];

	_assert_string_equal(fixture_describe(&pkt, text), expected, file, line);
	rte_pktmbuf_free(mbuf);
}
