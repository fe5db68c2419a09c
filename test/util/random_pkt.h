// SPDX-License-Identifier: BSD-3-Clause
//
// Random packets, with everything that rules look at. Their values are those of random_rules.h.
#pragma once

#include "util/random_header.h"

// A packet of a connection, whose bytes lie in the room. It may say what no packet does, such as
// ports of a protocol without any.
struct pkt random_pkt(struct random_room *room);
