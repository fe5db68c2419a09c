// SPDX-License-Identifier: BSD-3-Clause
#include "scene_rules.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "rules/match_key.h"
#include "rules/reject.h"
#include "talk.h"
#include "util/random.h"
#include "util/random_rules.h"

#define CLASS(name)    (1 << CLASS_##name)
#define SITE_RULES_MAX 24
#define ANY_CHAINS     5
#define ANY_RULES      60

static struct rule *
add_rule(struct chain *chain, const struct rule *rule)
{
	assert(chain->n_rules < SITE_RULES_MAX);
	chain->rules[chain->n_rules] = *rule;
	return &chain->rules[chain->n_rules++];
}

static struct chain *
add_chain(struct config *config, const char *name, int32_t priority, enum action policy)
{
	struct chain *chain = &config->chains[config->n_chains++];

	*chain = (struct chain){
		.name = strdup(name),
		.priority = priority,
		.policy = policy,
		.rules = calloc(SITE_RULES_MAX, sizeof(struct rule)),
	};
	assert(chain->name != NULL && chain->rules != NULL);
	return chain;
}

static void
set_proto(struct match *match, uint8_t proto)
{
	match->protos = calloc(1, sizeof(*match->protos));
	assert(match->protos != NULL);
	match->protos[0] = proto;
	match->n_protos = 1;
}

static void
set_dport(struct match *match, uint16_t port)
{
	match->dport = calloc(1, sizeof(*match->dport));
	assert(match->dport != NULL);
	match->dport[0] = (struct range){port, port};
	match->n_dport = 1;
}

static void
set_src(struct match *match, enum family family)
{
	match->src = calloc(1, sizeof(*match->src));
	assert(match->src != NULL);
	match->src[0] = (struct prefix){
		.family = (uint8_t)family,
		.len = family == FAMILY_IPV4 ? 32 : 128,
		.address = random_host(family, random_below(TALK_HOSTS)),
	};
	match->n_src = 1;
}

static void
set_span(struct span **list, unsigned int *n, uint64_t low, uint64_t high)
{
	*list = calloc(1, sizeof(**list));
	assert(*list != NULL);
	(*list)[0] = (struct span){low, high};
	*n = 1;
}

// Helpers for those whose traffic there is.
static void
add_helpers(struct chain *chain)
{
	static const struct {
		uint8_t proto, helper;
		uint16_t port;
	} helpers[] = {
		{PROTO_TCP, CT_HELPER_FTP, TALK_FTP_PORT},
		{PROTO_UDP, CT_HELPER_TFTP, TALK_TFTP_PORT},
		{PROTO_TCP, CT_HELPER_PPTP, TALK_PPTP_PORT},
	};

	for (size_t i = 0; i < RTE_DIM(helpers); i++) {
		struct rule *rule =
			add_rule(chain, &(struct rule){.match.classes = CLASS(NEW),
						       .set_helper = helpers[i].helper});

		set_proto(&rule->match, helpers[i].proto);
		set_dport(&rule->match, helpers[i].port);
	}
}

static void
add_marks(struct chain *chain)
{
	const uint8_t classes = random_chance(70) ? CLASS(NEW) : CLASS(NEW) | CLASS(ESTABLISHED);

	add_rule(chain, &(struct rule){.match.classes = classes,
				       .match.in_ports = (uint32_t)random_few_bits(),
				       .set_mark = {random_below(RANDOM_MARKS), 3}});
	if (random_chance(50))
		add_rule(chain, &(struct rule){.match.mark = {random_below(4), 3},
					       .match.classes = random_chance(50) ? CLASS(NEW) : 0,
					       .set_mark = {4, 4}});
}

