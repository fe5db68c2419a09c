// SPDX-License-Identifier: BSD-3-Clause
#include "replay/verdict.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>

#include "base/contract.h"
#include "base/escape.h"
#include "packet/answerable.h"
#include "report/report.h"

#define TCP_FLAGS_OFFSET 13 // RFC 9293, section 3.1

static void
set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static void
set_string(json_t *object, const char *name, const char *text)
{
	set(object, name, text == NULL ? json_null() : json_string(text));
}

// JSON is UTF-8, but a path need not be.
static void
set_path(json_t *object, const char *name, const char *path)
{
	char escaped[PATH_MAX];

	set_string(object, name, path == NULL ? NULL : escape_text(path, escaped, sizeof(escaped)));
}

static void
set_number(json_t *object, const char *name, uint64_t number)
{
	set(object, name, json_integer((json_int_t)number));
}

static json_t *
entry(const struct pkt *pkt)
{
	json_t *object;

	if (!pkt->in_table)
		return json_null();
	object = json_object();
	set_string(object, "state", pkt->ct_state);
	set(object, "timeout", json_integer(seconds_left(pkt->ct_deadline, pkt->now)));
	set(object, "seen_reply", json_boolean((pkt->ct_status & CT_SEEN_REPLY) != 0));
	set(object, "assured", json_boolean((pkt->ct_status & CT_ASSURED) != 0));
	return object;
}

// What decided, and where it is in the configuration: a rule, or the policy of a chain.
static void
add_decision(json_t *line, const struct ruleset *ruleset, const struct pkt *pkt)
{
	const char *chain = NULL, *rule = NULL, *file = NULL;
	unsigned int number = 0;

	if (pkt->chain != CHAIN_NONE) {
		chain = ruleset_chain_name(ruleset, pkt->chain);
		file = ruleset_chain_file(ruleset, pkt->chain);
		number = ruleset_chain_line(ruleset, pkt->chain);
	}
	if (pkt->rule != RULE_NONE) {
		rule = ruleset_rule_name(ruleset, pkt->rule);
		file = ruleset_rule_file(ruleset, pkt->rule);
		number = ruleset_rule_line(ruleset, pkt->rule);
	}
	set_string(line, "chain", chain);
	set_string(line, "rule", rule);
	set_path(line, "file", file);
	set(line, "line", number == 0 ? json_null() : json_integer(number));
}

// The names of the flags as in rules, separated by commas.
static json_t *
tcp_flags(uint8_t flags)
{
	char text[64] = "none"; // room for all names
	size_t len = 0;

	for (unsigned int bit = 0; bit < 8; bit++) {
		if ((flags & (1u << bit)) != 0)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
						len == 0 ? "" : ",", tcp_flag_name(bit));
	}
	return json_string(text);
}

// Describes the packet. Layer 4 fields that could not be read are left out.
static void
add_packet(json_t *line, const struct pkt *pkt)
{
	const struct tuple *tuple = &pkt->tuple;
	const bool is_ip = pkt->family != FAMILY_NONE;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	set_string(line, "proto", is_ip ? proto_name(tuple->proto) : NULL);
	set(line, "protonum", is_ip ? json_integer(tuple->proto) : json_null());
	set_string(line, "src", is_ip ? address_format(pkt->family, &tuple->src, src) : NULL);
	set_string(line, "dst", is_ip ? address_format(pkt->family, &tuple->dst, dst) : NULL);
	set(line, "sport", pkt->has_ports ? json_integer(tuple->src_field) : json_null());
	set(line, "dport", pkt->has_ports ? json_integer(tuple->dst_field) : json_null());
	if (!is_ip && pkt->fault != FAULT_ETHERNET_SHORT) {
		set_number(line, "ethertype", pkt->ethertype);
	} else if (tuple->proto == PROTO_TCP && pkt->has_tuple && pkt->l4_len > TCP_FLAGS_OFFSET) {
		set(line, "tcp_flags", tcp_flags(pkt->tcp_flags));
	} else if (pkt->has_tuple && tuple_is_icmp(tuple)) {
		set_number(line, "type", pkt->icmp_type);
		set_number(line, "code", pkt->icmp_code);
	}
}

// How a rejected packet was answered, or why it was not.
static void
add_answer(json_t *line, const struct pkt *pkt)
{
	if (pkt->verdict != VERDICT_REJECT)
		return;
	set_string(line, "answer", answer_name(pkt->answer));
	if (pkt->answer == ANSWER_NONE)
		set_string(line, "why", silence_name(pkt->silence));
}

json_t *
verdict_json(const struct snapshot *snapshot, uint64_t seq, const struct pkt *pkt, uint64_t time_ns)
{
	static const char *const dirs[] = {
		[DIR_ORIG] = "orig", [DIR_REPLY] = "reply", [DIR_NONE] = NULL};
	json_t *line = json_object();

	CONTRACT(pkt->verdict != VERDICT_PENDING);
	CONTRACT(pkt->in_port < snapshot->config->n_ports);
	set_number(line, "n", seq);
	set(line, "ts", json_real((double)time_ns / (double)NS_PER_SEC));
	set_string(line, "port", snapshot->config->ports[pkt->in_port].name);
	set_string(line, "verdict", verdict_name(pkt->verdict));
	set_string(line, "reason", reason_name(pkt->reason));
	add_decision(line, snapshot->ruleset, pkt);
	add_answer(line, pkt);
	add_packet(line, pkt);
	if (pkt->fault != FAULT_NONE)
		set_string(line, "fault", fault_name(pkt->fault));
	set_string(line, "state", class_name(pkt->class));
	set_string(line, "dir", dirs[pkt->dir]);
	set(line, "conn", pkt->conn_id == 0 ? json_null() : json_integer((json_int_t)pkt->conn_id));
	set(line, "entry", entry(pkt));
	return line;
}
