// SPDX-License-Identifier: BSD-3-Clause
#include "util/death.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static _Noreturn void
die(void (*function)(void *context), void *context, int output)
{
	const struct rlimit no_core = {0};

	setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGABRT, SIG_DFL); // cmocka would go on
	dup2(output, STDERR_FILENO);
	function(context);
	_exit(EXIT_SUCCESS);
}

void
assert_dies(void (*function)(void *context), void *context, const char *expected)
{
	char said[1024];
	size_t len = 0;
	ssize_t n;
	int ends[2], status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		die(function, context, ends[1]);
	close(ends[1]);
	while ((n = read(ends[0], said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT || strstr(said, expected) == NULL)
		fail_msg("was to abort and say \"%s\", and said \"%s\"", expected, said);
}

void
call_elsewhere(void *(*function)(void *context), void *context)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, function, context), 0);
	pthread_join(thread, NULL);
}

void
skip_without_contracts(void)
{
#ifndef SALLYPORT_CONTRACTS
	print_message("contracts are checked in debug builds only\n");
	skip();
#endif
}
