// SPDX-License-Identifier: BSD-3-Clause
//
// sallyctl: queries a running sallyport. The command line becomes a question, the answer a table or
// JSON.
//
// Exit status: 0 done; 1 no such connection, no answer, or not an answer of sallyport; 2 usage.
#include <argp.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "app/ctl_client.h"
#include "app/ctl_delete.h"
#include "app/ctl_entry.h"
#include "app/ctl_metrics.h"
#include "app/ctl_output.h"
#include "app/ctl_reload.h"
#include "app/ctl_socket.h"
#include "app/ctl_stream.h"
#include "report/filter.h"
#include "report/report.h"

#define EXIT_USAGE 2

const char *argp_program_version = "sallyctl " SALLYPORT_VERSION;

struct command;

// The parsed command line.
struct words {
	char name[32]; // of the command: its words with a blank between them
	const struct command *command;
	bool is_json;
	bool has_filter;
	bool is_dry_run;
	bool is_prometheus;
	const char *socket; // NULL: that of the file prefix
	const char *file_prefix;
	struct ct_filter filter;
	char filter_text[CTL_FILTER_SIZE]; // the same, as it is sent
};

struct command {
	const char *name;
	const char *path;
	int (*run)(struct ctl_client *client, const struct words *words);
	const char *member;               // of an answer that has the rows of a list
	const struct ctl_column *columns; // of its table
	const char *help;
	bool is_streamed; // the list may also come over the faster stream
	bool takes_filter;
	bool takes_dry_run;
	const char *alias; // another name; NULL: none
};

// Printing can fail only for lack of memory. Returns the result unchanged.
static int
report_printing(int result)
{
	if (result != 0)
		fputs("sallyctl: no memory\n", stderr);
	return result;
}

static int
run_object(struct ctl_client *client, const struct words *words)
{
	json_t *answer = ctl_client_ask(client, words->command->path);
	int result = 0;

	if (answer == NULL)
		return -1;
	if (words->is_json) {
		json_dumpf(answer, stdout, REPORT_JSON_FLAGS | JSON_INDENT(1));
		fputc('\n', stdout);
	} else {
		result = report_printing(ctl_print_object(answer, stdout));
	}
	json_decref(answer);
	return result;
}

static int
take_element(void *context, json_t *row)
{
	ctl_array_add(context, row);
	return 0;
}

static int
take_line(void *context, json_t *row)
{
	return report_printing(ctl_table_add(context, row));
}

static int
run_list(struct ctl_client *client, const struct words *words)
{
	const struct command *command = words->command;
	struct ctl_array array = {.out = stdout};
	struct ctl_table table;
	int result;

	if (words->is_json) {
		result = ctl_client_list(client, command->path, command->member, take_element,
					 &array);
		if (result == 0)
			ctl_array_end(&array);
		return result;
	}
	if (report_printing(ctl_table_init(&table, command->columns)) != 0)
		return -1;
	result = ctl_client_list(client, command->path, command->member, take_line, &table);
	if (result == 0)
		result = report_printing(ctl_table_print(&table, stdout));
	ctl_table_fini(&table);
	return result;
}

struct connections {
	const struct words *words;
	struct ctl_array array;
	uint64_t n_shown;
};

static void
take_connection(void *context, const struct ct_entry *entry)
{
	struct connections *connections = context;
	char text[REPORT_TEXT_SIZE];

	if (!ct_filter_holds(&connections->words->filter, entry))
		return;
	connections->n_shown++;
	if (connections->words->is_json)
		ctl_array_add_text(&connections->array, text, report_entry_json(entry, text));
	else
		fwrite(text, 1, report_entry_line(entry, text), stdout);
}

static int
take_row(void *context, json_t *row)
{
	struct ct_entry entry;

	if (ctl_entry_from_row(row, &entry) != 0) {
		ctl_report("malformed connection");
		return -1;
	}
	take_connection(context, &entry);
	return 0;
}

