// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/service_core.h"

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_service.h>
#include <rte_service_component.h>

#include "base/contract.h"

#define SCAN_BUDGET     8192 // slots per shard and turn: a million in an eighth of a second
#define SCAN_FASTER     4    // times that when room becomes short
#define ROUND_REST_NS   (UINT64_C(500) * 1000 * NS_PER_USEC) // expired ones go within a second
#define TURN_PAUSE_USEC 1000
#define REST_PAUSE_USEC 10000 // nothing is to be found, but a table may fill up

// Between two rounds over all connections the service core rests while there is room: who looks at
// a connection takes its line away from the worker.
static bool
is_resting(const struct service_core *core, uint64_t now_ns)
{
	return now_ns < core->next_round_ns ||
	       service_can_rest(core->service, tick_from_ns(now_ns));
}

// One turn of the service core; DPDK's service lcore calls it repeatedly.
static int32_t
turn(void *argument)
{
	struct service_core *core = argument;
	uint64_t now_ns = live_clock_ns(core->clock);
	bool is_hurried = service_is_crowded(core->service);
	uint32_t budget = is_hurried ? SCAN_FASTER * SCAN_BUDGET : SCAN_BUDGET;
	unsigned int pause_usec = TURN_PAUSE_USEC;
	tick_t next;

	if (!is_hurried && is_resting(core, now_ns)) {
		service_drain(core->service);
		pause_usec = REST_PAUSE_USEC;
	} else if (service_turn(core->service, tick_from_ns(now_ns), budget, &next)) {
		core->next_round_ns = now_ns + ROUND_REST_NS;
	}
	core->turns++;
	rte_delay_us_sleep(pause_usec);
	return 0;
}

int
service_core_start(struct service_core *core)
{
	struct rte_service_spec spec = {
		.name = "sallyport",
		.callback = turn,
		.callback_userdata = core,
	};
	int result;

	CONTRACT_MAIN_THREAD();
	CONTRACT(!core->is_registered);
	result = rte_service_component_register(&spec, &core->id);
	if (result != 0)
		return result;
	core->is_registered = true;
	rte_service_component_runstate_set(core->id, 1);
	rte_service_runstate_set(core->id, 1);
	result = rte_service_lcore_add(core->lcore);
	if (result == 0)
		result = rte_service_map_lcore_set(core->id, core->lcore, 1);
	return result == 0 ? rte_service_lcore_start(core->lcore) : result;
}

void
service_core_stop(struct service_core *core)
{
	if (!core->is_registered)
		return;
	rte_service_runstate_set(core->id, 0);
	rte_service_lcore_stop(core->lcore);
	rte_eal_wait_lcore(core->lcore);
	rte_service_lcore_del(core->lcore);
	rte_service_component_unregister(core->id);
	core->is_registered = false;
}
