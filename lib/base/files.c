// SPDX-License-Identifier: BSD-3-Clause
#include "base/files.h"

#include <sys/resource.h>

int
files_allow(size_t n, struct errors *errors)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= n)
		return 0;
	if (limit.rlim_max >= n) {
		limit.rlim_cur = n;
		if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
			return 0;
	}
	errors_add(errors, NULL, 0,
		   "%zu files must be open at a time, and %llu may be: raise the limit, ulimit -n",
		   n, (unsigned long long)limit.rlim_max);
	return -1;
}
