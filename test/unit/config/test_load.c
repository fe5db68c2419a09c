// SPDX-License-Identifier: BSD-3-Clause
//
// Good configurations: everything is stored as written, and everything else has its default.
#include "config/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include <cmocka.h>

#include "fixture.h"
#include "rules/reject.h"

// The only rule of the only chain.
static const struct rule *
only_rule(const struct loaded *loaded)
{
	assert_int_equal(loaded->config.n_chains, 1);
	assert_int_equal(loaded->config.chains[0].n_rules, 1);
	return &loaded->config.chains[0].rules[0];
}

// The kernel's defaults, by Documentation/networking/nf_conntrack-sysctl.rst.
static void
test_defaults(void **state)
{
	struct loaded loaded = load_good(PORTS);
	const struct config *config = &loaded.config;
	struct ct_params defaults;

	(void)state;
	ct_params_init(&defaults);
	assert_int_equal(config->workers, 1);
	assert_int_equal(config->n_chains, 0);
	assert_int_equal(config->non_ip[NON_IP_ARP], VERDICT_ACCEPT);
	assert_int_equal(config->non_ip[NON_IP_LLDP], VERDICT_DROP);
	assert_int_equal(config->non_ip[NON_IP_STP], VERDICT_DROP);
	assert_int_equal(config->non_ip[NON_IP_OTHER], VERDICT_DROP);
	assert_memory_equal(&config->conntrack, &defaults, sizeof(defaults));
	assert_int_equal(config->conntrack.max_connections, 1048576);
	assert_int_equal(config->conntrack.timeouts_sec[CT_TIMEOUT_TCP_ESTABLISHED], 432000);
	assert_int_equal(config->conntrack.timeouts_sec[CT_TIMEOUT_UDP_STREAM], 120);
	assert_int_equal(config->conntrack.timeouts_sec[CT_TIMEOUT_GENERIC], 600);
	loaded_fini(&loaded);
}

static void
test_ports_and_wires(void **state)
{
	struct loaded loaded =
		load_good("wires = ( { b = \"a\"; a = \"c\"; },"
			  " { a = \"b\"; b = \"e\"; mirror_link = true; } );\n"
			  "ports = ( { name = \"a\"; device = \"net_tap0,iface=lan0\"; },\n"
			  "{ name = \"b\"; device = \"0000:03:00.0\"; },\n{ device = \"d\"; name = "
			  "\"c\"; }, { name = \"e\"; device = \"f\"; mtu = 9000; } );");
	const struct config *config = &loaded.config;

	(void)state;
	assert_int_equal(config->n_ports, 4);
	assert_string_equal(config->ports[0].name, "a");
	assert_string_equal(config->ports[0].device, "net_tap0,iface=lan0");
	assert_int_equal(config->ports[0].line, 2);
	assert_int_equal(config->ports[0].mtu, 0);
	assert_int_equal(config->ports[3].mtu, 9000);
	assert_int_equal(config->ports[2].line, 4);
	assert_int_equal(config_port(config, "c"), 2);
	assert_int_equal(config_port(config, "d"), PORT_NONE);
	assert_int_equal(config->n_wires, 2);
	assert_int_equal(config->wires[0].a, 2);
	assert_int_equal(config->wires[0].b, 0);
	assert_int_equal(config_peer(config, 0), 2);
	assert_int_equal(config_peer(config, 2), 0);
	assert_int_equal(config_peer(config, 1), 3);
	assert_int_equal(config_peer(config, 4), PORT_NONE);
	assert_false(config->wires[0].mirrors_link);
	assert_true(config->wires[1].mirrors_link);
	loaded_fini(&loaded);
}

