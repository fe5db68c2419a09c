// SPDX-License-Identifier: BSD-3-Clause
#include "util/random_rules.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "util/random.h"

union address
random_host(enum family family, uint32_t n)
{
	union address address = {0};

	if (family == FAMILY_IPV4) {
		address.v4 = rte_cpu_to_be_32(UINT32_C(0x0a000000) + n);
		return address;
	}
	address.v6[0] = 0x20;
	address.v6[1] = 0x01;
	address.v6[2] = 0x0d;
	address.v6[3] = 0xb8;
	address.v6[15] = (uint8_t)n;
	return address;
}

uint8_t
random_proto(void)
{
	static const uint8_t pool[] = {PROTO_TCP,  PROTO_TCP, PROTO_UDP, PROTO_ICMP, PROTO_ICMPV6,
				       PROTO_SCTP, PROTO_GRE, 0,         UINT8_MAX};

	return RANDOM_PICK(pool);
}

uint16_t
random_port(void)
{
	static const uint16_t pool[] = {0,   1,    22,   80,    81,    255,       256,
					443, 1024, 1025, 32768, 65534, UINT16_MAX};

	return random_chance(90) ? RANDOM_PICK(pool) : (uint16_t)random_bits();
}

uint8_t
random_icmp(void)
{
	static const uint8_t pool[] = {0, 1, 2, 3, 4, 5, 8, 11, 127, 128, 129, UINT8_MAX};

	return RANDOM_PICK(pool);
}

enum family
random_family(void)
{
	return random_chance(50) ? FAMILY_IPV4 : FAMILY_IPV6;
}

static unsigned int
family_width(enum family family)
{
	return family == FAMILY_IPV4 ? 32 : 128;
}

