// SPDX-License-Identifier: BSD-3-Clause
//
// What a good configuration is warned of, and what it is not.
#include "settings/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "fixture.h"

#define N_CPUS 4

// Rules of one chain after connection tracking; the first one is in line 2.
#define RULES(rules)  PORTS "chains = ( { name = \"f\"; rules = (\n" rules " ); } );"
#define R(name, keys) "{ name = \"" name "\"; " keys " }"
#define ACCEPT        "action = \"accept\";"
#define DROP          "action = \"drop\";"

// The warnings about a configuration, without its folder. The caller frees them.
static char *
warnings_of(const char *text)
{
	struct loaded loaded = load_good(text);
	char *said = NULL, *rest = calloc(1, 1), *line, *at;
	struct errors warnings;
	size_t size = 0;
	FILE *out = open_memstream(&said, &size);

	assert_non_null(out);
	assert_non_null(rest);
	errors_init(&warnings);
	config_warn(&loaded.config, N_CPUS, &warnings);
	errors_print(&warnings, out);
	assert_int_equal(fclose(out), 0);
	for (at = said; (line = strsep(&at, "\n")) != NULL && line[0] != '\0';) {
		char *name = memrchr(line, '/', (size_t)(strchrnul(line, ':') - line));
		char *longer;

		assert_true(asprintf(&longer, "%s%s\n", rest, name == NULL ? line : name + 1) > 0);
		free(rest);
		rest = longer;
	}
	free(said);
	errors_fini(&warnings);
	loaded_fini(&loaded);
	return rest;
}

static void
assert_warned(const char *text, const char *expected)
{
	char *said = warnings_of(text);

	assert_string_equal(said, expected);
	free(said);
}

// clang-format off
static const char *const good[] = {
	PORTS,
	PORTS "workers = 4;",
	// Each takes something that the one before leaves.
	RULES(R("a", "proto = \"tcp\"; dport = 80; " ACCEPT) ","
	      R("b", "proto = \"tcp\"; dport = [\"80\", \"443\"]; " DROP) ","
	      R("c", "proto = \"tcp\"; " ACCEPT) "," R("d", DROP)),
	RULES(R("a", "src = \"10.0.0.0/8\"; " ACCEPT) ","
	      R("b", "src = [\"10.1.0.0/16\", \"11.0.0.0/16\"]; " DROP) ","
	      R("c", "dst = \"10.0.0.0/16\"; " DROP)),
	RULES(R("a", "family = \"ipv4\"; src = \"10.0.0.0/8\"; " ACCEPT) ","
	      R("b", "src = [\"10.0.0.0/8\", \"2001:db8::/32\"]; " DROP)),
	RULES(R("a", "proto = \"tcp\"; tcp_flags = \"syn/syn,ack\"; " ACCEPT) ","
	      R("b", "proto = \"tcp\"; tcp_flags = \"syn/syn\"; " DROP)),
	RULES(R("a", "dport = \"1-100\"; " ACCEPT) ","
	      R("b", "dport = \"100-101\"; " DROP) "," R("c", "sport = 5; " DROP)),
	// Without an action nothing ends.
	RULES(R("a", "count = true;") "," R("b", ACCEPT)),
	// A mark, and a zone, may be others when the next rule is asked.
	RULES(R("a", "mark = 1; " ACCEPT) "," R("b", "set_mark = 1;") ","
	      R("c", "mark = 1; " DROP)),
	RULES(R("a", "zone = 0; " ACCEPT) "," R("b", DROP)),
	RULES(R("a", "state = \"new\"; " ACCEPT) "," R("b", "dir = \"orig\"; " DROP)),
	RULES(R("a", "proto = \"icmp\"; " ACCEPT) ","
	      R("b", "proto = \"icmpv6\"; family = \"ipv6\"; " ACCEPT)),
	RULES(R("a", "in = \"lan\"; out = \"wan\"; " ACCEPT) ","
	      R("b", "in = \"wan\"; out = [\"lan\", \"wan\"]; " DROP)),
	RULES(R("a", "proto = [\"udp\", \"tcp\"]; set_helper = \"ftp\";") ","
	      R("b", "helper = \"ftp\"; " ACCEPT)),
	RULES(R("a", "set_window = \"strict\";")),
	PORTS "chains = ( { name = \"f\"; policy = \"drop\"; rules = ("
	R("a", ACCEPT) " ); }, { name = \"g\"; rules = ( ); } );",
};

static const char statements[] =
	RULES(R("a", "log = \"here\"; proto = \"tcp\";") ",\n"
	      R("b", "set_helper = \"ftp\"; proto = \"udp\"; dport = 21;") ",\n"
	      R("c", "set_helper = \"tftp\"; proto = \"tcp\"; dport = 69;") ",\n"
	      R("d", "set_window = \"strict\"; proto = \"udp\";"));
// clang-format on

