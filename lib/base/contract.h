// SPDX-License-Identifier: BSD-3-Clause
//
// Checked contracts: what a header demands of its callers ("// => ...") is asserted at the
// beginning of the function, where that is cheap.
//
// A broken contract is a mistake of the programmer, never of a user, a packet or a file; input from
// outside is checked by code that is part of every build. Contracts are checked in debug builds,
// which include those with sanitizers, where tests and fuzzers run. A broken one prints its
// location and aborts. A release build does not contain them.
#pragma once

#include <stdint.h>

#ifdef SALLYPORT_CONTRACTS

// The thread that was the first to call what CONTRACT_OWNER is in. Only that one may call such a
// function from then on, and only others one with CONTRACT_NOT_OWNER, as where it would wait for
// itself.
struct contract_owner {
	uintptr_t thread; // 0: none yet
};

#define CONTRACT(condition)                                                                        \
	((condition) ? (void)0 : contract_broken(#condition, __FILE__, __LINE__, __func__))
#define CONTRACT_OWNER(owner)                                                                      \
	(contract_is_owner(owner)                                                                  \
		 ? (void)0                                                                         \
		 : contract_broken("only its owner calls this", __FILE__, __LINE__, __func__))
#define CONTRACT_NOT_OWNER(owner)                                                                  \
	(!contract_is_owned_here(owner)                                                            \
		 ? (void)0                                                                         \
		 : contract_broken("its owner does not call this", __FILE__, __LINE__, __func__))
#define CONTRACT_MAIN_THREAD()                                                                     \
	(contract_is_main_thread() ? (void)0                                                       \
				   : contract_broken("only the main thread calls this", __FILE__,  \
						     __LINE__, __func__))

#else

struct contract_owner {
};

#define CONTRACT(condition)       ((void)sizeof((condition) ? 1 : 0)) // compiled: it stays true
#define CONTRACT_OWNER(owner)     ((void)(owner))
#define CONTRACT_NOT_OWNER(owner) ((void)(owner))
#define CONTRACT_MAIN_THREAD()    ((void)0)

#endif

// Prints on standard error which contract is broken and where, and aborts.
_Noreturn void contract_broken(const char *condition, const char *file, int line,
			       const char *function);

// True for the owner, who is the caller if there was none.
_Bool contract_is_owner(struct contract_owner *owner);

// True for the owner, if there is one.
_Bool contract_is_owned_here(const struct contract_owner *owner);

// True for the thread that the process began with.
_Bool contract_is_main_thread(void);
