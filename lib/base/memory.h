// SPDX-License-Identifier: BSD-3-Clause
//
// Memory that callers need not check. Only for what runs before or beside the packets: a worker
// never ends the process for want of memory.
#pragma once

// Returns memory as it is; if it is NULL, prints on standard error that there was none for the
// task, "reading the configuration", and aborts.
void *memory_or_abort(void *memory, const char *task);
