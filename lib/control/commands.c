// SPDX-License-Identifier: BSD-3-Clause
#include "control/commands.h"

#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_lcore.h>
#include <rte_version.h>

#include "control/cursor.h"

static void command_root(const struct appliance *appliance, uint64_t none, struct answer *answer);
static void command_protocol(const struct appliance *appliance, uint64_t none,
			     struct answer *answer);
static void command_help(const struct appliance *appliance, uint64_t index, struct answer *answer);

// Commands outside of /sallyport/ have the names and answers of DPDK's, for its tools.
static const struct command commands[] = {
	{"/", PARAMETER_NONE, ANSWER_LIST, command_root, "Returns the commands."},
	{"/eal/heap_info", PARAMETER_HEAP, ANSWER_OBJECT, command_heap_info,
	 "Returns how much of a heap is free. Parameters: its number"},
	{"/eal/heap_list", PARAMETER_NONE, ANSWER_LIST, command_heap_list,
	 "Returns the numbers of EAL's heaps, one per NUMA node."},
	{"/ethdev/info", PARAMETER_DEVICE, ANSWER_OBJECT, command_device_info,
	 "Returns what a device is. Parameters: its number"},
	{"/ethdev/link_status", PARAMETER_DEVICE, ANSWER_OBJECT, command_device_link,
	 "Returns the link of a device. Parameters: its number"},
	{"/ethdev/list", PARAMETER_NONE, ANSWER_LIST, command_device_list,
	 "Returns the numbers of the ports' devices."},
	{"/ethdev/stats", PARAMETER_DEVICE, ANSWER_OBJECT, command_device_stats,
	 "Returns the counters of a device. Parameters: its number"},
	{"/ethdev/xstats", PARAMETER_DEVICE, ANSWER_OBJECT, command_device_xstats,
	 "Returns the counters of a device by its driver's names. Parameters: its number"},
	{"/help", PARAMETER_COMMAND, ANSWER_OBJECT, command_help,
	 "Returns what a command does. Parameters: the command"},
	{"/info", PARAMETER_NONE, ANSWER_OBJECT, command_protocol,
	 "Returns the version of DPDK, the process and the longest answer."},
	{"/sallyport/info", PARAMETER_NONE, ANSWER_OBJECT, command_info,
	 "Returns what runs and since when."},
	{"/sallyport/stats", PARAMETER_NONE, ANSWER_OBJECT, command_stats,
	 "Returns packets by what became of them."},
	{"/sallyport/ports", PARAMETER_CURSOR, ANSWER_OBJECT, command_ports,
	 "Returns ports and their counters."},
	{"/sallyport/workers", PARAMETER_CURSOR, ANSWER_OBJECT, command_workers,
	 "Returns workers and their counters."},
	{"/sallyport/stages", PARAMETER_CURSOR, ANSWER_OBJECT, command_stages,
	 "Returns stages and chains in order."},
	{"/sallyport/pipeline", PARAMETER_CURSOR, ANSWER_OBJECT, command_stages,
	 "Is another name of /sallyport/stages."},
	{"/sallyport/cycles", PARAMETER_CURSOR, ANSWER_OBJECT, command_cycles,
	 "Returns the cycles of each part of the workers' loop, if they are measured."},
	{"/sallyport/turns", PARAMETER_CURSOR, ANSWER_OBJECT, command_turns,
	 "Returns how many turns of the workers' loop took how long."},
	{"/sallyport/rules", PARAMETER_CURSOR, ANSWER_OBJECT, command_rules,
	 "Returns rules and policies with their counters. Parameters: cursor"},
	{"/sallyport/metrics", PARAMETER_CURSOR, ANSWER_OBJECT, command_metrics,
	 "Returns all metrics, with what they mean. Parameters: cursor of the page before"},
	{"/sallyport/ct/count", PARAMETER_NONE, ANSWER_OBJECT, command_ct_count,
	 "Returns how many connections there are."},
	{"/sallyport/ct/list", PARAMETER_CURSOR, ANSWER_OBJECT, command_ct_list,
	 "Returns connections, a page at a time. Parameters: cursor of the page before"},
	{"/sallyport/ct/get", PARAMETER_TEXT, ANSWER_OBJECT, NULL,
	 "Returns one connection. Parameters: its tuple, as proto=udp src=10.0.0.1 ...",
	 command_ct_get},
	{"/sallyport/ct/delete", PARAMETER_TEXT, ANSWER_OBJECT, NULL,
	 "Deletes connections, a page at a time. Parameters: cursor=N and a filter, as proto=udp "
	 "...",
	 command_ct_delete},
	{"/sallyport/ct/flush", PARAMETER_CURSOR, ANSWER_OBJECT, command_ct_flush,
	 "Deletes all connections, a page at a time. Parameters: cursor of the page before"},
	{"/sallyport/ct/unconfirmed", PARAMETER_CURSOR, ANSWER_OBJECT, command_ct_unconfirmed,
	 "Returns connections no rule has accepted yet. Parameters: cursor"},
	{"/sallyport/ct/dying", PARAMETER_CURSOR, ANSWER_OBJECT, command_ct_dying,
	 "Returns connections that have left the table. Parameters: cursor"},
	{"/sallyport/ct/stats", PARAMETER_NONE, ANSWER_OBJECT, command_ct_stats,
	 "Returns connection tracking's counters."},
};