// From the stream, or page by page if there is none. The stream has confirmed connections only.
static int
list_connections(struct ctl_client *client, const struct command *command,
		 struct connections *connections)
{
	if (command->is_streamed) {
		struct ctl_stream stream;
		int result;

		if (ctl_stream_open(&stream, client->path) != 0)
			return -1;
		if (stream.socket >= 0) {
			result = ctl_stream_list(&stream, take_connection, connections);
			ctl_stream_close(&stream);
			return result;
		}
	}
	return ctl_client_list(client, command->path, command->member, take_row, connections);
}

static int
run_connections(struct ctl_client *client, const struct words *words)
{
	struct connections connections = {.words = words, .array = {.out = stdout}};
	int result = list_connections(client, words->command, &connections);

	if (result != 0)
		return result;
	if (words->is_json)
		ctl_array_end(&connections.array);
	else
		fprintf(stderr, "sallyctl: %" PRIu64 " flow entries have been shown.\n",
			connections.n_shown);
	return 0;
}

static int
run_get(struct ctl_client *client, const struct words *words)
{
	struct ct_entry entry;
	char text[REPORT_TEXT_SIZE];
	json_t *row = NULL;
	int result = ctl_get(client, words->command->path, words->filter_text, &row);

	if (result == 0 && row == NULL) {
		ctl_report("there is no such connection");
		return -1;
	}
	if (result == 0 && ctl_entry_from_row(row, &entry) != 0) {
		ctl_report("malformed connection");
		result = -1;
	}
	if (result == 0 && words->is_json)
		printf("%.*s\n", (int)report_entry_json(&entry, text), text);
	else if (result == 0)
		fwrite(text, 1, report_entry_line(&entry, text), stdout);
	json_decref(row);
	return result;
}

static const struct command *find_command(const char *name);

// Shows what would be deleted, without a change and without a request to a worker.
static int
run_dry(struct ctl_client *client, const struct words *words)
{
	struct connections connections = {.words = words, .array = {.out = stdout}};
	int result;

	if (words->is_json)
		printf("{\"connections\": ");
	result = list_connections(client, find_command("ct list"), &connections);
	if (result != 0)
		return result;
	if (words->is_json) {
		ctl_array_end(&connections.array);
		printf(", \"would_delete\": %" PRIu64 "}\n", connections.n_shown);
	} else {
		fprintf(stderr, "sallyctl: %" PRIu64 " connections would be deleted\n",
			connections.n_shown);
	}
	return words->command->takes_filter && connections.n_shown == 0 ? -1 : 0;
}

// Deleting nothing is a failure, unless it was a flush of an empty table.
static int
run_delete(struct ctl_client *client, const struct words *words)
{
	const struct command *command = words->command;
	uint64_t n_deleted;
	int result;

	if (words->is_dry_run)
		return run_dry(client, words);
	result = ctl_delete(client, command->path,
			    command->takes_filter ? words->filter_text : NULL, &n_deleted);
	if (words->is_json)
		printf("{\"deleted\": %" PRIu64 "}\n", n_deleted);
	else
		printf("%" PRIu64 " connections deleted\n", n_deleted);
	return command->takes_filter && n_deleted == 0 ? -1 : result;
}

static int
run_reload(struct ctl_client *client, const struct words *words)
{
	(void)words;
	return ctl_reload(client);
}

static int
run_metrics(struct ctl_client *client, const struct words *words)
{
	return ctl_metrics(client, words->command->path,
			   words->is_prometheus ? OPENMETRICS_PROMETHEUS : OPENMETRICS_TEXT,
			   words->is_json);
}

static const struct ctl_column port_columns[] = {
	{"PORT", "name", false},
	{"DEVICE", "device", false},
	{"PEER", "peer", false},
	{"STEERING", "steering", false},
	{"LINK", "link", false},
	{"MBIT/S", "speed_mbps", true},
	{"RX-PACKETS", "rx_packets", true},
	{"RX-BYTES", "rx_bytes", true},
	{"RX-MISSED", "rx_missed", true},
	{"RX-ERRORS", "rx_errors", true},
	{"RX-NO-MBUF", "rx_no_mbuf", true},
	{"TX-PACKETS", "tx_packets", true},
	{"TX-BYTES", "tx_bytes", true},
	{"TX-ERRORS", "tx_errors", true},
	{NULL, NULL, false},
};

