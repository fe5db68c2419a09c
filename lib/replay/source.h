// SPDX-License-Identifier: BSD-3-Clause
//
// Captures as DPDK ports, merged by time stamp.
//
// Every capture is a net_pcap device, so the mbufs are what a port delivers. The device reads not
// the capture but a file in memory with the packets that it is to deliver next, because it does not
// know nanoseconds, compression, or the original length of a packet. Nothing is sent: forwarded
// packets are written to files or discarded (output.h). Packets are delivered in the order of their
// time stamps; if these are equal, in the order in which the captures were added; those of one
// capture in the order of the file.
//
// Life cycle: source_create, source_add for each capture, source_next until there are no more
// packets, source_destroy. One thread, EAL initialised.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "base/errors.h"
#include "replay/capture.h"

struct source;

// How much of EAL's memory source_create reserves, its devices included.
uint64_t source_bytes_for(unsigned int n_held);

// A packet that has arrived. Bytes that the capture cut off are replaced by zeros, so that lengths
// are right, up to the length of the longest IP packet.
struct arrival {
	struct rte_mbuf *mbuf;
	uint64_t time_ns;  // its own time stamp
	uint32_t len;      // captured bytes
	uint32_t wire_len; // original length
	uint8_t port;
};

// => The caller may hold up to n_held packets when it takes the next one; a packet of several
//    segments counts several times. Returns NULL with rte_errno set when memory is short.
struct source *source_create(unsigned int n_held);
void source_destroy(struct source *source); // takes NULL; closes the devices

// => The caller keeps the capture open until the source is destroyed. Returns 0, or -1 with an
//    error added.
int source_add(struct source *source, const struct capture *capture, uint8_t port,
	       struct errors *errors);

// Gets the time stamp of the next packet in nanoseconds; false if there is none.
bool source_peek(struct source *source, uint64_t *time_ns);

// Takes the next packet, which the caller then owns.
// => source_peek has just said there is one.
struct arrival source_take(struct source *source);

// True when fewer packets were delivered than the captures hold: one could not be read after all.
bool source_is_short(const struct source *source);