static const struct command *
find(const char *path)
{
	for (unsigned int i = 0; i < RTE_DIM(commands); i++) {
		if (strcmp(commands[i].path, path) == 0)
			return &commands[i];
	}
	return NULL;
}

static bool
parse_none(const struct appliance *appliance, const struct command *command, const char *text,
	   uint64_t *number)
{
	(void)appliance;
	(void)command;
	*number = 0;
	return text == NULL;
}

static bool
parse_cursor(const struct appliance *appliance, const struct command *command, const char *text,
	     uint64_t *number)
{
	(void)appliance;
	(void)command;
	return cursor_parse(text, number);
}

static bool
parse_device(const struct appliance *appliance, const struct command *command, const char *text,
	     uint64_t *number)
{
	(void)command;
	if (text == NULL || !cursor_parse(text, number))
		return false;
	for (unsigned int i = 0; i < appliance_config(appliance)->n_ports; i++) {
		struct port_status status = appliance_port(appliance, i);

		if (status.is_open && status.ethdev == *number)
			return true;
	}
	return false;
}

static bool
parse_heap(const struct appliance *appliance, const struct command *command, const char *text,
	   uint64_t *number)
{
	(void)appliance;
	(void)command;
	return text != NULL && cursor_parse(text, number) && *number < rte_socket_count();
}

static bool
parse_command(const struct appliance *appliance, const struct command *command, const char *text,
	      uint64_t *number)
{
	const struct command *named = text == NULL ? command : find(text);

	(void)appliance;
	*number = named == NULL ? 0 : (uint64_t)(named - commands);
	return named != NULL;
}

static const struct {
	bool (*parse)(const struct appliance *appliance, const struct command *command,
		      const char *text, uint64_t *number);
	const char *error; // NULL: the answer is null, as DPDK's is
} parameters[PARAMETERS] = {
	[PARAMETER_NONE] = {parse_none, "this command takes no parameter"},
	[PARAMETER_CURSOR] = {parse_cursor, "the cursor is not a number"},
	[PARAMETER_DEVICE] = {parse_device, NULL},
	[PARAMETER_HEAP] = {parse_heap, NULL},
	[PARAMETER_COMMAND] = {parse_command, NULL},
};

static void
answer_error(const struct command *command, const char *error, struct answer_space *space)
{
	struct answer answer = answer_begin(space, command->path, ANSWER_OBJECT);

	answer_string(&answer, "error", error);
	answer_end(space);
}

void
command_answer(const struct appliance *appliance, const char *path, const char *parameter,
	       struct answer_space *space)
{
	const struct command *command = find(path);
	const char *error;
	struct answer answer;
	uint64_t number = 0;

	if (command == NULL) {
		answer_none(space, path);
		return;
	}
	error = parameters[command->parameter].error;
	if (command->parameter == PARAMETER_TEXT) {
		answer = answer_begin(space, path, command->kind);
		command->reader(appliance, parameter == NULL ? "" : parameter, &answer);
		answer_end(space);
	} else if (parameters[command->parameter].parse(appliance, command, parameter, &number)) {
		answer = answer_begin(space, path, command->kind);
		command->handler(appliance, number, &answer);
		answer_end(space);
		if (space->is_short)
			answer_error(command, "the answer is too long", space);
	} else if (error != NULL) {
		answer_error(command, error, space);
	} else {
		answer_none(space, path);
	}
}

static void
command_root(const struct appliance *appliance, uint64_t none, struct answer *answer)
{
	(void)appliance;
	(void)none;
	for (unsigned int i = 0; i < RTE_DIM(commands); i++)
		answer_string(answer, NULL, commands[i].path);
}

static void
command_protocol(const struct appliance *appliance, uint64_t none, struct answer *answer)
{
	(void)appliance;
	(void)none;
	answer_string(answer, "version", rte_version());
	answer_number(answer, "pid", (uint64_t)getpid());
	answer_number(answer, "max_output_len", ANSWER_BYTES_MAX);
}

static void
command_help(const struct appliance *appliance, uint64_t index, struct answer *answer)
{
	(void)appliance;
	answer_string(answer, commands[index].path, commands[index].help);
}

void
command_greet(struct answer_space *space)
{
	struct answer answer = answer_bare(space);

	command_protocol(NULL, 0, &answer);
	answer_end(space);
}
