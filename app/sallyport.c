// SPDX-License-Identifier: BSD-3-Clause
//
// sallyport: run, replay, check. Command line in, exit status out; the work is in lib/.
//
// Exit status: 0 done; 1 the configuration or a capture is bad; 2 usage; 3 run did not get what it
// needs from the machine. The service manager tells them apart: only the last may succeed when
// retried.
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/number.h"
#include "check/check.h"
#include "config/load.h"
#include "control/control.h"
#include "replay/overlap.h"
#include "replay/replay.h"
#include "runtime/runtime.h"
#include "sizing/machine.h"

#define EXIT_USAGE   2
#define EXIT_MACHINE 3
#define CAPTURES_MAX 64
#define OUTPUTS_MAX  6

const char *argp_program_version = "sallyport " SALLYPORT_VERSION;

// The parsed command line of any command.
struct words {
	const char *config;
	// replay
	struct {
		const char *port; // NULL: the first port of the first wire
		const char *path;
	} captures[CAPTURES_MAX];
	unsigned int n_captures;
	bool names_ports;
	struct output_paths outputs;
	unsigned int workers;
	unsigned int burst;
	uint32_t settle_sec;
	bool accepts_cut;
	uint8_t seed[HASH_SEED_BYTES];
	struct replay_change changes[REPLAY_CHANGES_MAX];
	unsigned int n_changes;
	const char *side_port; // NULL: no --side is given
	struct side side;
};

enum {
	KEY_VERDICTS = 256,
	KEY_TABLE,
	KEY_EVENTS,
	KEY_ACCEPTED,
	KEY_DROPPED,
	KEY_ANSWERS,
	KEY_SEED,
	KEY_AT,
	KEY_WORKERS,
	KEY_BURST,
	KEY_SETTLE,
	KEY_PORT,
	KEY_CUT,
	KEY_SIDE,
};

static const struct argp_option config_options[] = {
	{"config", 'c', "FILE", 0, "configuration (required)", 0},
	{0},
};

static const struct argp_option replay_options[] = {
	{"config", 'c', "FILE", 0, "configuration (required)", 0},
	{"port", KEY_PORT, "NAME=CAPTURE", 0, "packets of CAPTURE come in at port NAME; repeatable",
	 0},
	{"side", KEY_SIDE, "NAME=MAC|PREFIX", 0,
	 "packets of the one CAPTURE that are from there come in at port NAME, all others at the "
	 "other end of its wire; repeatable",
	 0},
	{"verdicts", KEY_VERDICTS, "FILE", 0, "write a JSON line per packet", 0},
	{"table", KEY_TABLE, "FILE", 0, "write the table at the end, a JSON array", 0},
	{"events", KEY_EVENTS, "FILE", 0, "write a JSON line per connection event", 0},
	{"accepted", KEY_ACCEPTED, "FILE", 0, "write accepted packets, a capture", 0},
	{"dropped", KEY_DROPPED, "FILE", 0, "write dropped and rejected packets, a capture", 0},
	{"answers", KEY_ANSWERS, "FILE", 0, "write what the firewall itself sent, a pcapng", 0},
	{"seed", KEY_SEED, "HEX", 0, "up to 32 digits from which every secret comes (fixed)", 0},
	{"at", KEY_AT, "N=FILE", 0,
	 "load configuration FILE just before packet N; repeatable, in the order of N", 0},
	{"cut", KEY_CUT, "drop|accept", 0,
	 "packets that the capture cut short: drop, or judge their headers", 0},
	{"workers", KEY_WORKERS, "N", 0, "workers that share the flows (1)", 0},
	{"burst", KEY_BURST, "N", 0, "packets judged together, 1 to 64 (32)", 0},
	{"settle", KEY_SETTLE, "SECONDS", 0, "virtual time after the last packet (0)", 0},
	{0},
};

static unsigned int
number(const char *text, const char *option, unsigned long low, unsigned long high,
       const struct argp_state *state)
{
	uint64_t value = 0;

	if (!number_parse(text, high, &value) || value < low)
		argp_error(state, "--%s %s: a number from %lu to %lu is needed", option, text, low,
			   high);
	return (unsigned int)value;
}

static void
add_capture(struct words *words, char *text, const struct argp_state *state, bool has_port)
{
	char *path = text;

	if (words->n_captures == CAPTURES_MAX)
		argp_error(state, "%d captures are the most", CAPTURES_MAX);
	if (has_port) {
		path = strchr(text, '=');
		if (path == NULL || path == text || path[1] == '\0') {
			argp_error(state, "--port %s: NAME=CAPTURE is needed", text);
			return;
		}
		*path++ = '\0';
	}
	words->names_ports = has_port;
	words->captures[words->n_captures].port = has_port ? text : NULL;
	words->captures[words->n_captures].path = path;
	words->n_captures++;
}

