// SPDX-License-Identifier: BSD-3-Clause
//
// Keys whose values are ranges with names, MAC addresses and words of their own: what is refused,
// and what is warned of.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "fixture.h"
#include "rules/match_key.h"

// clang-format off
static const struct {
	const char *text;
	const char *message;
} mistakes[] = {
	{RULE("dscp = \"af14\";"),
	 "main:2: \"dscp\": \"af14\" is not a code point, 0 to 63, or a range a-b or a-; "
	 "did you mean \"af11\"?\n"},
	{RULE("dscp = 64;"),
	 "main:2: \"dscp\": \"64\" is not a code point, 0 to 63, or a range a-b or a-\n"},
	{RULE("ecn = \"etc1\";"),
	 "main:2: \"ecn\": \"etc1\" is not a mark of congestion, 0 to 3, or a range a-b or a-; "
	 "did you mean \"ect1\"?\n"},
	{RULE("vlan = 4096;"),
	 "main:2: \"vlan\": \"4096\" is not a VLAN, 0 to 4095, or a range a-b or a-\n"},
	{RULE("vlan = \"nome\";"),
	 "main:2: \"vlan\": \"nome\" is not a VLAN, 0 to 4095, or a range a-b or a-; "
	 "did you mean \"none\"?\n"},
	{RULE("ttl = \"9-3\";"),
	 "main:2: \"ttl\": \"9-3\" runs backwards: its first number is the larger one\n"},
	{RULE("ttl = [ ];"), "main:2: \"ttl\" is an empty list\n"},
	{RULE("ttl = \"any\";"),
	 "main:2: \"any\" is no value of \"ttl\": without \"ttl\" the rule matches all\n"},
	{RULE("length = -1;"),
	 "main:2: \"length\": \"-1\" is not a length, 0 to 65575, or a range a-b or a-\n"},
	{RULE("src_mac = \"02:00\";"),
	 "main:2: \"src_mac\": \"02:00\" is not a MAC address such as 02:00:00:00:00:0a, a/LEN or a "
	 "range a-b\n"},
	{RULE("fragment = \"middle\";"),
	 "main:2: \"fragment\" must be false, true, first or later, not \"middle\"\n"},
	{RULE("ip_options = \"yes\";"),
	 "main:2: \"ip_options\" must be false or true, not \"yes\"\n"},
	{RULE("ct_status = \"asured\";"),
	 "main:2: \"ct_status\" must be expected, seen_reply or assured, not \"asured\"; did you mean "
	 "\"assured\"?\n"},
	{RULE("dst_mak = 1;"), "main:2: unknown key \"dst_mak\" in a rule; did you mean \"dst_mac\"?\n"},
	{RAW_RULE("ct_bytes = 1;"),
	 "main:2: \"ct_bytes\" means nothing before connection tracking (priority -200): this chain "
	 "has priority -300\n"},
	{RAW_RULE("set_zone = \"vlna\";"),
	 "main:2: \"set_zone\" must be 0 to 65535 or \"vlan\", not \"vlna\"\n"},
};

// A second rule, "b", after another one.
#define TWO(a, b)                                                                                  \
	PORTS "chains = ( { name = \"f\"; rules = ( { name = \"a\"; action = \"accept\"; " a        \
	      " }, { name = \"b\"; action = \"drop\"; " b " } ); } );"
#define SHADOW "rule \"b\" can never match: rule \"a\" in line 2 takes all that it would"

