// SPDX-License-Identifier: BSD-3-Clause
#include "control/commands.h"

#include <rte_common.h>

const struct command commands[] = {
	{"/sallyport/info", false, command_info, "Returns what runs and since when."},
	{"/sallyport/stats", false, command_stats, "Returns packets by what became of them."},
	{"/sallyport/ports", true, command_ports, "Returns ports and their counters."},
	{"/sallyport/workers", true, command_workers, "Returns workers and their counters."},
	{"/sallyport/pipeline", true, command_pipeline, "Returns stages and chains in order."},
	{"/sallyport/stages", true, command_stages,
	 "Returns the cycles of each part of the workers' loop, if they are measured."},
	{"/sallyport/turns", true, command_turns,
	 "Returns how many turns of the workers' loop took how long."},
	{"/sallyport/rules", true, command_rules,
	 "Returns rules and policies with their counters. Parameters: cursor"},
	{"/sallyport/ct/count", false, command_ct_count, "Returns how many connections there are."},
	{"/sallyport/ct/list", true, command_ct_list,
	 "Returns connections, a page at a time. Parameters: cursor of the page before"},
	{"/sallyport/ct/unconfirmed", true, command_ct_unconfirmed,
	 "Returns connections no rule has accepted yet. Parameters: cursor"},
	{"/sallyport/ct/dying", true, command_ct_dying,
	 "Returns connections that have left the table. Parameters: cursor"},
	{"/sallyport/ct/stats", false, command_ct_stats, "Returns connection tracking's counters."},
};

const unsigned int n_commands = RTE_DIM(commands);
