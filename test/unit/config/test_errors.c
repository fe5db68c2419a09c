// SPDX-License-Identifier: BSD-3-Clause
//
// Every mistake that a configuration can have: the message, and its line.
#include "config/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"

#define SETS(sets) PORTS "sets: { " sets " };"

#define ONLY(keys) PORTS "chains = ( { name = \"a\"; rules = ( { " keys " } ); } );"

static const struct {
	const char *text;
	const char *messages;
} cases[] = {
	// The file as a whole.
	{"", "main:1: the file is empty\n"},
	{"\n # nothing\n", "main:1: the file is empty\n"},
	{"workers = 1;", "main:1: the file has no section \"ports\"\n"
			 "main:1: the file has no section \"wires\"\n"},
	{PORTS "workers = ;", "main:2: syntax error at \";\"\n"
			      "main:2:     workers = ;\n"
			      "main:2:               ^\n"},
	{PORTS "workers = 1;\nworkers = 1;",
	 "main:3: duplicate key \"workers\": it has a value in line 2 already\n"
	 "main:3:     workers = 1;\n"
	 "main:3:     ^\n"},
	{PORTS "sets: { a = [\"1\"]; b = \"]\";\n/* {*/\ta = [\"2\"]; };",
	 "main:3: duplicate key \"a\": it has a value in line 2 already\n"
	 "main:3:            a = [\"2\"]; };\n"
	 "main:3:            ^\n"},
	{PORTS "chains = ( { name = \"a\"; }, { name = \"b\"; name = \"c\"; } );",
	 "main:2: duplicate key \"name\": it has a value in line 2 already\n"
	 "main:2:     chains = ( { name = \"a\"; }, { name = \"b\"; name = \"c\"; } );\n"
	 "main:2:                                               ^\n"},
	{PORTS "sets: { \"a\" = 1; };", "main:2: syntax error at \"a\"\n"
					"main:2:     sets: { \"a\" = 1; };\n"
					"main:2:             ^\n"},
	{PORTS "\n\nworkers = 1 2;\n", "main:4: syntax error at \"2\"\n"
				       "main:4:     workers = 1 2;\n"
				       "main:4:                 ^\n"},
	{PORTS "conntrack: { enable = auto; };",
	 "main:2: syntax error at \"auto\"; a string stands in double quotes\n"
	 "main:2:     conntrack: { enable = auto; };\n"
	 "main:2:                           ^\n"},
	{PORTS "conntrack: { timeouts: { udp = 30s; }; };",
	 "main:2: \"30s\" is neither a number nor a name; a string stands in double quotes\n"},
	{PORTS "sets: { a = [ 10.0.0.1 ]; };",
	 "main:2: \"10.0.0.1\" is neither a number nor a name; a string stands in double quotes\n"},
	{PORTS "sets: { a = 80-90; };",
	 "main:2: \"80-90\" is neither a number nor a name; a string stands in double quotes\n"},
	{PORTS "workers = 0x;",
	 "main:2: \"0x\" is neither a number nor a name; a string stands in double quotes\n"},
	{PORTS "workers = ( 1., .5, -1e3, +2.5E-7, -7, 0x1F );",
	 "main:2: \"workers\" must be a whole number, not a list ( )\n"},
	{PORTS "sets: { a = [\"1\", 2.5]; };", "main:2: mismatched element type in array\n"},
	{PORTS "sets: { a = \"x\"\n\"y\"; b \"z\"; };",
	 "main:3: syntax error at \"z\"\nmain:3:     \"y\"; b \"z\"; };\nmain:3:            ^\n"},
	{PORTS "sets: { a = [\"1\", 2]; };", "main:2: mismatched element type in array at \"2\"\n"
					     "main:2:     sets: { a = [\"1\", 2]; };\n"
					     "main:2:                       ^\n"},
	{PORTS "sets: {\na = [ 1, 2 ];\n\n", "main:2: syntax error: this { is never closed\n"
					     "main:2:     sets: {\n"
					     "main:2:           ^\n"},
	{PORTS "workers =\n\n", "main:4: syntax error at the end of the file\n"},
	// Characters, not bytes, are counted, and what a terminal would obey is not shown.
	{PORTS "sets: { a = \"\xc3\xa9\x1b[2J\" 1 };",
	 "main:2: syntax error at \"1\"\n"
	 "main:2:     sets: { a = \"\xc3\xa9 [2J\" 1 };\n"
	 "main:2:                         ^\n"},
	// Quotes that a word processor made, and a string that is cut between two characters.
	{PORTS "workers = \xe2\x80\x9c"
	       "1\xe2\x80\x9d;",
	 "main:2: syntax error at \"\xe2\x80\x9c\"\n"
	 "main:2:     workers = \xe2\x80\x9c"
	 "1\xe2\x80\x9d;\n"
	 "main:2:               ^\n"},
	{PORTS "workers = 1 \"12345678901234567890123456789012345678\xc3\xa9\";",
	 "main:2: syntax error at \"12345678901234567890123456789012345678...\n"
	 "main:2:     workers = 1 \"12345678901234567890123456789012345678\xc3\xa9\";\n"
	 "main:2:                 ^\n"},
	{PORTS "workers = \xe4;", "main:2: syntax error at \"\\xe4\"\n"
				  "main:2:     workers = \\xe4;\n"
				  "main:2:               ^\n"},
	// A byte order mark is not part of the text.
	{"\xef\xbb\xbf" PORTS "workers = 0;",
	 "main:2: \"workers\" must be 1 to 64 lcores, not 0\n"},
	{"\xff\xfe" PORTS, "main: is UTF-16 text: save it as UTF-8\n"},
	// Text of the file makes no line of its own.
	{PORTS "non_ip: { arp = \"x\\nmain:1: forged\\r\\x1b[2J\xc2\x9b\"; };",
	 "main:2: \"arp\" must be accept or drop, not "
	 "\"x\\nmain:1: forged\\r\\x1b[2J\\xc2\\x9b\"\n"},
	{"ports = ( { name = \"a\"; device = \"d\\nx\"; } ); wires = ( );",
	 "main:1: \"device\" must not hold control characters\n"
	 "main:1: \"wires\" must hold at least one wire\n"},
	{PORTS "WORKERS = 2;",
	 "main:2: unknown key \"WORKERS\" in the file; did you mean \"workers\"?\n"},
	{PORTS "worker = 1;",
	 "main:2: unknown key \"worker\" in the file; did you mean \"workers\"?\n"},
	{PORTS "colour = \"red\";", "main:2: unknown key \"colour\" in the file\n"},
	{PORTS "\n/* never\nclosed", "main:3: this comment is never closed\n"},
	{PORTS "sets: {\na = \"1\n; };", "main:3: this string is never closed\n"},

	// Ports.
	{"ports = { }; wires = ( );",
	 "main:1: \"ports\" must be a list ( ) of groups { }, not a group { }\n"
	 "main:1: \"wires\" must hold at least one wire\n"},
	{"ports = ( ); wires = ( { a = \"x\"; b = \"y\"; } );",
	 "main:1: \"ports\" must hold at least one port\n"
	 "main:1: no port is named \"x\"\nmain:1: no port is named \"y\"\n"},
	{"ports = ( { device = \"d\"; },\n{ name = \"a\"; },\n\"c\",\n{ name = 1; device = \"e\"; "
	 "} );"
	 "wires = ( { a = \"a\"; b = \"c\"; } );",
	 "main:1: a port needs a \"name\"\nmain:2: a port needs a \"device\"\n"
	 "main:3: an element of \"ports\" must be a group { }, not a string\n"
	 "main:4: \"name\" must be a string, not a whole number\n"},
	{"ports = ( { name = \"a\"; device = \"d\"; },\n{ name = \"a\"; device = \"e\"; },\n"
	 "{ name = \"b\"; device = \"d\"; } ); wires = ( { a = \"a\"; b = \"b\"; } );",
	 "main:2: port \"a\" is already defined in line 1\n"
	 "main:3: device \"d\" is that of port \"a\" already\n"},
	// Arguments make no other device, nor does another name for the same interface.
	{"ports = ( { name = \"a\"; device = \"net_tap0,iface=x\"; },\n"
	 "{ name = \"b\"; device = \"net_tap0,iface=xx\"; },\n"
	 "{ name = \"c\"; device = \"net_tap1,iface=x,remote=y\"; },\n"
	 "{ name = \"e\"; device = \"net_tap\"; },\n{ name = \"f\"; device = \"net_null\"; } );"
	 "wires = ( { a = \"e\"; b = \"f\"; } );",
	 "main:2: device \"net_tap0,iface=xx\" is that of port \"a\" already\n"
	 "main:3: device \"net_tap1,iface=x,remote=y\" is that of port \"a\" already\n"},
	{"ports = ( { name = \"a=b\"; device = \"d\"; },\n{ name = \"\"; device = \"e\"; },\n"
	 "{ name = \"c\"; device = \"\"; } ); wires = ( { a = \"c\"; b = \"d\"; } );",
	 "main:1: the name of a port must be 1 to 63 letters, digits or any of _-.:\n"
	 "main:2: the name of a port must be 1 to 63 letters, digits or any of _-.:\n"
	 "main:3: \"device\" must not be empty\n"},
	{"ports = ( { name = \"a\"; device = \"d\"; speed = 10; } ); wires = ( );",
	 "main:1: unknown key \"speed\" in a port\nmain:1: \"wires\" must hold at least one "
	 "wire\n"},
	{"ports = ( { name = \"a\"; device = \"d\"; mtu = 67; },\n{ name = \"b\"; device = \"e\"; "
	 "mtu = 65536; } );\nwires = ( { a = \"a\"; b = \"b\"; } );",
	 "main:1: \"mtu\" must be 68 to 65535 bytes, not 67\n"
	 "main:2: \"mtu\" must be 68 to 65535 bytes, not 65536\n"},

	// Wires.
	{"ports = ( { name = \"a\"; device = \"d\"; }, { name = \"b\"; device = \"e\"; },"
	 " { name = \"c\"; device = \"f\"; } );\n"
	 "wires = (\n{ a = \"a\"; b = \"b\"; },\n{ a = \"b\"; b = \"c\"; },\n{ a = \"c\"; },\n"
	 "{ a = \"c\"; b = \"c\"; mirror_link = 1; },\n{ a = \"c\"; b = \"aa\"; c = 1; },\n7 );",
	 "main:4: port \"b\" is on another wire already\nmain:5: a wire needs an end \"b\"\n"
	 "main:6: \"mirror_link\" must be true or false, not a whole number\n"
	 "main:6: both ends of a wire are port \"c\"\nmain:7: unknown key \"c\" in a wire\n"
	 "main:7: no port is named \"aa\"; did you mean \"a\"?\n"
	 "main:8: an element of \"wires\" must be a group { }, not a whole number\n"},

	// Settings of the table.
	{PORTS "workers = 0;", "main:2: \"workers\" must be 1 to 64 lcores, not 0\n"},
	{PORTS "workers = 65;", "main:2: \"workers\" must be 1 to 64 lcores, not 65\n"},
	{PORTS "workers = -1;", "main:2: \"workers\" must be 1 to 64 lcores, not -1\n"},
	// 2^32 + 1, which libconfig alone reads as 1.
	{PORTS "workers = 4294967297;",
	 "main:2: \"workers\" must be 1 to 64 lcores, not 4294967297\n"},
	{PORTS "workers = 0xffffffff;",
	 "main:2: \"workers\" must be 1 to 64 lcores, not 4294967295\n"},
	{PORTS "workers = 0x100000001;",
	 "main:2: \"workers\" must be 1 to 64 lcores, not 4294967297\n"},
	{PORTS "workers = 2L;", "main:2: leave out the L behind 2\n"},
	{PORTS "workers = 0x2LL;\nconntrack: { tcp: { max_retrans = -0L; }; };",
	 "main:2: leave out the L behind 0x2\nmain:3: leave out the L behind -0\n"},
	{PORTS "workers = 1.0;",
	 "main:2: \"workers\" must be a whole number, not a number with a fraction\n"},
	{PORTS "workers = \"1\";", "main:2: \"workers\" must be a whole number, not a string\n"},
	{PORTS "conntrack = 1;", "main:2: \"conntrack\" must be a group { }, not a whole number\n"},
	{PORTS "conntrack: { acct = true; };", "main:2: unknown key \"acct\" in conntrack\n"},
	{PORTS "conntrack: { accounting = 1; };",
	 "main:2: \"accounting\" must be true or false, not a whole number\n"},
	{PORTS "non_ip: { lldp = \"acept\";\nstp = true;\ncdp = \"drop\"; };",
	 "main:2: \"lldp\" must be accept or drop, not \"acept\"; did you mean \"accept\"?\n"
	 "main:3: \"stp\" must be a string, not true or false\n"
	 "main:4: unknown key \"cdp\" in non_ip\n"},
	{PORTS "conntrack: { max_connections = 268435457; };",
	 "main:2: \"max_connections\" must be 1 to 268435456 connections, not 268435457\n"},
	{PORTS "conntrack: { tcp: { max_retrans = 256;\nlose = true; }; };",
	 "main:2: \"max_retrans\" must be 0 to 255 retransmissions, not 256\n"
	 "main:3: unknown key \"lose\" in conntrack.tcp; did you mean \"loose\"?\n"},
	{PORTS "conntrack: { timeouts: { udp = 0;\nicmp = 8000001;\nupd_stream = 1; }; };",
	 "main:2: \"udp\" must be 1 to 8000000 seconds, not 0\n"
	 "main:3: \"icmp\" must be 1 to 8000000 seconds, not 8000001\n"
	 "main:4: unknown key \"upd_stream\" in conntrack.timeouts; did you mean "
	 "\"udp_stream\"?\n"},

	// Sets, none of which a rule names.
	{PORTS "sets = [ 1 ];", "main:2: \"sets\" must be a group { }, not an array [ ]\n"},
	{SETS("s = [ ];"), "main:2: \"s\" is an empty list\n"},
	{SETS("s = [ \"foo\" ];"),
	 "main:2: set \"s\": \"foo\" is neither an address nor a port; names are not looked up\n"},
	{SETS("s = [ \"www.example.com\" ];"), "main:2: set \"s\": \"www.example.com\" is a name, "
					       "and names are not looked up: give an address\n"},
	{SETS("s = ( \"80\",\n\"10.0.0.1\" );"), "main:3: set \"s\" mixes ports and addresses\n"},
	{SETS("s = ( \"10.0.0.1\",\n80 );"), "main:3: set \"s\" mixes addresses and ports\n"},
	{SETS("s = [ \"10.0.0.256\" ];"),
	 "main:2: set \"s\": \"10.0.0.256\" is not an address, a prefix, a range a-b or @set\n"},
	{SETS("s = [ 65536 ];"),
	 "main:2: set \"s\": \"65536\" is not a port, 0 to 65535, or a range a-b\n"},
	{SETS("s = [ \"@t\" ]; t = [ \"1\" ];"),
	 "main:2: set \"s\": \"@t\" is neither an address nor a port\n"},
	// The last line of an array is that of its last string, wherever the bracket is.
	{SETS("s = [\n\"10.0.0.1\", # here\n\"x\"\n/* and\nthere */ ];\nt = [ \"y\" ];"),
	 "main:4: set \"s\": \"x\" is neither an address nor a port; names are not looked up\n"
	 "main:7: set \"t\": \"y\" is neither an address nor a port; names are not looked up\n"},

	// Chains.
	{PORTS "chains = ( { priority = 0; } );", "main:2: a chain needs a \"name\"\n"},
	{PORTS "chains = ( { name = \"a\"; },\n{ name = \"a\"; } );",
	 "main:3: chain \"a\" is already defined in line 2\n"},
	{PORTS "chains = ( { name = \"a\"; hook = 1; } );",
	 "main:2: unknown key \"hook\" in a chain\n"},
	{PORTS "chains = ( { name = \"a\"; policy = \"reject\"; } );",
	 "main:2: \"policy\" must be accept or drop, not \"reject\"\n"},
	{PORTS "chains = ( { name = \"a\"; priority = 2147483648; } );",
	 "main:2: \"priority\" must be -2147483648 to 2147483647, not 2147483648\n"},
	{PORTS "chains = ( { name = \"a\"; rules = { }; } );",
	 "main:2: \"rules\" must be a list ( ) of groups { }, not a group { }\n"},

	// Rules.
	{PORTS "chains = ( { name = \"a\"; rules = ( { name = \"x\"; log = \"1\"; },\n"
	       "{ log = \"2\"; },\n{ name = \"x\"; log = \"3\"; },\n{ name = \"a#2\"; log = \"4\"; "
	       "} ); } );",
	 "main:4: rule \"x\" is already defined in line 2\n"
	 "main:5: rule \"a#2\" is already defined in line 3\n"},
	{PORTS
	 "chains = ( { name = \"a\"; rules = ( { proto = \"tcp\"; },\n{ count = false; } ); } );",
	 "main:2: a rule needs an action or a statement\n"
	 "main:3: a rule needs an action or a statement\n"},
	{RULE("protocol = 6;"), "main:2: unknown key \"protocol\" in a rule\n"},
	{RULE("prot = 6;"), "main:2: unknown key \"prot\" in a rule; did you mean \"proto\"?\n"},
	{RULE("name = \"a\\tb\";"),
	 "main:2: the name of a rule must be 1 to 63 printable ASCII characters\n"},
	{RULE("in = \"wlan\";"), "main:2: no port is named \"wlan\"; did you mean \"lan\"?\n"},
	{RULE("out = [ \"lan\",\n\"dmz\" ];"), "main:3: no port is named \"dmz\"\n"},
	{RULE("in = [ ];"), "main:2: \"in\" is an empty list\n"},
	{RULE("family = \"ipv5\";"),
	 "main:2: \"family\" must be ipv4 or ipv6, not \"ipv5\"; did you mean \"ipv4\"?\n"},
	{RULE("family = 4;"), "main:2: \"family\" must be a string, not a whole number\n"},
	{RULE("proto = \"tpc\";"),
	 "main:2: \"proto\": \"tpc\" is not a protocol; did you mean \"tcp\"?\n"},
	{RULE("proto = \"icmp6\";"),
	 "main:2: \"proto\": \"icmp6\" is not a protocol; did you mean \"icmpv6\"?\n"},
	{RULE("proto = \"any\";\nsrc = [ \"10.0.0.0/8\", \"Any\" ];\n in = \"any\";\n"
	      "dport = \"*\";\nstate = \"ALL\";\nicmp_type = \"echo\";\ndst = \"web-1.example\";"),
	 "main:2: \"any\" is no value of \"proto\": without \"proto\" the rule matches all\n"
	 "main:3: \"Any\" is no value of \"src\": without \"src\" the rule matches all\n"
	 "main:4: \"any\" is no value of \"in\": without \"in\" the rule matches all\n"
	 "main:5: \"*\" is no value of \"dport\": without \"dport\" the rule matches all\n"
	 "main:6: \"ALL\" is no value of \"state\": without \"state\" the rule matches all\n"
	 "main:7: \"icmp_type\": \"echo\" is a name, and names are not looked up: give a number, 0 "
	 "to 255\n"
	 "main:8: \"dst\": \"web-1.example\" is a name, and names are not looked up: give an "
	 "address\n"},
	{RULE("proto = [ 6, 256 ];"),
	 "main:2: \"proto\": \"256\" is not a protocol: give its number, 0 to 255\n"},
	{RULE("proto = ( { } );"),
	 "main:2: an element of \"proto\" must be a whole number or a string, not a group { }\n"},
	{RULE("src = \"10.0.0.1/8\";"), "main:2: \"src\": \"10.0.0.1/8\" has bits behind the "
					"prefix; did you mean \"10.0.0.0/8\"?\n"},
	{RULE("dst = \"10.0.0.2-10.0.0.1\";"), "main:2: \"dst\": \"10.0.0.2-10.0.0.1\" runs "
					       "backwards: its first address is the larger one\n"},
	{RULE("dst = 10;"), "main:2: \"dst\" must be a string, not a whole number\n"},
	{RULE("src = \"10.0.0.1\"; dst = [ \"::1\", \"::2\" ];"),
	 "main:2: this rule can never match: its \"family\", \"src\" and \"dst\" have no address "
	 "family in common\n"},
	{RULE("src = \"10.0.0.1\"; family = \"ipv6\";"),
	 "main:2: this rule can never match: its \"family\", \"src\" and \"dst\" have no address "
	 "family in common\n"},
	{RULE("dport = \"http\";"), "main:2: \"dport\": \"http\" is a name, and names are not "
				    "looked up: give a port, 0 to 65535\n"},
	{RULE("dport = -1;"),
	 "main:2: \"dport\": \"-1\" is not a port, 0 to 65535, or a range a-b\n"},
	{RULE("sport = 80L;"), "main:2: leave out the L behind 80\n"},
	{RULE("sport = true;"),
	 "main:2: \"sport\" must be a whole number or a string, not true or false\n"},
	{RULE("proto = [ \"tcp\", \"icmp\" ];\ndport = 80;"),
	 "main:3: \"dport\" needs protocols with ports: protocol 1 has none\n"},
	{RULE("icmp_type = 8;"),
	 "main:2: \"icmp_type\" needs proto = \"icmp\" or proto = \"icmpv6\", one of the two\n"},
	{RULE("proto = [ \"icmp\", \"icmpv6\" ]; icmp_code = 0;"),
	 "main:2: \"icmp_code\" needs proto = \"icmp\" or proto = \"icmpv6\", one of the two\n"},
	{RULE("proto = \"icmp\"; icmp_type = 256;"),
	 "main:2: \"icmp_type\": \"256\" is not a number, 0 to 255, or a range a-b\n"},
	{RULE("proto = \"icmp\"; icmp_type = \"@types\";"),
	 "main:2: \"icmp_type\": \"@types\" is not a number, 0 to 255, or a range a-b\n"},
	{RULE("tcp_flags = \"syn\";"), "main:2: \"tcp_flags\": \"syn\" must be flags/mask, such as "
				       "\"syn/syn,ack,fin,rst\"\n"},
	{RULE("proto = \"udp\"; tcp_flags = \"syn/syn\";"),
	 "main:2: \"tcp_flags\" needs proto = \"tcp\" and no other\n"},
	{RULE("state = \"knew\";"), "main:2: \"state\" must be new, established, related, invalid "
				    "or untracked, not \"knew\"; did you mean \"new\"?\n"},
	{RULE("dir = \"original\";"), "main:2: \"dir\" must be orig or reply, not \"original\"\n"},
	{RULE("mark = \"0x100/0xff\";"),
	 "main:2: \"mark\": \"0x100/0xff\" has bits in its value that are not in its mask\n"},
	{RULE("mark = -1;"), "main:2: \"mark\": \"-1\" is not a value or value/mask of 32 bits\n"},
	{RULE("set_mark = \"0/0\";"), "main:2: \"set_mark\": \"0/0\" has a mask without bits\n"},
	{RULE("zone = 65536;"), "main:2: \"zone\" must be 0 to 65535, not \"65536\"\n"},
	{RULE("helper = \"irc\";"), "main:2: \"helper\" must be ftp, tftp or pptp, not \"irc\"\n"},
	{RULE("set_helper = \"ftpp\";"),
	 "main:2: \"set_helper\" must be ftp, tftp or pptp, not \"ftpp\"; did you mean \"ftp\"?\n"},
	{RULE("log = \"\";"), "main:2: \"log\" must be 1 to 127 printable ASCII characters\n"},
	{RULE("count = 1;"), "main:2: \"count\" must be true or false, not a whole number\n"},
	{RULE("limit = \"10/second burst 20\";"), "main:2: limit is not available yet\n"},
	{PORTS "chains = ( { name = \"a\"; rules = ( { action = \"acept\"; } ); } );",
	 "main:2: \"action\" must be accept, drop, reject or notrack, not \"acept\"; did you mean "
	 "\"accept\"?\n"},

	// Rejecting.
	{ONLY("action = \"reject\"; reject_with = \"port_unreachble\";"),
	 "main:2: \"reject_with\" cannot be \"port_unreachble\"; did you mean "
	 "\"port_unreachable\"?\n"},
	{ONLY("action = \"reject\"; reject_with = \"silence\";"),
	 "main:2: \"reject_with\" must be tcp_reset, port_unreachable, host_unreachable, "
	 "net_unreachable, admin_prohibited or a name behind icmp:, icmpv6: or icmpx:, not "
	 "\"silence\"\n"},
	{ONLY("action = \"drop\"; reject_with = \"tcp_reset\";"),
	 "main:2: \"reject_with\" needs action = \"reject\"\n"},
	{ONLY("count = true; reject_with = \"no_route\";"),
	 "main:2: \"reject_with\" needs action = \"reject\"\n"},
	{ONLY("proto = \"udp\"; action = \"reject\";\nreject_with = \"tcp_reset\";"),
	 "main:3: \"tcp_reset\" needs proto = \"tcp\"\n"},
	{ONLY("family = \"ipv6\"; action = \"reject\"; reject_with = \"icmp:net_unreachable\";"),
	 "main:2: \"icmp:net_unreachable\" needs family = \"ipv4\"\n"},
	{ONLY("src = \"10.0.0.1\"; action = \"reject\"; reject_with = \"icmpv6:no_route\";"),
	 "main:2: this rule can never match: its \"family\", \"src\" and \"dst\" have no "
	 "address family in common\n"},
	{PORTS "answers: { icmp_ratelimit = -1; };",
	 "main:2: \"icmp_ratelimit\" must be 0 to 3600000 milliseconds, not -1\n"},

	// Sets that rules name.
	{RULE("dst = \"@servers\";"), "main:2: \"dst\": no set is named \"servers\"\n"},
	{RULE("dst = \"@srvers\";") "\nsets: { servers = [ \"::1\" ]; };",
	 "main:2: \"dst\": no set is named \"srvers\"; did you mean \"servers\"?\n"},
	{RULE("dst = \"@web\"; dport = [ \"@servers\" ];") "\nsets: { servers = [ \"::1\" ]; web = "
							   "80; };",
	 "main:2: \"dst\": set \"web\" holds ports, not addresses\n"
	 "main:2: \"dport\": set \"servers\" holds addresses, not ports\n"},
	// A set that is wrong itself is reported once, where it is defined.
	{RULE("dst = \"@s\";") "\nsets: { s = [ \"foo\" ]; };",
	 "main:3: set \"s\": \"foo\" is neither an address nor a port; names are not looked up\n"},

	// Where a key means something.
	{RAW_RULE("state = \"new\";"), "main:2: \"state\" means nothing before connection tracking "
				       "(priority -200): this chain has priority -300\n"},
	{RAW_RULE("dir = \"orig\";"), "main:2: \"dir\" means nothing before connection tracking "
				      "(priority -200): this chain has priority -300\n"},
	{RAW_RULE("mark = 1;"), "main:2: \"mark\" means nothing before connection tracking "
				"(priority -200): this chain has priority -300\n"},
	{RAW_RULE("helper = \"ftp\";"),
	 "main:2: \"helper\" means nothing before connection tracking "
	 "(priority -200): this chain has priority -300\n"},
	{RAW_RULE("set_mark = 1;"), "main:2: \"set_mark\" means nothing before connection tracking "
				    "(priority -200): this chain has priority -300\n"},
	{RAW_RULE("set_helper = \"ftp\";"),
	 "main:2: \"set_helper\" means nothing before connection tracking (priority -200): this "
	 "chain has priority -300\n"},
	{RULE("set_zone = 1;"), "main:2: \"set_zone\" must come before connection tracking "
				"(priority -200): this chain has priority 0\n"},
	{PORTS
	 "chains = ( { name = \"a\"; priority = -200; rules = ( { action = \"notrack\"; } ); } );",
	 "main:2: \"notrack\" must come before connection tracking (priority -200): this chain has "
	 "priority -200\n"},
};

