// SPDX-License-Identifier: BSD-3-Clause
//
// What the commands say of an engine of one shard, and of an appliance that has ports on paper
// only.
#include "control/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "util/eal.h"
#include "util/path.h"

#define START_NS   (900 * NS_PER_SEC) // a hundred seconds before a path's clock begins
#define LAN_DEVICE 5

static struct path path;
static struct answer_space space;
static struct reload_report reload_report;
static const unsigned int lcores[] = {7};
static unsigned int n_visits;

static struct rule rules[] = {
	{.name = (char *)"dns",
	 .file = "test.conf",
	 .line = 11,
	 .action = ACTION_ACCEPT,
	 .match = {.n_dport = 1, .dport = &(struct range){53, 53}}},
	{.name = (char *)"replies",
	 .file = "test.conf",
	 .line = 12,
	 .action = ACTION_ACCEPT,
	 .match = {.classes = 1 << CLASS_ESTABLISHED}},
};
static const struct chain chain = {
	.name = (char *)"filter",
	.file = "test.conf",
	.line = 10,
	.policy = ACTION_DROP,
	.n_rules = RTE_DIM(rules),
	.rules = rules,
};

static void
name_devices(struct config *config)
{
	for (unsigned int i = 0; i < config->n_ports; i++)
		config->ports[i].device = (char *)"none";
}

static const struct path_options options = {
	.chains = &chain, .n_chains = 1, .generation = 41, .adjust = name_devices};

static uint64_t
now_ns(const void *context)
{
	const struct path *own = context;

	return own->now_ns;
}

// "lan" has a device with a link, "wan" a device without any data, and the others have none.
static struct port_status
port_status(const void *context, unsigned int port)
{
	struct port_status status = {.steering = "worker", .is_open = port <= WAN};

	(void)context;
	status.ethdev = (uint16_t)(LAN_DEVICE + port);
	status.has_link = status.has_stats = port == LAN;
	status.link.link_status = RTE_ETH_LINK_UP;
	status.link.link_speed = 25000;
	status.stats.ipackets = 1001;
	return status;
}

static void
visit_device(uint16_t ethdev, void (*visit)(uint16_t ethdev, void *context), void *context)
{
	(void)visit;
	(void)context;
	assert_int_equal(ethdev, LAN_DEVICE);
	n_visits++;
}

// The answer as text.
static const char *
ask(const char *command, const char *parameter)
{
	static char text[ANSWER_BYTES_MAX + 1];
	const struct appliance appliance = {
		.engine = path.engine,
		.context = &path,
		.reload_report = &reload_report,
		.lcores = lcores,
		.started_ns = START_NS,
		.now_ns = now_ns,
		.port = port_status,
		.visit_device = visit_device,
	};

	command_answer(&appliance, command, parameter, &space);
	memcpy(text, space.bytes, space.len);
	text[space.len] = '\0';
	return text;
}

#define assert_says(command, parameter, part)                                                      \
	assert_true(strstr(ask(command, parameter), part) != NULL)

static void
send_udp(bool is_reply, uint16_t port)
{
	struct frame frame;

	frame_begin(&frame);
	frame_ethernet(&frame);
	frame_ip(&frame, is_reply ? "10.2.0.2" : "10.1.0.2", is_reply ? "10.1.0.2" : "10.2.0.2");
	frame_udp(&frame, is_reply ? port : 5000, is_reply ? 5000 : port);
	frame_end(&frame);
	path_one(&path, &frame, is_reply ? WAN : LAN);
}

// A question to a name server, its answer, and a packet that no rule accepts.
static int
open_engine(void **state)
{
	(void)state;
	path_open(&path, &options);
	send_udp(false, 53);
	send_udp(true, 53);
	send_udp(false, 54);
	return 0;
}

static int
close_engine(void **state)
{
	(void)state;
	path_close(&path);
	return 0;
}

static void
connections_are_counted(void **state)
{
	(void)state;
	assert_string_equal(ask("/sallyport/ct/count", NULL),
			    "{\"/sallyport/ct/count\":{\"confirmed\":1,\"unconfirmed\":0,"
			    "\"dying\":0,\"capacity\":256}}");
	assert_says("/sallyport/ct/stats", NULL,
		    "{\"created\":2,\"confirmed\":1,\"discarded\":1,\"destroyed\":0,");
}

static void
connections_are_listed(void **state)
{
	const char *list;

	(void)state;
	list = ask("/sallyport/ct/list", NULL);
	assert_non_null(strstr(list, "\"src\":\"10.1.0.2\",\"dst\":\"10.2.0.2\""));
	assert_non_null(strstr(list, "\"cursor\":0}}"));
	assert_null(strstr(list, "54"));
	assert_string_equal(ask("/sallyport/ct/dying", NULL),
			    "{\"/sallyport/ct/dying\":{\"count\":0,\"entries\":{},\"cursor\":0}}");
	assert_says("/sallyport/ct/list", "1099511627776", "\"error\"");
	assert_says("/sallyport/ct/list", "x", "\"error\":\"the cursor is not a number\"");
}

static void
packets_are_counted(void **state)
{
	(void)state;
	assert_says("/sallyport/stats", NULL, "{\"packets\":3,");
	assert_says("/sallyport/stats", NULL, "\"accepted\":2,\"rejected\":0,");
	assert_says("/sallyport/stats", NULL, "\"default\":1,");
	assert_says("/sallyport/stats", NULL,
		    "\"classes\":{\"new\":2,\"established\":1,\"related\":0,");
}

