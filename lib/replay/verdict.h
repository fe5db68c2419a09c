// SPDX-License-Identifier: BSD-3-Clause
//
// A verdict line: what happened to a packet, what it was, and where the deciding rule is, so that a
// reader needs neither the capture nor the configuration.
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "packet/packet.h"
#include "pipeline/snapshot.h"

// The line about the packet with that number, or about the datagram that it is a fragment of, as an
// object that the caller owns. time_ns is the packet's own time stamp.
// => The packet has been judged by the rules of the snapshot.
json_t *verdict_json(const struct snapshot *snapshot, uint64_t seq, const struct pkt *pkt,
		     uint64_t time_ns);
