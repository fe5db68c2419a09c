// SPDX-License-Identifier: BSD-3-Clause
//
// The self-test at start that a flow has one home, and the log lines that say how packets get
// there.
#pragma once

#include <stdbool.h>

#include "base/errors.h"
#include "pipeline/steer.h"
#include "runtime/ports.h"
#include "runtime/rss.h"
#include "settings/config.h"

// True if packets of every kind between many pairs of hosts have one home in both directions, as
// this process computes it; and as a NIC does (NULL: none), for packets that have the addresses of
// their flow.
// => Any thread.
bool steering_holds(const struct steer *steer, const struct rss_state *nic);

// Tests this for every port, including its NIC's table entry by entry, and logs how the packets of
// each port reach their home.
// => Main thread; the ports have been started, steer is NULL with a single worker. Returns 0, or
//    -1 with an error added for every port whose packets could have two homes.
int steering_test(struct ports *ports, const struct steer *steer, const struct config *config,
		  struct errors *errors);

const char *steering_name(enum steering steering); // "none", "worker", "nic"