static void
test_settings(void **state)
{
	struct loaded loaded = load_good(
		PORTS
		"workers = 0x10;\n"
		"non_ip: { arp = \"drop\"; stp = \"accept\"; };\n"
		"conntrack: { max_connections = 268435456; accounting = false;\n"
		"lane = false;\n"
		"checksum = false; tcp: { loose = false; be_liberal = true; max_retrans = 255;\n"
		"ignore_invalid_rst = true; }; timeouts: { tcp_syn_sent = 1;\n"
		"generic = 8000000; sctp_heartbeat_sent = 7; }; };");
	const uint32_t *non_ip = loaded.config.non_ip;
	const struct ct_params *params = &loaded.config.conntrack;

	(void)state;
	assert_int_equal(non_ip[NON_IP_ARP], VERDICT_DROP);
	assert_int_equal(non_ip[NON_IP_LLDP], VERDICT_DROP);
	assert_int_equal(non_ip[NON_IP_STP], VERDICT_ACCEPT);
	assert_int_equal(loaded.config.workers, 16);
	assert_int_equal(params->max_connections, 268435456);
	assert_false(params->lane);
	assert_false(params->accounting);
	assert_false(params->checksum);
	assert_false(params->tcp_loose);
	assert_true(params->tcp_be_liberal);
	assert_int_equal(params->tcp_max_retrans, 255);
	assert_true(params->tcp_ignore_invalid_rst);
	assert_int_equal(params->timeouts_sec[CT_TIMEOUT_TCP_SYN_SENT], 1);
	assert_int_equal(params->timeouts_sec[CT_TIMEOUT_GENERIC], 8000000);
	assert_int_equal(params->timeouts_sec[CT_TIMEOUT_SCTP_HEARTBEAT_SENT], 7);
	assert_int_equal(params->timeouts_sec[CT_TIMEOUT_UDP], 30);
	loaded_fini(&loaded);
}

// Each timeout is set alone, so that no two keys can lead to the same place.
static void
test_every_timeout(void **state)
{
	struct ct_params expected;

	(void)state;
	for (int i = 0; i < CT_TIMEOUT_COUNT; i++) {
		char *text = NULL;

		assert_true(asprintf(&text, PORTS "conntrack: { timeouts: { %s = 4711; }; };",
				     ct_timeout_key(i)) > 0);
		struct loaded loaded = load_good(text);

		ct_params_init(&expected);
		expected.timeouts_sec[i] = 4711;
		assert_memory_equal(loaded.config.conntrack.timeouts_sec, expected.timeouts_sec,
				    sizeof(expected.timeouts_sec));
		loaded_fini(&loaded);
		free(text);
	}
}

static void
test_chains_are_sorted(void **state)
{
	struct loaded loaded = load_good(
		PORTS "chains = ( { name = \"late\"; priority = 2147483647; },\n"
		      "{ name = \"one\"; policy = \"drop\"; },\n"
		      "{ name = \"raw\"; priority = -2147483648; policy = \"accept\"; },\n"
		      "{ name = \"two\"; priority = 0; rules = ( ); } );");
	const struct chain *chains = loaded.config.chains;

	(void)state;
	assert_int_equal(loaded.config.n_chains, 4);
	assert_string_equal(chains[0].name, "raw");
	assert_string_equal(chains[1].name, "one");
	assert_string_equal(chains[2].name, "two");
	assert_string_equal(chains[3].name, "late");
	assert_int_equal(chains[0].priority, INT32_MIN);
	assert_int_equal(chains[1].priority, 0);
	assert_int_equal(chains[3].priority, INT32_MAX);
	assert_int_equal(chains[1].policy, ACTION_DROP);
	assert_int_equal(chains[2].policy, ACTION_ACCEPT);
	assert_int_equal(chains[1].line, 3);
	assert_int_equal(chains[2].n_rules, 0);
	loaded_fini(&loaded);
}

static void
test_rules_keep_their_order(void **state)
{
	struct loaded loaded = load_good(
		PORTS "chains = ( { name = \"f\"; rules = (\n"
		      "{ action = \"accept\"; },\n"
		      "{ name = \"last words\"; log = \"refused\"; action = \"reject\"; },\n"
		      "{ count = true; },\n"
		      "{ action = \"drop\"; } ); } );");
	const struct rule *rules = loaded.config.chains[0].rules;

	(void)state;
	assert_int_equal(loaded.config.chains[0].n_rules, 4);
	assert_string_equal(rules[0].name, "f#1");
	assert_string_equal(rules[1].name, "last words");
	assert_string_equal(rules[2].name, "f#3");
	assert_int_equal(rules[0].action, ACTION_ACCEPT);
	assert_int_equal(rules[1].action, ACTION_REJECT);
	assert_int_equal(rules[2].action, ACTION_NONE);
	assert_int_equal(rules[3].action, ACTION_DROP);
	assert_string_equal(rules[1].log, "refused");
	assert_null(rules[0].log);
	assert_int_equal(rules[0].line, 3);
	assert_int_equal(rules[3].line, 6);
	loaded_fini(&loaded);
}

