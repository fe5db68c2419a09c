// SPDX-License-Identifier: BSD-3-Clause
//
// What conntrack demands of its callers is checked where contracts are (base/contract.h).
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "util/death.h"
#include "util/eal.h"
#include "util/shard.h"

static void *
reclaim(void *shard)
{
	ct_reclaim(((struct shard *)shard)->ct, ((struct shard *)shard)->now_ns);
	return NULL;
}

static void
reclaim_elsewhere(void *shard)
{
	call_elsewhere(reclaim, shard);
}

static void
track_too_many(void *shard)
{
	ct_track_burst(((struct shard *)shard)->ct, NULL, BURST_MAX + 1, CT_RULES_ONLY_JUDGE);
}

static void
read_beyond_the_slots(void *shard)
{
	const struct ct *ct = ((struct shard *)shard)->ct;
	struct ct_entry entry;

	ct_read(ct, ct_n_slots(ct), CT_CONFIRMED, 0, &entry);
}

static void
grow(void *shard)
{
	struct ct_params params = shard_params();

	params.max_connections++;
	ct_set_params(((struct shard *)shard)->ct, &params);
}

static void
broken_ones_end_the_process(void **state)
{
	struct shard shard;

	(void)state;
	skip_without_contracts();
	shard_open(&shard, &(struct shard_options){0});
	reclaim(&shard); // this thread is the owner now
	assert_dies(reclaim_elsewhere, &shard, "ct_reclaim: broken contract: only its owner");
	assert_dies(track_too_many, &shard, "ct_track_burst: broken contract: n > 0 && n <=");
	assert_dies(read_beyond_the_slots, &shard, "ct_read: broken contract: slot <");
	assert_dies(grow, &shard, "ct_set_params: broken contract: params->max_connections ==");
	shard_close(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_ones_end_the_process),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
