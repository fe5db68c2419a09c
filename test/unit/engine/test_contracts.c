// SPDX-License-Identifier: BSD-3-Clause
//
// What an engine demands of its driver is checked where contracts are (base/contract.h).
#include "engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/reload_report.h"
#include "engine/sums.h"
#include "packet/parse.h"
#include "util/death.h"
#include "util/eal.h"
#include "util/mbuf.h"
#include "util/path.h"

#define GENERATION 7

static struct path path;

static struct changeover *
make_changeover(uint32_t generation, unsigned int n_workers)
{
	struct changeover *changeover;
	struct errors errors;

	errors_init(&errors);
	changeover = changeover_create(&path.config, generation, n_workers, &errors);
	errors_print(&errors, stderr);
	assert_non_null(changeover);
	errors_fini(&errors);
	return changeover;
}

static void
create_without_workers(void *none)
{
	(void)none;
	engine_create(&(struct engine_config){.secret = path_secret()});
}

static void
enter_a_worker_too_many(void *none)
{
	(void)none;
	engine_pipeline(path.engine, 2);
}

static void
receive_more_than_a_burst(void *none)
{
	struct burst burst;

	(void)none;
	engine_receive(path.engine, 0, &burst, BURST_MAX + 1);
}

static void
pause_amid_a_packet(void *none)
{
	static const struct engine_bounds bounds = {.reap = 1};

	(void)none;
	engine_between_bursts(path.engine, 0, path.now_ns, &bounds);
}

static void
serve_amid_a_packet(void *none)
{
	(void)none;
	engine_serve(path.engine, 0, path.now_ns);
}

static void
publish(void *changeover)
{
	engine_publish(path.engine, changeover);
}

static void *
retire(void *none)
{
	engine_retire(path.engine);
	return none;
}

static void
retire_elsewhere(void *none)
{
	call_elsewhere(retire, none);
}

static void
read_a_counter_too_many(void *none)
{
	(void)none;
	engine_rule_counter(path.engine, ruleset_n_counters(path.snapshot->ruleset));
}

static void
end_a_reload_that_was_not_begun(void *report)
{
	reload_report_end(report, NULL, 0);
}

static void
open_path(void)
{
	static const struct chain chain = {.name = (char *)"filter", .policy = ACTION_ACCEPT};

	skip_without_contracts();
	path_open(&path, &(struct path_options){
				 .chains = &chain,
				 .n_chains = 1,
				 .enable = CT_ENABLE_ALWAYS,
				 .n_workers = 2,
				 .generation = GENERATION,
			 });
}

static void
broken_ones_end_the_process(void **state)
{
	struct reload_report report = {0};

	(void)state;
	open_path();
	assert_dies(create_without_workers, NULL, "engine_create: broken contract: config->n_wor");
	assert_dies(enter_a_worker_too_many, NULL, "worker_of: broken contract: index <");
	assert_dies(receive_more_than_a_burst, NULL, "engine_receive: broken contract: worker <");
	assert_dies(retire_elsewhere, NULL, "engine_retire: broken contract: only the main thread");
	assert_dies(read_a_counter_too_many, NULL, "engine_rule_counter: broken contract: index <");
	assert_dies(end_a_reload_that_was_not_begun, &report,
		    "reload_report_end: broken contract: report->is_loading");
	path_close(&path);
}

// A changeover is for all workers, of another generation, and the only one.
static void
changeovers_follow_each_other(void **state)
{
	static const struct engine_bounds bounds = {.reap = 1};
	struct changeover *other;

	(void)state;
	open_path();
	other = make_changeover(GENERATION + 1, 1);
	assert_dies(publish, other, "engine_publish: broken contract: engine->changeover == NULL");
	changeover_destroy(other);
	engine_publish(path.engine, make_changeover(GENERATION + 1, 2));
	other = make_changeover(GENERATION + 2, 2);
	assert_dies(publish, other, "engine_publish: broken contract: engine->changeover == NULL");
	changeover_destroy(other);
	engine_between_bursts(path.engine, 0, path.now_ns, &bounds);
	engine_between_bursts(path.engine, 1, path.now_ns, &bounds);
	assert_true(engine_retire(path.engine));
	other = make_changeover(GENERATION + 1, 2);
	assert_dies(publish, other, "engine_publish: broken contract: changeover->snapshot->gener");
	changeover_destroy(other);
	path_close(&path);
}

// An unconfirmed connection is that of a packet that is being judged.
static void
there_is_no_packet_between_bursts(void **state)
{
	struct pkt pkt, *pkts[] = {&pkt};
	struct frame frame;

	(void)state;
	open_path();
	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, "10.1.0.2", "10.2.0.2");
	frame_udp(&frame, 1000, 53);
	frame_end(&frame);
	pkt_init(&pkt, mbuf_from_frame(&frame), LAN, 1, path.now_ns);
	packet_parse(&pkt);
	ct_track_burst(path.ct, pkts, 1, CT_RULES_ONLY_JUDGE);
	assert_dies(pause_amid_a_packet, NULL, "engine_between_bursts: broken contract: ct_count(");
	assert_dies(serve_amid_a_packet, NULL, "engine_serve: broken contract: ct_count(");
	pkt_drop(&pkt, REASON_RULE);
	ct_release_burst(path.ct, pkts, 1);
	rte_pktmbuf_free(pkt.mbuf);
	path_close(&path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_ones_end_the_process),
		cmocka_unit_test(changeovers_follow_each_other),
		cmocka_unit_test(there_is_no_packet_between_bursts),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