static void
test_a_rule_without_keys_matches_all(void **state)
{
	struct loaded loaded = load_good(RULE(""));
	const struct match any = {0};

	(void)state;
	assert_memory_equal(&only_rule(&loaded)->match, &any, sizeof(any));
	loaded_fini(&loaded);
}

static void
test_ports_of_rules(void **state)
{
	struct loaded loaded = load_good(RULE("in = \"wan\"; out = ( \"lan\", \"wan\" );"));
	const struct match *match = &only_rule(&loaded)->match;

	(void)state;
	assert_int_equal(match->in_ports, 0x2);
	assert_int_equal(match->out_ports, 0x3);
	loaded_fini(&loaded);
}

static void
test_sets_of_words(void **state)
{
	struct loaded loaded = load_good(
		RULE("family = \"ipv6\"; state = [ \"new\", \"untracked\" ]; dir = \"reply\";"
		     "proto = ( \"udp\", 17, \"47\", 0x32 ); helper = \"tftp\"; zone = \"65535\";"
		     "mark = 0xffffffff;"));
	const struct match *match = &only_rule(&loaded)->match;

	(void)state;
	assert_int_equal(match->families, 0x2);
	assert_int_equal(match->classes, 1 << CLASS_NEW | 1 << CLASS_UNTRACKED);
	assert_int_equal(match->dirs, 1 << DIR_REPLY);
	assert_int_equal(match->n_protos, 3);
	assert_int_equal(match->protos[0], 17);
	assert_int_equal(match->protos[1], 47);
	assert_int_equal(match->protos[2], 50);
	assert_int_equal(match->helper, CT_HELPER_TFTP);
	assert_true(match->has_zone);
	assert_int_equal(match->zone, 65535);
	assert_int_equal(match->mark.value, UINT32_MAX);
	assert_int_equal(match->mark.mask, UINT32_MAX);
	loaded_fini(&loaded);
}

static void
assert_prefix(const struct prefix *prefix, const char *text, unsigned int len)
{
	char address[INET6_ADDRSTRLEN];

	address_format(prefix->family, &prefix->address, address);
	assert_string_equal(address, text);
	assert_int_equal(prefix->len, len);
}

static void
test_addresses_and_sets(void **state)
{
	struct loaded loaded =
		load_good(RULE("src = [ \"@two\", \"10.0.0.6-10.0.0.8\" ]; dst = "
			       "\"::/0\";") "sets: { one = \"10.1.0.0/16\"; two = [ "
					    "\"192.0.2.1\", \"2001:db8::/32\" ]; };");
	const struct match *match = &only_rule(&loaded)->match;

	(void)state;
	assert_int_equal(match->n_src, 4);
	assert_prefix(&match->src[0], "192.0.2.1", 32);
	assert_prefix(&match->src[1], "2001:db8::", 32);
	assert_prefix(&match->src[2], "10.0.0.6", 31);
	assert_prefix(&match->src[3], "10.0.0.8", 32);
	assert_int_equal(match->n_dst, 1);
	assert_prefix(&match->dst[0], "::", 0);
	loaded_fini(&loaded);
}

static void
test_port_ranges_and_sets(void **state)
{
	struct loaded loaded =
		load_good(RULE("proto = \"tcp\"; sport = \"1024-65535\"; dport = ( 22, \"@web\" "
			       ");") "sets: { web = ( 80, \"443\", \"8000-8080\" ); };");
	const struct match *match = &only_rule(&loaded)->match;

	(void)state;
	assert_int_equal(match->n_sport, 1);
	assert_int_equal(match->sport[0].low, 1024);
	assert_int_equal(match->sport[0].high, 65535);
	assert_int_equal(match->n_dport, 4);
	assert_int_equal(match->dport[0].low, 22);
	assert_int_equal(match->dport[1].high, 80);
	assert_int_equal(match->dport[2].low, 443);
	assert_int_equal(match->dport[3].low, 8000);
	assert_int_equal(match->dport[3].high, 8080);
	loaded_fini(&loaded);
}