static const struct ctl_column worker_columns[] = {
	{"WORKER", "worker", true},
	{"LCORE", "lcore", true},
	{"TURNS", "turns", true},
	{"BUSY", "busy_turns", true},
	{"RECEIVED", "received", true},
	{"SENT", "sent", true},
	{"HANDED-OVER", "handed_over", true},
	{"CONNECTIONS", "connections", true},
	{NULL, NULL, false},
};

static const struct ctl_column stage_columns[] = {
	{"PRIORITY", "priority", true}, {"NAME", "name", false},  {"KIND", "kind", false},
	{"POLICY", "policy", false},    {"RULES", "rules", true}, {NULL, NULL, false},
};

static const struct ctl_column part_columns[] = {
	{"PART", "part", false},      {"CYCLES", "cycles", true},
	{"PACKETS", "packets", true}, {"CYCLES/PACKET", "cycles_per_packet", true},
	{NULL, NULL, false},
};

static const struct ctl_column turn_columns[] = {
	{"BELOW-NS", "below_ns", true}, {"BUSY", "busy", true}, {"REAPING", "reaping", true},
	{"REQUESTS", "requests", true}, {NULL, NULL, false},
};

static const struct ctl_column rule_columns[] = {
	{"CHAIN", "chain", false},    {"KIND", "kind", false},  {"RULE", "name", false},
	{"FILE", "file", false},      {"LINE", "line", true},   {"ACTION", "action", false},
	{"PACKETS", "packets", true}, {"BYTES", "bytes", true}, {NULL, NULL, false},
};

