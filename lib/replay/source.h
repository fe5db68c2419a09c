// SPDX-License-Identifier: BSD-3-Clause
//
// Captures as DPDK ports, merged by time stamp.
//
// Every capture is a net_pcap device, so the mbufs are what a port delivers. The device does not
// read the capture but a file in memory, into which the packets go that it is to deliver next: it
// knows neither nanoseconds nor compression, nor how long a packet was. Nothing is sent anywhere:
// what a replay forwards is written to files or swallowed (output.h). Packets come out in the order
// of their time stamps; equal ones in the order the captures were added, those of one capture in
// the order of the file.
//
// Life cycle: source_create, source_add for each capture, source_next until it says that there are
// no more, source_destroy. One thread, EAL initialised.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "base/errors.h"
#include "replay/capture.h"

struct source;

// How much of EAL's memory source_create reserves, its devices included.
uint64_t source_bytes_for(unsigned int n_held);

// A packet that has come. What the capture cut off is there again, as zeros, so that lengths are
// what they were; not more of it than an IP packet can have.
struct arrival {
	struct rte_mbuf *mbuf;
	uint64_t time_ns;  // its own time stamp
	uint32_t len;      // bytes that were captured
	uint32_t wire_len; // bytes that it had
	uint8_t port;
};

// => n_held packets may be held by who took them before the next is taken; a packet of several
//    segments counts as so many. Returns NULL with rte_errno set when memory is short.
struct source *source_create(unsigned int n_held);
void source_destroy(struct source *source); // takes NULL; closes the devices

// => The capture stays the caller's, and open for as long as the source lives. Returns 0, or -1
//    with an error added.
int source_add(struct source *source, const struct capture *capture, uint8_t port,
	       struct errors *errors);

// Time stamp of the next packet in nanoseconds; false when there is none.
bool source_peek(struct source *source, uint64_t *time_ns);

// Takes the next packet, which the caller then owns.
// => source_peek has just said there is one.
struct arrival source_take(struct source *source);

// True when fewer packets came than the captures hold: one could not be read after all.
bool source_is_short(const struct source *source);
