// SPDX-License-Identifier: BSD-3-Clause
//
// The lane changes no answer: random packets in random bursts, with random rules, reloads,
// deletions and expiry in between, through an engine whose packets may take the lane and through
// one whose packets may not. Of every packet everything that can be told is compared, and every
// counter, every event, every answer, and all connections at intervals and in the end.
//
// SALLYPORT_LANE_STEPS: packets, default 400,000. SALLYPORT_TEST_SEED chooses the sequence
// (test/util/random.h), SALLYPORT_LANE_SCENE one of its scenes alone. A difference is shown with as
// few acts, packets and rules as it takes.
#include "engine/engine.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conntrack/metrics.h"
#include "pipeline/metrics.h"
#include "play.h"
#include "shrink.h"
#include "util/eal.h"
#include "util/random.h"

#define N_STEPS          400000
#define LANE_MIN_PERCENT 10

static struct scene scene;
static struct record with_lane, without;

static uint64_t
number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoull(text, NULL, 0);
}

// Plays the scene both ways. Returns false, with the first difference, when they are not alike.
static bool
is_alike(const struct scene *played, char text[RECORD_TEXT_MAX])
{
	bool is_same;

	record_fini(&with_lane);
	record_fini(&without);
	scene_play(played, true, &with_lane);
	scene_play(played, false, &without);
	is_same = record_is_same(&with_lane, &without, played->wants_entries, text);
	return is_same;
}

static bool
shows(const struct scene *played)
{
	char text[RECORD_TEXT_MAX];

	return !is_alike(played, text);
}

static void
report(char text[RECORD_TEXT_MAX])
{
	printf("%s\n", text);
	fflush(stdout); // to find as little as shows it takes a while
	scene_shrink(&scene, shows);
	is_alike(&scene, text);
	scene_print(&scene);
	fail_msg("seed %" PRIu64 ", scene %u: %s", scene.seed, scene.number, text);
}

// What has happened in all scenes: of everything something, and mostly what goes on.
static void
check_mixture(const struct pipeline_stats *stats, const struct ct_stats *ct)
{
	for (int class = CLASS_NEW; class < CLASS_COUNT; class ++)
		assert_true(stats->classes[class] > 0);
	assert_true(stats->classes[CLASS_ESTABLISHED] > stats->packets / 2);
	for (int kind = 0; kind < ANSWER_COUNT; kind++)
		assert_true(stats->answers[kind] > 0);
	assert_true(stats->handed_over > 0 && stats->dropped[REASON_HANDOFF_FULL] > 0);
	assert_true(stats->dropped[REASON_TX_FULL] > 0 && stats->dropped[REASON_FRAG_TIMEOUT] > 0);
	assert_true(ct->expired > 0 && ct->deleted > 0 && ct->expected > 0);
	assert_true(ct->early_drop > 0 && ct->table_full > 0);
	assert_true(ct->events_lost > 0 && ct->events_late > 0);
}

static void
the_lane_changes_no_answer(void **state)
{
	const uint64_t n_steps = number_from("SALLYPORT_LANE_STEPS", N_STEPS);
	const uint64_t only = number_from("SALLYPORT_LANE_SCENE", UINT64_MAX);
	const unsigned int first = only == UINT64_MAX ? 0 : (unsigned int)only;
	const uint64_t n_scenes =
		only == UINT64_MAX ? (n_steps + SCENE_PACKETS - 1) / SCENE_PACKETS : 1;
	const uint64_t seed = random_seed();
	const uint64_t n_packets = n_scenes * SCENE_PACKETS;
	struct pipeline_stats stats = {0};
	struct ct_stats ct_stats = {0};
	uint64_t n_in_lane = 0;
	char text[RECORD_TEXT_MAX];

	(void)state;
	for (unsigned int i = first; i < first + n_scenes; i++) {
		scene_make(&scene, seed, i);
		if (!is_alike(&scene, text))
			report(text);
		metrics_add(&pipeline_metrics, &stats, &with_lane.stats);
		metrics_add(&ct_metrics, &ct_stats, &with_lane.ct_stats);
		n_in_lane += with_lane.n_in_lane;
		assert_int_equal(without.n_in_lane, 0);
		scene_fini(&scene);
	}
	record_fini(&with_lane);
	record_fini(&without);
	print_message("seed %" PRIu64 ": %" PRIu64 " packets compared, %" PRIu64
		      " of them took the lane\n",
		      seed, n_packets, n_in_lane);
	if (only != UINT64_MAX)
		return;
	check_mixture(&stats, &ct_stats);
	assert_true(n_in_lane >= n_packets * LANE_MIN_PERCENT / 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lane_changes_no_answer),
	};

	return cmocka_run_group_tests_name("engine_lane_alike", tests, test_eal_start,
					   test_eal_stop);
}
