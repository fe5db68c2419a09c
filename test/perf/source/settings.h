// SPDX-License-Identifier: BSD-3-Clause
//
// What the environment variable NET_TRACE says. Read once, before the first port starts.
#pragma once

#include <stdbool.h>

struct settings {
	const char *port;     // name of the port whose received packets are the trace's
	const char *file;     // the capture, played again and again
	const char *first;    // a capture played once before it; NULL: none
	bool loops;           // false: after the capture no packet comes
	bool mutates;         // each lap comes from other client addresses
	bool has_csum;        // packets say that a NIC has found their checksums good
	bool has_rss;         // packets have a symmetric hash from a NIC
	bool steers;          // the port offers RSS, and comes to life when its table is set
	const char *meter;    // the file of meter.h, which says how fast packets come; NULL: none
	const char *sink;     // name of the port at which they leave then
	unsigned int advance; // bytes that each direction of a TCP flow sends in one lap
};

// => Returns -1 when the text is not understood, and has told so on standard error. The strings
//    live as long as the process.
int settings_read(struct settings *settings, const char *text);
