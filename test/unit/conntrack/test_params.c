// SPDX-License-Identifier: BSD-3-Clause
//
// The defaults are those of the kernel's sysctls
// (Documentation/networking/nf_conntrack-sysctl.rst), and the keys are their names without
// nf_conntrack_ and without timeout_.
#include "conntrack/params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
	const char *key;
	uint32_t sec;
} sysctls[] = {
	{"tcp_syn_sent", 120},
	{"tcp_syn_recv", 60},
	{"tcp_established", 432000},
	{"tcp_fin_wait", 120},
	{"tcp_close_wait", 60},
	{"tcp_last_ack", 30},
	{"tcp_time_wait", 120},
	{"tcp_close", 10},
	{"tcp_max_retrans", 300},
	{"tcp_unacknowledged", 300},
	{"udp", 30},
	{"udp_stream", 120},
	{"icmp", 30},
	{"icmpv6", 30},
	{"gre", 30},
	{"gre_stream", 180},
	{"sctp_closed", 10},
	{"sctp_cookie_wait", 3},
	{"sctp_cookie_echoed", 3},
	{"sctp_established", 210},
	{"sctp_shutdown_sent", 3},
	{"sctp_shutdown_recd", 3},
	{"sctp_shutdown_ack_sent", 3},
	{"sctp_heartbeat_sent", 30},
	{"dccp_request", 240},
	{"dccp_respond", 480},
	{"dccp_partopen", 480},
	{"dccp_open", 43200},
	{"dccp_closereq", 64},
	{"dccp_closing", 64},
	{"dccp_timewait", 240},
	{"generic", 600},
};

#define N_SYSCTLS (sizeof(sysctls) / sizeof(sysctls[0]))

static void
every_timeout_has_the_default_of_its_sysctl(void **state)
{
	struct ct_params params;

	(void)state;
	ct_params_init(&params);
	assert_int_equal(CT_TIMEOUT_COUNT, N_SYSCTLS);
	for (size_t i = 0; i < N_SYSCTLS; i++) {
		assert_string_equal(ct_timeout_key((enum ct_timeout)i), sysctls[i].key);
		assert_int_equal(params.timeouts_sec[i], sysctls[i].sec);
	}
}

static void
every_switch_has_the_default_of_its_sysctl(void **state)
{
	struct ct_params params;

	(void)state;
	ct_params_init(&params);
	assert_true(params.checksum);
	assert_true(params.tcp_loose);
	assert_false(params.tcp_be_liberal);
	assert_false(params.tcp_ignore_invalid_rst);
	assert_int_equal(params.tcp_max_retrans, 3);
	assert_true(params.lane);
	assert_true(params.accounting); // ours: the kernel has it off
	assert_int_equal(params.max_connections, 1048576);
}

static void
helpers_have_names(void **state)
{
	(void)state;
	assert_null(ct_helper_name(CT_HELPER_NONE));
	assert_string_equal(ct_helper_name(CT_HELPER_FTP), "ftp");
	assert_string_equal(ct_helper_name(CT_HELPER_TFTP), "tftp");
	assert_string_equal(ct_helper_name(CT_HELPER_PPTP), "pptp");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_timeout_has_the_default_of_its_sysctl),
		cmocka_unit_test(every_switch_has_the_default_of_its_sysctl),
		cmocka_unit_test(helpers_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
