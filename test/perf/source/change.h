// SPDX-License-Identifier: BSD-3-Clause
//
// Changes to a frame of test/perf/traffic that make a lap of a trace differ from the one before.
// Checksums stay good: they are corrected, not computed anew (RFC 1624). What the traffic program
// does not make, options and extension headers among it, is left as it is.
#pragma once

#include <stdint.h>

// The client's address, which is the one in 10/8 or fd00::/16, becomes that of another client.
void change_client(uint8_t *frame, uint32_t lap);

// The TCP sequence and acknowledgment numbers have gone on by so many bytes.
void change_sequence(uint8_t *frame, uint32_t bytes);