static void
test_icmp(void **state)
{
	struct loaded loaded =
		load_good(RULE("proto = 58; icmp_type = \"133-136\"; icmp_code = [ 0, 3 ];"));
	const struct match *match = &only_rule(&loaded)->match;

	(void)state;
	assert_int_equal(match->n_icmp_type, 1);
	assert_int_equal(match->icmp_type[0].low, 133);
	assert_int_equal(match->icmp_type[0].high, 136);
	assert_int_equal(match->n_icmp_code, 2);
	assert_int_equal(match->icmp_code[1].low, 3);
	loaded_fini(&loaded);
}

static void
test_tcp_flags_imply_tcp(void **state)
{
	struct loaded loaded = load_good(RULE("tcp_flags = \"syn/syn,ack,fin,rst\";"));
	const struct match *match = &only_rule(&loaded)->match;

	(void)state;
	assert_int_equal(match->tcp_flags, 0x02);
	assert_int_equal(match->tcp_flags_mask, 0x17);
	assert_int_equal(match->n_protos, 1);
	assert_int_equal(match->protos[0], PROTO_TCP);
	loaded_fini(&loaded);
}

static void
test_statements(void **state)
{
	struct loaded loaded = load_good(
		PORTS "chains = ( { name = \"f\"; priority = -200; rules = (\n"
		      "{ set_mark = \"0x10/0xff\"; set_helper = \"ftp\"; log = \"~\"; } ); },\n"
		      "{ name = \"r\"; priority = -201; rules = (\n"
		      "{ set_zone = 0; action = \"notrack\"; } ); } );");
	const struct rule *before = &loaded.config.chains[0].rules[0];
	const struct rule *after = &loaded.config.chains[1].rules[0];

	(void)state;
	assert_true(before->has_set_zone);
	assert_int_equal(before->set_zone, 0);
	assert_int_equal(before->action, ACTION_NOTRACK);
	assert_int_equal(before->set_mark.mask, 0);
	assert_int_equal(after->set_mark.value, 0x10);
	assert_int_equal(after->set_mark.mask, 0xff);
	assert_int_equal(after->set_helper, CT_HELPER_FTP);
	assert_string_equal(after->log, "~");
	assert_false(after->has_set_zone);
	loaded_fini(&loaded);
}

// What a rule rejects with is told by nft's names, however they are written, and says what the rule
// matches where it can.
static void
test_reject_with(void **state)
{
	static const struct {
		const char *keys;
		const char *with;
		unsigned int n_protos; // TCP, if any
		uint8_t families;
	} cases[] = {
		{"", "port_unreachable", 0, 0},
		{"reject_with = \"tcp_reset\";", "tcp_reset", 1, 0},
		{"reject_with = \"tcp-reset\"; proto = \"tcp\";", "tcp_reset", 1, 0},
		{"reject_with = \"TCP reset\"; proto = [ \"udp\", \"tcp\" ];", "tcp_reset", 1, 0},
		{"reject_with = \"admin-prohibited\";", "admin_prohibited", 0, 0},
		{"reject_with = \"icmpx:no-route\";", "icmpx:no_route", 0, 0},
		{"reject_with = \"icmp:host-prohibited\";", "icmp:host_prohibited", 0, 1},
		{"reject_with = \"icmpv6:reject-route\"; family = [ \"ipv4\", \"ipv6\" ];",
		 "icmpv6:reject_route", 0, 2},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		char text[512];
		struct loaded loaded;
		const struct rule *rule;

		snprintf(text, sizeof(text),
			 PORTS
			 "chains = ( { name = \"f\"; rules = ( { action = \"reject\"; %s } ); "
			 "} );",
			 cases[i].keys);
		loaded = load_good(text);
		rule = only_rule(&loaded);
		assert_string_equal(reject_withs[rule->reject_with].name, cases[i].with);
		assert_int_equal(rule->match.n_protos, cases[i].n_protos);
		if (cases[i].n_protos > 0)
			assert_int_equal(rule->match.protos[0], PROTO_TCP);
		assert_int_equal(rule->match.families, cases[i].families);
		loaded_fini(&loaded);
	}
}

