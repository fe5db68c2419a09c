// SPDX-License-Identifier: BSD-3-Clause
//
// Packets that the capture cut short: the file has fewer bytes than were on the wire.
//
// They are padded with zeros to their original length. A length in a header that is then still
// wrong is a fault of the packet itself, and everything else can be judged up to the end of the
// captured bytes.
#pragma once

#include <stdint.h>

#include "packet/packet.h"

enum cut {
	CUT_NONE,    // nothing that matters is missing
	CUT_PAYLOAD, // the headers are there, up to the fixed part of layer 4
	CUT_HEADERS, // not even those
};

// What is missing of a packet of which this many bytes were captured.
// => pkt has been parsed.
enum cut cut_find(const struct pkt *pkt, uint32_t captured_len);
