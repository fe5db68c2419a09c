// SPDX-License-Identifier: BSD-3-Clause
//
// What other threads ask of an owner: requests go into a bounded ring, the owner takes them up
// between two bursts, and each gets exactly one answer.
//
// The owner neither allocates, nor locks, nor waits, and what it does at a time is bounded. A
// request that takes longer is worked on in slices: its step keeps in the request where it goes on,
// and it stays at the front until it is done. While nobody asks, a turn costs the owner one load.
//
// An asker waits for its own answer and for nobody else's. It always gets one: a full inbox says so
// at once, and an owner that ends answers all who wait.
//
// Life cycle: inbox_create before the owner starts; any number of askers; inbox_close when the
// owner has ended, or by itself; inbox_destroy when nobody asks any more.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>

#include "base/contract.h"

struct rte_ring;

// What the owner does for requests between two bursts, in units of work. A unit is about what it
// takes to look at one thing that is not in the cache; doc/performance.md has what it came to.
#define INBOX_WORK 128

enum inbox_answer {
	INBOX_WAITING, // for its turn, or for its next slice
	INBOX_DONE,
	INBOX_BUSY,   // there was no room; it may be asked again
	INBOX_CLOSED, // the owner has ended; what was begun may have been done in part
};

// A request lies with who asks and stays where it is until it is answered. Whatever it is about
// stands around it (container_of).
struct request {
	// Does the next slice, in the owner's thread: takes what it used from *budget, which is at
	// least 1, and returns true when all is done. May use more by what one thing takes.
	bool (*step)(struct request *request, void *owner, uint64_t now_ns, unsigned int *budget);
	enum inbox_answer answer; // owner: rw, asker: ro
};

struct inbox {
	uint32_t n_waiting;    // requests that are on their way or not answered; both: rw
	bool is_closed;        // owner: rw, askers: ro
	struct request *front; // the one being worked on; owner only
	struct rte_ring *ring; // of the others
	struct contract_owner owner;
};

// How much of EAL's memory inbox_init reserves.
uint64_t inbox_bytes_for(unsigned int size);

// An open inbox with room for size requests, a power of two, beside the one being worked on.
// => number tells it from others of the process, socket is a NUMA node. Returns 0, or -1 with
//    rte_errno set when memory is short. Main thread.
int inbox_init(struct inbox *inbox, unsigned int number, unsigned int size, int socket);
void inbox_fini(struct inbox *inbox); // takes one that is all zeros, too

// Puts a request into the inbox and returns at once: INBOX_WAITING, or why not.
// => Any thread. The request's step is set.
enum inbox_answer inbox_put(struct inbox *inbox, struct request *request);

// The answer to a request that was put, INBOX_WAITING as long as there is none.
static inline enum inbox_answer
request_answer(const struct request *request)
{
	return __atomic_load_n(&request->answer, __ATOMIC_ACQUIRE);
}

// Puts a request into the inbox and sleeps until it is answered. Never returns INBOX_WAITING.
// => Any thread but the owner's, which would wait for itself. The request's step is set.
enum inbox_answer inbox_ask(struct inbox *inbox, struct request *request);

// Nobody has asked for anything that is not answered. Any thread.
static inline bool
inbox_is_empty(const struct inbox *inbox)
{
	return likely(__atomic_load_n(&inbox->n_waiting, __ATOMIC_RELAXED) == 0);
}

// Works on what is asked, in the order in which it came, until INBOX_WORK is used up or nothing is
// left. Returns how many steps were done.
// => Owner only, between bursts. owner is what the steps get.
unsigned int inbox_serve(struct inbox *inbox, void *owner, uint64_t now_ns);

// Whoever waits is told INBOX_CLOSED, and so is everybody who asks from now on.
// => Owner, or the thread that has seen it end.
void inbox_close(struct inbox *inbox);