static void
rules_and_policies_have_their_counters(void **state)
{
	(void)state;
	assert_says("/sallyport/rules", NULL,
		    "\"0\":{\"chain\":\"filter\",\"kind\":\"rule\",\"name\":\"dns\","
		    "\"file\":\"test.conf\",\"line\":11,\"action\":\"accept\",\"packets\":1,");
	assert_says("/sallyport/rules", NULL,
		    "\"name\":\"replies\",\"file\":\"test.conf\","
		    "\"line\":12,\"action\":\"accept\",\"packets\":1,");
	assert_says("/sallyport/rules", "2",
		    "\"2\":{\"chain\":\"filter\",\"kind\":\"policy\",\"file\":\"test.conf\","
		    "\"line\":10,\"action\":\"drop\",\"packets\":1,");
	assert_says("/sallyport/rules", "3", "\"error\":\"the cursor is beyond the list\"");
}

static void
stages_stand_in_their_order(void **state)
{
	const char *stages, *conntrack, *filter, *confirm;

	(void)state;
	stages = ask("/sallyport/pipeline", NULL);
	conntrack = strstr(stages, "\"name\":\"conntrack\"");
	filter = strstr(stages, "\"name\":\"filter\",\"kind\":\"chain\",\"priority\":0,"
				"\"policy\":\"drop\",\"rules\":2}");
	confirm = strstr(stages, "\"name\":\"confirm\"");
	assert_true(conntrack != NULL && conntrack < filter && filter < confirm);
}

static void
what_runs_is_told(void **state)
{
	(void)state;
	assert_says("/sallyport/info", NULL, "\"started_sec\":900,\"uptime_sec\":100,");
	assert_says("/sallyport/info", NULL, "\"workers\":1,\"generation\":41,\"connections\":1,");
	assert_says("/sallyport/workers", NULL, "\"0\":{\"worker\":0,\"lcore\":7,\"turns\":0,");
	worker_stats_turn(engine_worker_stats(path.engine, 0), 3, 0, 1000);
	assert_says("/sallyport/workers", NULL, "\"turns\":1,\"busy_turns\":1,");
	assert_says("/sallyport/turns", NULL,
		    "\"10\":{\"below_ns\":1024,\"busy\":1,\"reaping\":0,\"requests\":0}},"
		    "\"cursor\":0}}");
}

static void
ports_are_those_of_the_appliance(void **state)
{
	(void)state;
	assert_says("/sallyport/ports", NULL,
		    "\"peer\":\"wan\",\"steering\":\"worker\",\"link\":\"up\","
		    "\"speed_mbps\":25000,\"rx_packets\":1001,");
	assert_says("/sallyport/ports", NULL,
		    "\"1\":{\"name\":\"wan\",\"device\":\"none\",\"ethdev\":6,\"peer\":\"lan\","
		    "\"steering\":\"worker\"}");
	assert_says("/sallyport/ports", "2", "\"steering\":\"worker\",\"link\":\"gone\"}");
	assert_string_equal(ask("/ethdev/list", NULL), "{\"/ethdev/list\":[5,6]}");
	n_visits = 0;
	assert_string_equal(ask("/ethdev/info", "5"), "{\"/ethdev/info\":{}}");
	assert_int_equal(n_visits, 1);
	assert_string_equal(ask("/ethdev/info", "7"), "{\"/ethdev/info\":null}");
}

static void
a_new_configuration_is_told_with_new_counters(void **state)
{
	struct path_options next = options;

	(void)state;
	next.generation = 42;
	path_change(&path, &next);
	assert_says("/sallyport/info", NULL, "\"generation\":42,\"connections\":1,");
	assert_says("/sallyport/rules", NULL, "\"line\":11,\"action\":\"accept\",\"packets\":0,");
	send_udp(true, 53);
	assert_says("/sallyport/rules", "1", "\"line\":12,\"action\":\"accept\",\"packets\":1,");
}

static void
what_came_of_a_reload_is_told(void **state)
{
	struct errors errors;

	(void)state;
	assert_says("/sallyport/info", NULL, "\"reload\":{\"ended\":0,\"loading\":0}");
	errors_init(&errors);
	errors_add(&errors, "test.conf", 3, "wrong");
	reload_report_begin(&reload_report);
	assert_says("/sallyport/info", NULL, "\"reload\":{\"ended\":0,\"loading\":1}");
	reload_report_end(&reload_report, &errors, START_NS);
	errors_fini(&errors);
	assert_says("/sallyport/info", NULL,
		    "\"reload\":{\"ended\":1,\"loading\":0,\"ended_sec\":900,"
		    "\"result\":\"refused\",\"errors\":1,\"error_1\":\"test.conf:3: wrong\"}");
}

static void
what_is_no_command_has_no_answer(void **state)
{
	(void)state;
	assert_string_equal(ask("/sallyport/nothing", NULL), "{\"/sallyport/nothing\":null}");
	assert_says("/sallyport/stats", "1", "\"error\":\"this command takes no parameter\"");
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, open_engine, close_engine)
	const struct CMUnitTest tests[] = {
		TEST(connections_are_counted),
		TEST(connections_are_listed),
		TEST(packets_are_counted),
		TEST(rules_and_policies_have_their_counters),
		TEST(stages_stand_in_their_order),
		TEST(what_runs_is_told),
		TEST(ports_are_those_of_the_appliance),
		TEST(a_new_configuration_is_told_with_new_counters),
		TEST(what_came_of_a_reload_is_told),
		TEST(what_is_no_command_has_no_answer),
	};

	return cmocka_run_group_tests_name("commands", tests, test_eal_start, test_eal_stop);
}
