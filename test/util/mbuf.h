// SPDX-License-Identifier: BSD-3-Clause
//
// Frames as mbufs. Each segment is an allocation of exactly its length, so that AddressSanitizer
// detects every read outside of it.
#pragma once

#include <stdint.h>

#include <rte_mbuf.h>

#include "util/frame.h"

// The first len bytes of a frame in one segment. => The caller frees it, rte_pktmbuf_free.
struct rte_mbuf *mbuf_from_bytes(const uint8_t *bytes, uint32_t len);

// The whole frame in one segment.
struct rte_mbuf *mbuf_from_frame(const struct frame *frame);

// The whole frame in n_cuts + 1 segments; each of cuts, in rising order, begins one.
struct rte_mbuf *mbuf_split(const struct frame *frame, const uint32_t cuts[], unsigned int n_cuts);
