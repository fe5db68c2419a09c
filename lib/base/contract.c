// SPDX-License-Identifier: BSD-3-Clause
#include "base/contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void
contract_broken(const char *condition, const char *file, int line, const char *function)
{
	fprintf(stderr, "%s:%d: %s: broken contract: %s\n", file, line, function, condition);
	abort();
}

#ifdef SALLYPORT_CONTRACTS

static _Thread_local char here; // no two threads have it at the same place

_Bool
contract_is_owner(struct contract_owner *owner)
{
	uintptr_t nobody = 0;

	return __atomic_compare_exchange_n(&owner->thread, &nobody, (uintptr_t)&here, 0,
					   __ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
	       nobody == (uintptr_t)&here;
}

_Bool
contract_is_owned_here(const struct contract_owner *owner)
{
	return __atomic_load_n(&owner->thread, __ATOMIC_RELAXED) == (uintptr_t)&here;
}

_Bool
contract_is_main_thread(void)
{
	return gettid() == getpid();
}

#endif
