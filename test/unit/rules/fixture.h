// SPDX-License-Identifier: BSD-3-Clause
//
// What the tests of compiled rules share: EAL, and packets made by hand.
#pragma once

#include <stdint.h>

#include "packet/packet.h"
#include "rules/ruleset.h"

// Starts EAL, once, as an ordinary user can. SALLYPORT_TEST_SIMD in the environment limits the
// vectors of rte_acl to that many bits (64: none), so that each of its classifiers can be tested.
// => A setup function of cmocka.
int fixture_eal(void **state);

// A TCP packet of the family from host 1 port 1025 to host 2 port 80, class new, direction orig,
// from port 0 to port 1, 100 bytes long.
struct pkt fixture_pkt(enum family family);

// Host number n of 10.0.0.0/8 or 2001:db8::/32.
union address fixture_host(enum family family, uint32_t n);

// A chain "filter" of these rules, which stay the caller's.
struct chain fixture_chain(struct rule rules[], unsigned int n_rules, enum action policy);

// Compiles chains that must be good, under an id of their own.
struct ruleset *fixture_compile(const struct chain chains[], unsigned int n_chains);

// Sends one packet through a ruleset of this chain alone.
// => counters has one element per rule and one for the policy; they are cleared first.
void fixture_judge(const struct chain *chain, struct pkt *pkt, struct rule_counter counters[]);
