// SPDX-License-Identifier: BSD-3-Clause
//
// Ports without a device: what workers receive comes from flows.h, what they send goes back to its
// pool. What a driver does with packets and pools is done here, by the worker; the bytes of a frame
// are written by CPU_DEVICE, as a NIC would. At the first port packets come in, at the second they
// leave. ports_open opens them, for the linker leads it here (--wrap).
#pragma once

#include <stdint.h>

// Since the start, over all queues.
struct nic_counts {
	uint64_t received;
	uint64_t sent;
};

struct nic_counts nic_counts(void);
