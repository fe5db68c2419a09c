// SPDX-License-Identifier: BSD-3-Clause
//
// A complete datagram as one frame. Private to this module.
#pragma once

#include "frag/store.h"

// The frame: the headers of the first fragment, corrected, and the payloads of all, which are not
// copied. Returns NULL when there are no segments left.
// => The datagram is complete; its fragments stay as they are, and must outlive the frame.
struct rte_mbuf *frag_join(struct frag_store *store, const struct datagram *datagram);
