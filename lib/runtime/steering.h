// SPDX-License-Identifier: BSD-3-Clause
//
// The proof, at start, that a flow has one home, and the report how packets get there.
#pragma once

#include <stdbool.h>

#include "base/errors.h"
#include "pipeline/steer.h"
#include "runtime/ports.h"
#include "runtime/rss.h"
#include "settings/config.h"

// Between many pairs of hosts, packets of every kind and in both directions have one home by what
// this process computes, and so they have by what a NIC does (NULL: none), of all packets whose
// addresses are those of their flow.
// => Any thread.
bool steering_holds(const struct steer *steer, const struct rss_state *nic);

// Tests this for every port, the table of its NIC entry by entry, and logs how the packets of each
// come to their home.
// => Main thread; the ports have been started, steer is NULL with a single worker. Returns 0, or
//    -1 with an error added for every port whose packets could have two homes.
int steering_test(struct ports *ports, const struct steer *steer, const struct config *config,
		  struct errors *errors);

const char *steering_name(enum steering steering); // "none", "worker", "nic"