// Words are told by their letters, small or capital, and what is called "any" is a port.
static void
test_case_of_letters(void **state)
{
	struct loaded loaded = load_good(
		"ports = ( { name = \"any\"; device = \"d\"; }, { name = \"b\"; device = \"e\"; } "
		");"
		"wires = ( { a = \"any\"; b = \"b\"; } );\n"
		"non_ip: { lldp = \"Accept\"; };"
		"chains = ( { name = \"c\"; policy = \"DROP\"; rules = ( { in = \"any\"; family = "
		"\"IPv6\"; proto = \"TCP\"; state = [ \"NEW\", \"Invalid\" ]; tcp_flags = "
		"\"SYN/syn,ACK\"; action = \"REJECT\"; set_helper = \"FTP\"; } ); } );");
	const struct rule *rule = only_rule(&loaded);

	(void)state;
	assert_int_equal(loaded.config.non_ip[NON_IP_LLDP], VERDICT_ACCEPT);
	assert_int_equal(loaded.config.chains[0].policy, ACTION_DROP);
	assert_int_equal(rule->match.in_ports, 1);
	assert_int_equal(rule->match.families, 2);
	assert_int_equal(rule->match.n_protos, 1);
	assert_int_equal(rule->match.protos[0], PROTO_TCP);
	assert_int_equal(rule->match.classes, 1 << CLASS_NEW | 1 << CLASS_INVALID);
	assert_int_equal(rule->match.tcp_flags, 0x02);
	assert_int_equal(rule->match.tcp_flags_mask, 0x12);
	assert_int_equal(rule->set_helper, CT_HELPER_FTP);
	assert_int_equal(rule->action, ACTION_REJECT);
	loaded_fini(&loaded);
}

static void
test_includes(void **state)
{
	(void)state;
	folder_write("inner", "workers = 5;");
	folder_write("outer",
		     "\t@include \"inner\"\n/* between */ conntrack: {\n@include \"ct\"\n};");
	folder_write("ct", "\xef\xbb\xbf"
			   "checksum = false;\n");
	folder_write("rule", "{ action = \"drop\"; }\n");
	folder_write("chain", "#\n{ name = \"c\"; rules = (\n@include \"rule\"\n); }\n");
	struct loaded loaded = load_good("@include \"outer\" sets: { a = 1; };\n" PORTS
					 "\nchains = (\n@include \"chain\"\n);");
	const struct chain *chain = &loaded.config.chains[0];

	assert_int_equal(loaded.config.workers, 5);
	assert_false(loaded.config.conntrack.checksum);
	assert_int_equal(loaded.config.ports[0].line, 2);
	assert_string_equal(loaded.config.ports[0].file, loaded.config.file);
	assert_string_equal(strrchr(chain->file, '/'), "/chain");
	assert_int_equal(chain->line, 2);
	assert_string_equal(strrchr(chain->rules[0].file, '/'), "/rule");
	assert_int_equal(chain->rules[0].line, 1);
	loaded_fini(&loaded);
}

// Text that looks like something else, where it is not.
static void
test_strings_and_comments(void **state)
{
	struct loaded loaded =
		load_good("# \"\n// /*\n/* \" # // @include \"x\"\n@include \"x\" */" PORTS
			  "chains = ( { name = \"a // # /* \\\" \"\n \"b\"; } ) # \"\n");

	(void)state;
	assert_string_equal(loaded.config.chains[0].name, "a // # /* \" b");
	loaded_fini(&loaded);
}

// A backslash that is escaped itself does not escape the quote after it.
static void
test_a_string_may_end_in_a_backslash(void **state)
{
	struct loaded loaded = load_good(PORTS "chains = ( { name = \"a\\\\\"; } );\n");

	(void)state;
	assert_string_equal(loaded.config.chains[0].name, "a\\");
	loaded_fini(&loaded);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_ports_and_wires),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_every_timeout),
		cmocka_unit_test(test_chains_are_sorted),
		cmocka_unit_test(test_rules_keep_their_order),
		cmocka_unit_test(test_a_rule_without_keys_matches_all),
		cmocka_unit_test(test_ports_of_rules),
		cmocka_unit_test(test_sets_of_words),
		cmocka_unit_test(test_addresses_and_sets),
		cmocka_unit_test(test_port_ranges_and_sets),
		cmocka_unit_test(test_icmp),
		cmocka_unit_test(test_tcp_flags_imply_tcp),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_reject_with),
		cmocka_unit_test(test_case_of_letters),
		cmocka_unit_test(test_includes),
		cmocka_unit_test(test_strings_and_comments),
		cmocka_unit_test(test_a_string_may_end_in_a_backslash),
	};

	return cmocka_run_group_tests(tests, folder_init, folder_fini);
}
