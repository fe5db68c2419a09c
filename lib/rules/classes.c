// SPDX-License-Identifier: BSD-3-Clause
//
// All of it follows from the keys that the matches ask for, by their rows in match_keys.def. A key
// is taken to hold for some packets of a class and not for others; only where that is certainly not
// so, it says so here.
#include "rules/classes.h"

#include <string.h>

#include "rules/match_key.h"
#include "rules/reject.h"

// The classes of packets, a bit each, that the match may take.
static uint8_t
classes_of(const struct match *match)
{
	return match->classes == 0 ? UINT8_MAX : match->classes;
}

static bool
has_tcp(const struct match *match)
{
	return match->n_protos == 0 || memchr(match->protos, PROTO_TCP, match->n_protos) != NULL;
}

// False when the match certainly takes no packet of TCP, or none that is something else.
static bool
may_take(const struct match *match, bool of_tcp)
{
	uint64_t keys = match_keys_of(match);
	unsigned int needs = MATCH_NEEDS_NOTHING;

	while (keys != 0)
		needs |= match_keys_next(&keys)->needs;
	if (of_tcp)
		return has_tcp(match) && (needs & MATCH_NEEDS_ICMP) == 0;
	return (needs & MATCH_NEEDS_TCP_FLAGS) == 0;
}

// True when the match takes all packets of its classes that are of TCP, or are something else.
static bool
takes_all(const struct match *match, bool of_tcp)
{
	uint64_t keys = match_keys_of(match) & ~(UINT64_C(1) << MATCH_KEY_classes);

	if (of_tcp && has_tcp(match))
		keys &= ~(UINT64_C(1) << MATCH_KEY_protos);
	return keys == 0;
}

// What makes the rule say, or do, different things to packets of one connection. classes are those
// that it may take.
static void
note_doubts(struct compiled_chain *compiled, const struct rule *rule, uint8_t classes, bool of_tcp)
{
	uint64_t keys = match_keys_of(&rule->match);

	while (keys != 0) {
		const struct match_key *key = match_keys_next(&keys);

		if (key->varies == MATCH_PER_PACKET)
			compiled->classes_by_packet[of_tcp] |= classes;
		if (key->varies == MATCH_WHERE_SET && key->subject == MATCH_OF_CONNECTION)
			compiled->classes_by_set |= classes;
	}
	// what is set of a packet is set anew for each
	if (rule->set_mark.mask != 0 || rule->has_set_zone)
		compiled->classes_set |= classes;
}

bool
classes_decide(const struct rule *rule)
{
	return rule->action != ACTION_NONE && takes_all(&rule->match, false);
}

// The first rule that ends the chain for a class as such.
static void
note_decisions(struct compiled_chain *compiled, const struct chain *chain)
{
	for (int class = 0; class < CLASS_COUNT; class ++) {
		uint32_t i = 0;

		while (i < chain->n_rules &&
		       (!classes_decide(&chain->rules[i]) ||
			(classes_of(&chain->rules[i].match) >> class & 1) == 0))
			i++;
		compiled->by_class[class] = i;
	}
}

static void
foresee(struct compiled_chain *compiled, const struct chain *chain, bool of_tcp)
{
	uint8_t coming = UINT8_MAX; // to the next rule, as far as those before it tell
	uint8_t alike = UINT8_MAX;  // what came to a rule was let by, or taken, all of it

	for (unsigned int i = 0; i < chain->n_rules; i++) {
		const struct rule *rule = &chain->rules[i];
		const uint8_t classes = classes_of(&rule->match) & coming;
		const bool takes = takes_all(&rule->match, of_tcp);

		if (!may_take(&rule->match, of_tcp))
			continue;
		note_doubts(compiled, rule, classes, of_tcp);
		if (of_tcp && rule->action == ACTION_REJECT &&
		    rule->reject_with == REJECT_TCP_RESET)
			compiled->classes_reset |= classes;
		if (!takes || rule_sets_anything(rule))
			alike &= (uint8_t)~classes;
		if (takes && rule->action != ACTION_NONE)
			coming &= (uint8_t)~classes;
	}
	compiled->classes_alike[of_tcp] = alike;
}

void
classes_foresee(struct compiled_chain *compiled, const struct chain *chain)
{
	note_decisions(compiled, chain);
	foresee(compiled, chain, false);
	foresee(compiled, chain, true);
}
