// SPDX-License-Identifier: BSD-3-Clause
//
// For tests of what must end the process: it is done in a child.
#pragma once

// Fails unless function(context), in a process of its own, aborts and says this on standard error.
// => What it leaves behind is lost with the child.
void assert_dies(void (*function)(void *context), void *context, const char *expected);

// Calls function(context) in a thread of its own, and waits for it.
void call_elsewhere(void *(*function)(void *context), void *context);

// Skips the test where nothing dies of a broken contract (base/contract.h): in a release build.
void skip_without_contracts(void);