static void
nothing_to_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(good); i++)
		assert_warned(good[i], "");
}

static void
ports_and_workers(void **state)
{
	(void)state;
	assert_warned(
		"ports = ( { name = \"lan\"; device = \"net_null0\"; },\n"
		"{ name = \"wan\"; device = \"net_null1\"; },\n"
		"{ name = \"dmz\"; device = \"net_null2\"; } );\n"
		"wires = ( { a = \"lan\"; b = \"wan\"; } );\nworkers = 5;",
		"main:3: warning: port \"dmz\" is on no wire: what comes in there is dropped\n"
		"main:5: warning: there are 5 workers and 4 CPUs: each wants one for "
		"itself\n");
}

// The second of two rules, which is in line 3.
static void
a_rule_before_takes_all(void **state)
{
	static const struct {
		const char *first, *second;
	} pairs[] = {
		{ACCEPT, DROP},
		{DROP, "count = true;"},
		{ACCEPT, "mark = 0; " DROP},
		{ACCEPT, "zone = 0; state = \"invalid\"; " DROP},
		{"proto = \"tcp\"; " ACCEPT, "proto = \"tcp\"; dport = 80; " DROP},
		{"proto = [\"tcp\", \"udp\"]; " ACCEPT, "proto = \"udp\"; " DROP},
		{"proto = [\"tcp\", \"udp\", \"udplite\", \"sctp\", \"dccp\"]; " ACCEPT,
		 "dport = 80; " DROP},
		{"dport = [\"1-10\", \"11-20\"]; " ACCEPT, "dport = \"5-15\"; " DROP},
		{"dport = \"0-65535\"; " ACCEPT, "sport = 5; dport = \"65535\"; " DROP},
		{"src = \"10.0.0.0/8\"; " ACCEPT,
		 "src = \"10.1.2.0/25\"; dst = \"1.2.3.4\"; " DROP},
		{"src = \"0.0.0.0/0\"; " ACCEPT, "family = \"ipv4\"; " DROP},
		{"src = \"10.0.0.0/7\"; " ACCEPT, "src = \"11.255.255.255\"; " DROP},
		{"dst = \"2001:db8::/33\"; " ACCEPT, "dst = \"2001:db8:7fff::/48\"; " DROP},
		{"src = \"10.0.0.0/8\"; " ACCEPT,
		 "src = [\"10.0.0.1\", \"2001:db8::1\"]; dst = \"1.2.3.4\"; " DROP},
		{"family = \"ipv6\"; " ACCEPT, "dst = \"2001:db8::/32\"; " DROP},
		{"state = [\"new\", \"related\"]; " ACCEPT,
		 "state = \"new\"; dir = \"orig\"; " DROP},
		{"in = \"lan\"; " ACCEPT, "in = \"lan\"; out = \"wan\"; " DROP},
		{"proto = \"tcp\"; tcp_flags = \"syn/syn\"; " ACCEPT,
		 "proto = \"tcp\"; tcp_flags = \"syn,ack/syn,ack,rst\"; " DROP},
		{"proto = \"icmp\"; icmp_type = \"0-8\"; " ACCEPT,
		 "proto = \"icmp\"; icmp_type = 8; icmp_code = 0; " DROP},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(pairs); i++) {
		char *text;

		assert_true(asprintf(&text,
				     PORTS "chains = ( { name = \"f\"; rules = ( { name = \"a\"; "
					   "%s },\n{ name = \"b\"; %s } ); } );",
				     pairs[i].first, pairs[i].second) > 0);
		assert_warned(text, "main:3: warning: rule \"b\" can never match: rule \"a\" in "
				    "line 2 takes all that it would\n");
		free(text);
	}
}

static void
a_rule_contradicts_itself(void **state)
{
	static const struct {
		const char *keys, *why;
	} cases[] = {
		{"in = \"lan\"; out = \"lan\";", "no wire leads from its \"in\" to its \"out\""},
		{"in = \"lan\"; out = \"dmz\";", "no wire leads from its \"in\" to its \"out\""},
		{"in = \"dmz\";", "no wire leads from its \"in\" to its \"out\""},
		{"proto = \"icmp\"; family = \"ipv6\";",
		 "icmp is that of IPv4, icmpv6 that of IPv6"},
		{"proto = \"icmp\"; icmp_type = 8; src = \"2001:db8::1\";",
		 "icmp is that of IPv4, icmpv6 that of IPv6"},
		{"proto = \"icmpv6\"; dst = \"10.0.0.0/8\";",
		 "icmpv6 is that of IPv6, icmp that of IPv4"},
		{"state = \"untracked\"; dir = \"reply\";",
		 "untracked packets have no connection, so neither direction nor helper"},
		{"helper = \"ftp\";", "no rule sets that helper"},
		{"mark = 5;", "no rule sets a mark"},
		{"zone = 5;", "no rule sets that zone"},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		char *text, *expected;

		assert_true(asprintf(&text,
				     "ports = ( { name = \"lan\"; device = \"net_null0\"; }, "
				     "{ name = \"wan\"; device = \"net_null1\"; },\n"
				     "{ name = \"dmz\"; device = \"net_null2\"; } );\n"
				     "wires = ( { a = \"lan\"; b = \"wan\"; } );\n"
				     "chains = ( { name = \"f\"; rules = (\n"
				     "{ name = \"a\"; action = \"drop\"; %s } ); } );",
				     cases[i].keys) > 0);
		assert_true(asprintf(&expected,
				     "main:2: warning: port \"dmz\" is on no wire: what comes in "
				     "there is dropped\nmain:5: warning: rule \"a\" can never "
				     "match: %s\n",
				     cases[i].why) > 0);
		assert_warned(text, expected);
		free(text);
		free(expected);
	}
}

