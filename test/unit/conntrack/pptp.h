// SPDX-License-Identifier: BSD-3-Clause
//
// PPTP (RFC 2637) as a story: who says what on the control connection, and the packets of the
// tunnel in between, with what conntrack makes of them.
#pragma once

#include "control.h"

#define PPTP_MESSAGE_MAX 256

// Control messages by their type.
enum {
	GRE, // none: a packet of the tunnel
	START_REQUEST = 1,
	START_REPLY,
	STOP_REQUEST,
	STOP_REPLY,
	ECHO_REQUEST,
	ECHO_REPLY,
	OUT_REQUEST,
	OUT_REPLY,
	IN_REQUEST,
	IN_REPLY,
	IN_CONNECTED,
	CLEAR_REQUEST,
	DISCONNECTED,
	WAN_ERROR,
	LINK_INFO,
	N_TYPES,
};

#define GRANTED 1
#define REFUSED 2

// One message or one packet of GRE.
struct step {
	const char *file;
	int line; // 0: the story ends
	enum end from;
	uint8_t type;
	uint16_t id;          // own call id; of GRE: the call id in the packet
	uint16_t peers;       // the other side's call id
	uint8_t result;       // of a reply
	const char *expected; // class and direction of a GRE packet
};

#define C(...)                                                                                     \
	{                                                                                          \
		.file = __FILE__, .line = __LINE__, .from = CLIENT, .type = __VA_ARGS__            \
	}
#define S(...)                                                                                     \
	{                                                                                          \
		.file = __FILE__, .line = __LINE__, .from = SERVER, .type = __VA_ARGS__            \
	}
#define GRE_C(key, class_)                                                                         \
	{                                                                                          \
		.file = __FILE__, .line = __LINE__, .from = CLIENT, .type = GRE, .id = (key),      \
		.expected = (class_)                                                               \
	}
#define GRE_S(key, class_)                                                                         \
	{                                                                                          \
		.file = __FILE__, .line = __LINE__, .from = SERVER, .type = GRE, .id = (key),      \
		.expected = (class_)                                                               \
	}

#define SESSION       C(START_REQUEST), S(START_REPLY, .result = GRANTED)
#define CALL(id_, to) C(OUT_REQUEST, (id_)), S(OUT_REPLY, (to), (id_), GRANTED)

// How long a message is, by its type.
extern const uint16_t pptp_lens[N_TYPES];

// The session and a call with the ids 100 (client) and 200 (server).
extern const struct step pptp_call[];

// An open control connection with the helper, in a shard of its own that is to be closed.
void pptp_open(struct control *control, struct shard *shard, bool is_ipv6);

// Plays a story up to the step without a line. New packets of the tunnel are dropped by a rule, so
// that they leave no trace.
void pptp_play(struct control *control, const struct step steps[]);
enum verdict pptp_drop_new_gre(struct pkt *pkt);

// Writes the message of a step; returns its length.
uint16_t pptp_message(const struct step *step, uint8_t bytes[PPTP_MESSAGE_MAX]);

// A packet of GRE, of a version and with the call id that it carries.
void pptp_gre_frame(struct frame *frame, const struct flow *flow, enum end from, uint8_t version,
		    uint16_t key);
struct pkt pptp_send_gre(struct control *control, enum end from, uint8_t version, uint16_t key);
