// SPDX-License-Identifier: BSD-3-Clause
//
// Work that takes long is reported, and quick work is not.
#include "base/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

// Standard error as a pipe.
struct capture {
	int saved;
	FILE *reader;
};

static void
begin(struct capture *capture)
{
	int ends[2];

	fflush(stderr);
	capture->saved = dup(STDERR_FILENO);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	capture->reader = fdopen(ends[0], "r");
	assert_non_null(capture->reader);
}

static void
end(struct capture *capture)
{
	dup2(capture->saved, STDERR_FILENO);
	close(capture->saved);
}

// The work ends only once the second line has been read.
static void
what_takes_long_is_told_again_and_again(void **state)
{
	struct progress progress;
	struct capture capture;
	char first[100] = "", second[100] = "";

	(void)state;
	begin(&capture);
	progress_begin(&progress, 1, "compiling %u rules", 41);
	assert_non_null(fgets(first, sizeof(first), capture.reader));
	assert_non_null(fgets(second, sizeof(second), capture.reader));
	progress_end(&progress);
	end(&capture);
	fclose(capture.reader);
	assert_string_equal(first, "sallyport: compiling 41 rules ...\n");
	assert_string_equal(second, "sallyport: compiling 41 rules ... 0 s so far\n");
}

static void
what_is_quick_is_not_told(void **state)
{
	struct progress progress;
	struct capture capture;

	(void)state;
	begin(&capture);
	progress_begin(&progress, UINT32_MAX, "compiling");
	progress_end(&progress);
	end(&capture);
	assert_int_equal(fgetc(capture.reader), EOF);
	fclose(capture.reader);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_takes_long_is_told_again_and_again),
		cmocka_unit_test(what_is_quick_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
