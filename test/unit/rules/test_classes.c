// SPDX-License-Identifier: BSD-3-Clause
//
// What rules tell beforehand by class, and that every match key has its part in it: a key that
// comes anew and is forgotten there fails here.
#include "rules/classes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "rules/match_key.h"
#include "rules/reject.h"

#define ALL         UINT8_MAX
#define NEW         (1 << CLASS_NEW)
#define ESTABLISHED (1 << CLASS_ESTABLISHED)
#define INVALID     (1 << CLASS_INVALID)

static struct compiled_chain
foresee(struct rule rules[], unsigned int n_rules)
{
	const struct chain chain = {.n_rules = n_rules, .rules = rules};
	struct compiled_chain compiled = {0};

	classes_foresee(&compiled, &chain);
	return compiled;
}

// The match asks for the key; what exactly is of no concern here.
static void
ask_for(struct match *match, const struct match_key *key)
{
	static uint64_t elements[4] = {0};
	const struct match_list list = {elements, 1};
	uint8_t *member = (uint8_t *)match + key->offset;

	switch (key->kind) {
	case MATCH_KIND_PORTS:
	case MATCH_KIND_BITS:
	case MATCH_KIND_HELPER:
		member[0] = 1;
		break;
	case MATCH_KIND_FLAGS:
		member[1] = 1;
		break;
	case MATCH_KIND_MARK:
		match->mark.mask = 1;
		break;
	case MATCH_KIND_ZONE:
		match->has_zone = true;
		break;
	default:
		memcpy(member, &list, sizeof(list));
	}
	assert_true((match_keys_of(match) >> (key - match_keys) & 1) != 0);
}

// Whatever a rule looks at besides the class: packets of one class are no longer alike, unless they
// are of a kind that has no such thing.
static void
every_key_but_the_class_makes_a_difference(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MATCH_KEY_COUNT; i++) {
		const struct match_key *key = &match_keys[i];
		const bool is_of_tcp = (key->needs & MATCH_NEEDS_TCP_FLAGS) != 0;
		const bool is_of_icmp = (key->needs & MATCH_NEEDS_ICMP) != 0;
		struct rule rules[2] = {{.action = ACTION_DROP}, {.action = ACTION_ACCEPT}};
		struct compiled_chain compiled;

		if (i == MATCH_KEY_classes)
			continue;
		ask_for(&rules[0].match, key);
		compiled = foresee(rules, RTE_DIM(rules));
		// The protocol of the list is none that is TCP.
		assert_int_equal(compiled.classes_alike[true],
				 is_of_icmp || i == MATCH_KEY_protos ? ALL : 0);
		assert_int_equal(compiled.classes_alike[false], is_of_tcp ? ALL : 0);

		rules[0].match.classes = NEW;
		compiled = foresee(rules, RTE_DIM(rules));
		assert_int_equal(compiled.classes_alike[true] | NEW, ALL);
		assert_int_equal(compiled.classes_alike[false] | NEW, ALL);
	}
}

// So do keys that vary, of the classes that come to the rule.
static void
every_key_that_varies_makes_doubts(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MATCH_KEY_COUNT; i++) {
		const struct match_key *key = &match_keys[i];
		const bool is_by_packet = key->varies == MATCH_PER_PACKET;
		const bool is_by_set =
			key->varies == MATCH_WHERE_SET && key->subject == MATCH_OF_CONNECTION;
		struct rule rules[2] = {{.match.classes = ESTABLISHED, .action = ACTION_ACCEPT},
					{.action = ACTION_DROP}};
		struct compiled_chain compiled;

		if (i == MATCH_KEY_classes)
			continue;
		ask_for(&rules[1].match, key);
		compiled = foresee(rules, RTE_DIM(rules));
		assert_int_equal(compiled.classes_by_packet[true],
				 is_by_packet ? ALL & ~ESTABLISHED : 0);
		assert_int_equal(compiled.classes_by_set, is_by_set ? ALL & ~ESTABLISHED : 0);
		assert_int_equal(compiled.classes_alike[true] & ESTABLISHED, ESTABLISHED);
	}
}

static void
statements_make_a_difference(void **state)
{
	const struct rule statements[] = {
		{.set_mark = {1, 1}, .action = ACTION_ACCEPT},
		{.has_set_zone = true, .action = ACTION_ACCEPT},
		{.set_helper = 1, .action = ACTION_ACCEPT},
		{.set_window = 1, .action = ACTION_ACCEPT},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(statements); i++) {
		struct rule rules[2] = {{.match.classes = INVALID, .action = ACTION_DROP},
					statements[i]};
		const struct compiled_chain compiled = foresee(rules, RTE_DIM(rules));

		assert_int_equal(compiled.classes_alike[true], INVALID);
		assert_int_equal(compiled.classes_alike[false], INVALID);
		assert_int_equal(compiled.classes_set, i < 2 ? ALL & ~INVALID : 0);
	}
}

static void
a_reset_is_for_those_that_come_to_it(void **state)
{
	static uint8_t udp[] = {PROTO_UDP}, tcp[] = {PROTO_TCP};
	struct rule rules[] = {
		{.match = {.classes = NEW}, .action = ACTION_ACCEPT},
		{.match = {.classes = INVALID, .protos = udp, .n_protos = 1},
		 .action = ACTION_DROP},
		{.match = {.classes = ESTABLISHED, .protos = tcp, .n_protos = 1},
		 .action = ACTION_DROP},
		{.action = ACTION_REJECT, .reject_with = REJECT_TCP_RESET},
	};

	(void)state;
	assert_int_equal(foresee(rules, 4).classes_reset, ALL & ~(NEW | ESTABLISHED));
	rules[3].match = (struct match){.protos = udp, .n_protos = 1};
	assert_int_equal(foresee(rules, 4).classes_reset, 0);
	rules[3].match = (struct match){.protos = tcp, .n_protos = 1};
	assert_int_equal(foresee(rules, 4).classes_reset, ALL & ~(NEW | ESTABLISHED));
	rules[3].reject_with = REJECT_TCP_RESET + 1;
	assert_int_equal(foresee(rules, 4).classes_reset, 0);
}

static void
no_rules_say_the_same_to_all(void **state)
{
	(void)state;
	assert_int_equal(foresee(NULL, 0).classes_alike[true], ALL);
	assert_int_equal(foresee(NULL, 0).classes_alike[false], ALL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_but_the_class_makes_a_difference),
		cmocka_unit_test(every_key_that_varies_makes_doubts),
		cmocka_unit_test(statements_make_a_difference),
		cmocka_unit_test(a_reset_is_for_those_that_come_to_it),
		cmocka_unit_test(no_rules_say_the_same_to_all),
	};

	return cmocka_run_group_tests_name("classes", tests, NULL, NULL);
}