// A rule that says something else to packets of one connection, and what it says.
static void
add_doubt(struct chain *chain)
{
	struct rule rule = {
		.action = random_chance(50) ? ACTION_DROP : ACTION_NONE,
		.set_mark = {random_below(8), random_chance(20) ? 7 : 0},
	};
	struct match *match = &rule.match;

	if (random_chance(50))
		match->classes = CLASS(ESTABLISHED);
	if (random_chance(50))
		set_src(match, random_family());
	switch (random_below(9)) {
	case 0:
		match->tcp_flags_mask = TH_PSH;
		match->tcp_flags = TH_PSH;
		break;
	case 1:
		set_span(&match->ct_packets, &match->n_ct_packets, 5, 9);
		break;
	case 2:
		set_span(&match->ct_bytes, &match->n_ct_bytes, 300, 800);
		break;
	case 3:
		match->ct_status = 4;
		break;
	case 4:
		set_span(&match->length, &match->n_length, 60, 70);
		break;
	case 5:
		set_span(&match->vlan, &match->n_vlan, 1, 1);
		break;
	case 6:
		match->ip_options = 2;
		break;
	case 7:
		match->mark = (struct masked){random_below(4), 3};
		break;
	default:
		set_span(&match->dscp, &match->n_dscp, 1, 40);
		break;
	}
	add_rule(chain, &rule);
}

static void
add_rejects(struct chain *chain)
{
	struct rule *rule = add_rule(
		chain, &(struct rule){
			       .match.classes = random_chance(50) ? CLASS(NEW) : CLASS(ESTABLISHED),
			       .match.tcp_flags = TH_PSH,
			       .match.tcp_flags_mask = random_chance(50) ? TH_PSH : 0,
			       .action = ACTION_REJECT,
			       .reject_with = random_chance(60) ? REJECT_TCP_RESET : REJECT_DEFAULT,
		       });

	set_proto(&rule->match, PROTO_TCP);
	set_src(&rule->match, random_family());
}

// Answers pass, and so does most of what is new.
static void
add_site(struct config *config)
{
	struct chain *chain =
		add_chain(config, "site", 0, random_chance(70) ? ACTION_ACCEPT : ACTION_DROP);

	if (random_chance(70))
		add_helpers(chain);
	if (random_chance(25))
		add_marks(chain);
	if (random_chance(20))
		add_doubt(chain);
	if (random_chance(20))
		add_rejects(chain);
	add_rule(chain, &(struct rule){.match.classes = CLASS(ESTABLISHED) | CLASS(RELATED),
				       .action = ACTION_ACCEPT});
	if (random_chance(50))
		add_rule(chain,
			 &(struct rule){.match.classes = CLASS(INVALID), .action = ACTION_DROP});
	if (random_chance(30)) {
		struct rule *rule = add_rule(
			chain, &(struct rule){.match.classes = CLASS(NEW), .action = ACTION_DROP});

		set_src(&rule->match, random_family());
	}
	add_rule(chain,
		 &(struct rule){.match.classes = CLASS(NEW),
				.set_window = random_chance(30) ? 1 + (uint8_t)random_below(3) : 0,
				.action = ACTION_ACCEPT});
}

// Nothing in it looks at a packet of a connection that is answered.
static void
add_calm(struct config *config)
{
	struct chain *chain = add_chain(config, "calm", 0, ACTION_ACCEPT);

	if (random_chance(30))
		add_helpers(chain);
	// What its packets change is told with the next one that may pass.
	if (random_chance(40)) {
		struct rule *rule = add_rule(
			chain, &(struct rule){.match.dirs = 1 << DIR_REPLY, .action = ACTION_DROP});

		set_src(&rule->match, random_family());
	}
	if (random_chance(50))
		add_rule(chain, &(struct rule){.match.classes = CLASS(ESTABLISHED),
					       .match.dirs = random_chance(50) ? 0 : 1,
					       .action = ACTION_ACCEPT});
	if (random_chance(10)) {
		struct rule *rule = add_rule(chain, &(struct rule){.action = ACTION_DROP});

		set_src(&rule->match, random_family());
	}
}

