// SPDX-License-Identifier: BSD-3-Clause
//
// Packets that the capture cut short: less of them is in the file than was on the wire.
//
// They come padded with zeros to the length they had. Then a length in a header that is still wrong
// is the packet's own fault, and everything else can be judged up to where the bytes end.
#pragma once

#include <stdint.h>

#include "packet/packet.h"

enum cut {
	CUT_NONE,    // nothing that matters is missing
	CUT_PAYLOAD, // the headers are there, up to the fixed part of layer 4
	CUT_HEADERS, // not even those
};

// How much is missing of a packet of which so many bytes are its own.
// => pkt has been parsed.
enum cut cut_find(const struct pkt *pkt, uint32_t captured_len);