static void
add_side(struct words *words, char *text, const struct argp_state *state)
{
	char *address = strchr(text, '=');
	char why[CFG_WHY_SIZE];

	if (address == NULL || address == text || address[1] == '\0') {
		argp_error(state, "--side %s: NAME=MAC or NAME=PREFIX is needed", text);
		return;
	}
	*address++ = '\0';
	if (words->side_port != NULL && strcmp(words->side_port, text) != 0)
		argp_error(state, "--side is about one port, %s or %s", words->side_port, text);
	words->side_port = text;
	if (!side_add(&words->side, address, why))
		argp_error(state, "--side %s=%s: %s", text, address, why);
}

static void
add_change(struct words *words, char *text, const struct argp_state *state)
{
	char *path = strchr(text, '=');
	struct replay_change *change = &words->changes[words->n_changes];

	if (path == NULL || path == text || path[1] == '\0') {
		argp_error(state, "--at %s: N=FILE is needed", text);
		return;
	}
	if (words->n_changes == REPLAY_CHANGES_MAX) {
		argp_error(state, "%d --at are the most", REPLAY_CHANGES_MAX);
		return;
	}
	*path++ = '\0';
	*change = (struct replay_change){number(text, "at", 1, UINT32_MAX, state), path};
	if (words->n_changes > 0 && change[-1].n > change->n)
		argp_error(state, "--at %s: packet %u comes before that of the --at before", path,
			   (unsigned int)change->n);
	words->n_changes++;
}

// Missing digits at the end are zeros.
static void
read_seed(struct words *words, const char *text, const struct argp_state *state)
{
	const size_t n = strlen(text);

	memset(words->seed, 0, sizeof(words->seed));
	if (n == 0 || n > 2 * sizeof(words->seed) || strspn(text, "0123456789abcdefABCDEF") != n)
		argp_error(state, "--seed %s: 1 to %zu hexadecimal digits are needed", text,
			   2 * sizeof(words->seed));
	for (size_t i = 0; i < n && i < 2 * sizeof(words->seed); i++) {
		const char digit[] = {text[i], '\0'};
		const unsigned long value = strtoul(digit, NULL, 16);

		words->seed[i / 2] |= (uint8_t)(value << (i % 2 == 0 ? 4 : 0));
	}
}

