// SPDX-License-Identifier: BSD-3-Clause
//
// What a replay demands of its own parts is checked where contracts are (base/contract.h).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "replay/backlog.h"
#include "replay/change.h"
#include "replay/cut.h"
#include "replay/link.h"
#include "replay/replay.h"
#include "replay/side.h"
#include "replay/verdict.h"
#include "util/death.h"

static void
find_what_has_not_come(void *backlog)
{
	backlog_find(backlog, 2);
}

static void
find_what_is_done_with(void *backlog)
{
	backlog_find(backlog, 0);
}

static void
pop_too_often(void *backlog)
{
	backlog_pop(backlog);
	backlog_pop(backlog);
}

static void
apply_what_was_not_compiled(void *change)
{
	change_apply(change, NULL, 0);
}

static void
make_ethernet_of_ethernet(void *packet)
{
	link_make_ethernet(link_find(LINK_ETHERNET), packet, 64, packet);
}

static void
make_ethernet_of_half_a_header(void *packet)
{
	link_make_ethernet(link_find(113), packet, 15, packet); // LINUX_SLL has 16
}

static void
cut_before_parsing(void *pkt)
{
	cut_find(pkt, 0);
}

static void
tell_before_judging(void *pkt)
{
	verdict_json(NULL, 1, pkt, 0);
}

static void
replay_without_workers(void *errors)
{
	static const struct replay_options options = {.burst = 1};

	replay_run(NULL, &options, errors);
}

static void
replay_in_bursts_too_long(void *errors)
{
	static const struct replay_options options = {.workers = 1, .burst = BURST_MAX + 1};

	replay_run(NULL, &options, errors);
}

static void
broken_ones_end_the_process(void **state)
{
	struct backlog backlog;
	struct change change = {0};
	struct pkt pkt = {.verdict = VERDICT_PENDING};
	struct errors errors;
	uint8_t packet[64] = {0};

	(void)state;
	skip_without_contracts();
	errors_init(&errors);
	backlog_init(&backlog);
	backlog_push(&backlog, 0, 64, 64);
	assert_dies(find_what_has_not_come, &backlog, "backlog_find: broken contract: number >=");
	assert_dies(find_what_is_done_with, &backlog, "backlog_find: broken contract: number >=");
	assert_dies(pop_too_often, &backlog, "backlog_find: broken contract: number >=");
	assert_dies(apply_what_was_not_compiled, &change,
		    "change_apply: broken contract: change->");
	assert_dies(make_ethernet_of_ethernet, packet,
		    "link_make_ethernet: broken contract: link->");
	assert_dies(make_ethernet_of_half_a_header, packet, "link_make_ethernet: broken contract");
	assert_dies(cut_before_parsing, &pkt, "cut_find: broken contract: pkt->l3_off > 0");
	assert_dies(tell_before_judging, &pkt, "verdict_json: broken contract: pkt->verdict !=");
	assert_dies(replay_without_workers, &errors,
		    "replay_run: broken contract: options->workers");
	assert_dies(replay_in_bursts_too_long, &errors,
		    "replay_run: broken contract: options->burst");
	backlog_fini(&backlog);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_ones_end_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