static void
what_is_set_can_be_asked_for(void **state)
{
	(void)state;
	assert_warned(PORTS "chains = ( { name = \"r\"; priority = -300; rules = (\n"
			    "{ name = \"z\"; in = \"lan\"; set_zone = 513; } ); },\n"
			    "{ name = \"f\"; rules = (\n"
			    "{ name = \"a\"; zone = 513; mark = 7; action = \"drop\"; },\n"
			    "{ name = \"b\"; zone = 512; action = \"drop\"; },\n"
			    "{ name = \"c\"; set_mark = 7; } ); } );",
		      "main:6: warning: rule \"b\" can never match: no rule sets that zone\n");
}

static void
statements_that_do_nothing(void **state)
{
	(void)state;
	assert_warned(statements,
		      "main:3: warning: rule \"a\": \"log\" does nothing yet: no text is written\n"
		      "main:4: warning: rule \"b\": \"set_helper\" does nothing: ftp is for tcp\n"
		      "main:5: warning: rule \"c\": \"set_helper\" does nothing: tftp is for udp\n"
		      "main:6: warning: rule \"d\": \"set_window\" does nothing: only tcp has a "
		      "window\n");
}

static void
behind_a_chain_that_drops_everything(void **state)
{
	(void)state;
	assert_warned(PORTS "chains = (\n{ name = \"late\"; priority = 5; },\n"
			    "{ name = \"wall\"; policy = \"drop\"; rules = ( { name = \"a\"; "
			    "proto = \"tcp\"; action = \"reject\"; } ); } );",
		      "main:3: warning: chain \"late\" is never asked: chain \"wall\" drops "
		      "everything\n");
	assert_warned(PORTS "chains = (\n{ name = \"wall\"; rules = ( { name = \"a\"; "
			    "action = \"drop\"; } ); },\n{ name = \"late\"; } );",
		      "main:4: warning: chain \"late\" is never asked: chain \"wall\" drops "
		      "everything\n");
}

static void
an_included_file_has_its_name(void **state)
{
	(void)state;
	folder_write("rules", "workers = 9;\n");
	assert_warned(PORTS "@include \"rules\"\n",
		      "rules:1: warning: there are 9 workers and 4 CPUs: each wants one for "
		      "itself\n");
}

static void
a_rule_in_another_file_takes_all(void **state)
{
	char *said;

	(void)state;
	folder_write("rules", R("a", "dport = 80; " ACCEPT) ",\n");
	said = warnings_of(PORTS "chains = ( { name = \"f\"; rules = (\n@include \"rules\"\n" R(
		"b", "dport = 80; " DROP) " ); } );");
	assert_non_null(
		strstr(said, "main:4: warning: rule \"b\" can never match: rule \"a\" in /"));
	assert_non_null(strstr(said, "/rules:1 takes all that it would\n"));
	free(said);
}

static void
sets_that_no_rule_names(void **state)
{
	(void)state;
	folder_write("rules", "sets: { c = [\"10.0.0.1\"]; a = [\"80\"];\n b = [\"::1\"]; };\n");
	assert_warned(PORTS "@include \"rules\"\n"
			    "chains = ( { name = \"f\"; rules = ( " R(
				    "r", "dport = \"@a\"; " DROP) " ); } );",
		      "rules:1: warning: set \"c\" is in no rule\n"
		      "rules:2: warning: set \"b\" is in no rule\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_say),
		cmocka_unit_test(ports_and_workers),
		cmocka_unit_test(a_rule_before_takes_all),
		cmocka_unit_test(a_rule_contradicts_itself),
		cmocka_unit_test(what_is_set_can_be_asked_for),
		cmocka_unit_test(statements_that_do_nothing),
		cmocka_unit_test(behind_a_chain_that_drops_everything),
		cmocka_unit_test(an_included_file_has_its_name),
		cmocka_unit_test(a_rule_in_another_file_takes_all),
		cmocka_unit_test(sets_that_no_rule_names),
	};

	return cmocka_run_group_tests_name("config_warnings", tests, folder_init, folder_fini);
}
