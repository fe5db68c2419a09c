// SPDX-License-Identifier: BSD-3-Clause
//
// A store that a test feeds with fragments, and the results.
//
// Life cycle: store_open, pieces and time in any order, store_close, which checks that nothing was
// lost. A datagram that is complete is compared with the one it was cut from, and freed.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "frag/frag.h"
#include "util/frame.h"

#define STORE_LOG_MAX 64 // fragments that are given up

// A part of a datagram, to be sent as a fragment.
struct piece {
	unsigned int begin; // in the payload of the datagram
	unsigned int end;   // after its last byte
	bool more;
};

// What the datagrams of a test have in common; the rest can be changed between two pieces.
struct origin {
	bool is_ipv6;
	uint32_t id;
	uint8_t host;  // last byte of the source address
	uint8_t proto; // 0: UDP
	uint8_t ecn;
	uint8_t in_port;
	uint16_t zone;
	unsigned int extension; // IPv6: bytes of destination options before the fragment header
	unsigned int cut;       // a segment of the frame begins there; 0: one segment
};

struct store {
	struct frag_store *frag;
	struct hash_secret secret;
	struct frag_params params;
	uint64_t now_ns;
	uint64_t seq; // of the last piece
	// fragments that were given up, by their order
	unsigned int n_lost;
	uint64_t lost[STORE_LOG_MAX];
	enum reason reasons[STORE_LOG_MAX];
	// the last datagram that was complete
	unsigned int n_complete;
	unsigned int n_fragments;
	uint64_t seqs[STORE_LOG_MAX]; // of its fragments, in order
	uint32_t l3_len;
	struct pkt pkt; // without what it owned
};

// => params NULL: the defaults with 16 datagrams, 64 fragments, 4 of one source.
void store_open(struct store *store, const struct frag_params *params);
void store_close(struct store *store);

void store_wait(struct store *store, unsigned int sec);

// Sends bytes of the datagram's payload, which counts up from its begin, UDP header first.
// => A complete datagram has been compared with all bytes up to the end of the last piece.
enum frag_result store_piece(struct store *store, const struct origin *origin,
			     const struct piece *piece);

// Sends any frame.
enum frag_result store_frame(struct store *store, const struct frame *frame);

// The pieces go in, in this order; all must be taken but for the last, whose result it is.
enum frag_result store_pieces(struct store *store, const struct origin *origin,
			      const struct piece pieces[], unsigned int n);

// These fragments, and no others, were given up since the last call, for that reason.
#define assert_lost(store, reason, ...)                                                            \
	fixture_assert_lost(store, reason, (const uint64_t[]){__VA_ARGS__},                        \
			    sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), __FILE__,  \
			    __LINE__)
void fixture_assert_lost(struct store *store, enum reason reason, const uint64_t seqs[],
			 unsigned int n, const char *file, int line);

// None were.
#define assert_nothing_lost(store) assert_int_equal((store)->n_lost, 0)
