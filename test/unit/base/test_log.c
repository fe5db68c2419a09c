// SPDX-License-Identifier: BSD-3-Clause
//
// Lines of the log: with sd-daemon(3)'s priority when standard error is the journal, and only then.
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_log.h>

#include <cmocka.h>

// Standard error as a pipe, until it is read.
struct capture {
	int saved;
	int ends[2];
};

// JOURNAL_STREAM names the pipe, or another one.
static void
begin(struct capture *capture, bool is_journal)
{
	char stream[64];
	struct stat status;
	int others[2];

	fflush(stderr);
	capture->saved = dup(STDERR_FILENO);
	assert_int_equal(pipe(capture->ends), 0);
	assert_int_equal(pipe(others), 0);
	assert_int_equal(fstat(is_journal ? capture->ends[1] : others[1], &status), 0);
	close(others[0]);
	close(others[1]);
	assert_int_equal(dup2(capture->ends[1], STDERR_FILENO), STDERR_FILENO);
	close(capture->ends[1]);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_init();
}

// Restores standard error, and compares what was written to it.
static void
assert_written(struct capture *capture, const char *expected)
{
	char text[2 * LOG_LINE_MAX];
	size_t len = 0;
	ssize_t n;

	dup2(capture->saved, STDERR_FILENO);
	close(capture->saved);
	while ((n = read(capture->ends[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(capture->ends[0]);
	text[len] = '\0';
	unsetenv("JOURNAL_STREAM");
	log_init();
	assert_string_equal(text, expected);
}

static void
the_journal_gets_priorities(void **state)
{
	struct capture capture;

	(void)state;
	begin(&capture, true);
	log_line(LOG_PRIORITY_NOTICE, "%s, stopping", "Terminated");
	log_line(LOG_PRIORITY_WARNING, "lcore %u", 7u);
	assert_written(&capture, "<5>Terminated, stopping\n<4>lcore 7\n");
}

// The variable is inherited by programs whose standard error goes elsewhere.
static void
a_variable_for_another_stream_means_nothing(void **state)
{
	struct capture capture;

	(void)state;
	begin(&capture, false);
	log_line(LOG_PRIORITY_NOTICE, "hello");
	fputs("a.conf:1: wrong\n", log_errors());
	assert_written(&capture, "sallyport: hello\na.conf:1: wrong\n");
}

static void
nonsense_in_the_variable_means_nothing(void **state)
{
	static const char *const streams[] = {"", ":", "1", "1:", "1:2:3", "x:y", "1:2 "};

	(void)state;
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		struct capture capture;

		begin(&capture, true);
		setenv("JOURNAL_STREAM", streams[i], 1);
		log_init();
		log_line(LOG_PRIORITY_INFO, "hello");
		assert_written(&capture, "sallyport: hello\n");
	}
}

static void
each_line_of_the_errors_is_an_error(void **state)
{
	struct capture capture;

	(void)state;
	begin(&capture, true);
	fprintf(log_errors(), "a.conf:1: wrong\na.conf:2: ");
	fflush(log_errors());
	fprintf(log_errors(), "wrong, too\n");
	fflush(log_errors());
	assert_written(&capture, "<3>a.conf:1: wrong\n<3>a.conf:2: wrong, too\n");
}

static void
what_dpdk_logs_keeps_its_priority(void **state)
{
	struct capture capture;

	(void)state;
	begin(&capture, true);
	rte_log(RTE_LOG_CRIT, RTE_LOGTYPE_EAL, "EAL: no %s\n", "memory"); // LOG_CRIT is 2
	rte_log(RTE_LOG_WARNING, RTE_LOGTYPE_EAL, "EAL: two\nEAL: lines\n");
	fputs("a.conf:1: wrong\n", log_errors()); // not what DPDK had last
	assert_written(&capture,
		       "<2>EAL: no memory\n<4>EAL: two\n<4>EAL: lines\n<3>a.conf:1: wrong\n");
}

static void
a_long_line_ends_somewhere(void **state)
{
	static char text[2 * LOG_LINE_MAX], expected[LOG_LINE_MAX + 8];
	struct capture capture;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	snprintf(expected, sizeof(expected), "<6>%.*s\n", LOG_LINE_MAX, text);
	begin(&capture, true);
	log_line(LOG_PRIORITY_INFO, "%s", text);
	assert_written(&capture, expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_journal_gets_priorities),
		cmocka_unit_test(a_variable_for_another_stream_means_nothing),
		cmocka_unit_test(nonsense_in_the_variable_means_nothing),
		cmocka_unit_test(each_line_of_the_errors_is_an_error),
		cmocka_unit_test(what_dpdk_logs_keeps_its_priority),
		cmocka_unit_test(a_long_line_ends_somewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