// One of a few hosts, now and then with one bit wrong.
union address
random_address(enum family family)
{
	union address address = random_host(family, random_below(RANDOM_HOSTS));

	if (random_chance(20)) {
		unsigned int bit = random_below(family_width(family));

		address.v6[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
	}
	return address;
}

static struct prefix
random_prefix(void)
{
	enum family family = random_family();
	unsigned int width = family_width(family);
	struct prefix prefix = {.family = (uint8_t)family, .address = random_address(family)};

	prefix.len =
		(uint8_t)(random_chance(50) ? width - random_below(5) : random_below(width + 1));
	for (unsigned int bit = prefix.len; bit < width; bit++)
		prefix.address.v6[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	return prefix;
}

static struct range
random_range(uint16_t (*value)(void))
{
	uint16_t a = value(), b = random_chance(60) ? a : value();

	if (a > b && random_chance(95)) // a reversed range is empty
		return (struct range){b, a};
	return (struct range){a, b};
}

static uint16_t
random_icmp_wide(void)
{
	return random_chance(5) ? 300 : random_icmp();
}

// Most lists have one element, because their lengths multiply and rte_acl must build every
// combination.
static unsigned int
random_len(void)
{
	return random_chance(75) ? 1 : 2 + random_below(3);
}

static struct range *
random_ranges(uint16_t (*value)(void), unsigned int *n)
{
	struct range *ranges;

	*n = random_len();
	ranges = calloc(*n, sizeof(*ranges));
	assert(ranges != NULL);
	for (unsigned int i = 0; i < *n; i++)
		ranges[i] = random_range(value);
	return ranges;
}

static struct span *
random_spans(uint64_t (*value)(void), unsigned int *n)
{
	struct span *spans;

	*n = random_len();
	spans = calloc(*n, sizeof(*spans));
	assert(spans != NULL);
	for (unsigned int i = 0; i < *n; i++) {
		const uint64_t a = value(), b = random_chance(40) ? a : value();

		spans[i] = (struct span){RTE_MIN(a, b), RTE_MAX(a, b)};
	}
	return spans;
}

static uint64_t
random_byte(void)
{
	return random_bits() & UINT8_MAX;
}

static uint64_t
random_length(void)
{
	return random_below(1600);
}

static uint64_t
random_dscp(void)
{
	return random_below(64);
}

static uint64_t
random_ecn(void)
{
	return random_below(4);
}

static uint64_t
random_vlan(void)
{
	return random_chance(30) ? 4096 : random_below(3);
}

static uint64_t
random_mac(void)
{
	return UINT64_C(0x020000000000) + random_below(4);
}

static uint64_t
random_packets(void)
{
	return random_below(12);
}

static uint64_t
random_bytes(void)
{
	return random_below(600);
}

// Keys that rte_acl does not know, each with the given chance.
static void
add_listed_keys(struct match *match, unsigned int keys)
{
	if (random_chance(keys))
		match->ttl = random_spans(random_byte, &match->n_ttl);
	if (random_chance(keys))
		match->length = random_spans(random_length, &match->n_length);
	if (random_chance(keys))
		match->dscp = random_spans(random_dscp, &match->n_dscp);
	if (random_chance(keys))
		match->ecn = random_spans(random_ecn, &match->n_ecn);
	if (random_chance(keys))
		match->vlan = random_spans(random_vlan, &match->n_vlan);
	if (random_chance(keys))
		match->src_mac = random_spans(random_mac, &match->n_src_mac);
	if (random_chance(keys))
		match->dst_mac = random_spans(random_mac, &match->n_dst_mac);
	if (random_chance(keys))
		match->fragment = (uint8_t)random_below(8);
	if (random_chance(keys))
		match->ip_options = (uint8_t)random_below(4);
	if (random_chance(keys))
		match->extension_headers = (uint8_t)random_below(4);
	if (random_chance(2 * keys))
		match->ct_status = (uint8_t)random_below(8);
	if (random_chance(keys))
		match->ct_packets = random_spans(random_packets, &match->n_ct_packets);
	if (random_chance(keys))
		match->ct_orig_packets = random_spans(random_packets, &match->n_ct_orig_packets);
	if (random_chance(keys))
		match->ct_reply_packets = random_spans(random_packets, &match->n_ct_reply_packets);
	if (random_chance(keys))
		match->ct_bytes = random_spans(random_bytes, &match->n_ct_bytes);
	if (random_chance(keys))
		match->ct_orig_bytes = random_spans(random_bytes, &match->n_ct_orig_bytes);
	if (random_chance(keys))
		match->ct_reply_bytes = random_spans(random_bytes, &match->n_ct_reply_bytes);
}

static struct prefix *
random_prefixes(unsigned int *n)
{
	struct prefix *prefixes;

	*n = random_len();
	prefixes = calloc(*n, sizeof(*prefixes));
	assert(prefixes != NULL);
	for (unsigned int i = 0; i < *n; i++)
		prefixes[i] = random_prefix();
	return prefixes;
}

static uint8_t *
random_protos(unsigned int *n)
{
	uint8_t *protos;

	*n = random_len();
	protos = calloc(*n, sizeof(*protos));
	assert(protos != NULL);
	for (unsigned int i = 0; i < *n; i++)
		protos[i] = random_proto();
	return protos;
}

// Each key is present with the given chance, in percent.
static struct match
random_match(unsigned int keys)
{
	struct match match = {0};

	if (random_chance(keys))
		match.in_ports = (uint32_t)random_few_bits();
	if (random_chance(keys))
		match.out_ports = ~(uint32_t)random_few_bits();
	if (random_chance(keys))
		match.families = (uint8_t)random_below(4);
	if (random_chance(keys))
		match.classes = (uint8_t)random_below(1u << CLASS_COUNT);
	if (random_chance(keys))
		match.dirs = (uint8_t)random_below(8);
	if (random_chance(keys / 2))
		match.helper = (uint8_t)random_below(RANDOM_VALUES);
	if (random_chance(keys / 2)) {
		match.tcp_flags_mask = (uint8_t)random_few_bits();
		match.tcp_flags = (uint8_t)random_few_bits();
	}
	if (random_chance(keys / 2)) {
		match.has_zone = true;
		match.zone = (uint16_t)random_below(RANDOM_VALUES);
	}
	if (random_chance(keys / 2))
		match.mark = (struct masked){random_below(RANDOM_MARKS), random_below(4)};
	if (random_chance(keys))
		match.protos = random_protos(&match.n_protos);
	if (random_chance(keys))
		match.src = random_prefixes(&match.n_src);
	if (random_chance(keys))
		match.dst = random_prefixes(&match.n_dst);
	if (random_chance(keys))
		match.sport = random_ranges(random_port, &match.n_sport);
	if (random_chance(keys))
		match.dport = random_ranges(random_port, &match.n_dport);
	if (random_chance(keys / 3))
		match.icmp_type = random_ranges(random_icmp_wide, &match.n_icmp_type);
	if (random_chance(keys / 3))
		match.icmp_code = random_ranges(random_icmp_wide, &match.n_icmp_code);
	if (random_chance(30))
		add_listed_keys(&match, 10);
	return match;
}

static struct rule
random_rule(unsigned int keys, unsigned int without_action)
{
	struct rule rule = {.match = random_match(keys)};

	if (!random_chance(without_action))
		rule.action = (enum action)(ACTION_ACCEPT + random_below(4));
	if (rule.action == ACTION_NONE || random_chance(20)) {
		if (random_chance(40))
			rule.set_mark = (struct masked){random_below(16), random_below(16)};
		rule.has_set_zone = random_chance(30);
		rule.set_zone = (uint16_t)random_below(RANDOM_VALUES);
		rule.zone_is_vlan = rule.has_set_zone && random_chance(30);
		rule.set_helper = random_chance(30) ? (uint8_t)(1 + random_below(3)) : 0;
		rule.set_window = random_chance(20) ? (uint8_t)(1 + random_below(3)) : 0;
	}
	return rule;
}

unsigned int
random_chains(const struct random_shape *shape, struct chain chains[])
{
	unsigned int n_chains = 1 + random_below(shape->n_chains_max);
	unsigned int left = 1 + random_below(1 + random_below(shape->n_rules_max));

	for (unsigned int i = 0; i < n_chains; i++) {
		unsigned int n = i + 1 < n_chains ? random_below(left + 1) : left;
		unsigned int keys =
			shape->keys_min + random_below(shape->keys_below - shape->keys_min);
		unsigned int without_action = random_below(101);

		left -= n;
		chains[i] = (struct chain){
			.name = strdup("random"),
			.policy = random_chance(50) ? ACTION_ACCEPT : ACTION_DROP,
			.n_rules = n,
			.rules = calloc(n + 1, sizeof(struct rule)),
		};
		assert(chains[i].name != NULL && chains[i].rules != NULL);
		for (unsigned int k = 0; k < n; k++)
			chains[i].rules[k] = random_rule(keys, without_action);
	}
	return n_chains;
}

void
random_chains_free(struct chain chains[], unsigned int n_chains)
{
	for (unsigned int i = 0; i < n_chains; i++)
		chain_fini(&chains[i]);
}
