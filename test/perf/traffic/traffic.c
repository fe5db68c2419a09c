// SPDX-License-Identifier: BSD-3-Clause
//
// Makes the captures that test/perf plays: the same bytes on every machine. It prints as JSON what
// they hold. See --help.
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"

static uint32_t
imix(struct traffic *traffic)
{
	pattern_imix(traffic);
	return 0;
}

static uint32_t
drawn(struct traffic *traffic)
{
	pattern_drawn(traffic);
	return 0;
}

static uint32_t
single(struct traffic *traffic)
{
	pattern_single(traffic);
	return 0;
}

static uint32_t
brief(struct traffic *traffic)
{
	pattern_short(traffic);
	return 0;
}

static const struct pattern {
	const char *name;
	uint32_t (*write)(struct traffic *traffic); // returns the bytes a direction has sent
	bool can_tcp;
	bool can_udp;
} patterns[] = {
	{"established", pattern_established, true, true},
	{"drawn", drawn, false, true},
	{"imix", imix, false, true},
	{"single", single, false, true},
	{"short", brief, true, false},
};

struct arguments {
	struct traffic traffic;
	const struct pattern *pattern;
	const char *beginning;
	const char *output;
	double n_flows;
	double n_packets;
	double zipf;
};

static const struct argp_option options[] = {
	{"flows", 'n', "N", 0, "how many flows (default: 1000)", 0},
	{"packets", 'p', "N", 0, "how many packets, about (default: two per flow)", 0},
	{"tcp", 't', NULL, 0, "TCP, not UDP", 0},
	{"ipv6", '6', NULL, 0, "IPv6, not IPv4", 0},
	{"zipf", 'z', "S", 0, "drawn, imix: flows send by Zipf's law with this exponent", 0},
	{"beginning", 'b', "FILE", 0, "what comes once before, so that the flows are there", 0},
	{NULL, 0, NULL, 0, NULL, 0},
};

static const struct pattern *
find_pattern(const char *name)
{
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (strcmp(patterns[i].name, name) == 0)
			return &patterns[i];
	}
	return NULL;
}

static void
check(const struct argp_state *state, const struct arguments *arguments)
{
	const struct flow_family *family = &arguments->traffic.family;

	if (state->arg_num != 2)
		argp_usage(state);
	if (arguments->n_flows < 1 || arguments->n_flows > FLOWS_MAX)
		argp_error(state, "flows: 1 to %u", FLOWS_MAX);
	if (family->is_tcp ? !arguments->pattern->can_tcp : !arguments->pattern->can_udp)
		argp_error(state, "%s is for %s", arguments->pattern->name,
			   family->is_tcp ? "UDP" : "TCP");
}

static error_t
parse(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'n':
		arguments->n_flows = strtod(value, NULL);
		return 0;
	case 'p':
		arguments->n_packets = strtod(value, NULL);
		return 0;
	case 't':
		arguments->traffic.family.is_tcp = true;
		return 0;
	case '6':
		arguments->traffic.family.is_ipv6 = true;
		return 0;
	case 'z':
		arguments->zipf = strtod(value, NULL);
		return 0;
	case 'b':
		arguments->beginning = value;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num == 1)
			arguments->output = value;
		else if (state->arg_num == 0)
			arguments->pattern = find_pattern(value);
		if (arguments->pattern == NULL)
			argp_error(state, "there is no pattern \"%s\"", value);
		return 0;
	case ARGP_KEY_END:
		check(state, arguments);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void
open_or_exit(struct traffic *traffic, const char *path)
{
	if (capture_open(&traffic->capture, path) == 0)
		return;
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	exit(EXIT_FAILURE);
}

static uint64_t
close_or_exit(struct traffic *traffic, const char *path)
{
	if (capture_close(&traffic->capture) == 0)
		return traffic->capture.n;
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	exit(EXIT_FAILURE);
}

int
main(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		parse,
		"PATTERN FILE",
		"Writes a capture.\vPATTERN is one of: established, drawn, imix, single, short.",
		NULL,
		NULL,
		NULL};
	struct arguments arguments = {.n_flows = 1000};
	struct traffic *traffic = &arguments.traffic;
	uint64_t n_beginning = 0;
	uint32_t advance;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	traffic->n_packets =
		(uint64_t)(arguments.n_packets > 0 ? arguments.n_packets : 2 * arguments.n_flows);
	if (order_create(&traffic->order, (uint32_t)arguments.n_flows, arguments.zipf) != 0) {
		fprintf(stderr, "no memory for %.0f flows\n", arguments.n_flows);
		return EXIT_FAILURE;
	}
	if (arguments.beginning != NULL) {
		open_or_exit(traffic, arguments.beginning);
		pattern_beginning(traffic);
		n_beginning = close_or_exit(traffic, arguments.beginning);
	}
	open_or_exit(traffic, arguments.output);
	advance = arguments.pattern->write(traffic);
	printf("{\"flows\": %u, \"beginning\": %" PRIu64 ", \"packets\": %" PRIu64
	       ", \"advance\": %u}\n",
	       traffic->order.n_flows, n_beginning, close_or_exit(traffic, arguments.output),
	       traffic->family.is_tcp ? advance : 0);
	order_destroy(&traffic->order);
	return EXIT_SUCCESS;
}
