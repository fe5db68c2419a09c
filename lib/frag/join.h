// SPDX-License-Identifier: BSD-3-Clause
//
// Makes one frame of a complete datagram. Private to frag.
#pragma once

#include "frag/store.h"

// Returns the frame: the headers of the first fragment, corrected, and the payloads of all, which
// are not copied. NULL if there are no segments left.
// => The datagram is complete; its fragments stay as they are, and must outlive the frame.
struct rte_mbuf *frag_join(struct frag_store *store, const struct datagram *datagram);