static void
assert_messages(const char *text, const char *messages)
{
	struct loaded loaded = load_text(text);

	if (loaded.messages == NULL)
		fail_msg("loaded, although it should not have been:\n%s", text);
	assert_string_equal(loaded.messages, messages);
	// An empty configuration may be freed, and need not be.
	assert_int_equal(loaded.config.n_ports, 0);
	assert_null(loaded.config.file);
	loaded_fini(&loaded);
}

static void
test_every_mistake_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_messages(cases[i].text, cases[i].messages);
}

static void
test_eight_mistakes_are_eight_errors(void **state)
{
	(void)state;
	assert_messages(
		"ports = ( { name = \"lan\"; device = \"d0\"; },\n"
		"          { name = \"wan\"; device = \"d1\"; } );\n"
		"wires = ( { a = \"lan\"; b = \"wam\"; } );\n"
		"workers = 100;\n"
		"\n"
		"conntrack: {\n"
		"  timeouts: { udp = 30; };\n"
		"  checksums = true;\n"
		"};\n"
		"sets: {\n"
		"  servers = [\n"
		"    \"192.0.2.0/24\",\n"
		"    \"192.0.3.1/24\"\n"
		"  ];\n"
		"};\n"
		"chains = (\n"
		"  { name = \"raw\"; priority = -300; rules = (\n"
		"      { name = \"x\"; state = \"new\"; action = \"drop\"; } ); },\n"
		"  { name = \"filter\"; policy = \"deny\"; rules = (\n"
		"      { name = \"ok\"; dst = \"@servers\"; action = \"accept\"; },\n"
		"      { proto = \"icmp\";\n"
		"        dport = 80; action = \"drop\"; },\n"
		"      { name = \"ok\"; action = \"drop\"; } ); } );\n",
		"main:3: no port is named \"wam\"; did you mean \"wan\"?\n"
		"main:4: \"workers\" must be 1 to 64 lcores, not 100\n"
		"main:8: unknown key \"checksums\" in conntrack; did you mean \"checksum\"?\n"
		"main:13: set \"servers\": \"192.0.3.1/24\" has bits behind the prefix; did "
		"you mean \"192.0.3.0/24\"?\n"
		"main:18: \"state\" means nothing before connection tracking (priority "
		"-200): this chain has priority -300\n"
		"main:19: \"policy\" must be accept or drop, not \"deny\"\n"
		"main:22: \"dport\" needs protocols with ports: protocol 1 has none\n"
		"main:23: rule \"ok\" is already defined in line 20\n");
}