// The option of every command: its configuration.
static error_t
parse_config(int key, char *text, struct argp_state *state)
{
	struct words *words = state->input;

	switch (key) {
	case 'c':
		words->config = text;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "%s: one word too many", text);
		return 0;
	case ARGP_KEY_END:
		if (words->config == NULL)
			argp_error(state, "-c FILE is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t
parse_replay(int key, char *text, struct argp_state *state)
{
	struct words *words = state->input;

	switch (key) {
	case KEY_PORT:
		if (words->n_captures > 0 && !words->names_ports)
			argp_error(state, "give one CAPTURE, or a --port for each");
		add_capture(words, text, state, true);
		return 0;
	case KEY_VERDICTS:
		words->outputs.verdicts = text;
		return 0;
	case KEY_TABLE:
		words->outputs.table = text;
		return 0;
	case KEY_EVENTS:
		words->outputs.events = text;
		return 0;
	case KEY_ACCEPTED:
		words->outputs.accepted = text;
		return 0;
	case KEY_DROPPED:
		words->outputs.dropped = text;
		return 0;
	case KEY_ANSWERS:
		words->outputs.answers = text;
		return 0;
	case KEY_AT:
		add_change(words, text, state);
		return 0;
	case KEY_SEED:
		read_seed(words, text, state);
		return 0;
	case KEY_SIDE:
		add_side(words, text, state);
		return 0;
	case KEY_CUT:
		words->accepts_cut = strcmp(text, "accept") == 0;
		if (!words->accepts_cut && strcmp(text, "drop") != 0)
			argp_error(state, "--cut %s: drop or accept is needed", text);
		return 0;
	case KEY_WORKERS:
		words->workers = number(text, "workers", 1, REPLAY_WORKERS_MAX, state);
		return 0;
	case KEY_BURST:
		words->burst = number(text, "burst", 1, BURST_MAX, state);
		return 0;
	case KEY_SETTLE:
		words->settle_sec = number(text, "settle", 0, UINT32_MAX, state);
		return 0;
	case ARGP_KEY_ARG:
		if (words->n_captures > 0)
			argp_error(state, "give one CAPTURE, or a --port for each");
		add_capture(words, text, state, false);
		return 0;
	case ARGP_KEY_END:
		if (words->n_captures == 0)
			argp_error(state, "no CAPTURE is given");
		if (words->side_port != NULL && words->names_ports)
			argp_error(state, "--side goes with one CAPTURE, not with --port");
		return parse_config(key, text, state);
	default:
		return parse_config(key, text, state);
	}
}

// Returns the exit status unchanged.
static int
report(struct errors *errors, int status)
{
	errors_print(errors, log_errors());
	errors_fini(errors);
	return status;
}

// Warnings are printed but are no obstacle.
static void
print_warnings(const struct config *config)
{
	struct errors warnings;

	errors_init(&warnings);
	config_warn(config, machine_n_cpus(), &warnings);
	errors_print(&warnings, log_warnings());
	errors_fini(&warnings);
}

static int
check(int argc, char **argv)
{
	static const struct argp argp = {
		config_options,
		parse_config,
		NULL,
		"Reads a configuration and reports every mistake in it as FILE:LINE: message.",
		NULL,
		NULL,
		NULL};
	static const int statuses[] = {
		[CHECK_GOOD] = EXIT_SUCCESS,
		[CHECK_BAD] = EXIT_FAILURE,
		[CHECK_NO_ANSWER] = EXIT_MACHINE,
	};
	enum check_result result = CHECK_BAD;
	struct words words = {0};
	struct errors errors;
	struct config config;

	argp_parse(&argp, argc, argv, 0, NULL, &words);
	errors_init(&errors);
	if (config_load(&config, words.config, &errors) == 0) {
		print_warnings(&config);
		result = check_config(&config, stdout, &errors);
		config_fini(&config);
	}
	return report(&errors, statuses[result]);
}

// Finds the ports of --side. Returns 0, or -1 with an error added.
static int
resolve_side(struct words *words, const struct config *config, struct errors *errors)
{
	struct side *side = &words->side;

	if (words->side_port == NULL)
		return 0;
	side->port = config_port(config, words->side_port);
	if (side->port == PORT_NONE) {
		errors_add(errors, words->config, 0, "has no port \"%s\" for --side",
			   words->side_port);
		return -1;
	}
	side->other = config_peer(config, side->port);
	if (side->other != PORT_NONE)
		return 0;
	errors_add(errors, words->config, 0,
		   "has no wire with port \"%s\", so --side has nowhere for the others",
		   words->side_port);
	return -1;
}

// Finds the port each capture belongs to.
static int
resolve_ports(const struct words *words, const struct config *config,
	      struct replay_capture captures[], struct errors *errors)
{
	int result = 0;

	for (unsigned int i = 0; i < words->n_captures; i++) {
		const char *name = words->captures[i].port;
		uint8_t port = name == NULL ? config->wires[0].a : config_port(config, name);

		if (port == PORT_NONE) {
			errors_add(errors, words->config, 0, "has no port \"%s\" for %s", name,
				   words->captures[i].path);
			result = -1;
		}
		captures[i] = (struct replay_capture){port, words->captures[i].path};
	}
	return result;
}

// Appends the requested outputs to the n files in the list. Returns the new number of files.
static unsigned int
list_outputs(const struct output_paths *outputs, struct named_file files[], unsigned int n)
{
	const struct named_file written[OUTPUTS_MAX] = {
		{outputs->verdicts, "--verdicts", FILE_OUTPUT},
		{outputs->table, "--table", FILE_OUTPUT},
		{outputs->events, "--events", FILE_OUTPUT},
		{outputs->accepted, "--accepted", FILE_OUTPUT},
		{outputs->dropped, "--dropped", FILE_OUTPUT},
		{outputs->answers, "--answers", FILE_OUTPUT},
	};

	for (size_t i = 0; i < OUTPUTS_MAX; i++) {
		if (written[i].path != NULL)
			files[n++] = written[i];
	}
	return n;
}

// Checks that no input is also an output. Returns 0, or -1 with errors added.
static int
check_files(const struct words *words, struct errors *errors)
{
	struct named_file files[1 + CAPTURES_MAX + REPLAY_CHANGES_MAX + OUTPUTS_MAX];
	unsigned int n = 0;

	files[n++] = (struct named_file){words->config, "--config", FILE_CONFIG};
	for (unsigned int i = 0; i < words->n_captures; i++)
		files[n++] = (struct named_file){words->captures[i].path,
						 words->names_ports ? "--port" : "CAPTURE",
						 FILE_CAPTURE};
	for (unsigned int i = 0; i < words->n_changes; i++)
		files[n++] = (struct named_file){words->changes[i].path, "--at", FILE_CONFIG};
	n = list_outputs(&words->outputs, files, n);
	return overlap_check(files, n, errors);
}

// The same for the files that the configuration includes, which are known once it has been read.
static int
check_included(const struct words *words, const struct config *config, struct errors *errors)
{
	struct named_file *files = calloc(config->n_files + OUTPUTS_MAX, sizeof(*files));
	unsigned int n = 0;
	int result;

	if (files == NULL) {
		errors_add(errors, NULL, 0, "no memory");
		return -1;
	}
	while (n < config->n_files) {
		files[n] = (struct named_file){config->files[n], "@include", FILE_CONFIG};
		n++;
	}
	n = list_outputs(&words->outputs, files, n);
	result = overlap_check(files, n, errors);
	free(files);
	return result;
}

// Replays the captures. Returns the exit status.
static int
replay_with(struct words *words, const struct config *config, struct errors *errors)
{
	struct replay_capture captures[CAPTURES_MAX];
	const struct replay_options options = {
		.captures = captures,
		.n_captures = words->n_captures,
		.outputs = words->outputs,
		.workers = words->workers,
		.burst = words->burst,
		.settle_sec = words->settle_sec,
		.seed = words->seed,
		.changes = words->changes,
		.n_changes = words->n_changes,
		.accepts_cut = words->accepts_cut,
		.side = words->side_port == NULL ? NULL : &words->side,
	};

	if (check_included(words, config, errors) != 0)
		return EXIT_USAGE;
	if ((resolve_ports(words, config, captures, errors) |
	     resolve_side(words, config, errors)) != 0)
		return EXIT_FAILURE;
	return replay_run(config, &options, errors) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
replay(int argc, char **argv)
{
	static const struct argp argp = {
		replay_options,
		parse_replay,
		"CAPTURE\n--port NAME=CAPTURE...",
		"Takes captures through the firewall on a virtual clock. Without any output a "
		"summary is printed; - as a FILE is standard output.",
		NULL,
		NULL,
		NULL};
	struct words words = {.workers = 1, .burst = 32};
	struct errors errors;
	struct config config;
	int status = EXIT_FAILURE;

	side_init(&words.side);
	memcpy(words.seed, replay_seed, sizeof(words.seed));
	argp_parse(&argp, argc, argv, 0, NULL, &words);
	errors_init(&errors);
	if (check_files(&words, &errors) != 0) {
		status = EXIT_USAGE;
	} else if (config_load(&config, words.config, &errors) == 0) {
		status = replay_with(&words, &config, &errors);
		config_fini(&config);
	}
	side_fini(&words.side);
	return report(&errors, status);
}

// Everything after -- is EAL's. Returns the index of its first argument; argc if there is none.
static int
find_dashes(int argc, char **argv)
{
	int i = 0;

	while (i < argc && strcmp(argv[i], "--") != 0)
		i++;
	return i;
}

static int
run(int argc, char **argv)
{
	static const struct argp argp = {
		config_options,
		parse_config,
		"[-- EAL arguments]",
		"Runs the firewall until SIGINT or SIGTERM. What follows -- goes to DPDK's EAL.",
		NULL,
		NULL,
		NULL};
	static const struct runtime_hooks hooks = {
		.started = control_start,
		.changing = control_hold,
		.changed = control_resume,
		.stopping = control_stop,
	};
	int own = find_dashes(argc, argv);
	struct words words = {0};
	static const int statuses[] = {
		[RUNTIME_ENDED] = EXIT_SUCCESS,
		[RUNTIME_BAD_CONFIG] = EXIT_FAILURE,
		[RUNTIME_BAD_ARGUMENTS] = EXIT_USAGE,
		[RUNTIME_NO_MACHINE] = EXIT_MACHINE,
	};
	struct errors errors;
	struct config config;
	int n_eal = own == argc ? 0 : argc - own - 1;
	enum runtime_end end = RUNTIME_BAD_CONFIG;

	argp_parse(&argp, own, argv, 0, NULL, &words);
	errors_init(&errors);
	if (config_load(&config, words.config, &errors) == 0) {
		print_warnings(&config);
		end = runtime_run(&config, n_eal, argv + argc - n_eal, &hooks, &errors);
	}
	return report(&errors, statuses[end]);
}

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"run", run, "run the firewall on its ports"},
	{"replay", replay, "take captures through it"},
	{"check", check, "look for mistakes in a configuration"},
};

static void
print_usage(FILE *out)
{
	fputs("Usage: sallyport COMMAND [OPTION...]\n\n", out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  sallyport %-7s %s\n", commands[i].name, commands[i].help);
	fputs("\nsallyport COMMAND --help tells more, sallyport --version which one this is.\n",
	      out);
}

int
main(int argc, char **argv)
{
	char name[32];

	log_init();
	argp_err_exit_status = EXIT_USAGE;
	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		print_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts(argp_program_version);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		snprintf(name, sizeof(name), "sallyport %s", commands[i].name);
		argv[1] = name;
		return commands[i].main(argc - 1, argv + 1);
	}
	log_line(LOG_PRIORITY_ERROR, "unknown command \"%s\"", argv[1]);
	print_usage(stderr);
	return EXIT_USAGE;
}