static const struct {
	const char *text;
	const char *warning; // after "main:2: warning: "; NULL: none
} warned[] = {
	{TWO("ttl = \"5-\";", "ttl = [ \"6\", \"9-200\" ];"), SHADOW},
	{TWO("ttl = [ \"1-9\", \"10-20\" ];", "ttl = \"5-15\";"), SHADOW},
	{TWO("ttl = \"5-\";", "ttl = 4;"), NULL},
	{TWO("ttl = \"5-\";", "proto = \"tcp\";"), NULL},
	{TWO("ct_bytes = \"0-\";", "ct_bytes = 7;"), SHADOW},
	{TWO("src_mac = \"02:00:00:00:00:00/24\";", "src_mac = \"02:00:00:00:00:0a\";"), SHADOW},
	{TWO("src_mac = \"02:00:00:00:00:0a\";", "dst_mac = \"02:00:00:00:00:0a\";"), NULL},
	{TWO("vlan = \"none\";", "vlan = \"0-\";"), NULL},
	{TWO("ct_status = [ \"seen_reply\", \"assured\" ];", "ct_status = \"assured\";"), SHADOW},
	{TWO("dst = \"::1\";", "ip_options = true; family = \"ipv6\";"),
	 "rule \"b\" can never match: only IPv4 has options in its header"},
	{TWO("dst = \"::1\";", "extension_headers = true; src = \"10.0.0.1\";"),
	 "rule \"b\" can never match: only IPv6 has extension headers"},
	{TWO("dst = \"::1\";", "ct_status = \"assured\"; state = \"untracked\";"),
	 "rule \"b\" can never match: untracked packets have no connection, so neither direction nor "
	 "helper"},
	{TWO("dst = \"::1\";", "ct_orig_bytes = 1;") " conntrack: { accounting = false; };",
	 "rule \"b\" can never match: nothing is counted, since conntrack.accounting is false"},
	{TWO("dst = \"::1\";", "fragment = true;"),
	 "rule \"b\": \"fragment\" means little here: datagrams are whole from priority -400 on"},
	{PORTS "chains = ( { name = \"f\"; priority = -401; rules = ( { fragment = true; "
	       "action = \"drop\"; } ); } );", NULL},
	{PORTS "chains = ( { name = \"r\"; priority = -300; rules = ( { set_zone = \"vlan\"; } ); }, "
	       "{ name = \"f\"; rules = ( { zone = 4095; action = \"drop\"; } ); } );", NULL},
	{PORTS "chains = ( { name = \"r\"; priority = -300; rules = ( { set_zone = \"vlan\"; } ); }, "
	       "{ name = \"f\"; rules = ( { name = \"b\"; zone = 4096; action = \"drop\"; } ); } );",
	 "rule \"b\" can never match: no rule sets that zone"},
};
// clang-format on

static void
every_mistake_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(mistakes); i++) {
		struct loaded loaded = load_text(mistakes[i].text);

		assert_non_null(loaded.messages);
		assert_string_equal(loaded.messages, mistakes[i].message);
		loaded_fini(&loaded);
	}
}

static void
what_is_hardly_meant_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(warned); i++) {
		struct loaded loaded = load_good(warned[i].text);
		struct errors warnings;
		char *said = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&said, &size);

		assert_non_null(out);
		errors_init(&warnings);
		config_warn(&loaded.config, 4, &warnings);
		errors_print(&warnings, out);
		assert_int_equal(fclose(out), 0);
		if (warnings.count != (warned[i].warning != NULL) ||
		    (warned[i].warning != NULL && strstr(said, warned[i].warning) == NULL))
			fail_msg("%s\nsaid: %s", warned[i].text, said);
		errors_fini(&warnings);
		loaded_fini(&loaded);
		free(said);
	}
}

// The words of state are the names that verdicts have.
static void
words_of_states_are_the_names_of_classes(void **state)
{
	const struct match_key *key = &match_keys[MATCH_KEY_classes];

	(void)state;
	assert_int_equal(key->n_words, CLASS_COUNT - CLASS_NEW);
	for (unsigned int i = 0; i < key->n_words; i++) {
		assert_string_equal(key->words[i].text, class_name(CLASS_NEW + i));
		assert_int_equal(key->words[i].value, 1u << (CLASS_NEW + i));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mistake_is_named),
		cmocka_unit_test(what_is_hardly_meant_is_told),
		cmocka_unit_test(words_of_states_are_the_names_of_classes),
	};

	return cmocka_run_group_tests_name("config_match_keys", tests, folder_init, folder_fini);
}