// The texts are made of one part at the start, one n times, separated by commas, and one at the
// end.
static char *
repeat(const char *begin, const char *format, unsigned int n, const char *end)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fputs(begin, out);
	for (unsigned int i = 0; i < n; i++) {
		fputs(i == 0 ? "" : ",\n", out);
		for (const char *at = format; *at != '\0'; at++) {
			if (*at == '#')
				fprintf(out, "%u", i);
			else
				fputc(*at, out);
		}
	}
	fputs(end, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
test_limits(void **state)
{
	char *text;

	(void)state;
	text = repeat("ports = ( ", "{ name = \"p#\"; device = \"d#\"; }", PORTS_MAX + 1,
		      " ); wires = ( { a = \"p0\"; b = \"p31\"; } );");
	assert_messages(text, "main:33: more than 32 ports\n");
	free(text);
	text = repeat(PORTS "chains = (\n", "{ name = \"c#\"; }", CHAINS_MAX + 1, " );");
	assert_messages(text, "main:67: more than 64 chains\n");
	free(text);
	text = repeat(PORTS "chains = ( { name = \"a\"; rules = (\n", "{ action = \"drop\"; }",
		      RULES_MAX + 1, " ); },\n{ name = \"b\"; rules = ( { log = \"x\"; } ); } );");
	assert_messages(text, "main:65537: more than 65534 rules\n");
	free(text);
	// 4096 rules that copy a set of 1024 ranges each are one too many with the set itself.
	text = repeat(PORTS "sets: { s = [", "\"#\"", 1024, "]; };\n");
	char *rules = repeat("chains = ( { name = \"a\"; rules = (\n",
			     "{ log = \"x\"; dport = \"@s\"; }", 4200, " ); } );");
	char *both = NULL;

	assert_true(asprintf(&both, "%s%s", text, rules) > 0);
	assert_messages(both, "main:5122: up to here there are more than 4194304 addresses, ports "
			      "and types\n");
	free(text);
	free(rules);
	free(both);
}

static void
assert_file_messages(const char *name, const char *messages)
{
	struct loaded loaded = load_file(name);

	assert_non_null(loaded.messages);
	assert_string_equal(loaded.messages, messages);
	loaded_fini(&loaded);
}

static void
test_files_that_cannot_be_read(void **state)
{
	(void)state;
	assert_file_messages("absent", "absent: cannot be read: No such file or directory\n");
	assert_file_messages(".", ".: cannot be read: Is a directory\n");
	// An included folder would end the process if libconfig read it.
	assert_messages(PORTS "\n  @include \".\"\n", "main:3: cannot include .: Is a directory\n");
	assert_messages("@include \"/dev/null\"",
			"main:1: cannot include /dev/null: Not a regular file\n");
	assert_messages("@include \"absent\"",
			"main:1: cannot include absent: No such file or directory\n");
	assert_messages("@include \"main\"",
			"main:1: more than 256 files: does one include itself?\n");
}

static void
test_errors_name_the_included_file(void **state)
{
	(void)state;
	folder_write("part", "# a comment\nworkers = 0;\n");
	folder_write("broken", "\n\nworkers 2;\n");
	assert_messages(PORTS "@include \"part\"\ncolour = 1;",
			"main:3: unknown key \"colour\" in the file\n"
			"part:2: \"workers\" must be 1 to 64 lcores, not 0\n");
	assert_messages(PORTS "@include \"broken\"", "broken:3: syntax error at \"2\"\nbroken:3:   "
						     "  workers 2;\nbroken:3:             ^\n");
}

// The first definition may be in another file, which must then be named.
static void
test_errors_name_the_file_of_the_first(void **state)
{
	(void)state;
	folder_write("ports", PORTS);
	folder_write("rule", "{ name = \"r\"; action = \"drop\"; }\n");
	folder_write("chain", "\n{ name = \"c\"; rules = (\n@include \"rule\"\n,\n"
			      "{ name = \"r\"; action = \"drop\"; } ); }\n");
	assert_messages("@include \"ports\"\nchains = (\n@include \"chain\"\n,\n"
			"{ name = \"c\"; } );\n",
			"chain:5: rule \"r\" is already defined at rule:1\n"
			"main:5: chain \"c\" is already defined at chain:2\n");
}

static void
test_a_zero_byte_is_refused(void **state)
{
	static const char outside[] = PORTS "workers = 1;\0";
	static const char inside[] = PORTS "\nsets: { a = \"\0\"; };";
	static const char behind[] = PORTS "\nmeasure_cycles = true\0;\nchains = 5;";
	static const char between[] = PORTS "\n\nwork\0ers = 1;";

	(void)state;
	folder_write_bytes("zero", outside, sizeof(outside) - 1);
	assert_file_messages("zero", "zero:2: not a text file: a zero byte\n");
	folder_write_bytes("zero", inside, sizeof(inside) - 1);
	assert_file_messages("zero", "zero:3: not a text file: a zero byte\n");
	folder_write_bytes("zero", behind, sizeof(behind) - 1);
	assert_file_messages("zero", "zero:3: not a text file: a zero byte\n");
	folder_write_bytes("zero", between, sizeof(between) - 1);
	assert_file_messages("zero", "zero:4: not a text file: a zero byte\n");
}

static void
test_deep_nesting_is_survived(void **state)
{
	char *text = malloc(1000001);

	(void)state;
	assert_non_null(text);
	memset(text, '(', 1000000);
	memcpy(text, "a=", 2);
	text[1000000] = '\0';
	assert_messages(text, "main:1: brackets are nested too deeply\n");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_mistake_is_named),
		cmocka_unit_test(test_eight_mistakes_are_eight_errors),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_files_that_cannot_be_read),
		cmocka_unit_test(test_errors_name_the_included_file),
		cmocka_unit_test(test_errors_name_the_file_of_the_first),
		cmocka_unit_test(test_a_zero_byte_is_refused),
		cmocka_unit_test(test_deep_nesting_is_survived),
	};

	return cmocka_run_group_tests(tests, folder_init, folder_fini);
}