static const struct command commands[] = {
	{"info", "/sallyport/info", run_object, NULL, NULL, "what runs and since when"},
	{"reload", "/sallyport/info", run_reload, NULL, NULL,
	 "load the configuration anew, and say what came of it"},
	{"stats", "/sallyport/stats", run_object, NULL, NULL, "packets by what became of them"},
	{"ports", "/sallyport/ports", run_list, "ports", port_columns, "ports and their counters"},
	{"workers", "/sallyport/workers", run_list, "workers", worker_columns,
	 "workers and their counters"},
	{"stages", "/sallyport/stages", run_list, "stages", stage_columns,
	 "stages and chains in order", .alias = "pipeline"},
	{"cycles", "/sallyport/cycles", run_list, "parts", part_columns,
	 "cycles of each part of the workers' loop"},
	{"turns", "/sallyport/turns", run_list, "turns", turn_columns,
	 "how long turns of the workers' loop take"},
	{"rules", "/sallyport/rules", run_list, "rules", rule_columns,
	 "rules and policies with their counters"},
	{"metrics", "/sallyport/metrics", run_metrics, NULL, NULL,
	 "all metrics, as OpenMetrics text"},
	{"ct count", "/sallyport/ct/count", run_object, NULL, NULL,
	 "how many connections there are"},
	{"ct list", "/sallyport/ct/list", run_connections, "entries", NULL,
	 "the connections, in the format of conntrack -L", true, true},
	{"ct get", "/sallyport/ct/get", run_get, NULL, NULL,
	 "the connection of a tuple: protocol, addresses, ports or the like", .takes_filter = true},
	{"ct delete", "/sallyport/ct/delete", run_delete, NULL, NULL,
	 "delete the connections that pass a filter", .takes_filter = true, .takes_dry_run = true},
	{"ct flush", "/sallyport/ct/flush", run_delete, NULL, NULL, "delete all connections",
	 .takes_dry_run = true},
	{"ct unconfirmed", "/sallyport/ct/unconfirmed", run_connections, "entries", NULL,
	 "those no rule has accepted yet"},
	{"ct dying", "/sallyport/ct/dying", run_connections, "entries", NULL,
	 "those that have left the table"},
	{"ct stats", "/sallyport/ct/stats", run_object, NULL, NULL,
	 "connection tracking's counters"},
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

enum { KEY_SOCKET = 256, KEY_FILE_PREFIX, KEY_DRY_RUN, KEY_PROMETHEUS, KEY_FILTER };

static const struct argp_option plain_options[] = {
	{"json", 'j', NULL, 0, "print JSON", 1},
	{"socket", KEY_SOCKET, "PATH", 0, "telemetry socket to ask", 1},
	{"file-prefix", KEY_FILE_PREFIX, "PREFIX", 0,
	 "ask the sallyport that was started with --file-prefix PREFIX (rte)", 1},
	{"dry-run", KEY_DRY_RUN, NULL, 0, "of ct delete and ct flush: show what would be deleted",
	 1},
	{"prometheus", KEY_PROMETHEUS, NULL, 0, "print metrics in Prometheus' text format", 1},
	{NULL, 0, NULL, 0, "Filters of ct list and ct delete, and the tuple of ct get:", 2},
};

#define N_PLAIN_OPTIONS (sizeof(plain_options) / sizeof(plain_options[0]))
#define FILTERS_MAX     32

// The key of a filter's option: its letter, or a number of its own.
static int
option_key(unsigned int filter)
{
	return filter_key(filter)->letter != 0 ? filter_key(filter)->letter
					       : KEY_FILTER + (int)filter;
}

// All options: the plain ones, then each filter with its aliases, then the end.
static const struct argp_option *
make_options(void)
{
	static struct argp_option
		options[N_PLAIN_OPTIONS + (size_t)FILTERS_MAX * (1 + FILTER_ALIASES) + 1];
	struct argp_option *next = options + N_PLAIN_OPTIONS;

	assert(filter_n_keys() <= FILTERS_MAX);
	memcpy(options, plain_options, sizeof(plain_options));
	for (unsigned int i = 0; i < filter_n_keys(); i++) {
		const struct filter_key *key = filter_key(i);

		*next++ = (struct argp_option){
			key->name, option_key(i), key->argument, 0, key->help, 2,
		};
		for (int a = 0; a < FILTER_ALIASES && key->aliases[a] != NULL; a++)
			*next++ = (struct argp_option){.name = key->aliases[a],
						       .flags = OPTION_ALIAS};
	}
	return options;
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		const char *alias = commands[i].alias;

		if (strcmp(commands[i].name, name) == 0 ||
		    (alias != NULL && strcmp(alias, name) == 0))
			return &commands[i];
	}
	return NULL;
}

static void
add_word(struct words *words, const char *word, const struct argp_state *state)
{
	size_t len = strlen(words->name);
	int added = snprintf(words->name + len, sizeof(words->name) - len, "%s%s",
			     len == 0 ? "" : " ", word);

	if (added < 0 || (size_t)added >= sizeof(words->name) - len)
		argp_error(state, "unknown command \"%s...\"", words->name);
}

// The filter is sent as "NAME=TEXT NAME=TEXT".
static bool
add_filter_text(struct words *words, const char *name, const char *text)
{
	size_t len = strlen(words->filter_text);
	int added = snprintf(words->filter_text + len, sizeof(words->filter_text) - len, "%s%s=%s",
			     len == 0 ? "" : " ", name, text);

	return strlen(text) < FILTER_TEXT_SIZE && added > 0 &&
	       (size_t)added < sizeof(words->filter_text) - len;
}

