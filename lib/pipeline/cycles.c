// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/cycles.h"

static const char *const parts[CYCLES_PARTS] = {
	[CYCLES_RECEIVE] = "receive",     [CYCLES_PARSE] = "parse",
	[CYCLES_STATELESS] = "stateless", [CYCLES_CONNTRACK] = "conntrack",
	[CYCLES_RULES] = "rules",         [CYCLES_CONFIRM] = "confirm",
	[CYCLES_COUNT] = "count",         [CYCLES_SEND] = "send",
	[CYCLES_REAP] = "reap",
};

const char *
cycles_part_name(enum cycles_part part)
{
	return parts[part];
}
