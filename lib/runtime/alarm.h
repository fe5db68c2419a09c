// SPDX-License-Identifier: BSD-3-Clause
//
// Log lines about a condition that may occur with every packet, few however often it does: one when
// it begins, one per minute with the number, and one after a minute without it. The code that meets
// the condition only counts.
//
// Life cycle: a struct of the caller, alarm_init, then alarm_turn again and again. One thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define ALARM_PERIOD_NS (60 * NS_PER_SEC)

struct alarm {
	const char *what; // a sentence in the present tense, without its full stop
	bool is_on;
	uint64_t seen;     // of the counter, at the last turn
	uint64_t n_period; // since the last line
	uint64_t n_all;    // since the alarm began
	uint64_t due_ns;   // time of the next line, while the alarm is on
};

enum alarm_line { ALARM_NONE, ALARM_BEGINS, ALARM_GOES_ON, ALARM_ENDS };

// Nothing has been counted yet.
// => what stays valid as long as the alarm is used.
void alarm_init(struct alarm *alarm, const char *what);

// Looks at the counter and says which line is to be logged now; *n is then the number for it: what
// has come so far, in the period that is over, in all.
// => The counter never falls.
enum alarm_line alarm_turn(struct alarm *alarm, uint64_t counter, uint64_t now_ns, uint64_t *n);

// The same, and logs the line.
void alarm_log(struct alarm *alarm, uint64_t counter, uint64_t now_ns);
