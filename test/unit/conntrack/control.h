// SPDX-License-Identifier: BSD-3-Clause
//
// A control connection over TCP between the client and the server of fixture.h, with a helper.
// Both sides' sequence numbers are kept; what is said comes in order unless a test asks for more.
#pragma once

#include "conntrack/params.h"
#include "fixture.h"

struct control {
	struct shard *shard;
	struct flow flow;
	enum ct_helper helper;
	uint32_t seq[2]; // of the next byte of an end
};

// The handshake; a rule attaches the helper to its first packet. => The shard is open.
void control_open(struct control *control);

// One segment of this end with these flags and bytes.
struct pkt control_send(struct control *control, enum end from, uint8_t flags, const void *bytes,
			unsigned int len);

// The frame that control_send would send next, which is not sent.
void control_frame(const struct control *control, struct frame *frame, enum end from, uint8_t flags,
		   const void *bytes, unsigned int len);

// A rule that attaches the helper of the control connection last opened to whatever is new.
enum verdict control_attach(struct pkt *pkt);