// Chains on either side of the rules.
static void
add_raw(struct config *config, int32_t priority)
{
	struct chain *chain = add_chain(config, "raw", priority, ACTION_ACCEPT);
	struct rule *rule;

	rule = add_rule(chain,
			&(struct rule){.action = random_chance(60) ? ACTION_NOTRACK : ACTION_DROP});
	set_src(&rule->match, random_family());
	set_proto(&rule->match, random_chance(50) ? PROTO_UDP : PROTO_TCP);
	if (random_chance(30))
		add_rule(chain, &(struct rule){.has_set_zone = true, .zone_is_vlan = true});
	if (random_chance(50))
		add_rule(chain, &(struct rule){.action = ACTION_ACCEPT,
					       .match.families = (uint8_t)(1 + random_below(2))});
}

static void
add_late(struct config *config)
{
	struct chain *chain = add_chain(config, "late", PRIORITY_CONFIRM, ACTION_ACCEPT);
	struct rule *rule = add_rule(
		chain, &(struct rule){.action = random_chance(50) ? ACTION_DROP : ACTION_NONE,
				      .match.tcp_flags = TH_PSH,
				      .match.tcp_flags_mask = TH_PSH,
				      .set_mark = {random_below(8), 7}});

	set_src(&rule->match, random_family());
}

static void
make_site(struct config *config)
{
	if (random_chance(5))
		add_raw(config, -500);
	if (random_chance(5))
		add_raw(config, -300);
	add_site(config);
	if (random_chance(15)) {
		struct chain *chain = add_chain(config, "second", 10, ACTION_ACCEPT);

		add_doubt(chain);
	}
	if (random_chance(6))
		add_late(config);
}

static bool
varies(const struct rule *rule)
{
	uint64_t keys = match_keys_of(&rule->match);

	while (keys != 0) {
		if (match_keys_next(&keys)->varies != MATCH_FIXED)
			return true;
	}
	return rule->set_mark.mask != 0 || rule->has_set_zone;
}

static int
compare_priorities(const void *a, const void *b)
{
	const int32_t *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

// Anything, but a connection's packets mostly hear the same, and mostly that they may pass.
static void
make_any(struct config *config)
{
	static const int32_t places[] = {-500, -300, -150, 0, 0, 0, INT32_MAX};
	static const int32_t between[] = {-150, 0, 0, 10};
	const bool is_anywhere = random_chance(30);
	const struct random_shape shape = {ANY_CHAINS, ANY_RULES, 3, 20};
	const unsigned int doubts = random_chance(50) ? 0 : 30;
	int32_t priorities[ANY_CHAINS];

	config->n_chains = random_chains(&shape, config->chains);
	for (unsigned int i = 0; i < config->n_chains; i++)
		priorities[i] = is_anywhere ? RANDOM_PICK(places) : RANDOM_PICK(between);
	qsort(priorities, config->n_chains, sizeof(priorities[0]), compare_priorities);
	for (unsigned int i = 0; i < config->n_chains; i++) {
		struct chain *chain = &config->chains[i];

		chain->priority = priorities[i];
		if (random_chance(90))
			chain->policy = ACTION_ACCEPT;
		for (unsigned int k = 0; k < chain->n_rules; k++) {
			struct rule *rule = &chain->rules[k];

			if (varies(rule) && !random_chance(doubts))
				rule->match.classes = CLASS(NEW);
			if (rule->match.n_src + rule->match.n_dst == 0 && random_chance(80))
				set_src(&rule->match, random_family());
			if (rule->action > ACTION_ACCEPT && random_chance(60))
				rule->action = ACTION_ACCEPT;
		}
	}
}

void
scene_rules(struct config *config, bool is_calm)
{
	const unsigned int dice = random_below(100);

	config->n_chains = 0;
	if (is_calm && dice < 90) {
		add_calm(config);
		return;
	}
	if (dice < 4)
		return;
	if (dice < 75)
		make_site(config);
	else
		make_any(config);
}
