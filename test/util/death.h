// SPDX-License-Identifier: BSD-3-Clause
//
// For tests of code that must abort: it runs in a child process.
#pragma once

// Fails unless function(context), in a child process, aborts and prints this on standard error.
// => Its effects are lost with the child.
void assert_dies(void (*function)(void *context), void *context, const char *expected);

// Calls function(context) in a thread of its own, and waits for it.
void call_elsewhere(void *(*function)(void *context), void *context);

// Skips the test where nothing dies of a broken contract (base/contract.h): in a release build.
void skip_without_contracts(void);
