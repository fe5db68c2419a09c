// SPDX-License-Identifier: BSD-3-Clause
//
// The few blocks of a pcapng file (draft-ietf-opsawg-pcapng) that a replay writes: libpcap, which
// reads such files, cannot write them. Ethernet only, time stamps in nanoseconds, the byte order of
// this machine.
//
// Life cycle: pcapng_begin once, pcapng_interface for each interface, then pcapng_packet. Check for
// errors with ferror(3).
#pragma once

#include <stdint.h>
#include <stdio.h>

struct pcapng_packet {
	uint32_t interface; // from 0, in the order of pcapng_interface
	uint64_t time_ns;
	const void *bytes;
	uint32_t len;
	const char *comment;
};

void pcapng_begin(FILE *file);
void pcapng_interface(FILE *file, const char *name);
void pcapng_packet(FILE *file, const struct pcapng_packet *packet);
