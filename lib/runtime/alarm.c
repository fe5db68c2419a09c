// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/alarm.h"

#include <inttypes.h>

#include "base/contract.h"
#include "base/log.h"

void
alarm_init(struct alarm *alarm, const char *what)
{
	*alarm = (struct alarm){.what = what};
}

static enum alarm_line
end_period(struct alarm *alarm, uint64_t now_ns, uint64_t *n)
{
	*n = alarm->n_period;
	alarm->n_period = 0;
	alarm->due_ns = now_ns + ALARM_PERIOD_NS;
	if (*n > 0)
		return ALARM_GOES_ON;
	*n = alarm->n_all;
	alarm->n_all = 0;
	alarm->is_on = false;
	return ALARM_ENDS;
}

enum alarm_line
alarm_turn(struct alarm *alarm, uint64_t counter, uint64_t now_ns, uint64_t *n)
{
	uint64_t added = counter - alarm->seen;

	CONTRACT(counter >= alarm->seen);
	alarm->seen = counter;
	alarm->n_period += added;
	alarm->n_all += added;
	if (alarm->is_on)
		return now_ns < alarm->due_ns ? ALARM_NONE : end_period(alarm, now_ns, n);
	if (added == 0)
		return ALARM_NONE;
	alarm->is_on = true;
	alarm->due_ns = now_ns + ALARM_PERIOD_NS;
	*n = added;
	return ALARM_BEGINS;
}

void
alarm_log(struct alarm *alarm, uint64_t counter, uint64_t now_ns)
{
	uint64_t n = 0;

	switch (alarm_turn(alarm, counter, now_ns, &n)) {
	case ALARM_NONE:
		return;
	case ALARM_BEGINS:
		log_line(LOG_PRIORITY_WARNING, "%s: %" PRIu64 " so far", alarm->what, n);
		return;
	case ALARM_GOES_ON:
		log_line(LOG_PRIORITY_WARNING, "%s: %" PRIu64 " in the last minute", alarm->what,
			 n);
		return;
	case ALARM_ENDS:
		log_line(LOG_PRIORITY_NOTICE, "%s: not any more, %" PRIu64 " in all", alarm->what,
			 n);
		return;
	}
}
