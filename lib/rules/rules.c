// SPDX-License-Identifier: BSD-3-Clause
//
// Rules as plain data: what they set, freeing them, and turning a range of addresses into prefixes.
#include "rules/rules.h"

#include <stdlib.h>
#include <string.h>

#include "rules/match.h"

// An address as a number: IPv4 in the low 32 bits, IPv6 in all 128.
typedef unsigned __int128 wide_t;

static void
rule_fini(struct rule *rule)
{
	free(rule->name);
	free(rule->log);
	match_fini(&rule->match);
}

bool
rule_sets_anything(const struct rule *rule)
{
	static const struct rule nothing = {0};
	struct rule rest = *rule;

	rest.name = NULL;
	rest.file = NULL;
	rest.line = 0;
	memset(&rest.match, 0, sizeof(rest.match));
	rest.log = NULL;
	rest.action = ACTION_NONE;
	rest.reject_with = 0;
	// A difference in padding makes it one more that is taken to set something.
	return memcmp(&rest, &nothing, sizeof(rest)) !=
	       0; // NOLINT(bugprone-suspicious-memory-comparison)
}

void
chain_fini(struct chain *chain)
{
	for (unsigned int i = 0; i < chain->n_rules; i++)
		rule_fini(&chain->rules[i]);
	free(chain->rules);
	free(chain->name);
	memset(chain, 0, sizeof(*chain));
}

static wide_t
wide_from_address(enum family family, const union address *address)
{
	wide_t wide = 0;

	if (family == FAMILY_IPV4)
		return rte_be_to_cpu_32(address->v4);
	for (unsigned int i = 0; i < sizeof(address->v6); i++)
		wide = wide << 8 | address->v6[i];
	return wide;
}

static void
address_from_wide(enum family family, wide_t wide, union address *address)
{
	memset(address, 0, sizeof(*address));
	if (family == FAMILY_IPV4) {
		address->v4 = rte_cpu_to_be_32((uint32_t)wide);
		return;
	}
	for (unsigned int i = sizeof(address->v6); i-- > 0; wide >>= 8)
		address->v6[i] = (uint8_t)wide;
}

// Takes the largest aligned block that starts at low and does not pass high, again and again. No
// smaller set exists: a prefix that covers low can be no larger than that block.
unsigned int
prefixes_from_range(enum family family, const union address *low, const union address *high,
		    struct prefix prefixes[254])
{
	const unsigned int width = family == FAMILY_IPV4 ? 32 : 128;
	wide_t first = wide_from_address(family, low);
	const wide_t last = wide_from_address(family, high);
	unsigned int n = 0;

	if (first > last)
		return 0;
	for (;;) {
		unsigned int host_bits = 0;
		wide_t host_mask = 0; // ones in the bits behind the prefix

		while (host_bits < width) {
			wide_t wider = host_mask << 1 | 1;

			if ((first & wider) != 0 || (first | wider) > last)
				break;
			host_mask = wider;
			host_bits++;
		}
		prefixes[n].family = (uint8_t)family;
		prefixes[n].len = (uint8_t)(width - host_bits);
		address_from_wide(family, first, &prefixes[n].address);
		n++;
		if ((first | host_mask) == last)
			return n;
		first = (first | host_mask) + 1;
	}
}
