// SPDX-License-Identifier: BSD-3-Clause
//
// What the service core demands of its callers is checked where contracts are (base/contract.h).
#include "service/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "util/death.h"
#include "util/eal.h"
#include "util/shard.h"

static struct shard shard;
static struct service *service;

static void
create_with_an_odd_ring(void *listener)
{
	service_create(&(struct service_config){
		.n_shards = 1, .listener = (service_listener)listener, .event_ring = 3});
}

static void
ask_for_a_shard_too_many(void *none)
{
	(void)none;
	service_events(service, 1);
}

static void
attach_again(void *none)
{
	(void)none;
	service_attach(service, 0, shard.ct);
}

static void *
turn(void *none)
{
	tick_t next;

	service_turn(service, shard_now(&shard), 1000, &next);
	return none;
}

static void
turn_elsewhere(void *none)
{
	call_elsewhere(turn, none);
}

static void
turn_without_a_budget(void *none)
{
	tick_t next;

	(void)none;
	service_turn(service, shard_now(&shard), 0, &next);
}

static void
reap_another(void *none)
{
	(void)none;
	service_reap(service, 0, NULL, shard.now_ns, 1);
}

static void
listen(void *context, const struct ct_event events[], unsigned int n)
{
	(void)context;
	(void)events;
	(void)n;
}

static void
broken_ones_end_the_process(void **state)
{
	(void)state;
	skip_without_contracts();
	shard_open(&shard, &(struct shard_options){0});
	service = service_create(&(struct service_config){.n_shards = 1});
	assert_non_null(service);
	service_attach(service, 0, shard.ct);
	turn(NULL); // this thread has the turns now
	assert_dies(create_with_an_odd_ring, (void *)listen,
		    "service_create: broken contract: config->listener == NULL ||");
	assert_dies(ask_for_a_shard_too_many, NULL, "service_events: broken contract: shard <");
	assert_dies(attach_again, NULL, "service_attach: broken contract: shard <");
	assert_dies(turn_elsewhere, NULL, "service_drain: broken contract: only its owner");
	assert_dies(turn_without_a_budget, NULL, "service_turn: broken contract: budget > 0");
	assert_dies(reap_another, NULL, "service_reap: broken contract: shard <");
	service_destroy(service);
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