// Returns 0, or ARGP_ERR_UNKNOWN when no filter has this key.
static error_t
set_filter(struct words *words, int key, const char *text, const struct argp_state *state)
{
	for (unsigned int i = 0; i < filter_n_keys(); i++) {
		const char *name = filter_key(i)->name;
		const char *wrong;

		if (option_key(i) != key)
			continue;
		wrong = filter_set(&words->filter, name, text);
		if (wrong == NULL && !add_filter_text(words, name, text))
			wrong = "the filter is too long";
		if (wrong != NULL)
			argp_error(state, "--%s %s: %s", name, text, wrong);
		words->has_filter = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

// A command that changes something, or that needs one connection, is checked before it is sent.
static void
check_filter(const struct words *words, const struct argp_state *state)
{
	const struct command *command = words->command;
	struct tuple tuple;
	const char *wrong;

	if (words->has_filter && !command->takes_filter)
		argp_error(state, "%s takes no filter", command->name);
	if (words->is_dry_run && !command->takes_dry_run)
		argp_error(state, "%s takes no --dry-run", command->name);
	if (command->run == run_delete && command->takes_filter && filter_is_empty(&words->filter))
		argp_error(state, "ct delete needs a filter; ct flush deletes all connections");
	if (command->run != run_get)
		return;
	wrong = filter_tuple(&words->filter, &tuple);
	if (wrong != NULL)
		argp_error(state, "ct get: %s", wrong);
}

static void
finish(struct words *words, const struct argp_state *state)
{
	if (words->name[0] == '\0')
		argp_error(state, "no command is given");
	words->command = find_command(words->name);
	if (words->command == NULL)
		argp_error(state, "unknown command \"%s\"", words->name);
	else if (words->is_prometheus && words->command->run != run_metrics)
		argp_error(state, "%s is not printed in that format", words->command->name);
	else if (words->is_prometheus && words->is_json)
		argp_error(state, "--json and --prometheus are two formats");
	else
		check_filter(words, state);
}

static error_t
parse(int key, char *text, struct argp_state *state)
{
	struct words *words = state->input;

	switch (key) {
	case 'j':
		words->is_json = true;
		return 0;
	case KEY_PROMETHEUS:
		words->is_prometheus = true;
		return 0;
	case KEY_SOCKET:
		words->socket = text;
		return 0;
	case KEY_FILE_PREFIX:
		words->file_prefix = text;
		return 0;
	case KEY_DRY_RUN:
		words->is_dry_run = true;
		return 0;
	case ARGP_KEY_ARG:
		add_word(words, text, state);
		return 0;
	case ARGP_KEY_END:
		finish(words, state);
		return 0;
	default:
		return set_filter(words, key, text, state);
	}
}

// The commands, before the options.
static char *
filter_help(int key, const char *text, void *input)
{
	char *help = NULL;
	size_t len = 0;
	FILE *memory;

	(void)input;
	if (key != ARGP_KEY_HELP_PRE_DOC)
		return (char *)(uintptr_t)text;
	memory = open_memstream(&help, &len);
	if (memory == NULL)
		return (char *)(uintptr_t)text;
	fprintf(memory, "%s\n\n", text);
	for (size_t i = 0; i < N_COMMANDS; i++) {
		fprintf(memory, "  %-14s  %s\n", commands[i].name, commands[i].help);
		if (commands[i].alias != NULL)
			fprintf(memory, "  %-14s  the same as %s\n", commands[i].alias,
				commands[i].name);
	}
	fclose(memory);
	return help;
}

static int
run(const struct words *words)
{
	char path[PATH_MAX];
	struct ctl_client client;
	int result;

	if (words->socket == NULL && ctl_socket_path(words->file_prefix, path, sizeof(path)) != 0) {
		fputs("sallyctl: the name of the socket is too long\n", stderr);
		return -1;
	}
	if (ctl_client_open(&client, words->socket == NULL ? path : words->socket) != 0)
		return -1;
	result = words->command->run(&client, words);
	ctl_client_close(&client);
	errno = 0;
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "sallyctl: cannot write: %s\n", strerror(errno));
		return -1;
	}
	return result;
}

int
main(int argc, char **argv)
{
	const struct argp argp = {
		make_options(), parse,       "COMMAND", "Asks a running sallyport.",
		NULL,           filter_help, NULL};
	struct words words = {.file_prefix = "rte"};

	argp_err_exit_status = EXIT_USAGE;
	argv[0] = program_invocation_short_name; // for messages
	argp_parse(&argp, argc, argv, 0, NULL, &words);
	return run(&words) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
