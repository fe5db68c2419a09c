// SPDX-License-Identifier: BSD-3-Clause
//
// Requests from other threads to an owner: they go into a bounded ring, the owner works on them
// between two bursts, and each gets exactly one answer.
//
// The owner does not allocate, lock or wait, and its work per turn is bounded. A longer request is
// worked on in slices: its step stores in the request where to continue, and the request stays at
// the front until it is done. While there are no requests, a turn costs the owner one load.
//
// An asker waits only for its own answer, and always gets one: a full inbox says so at once, and an
// owner that ends answers all that wait.
//
// Life cycle: inbox_create before the owner starts; any number of askers; inbox_close when the
// owner has ended, or by the owner itself; inbox_destroy when there are no more askers.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>

#include "base/contract.h"

struct rte_ring;

// Work on requests between two bursts, in units. A unit is about the cost of looking at one object
// that is not in the cache; doc/performance.md has measurements.
#define INBOX_WORK 128

enum inbox_answer {
	INBOX_WAITING, // to be started, or for its next slice
	INBOX_DONE,
	INBOX_BUSY,   // the inbox was full; the asker may try again
	INBOX_CLOSED, // the owner has ended; the work may have been done in part
};

// The asker owns the request, and must not move it until it is answered. Parameters and results are
// in a struct around it (container_of).
struct request {
	// Does the next slice, in the owner's thread: subtracts the work it did from *budget, which
	// is at least 1, and returns true when the request is done. May exceed the budget by the
	// cost of one object.
	bool (*step)(struct request *request, void *owner, uint64_t now_ns, unsigned int *budget);
	enum inbox_answer answer; // owner: rw, asker: ro
};

struct inbox {
	uint32_t n_waiting;    // requests not yet answered, queued or about to be; both: rw
	bool is_closed;        // owner: rw, askers: ro
	struct request *front; // the one being worked on; owner only
	struct rte_ring *ring; // of the others
	struct contract_owner owner;
};

// How much of EAL's memory inbox_init reserves.
uint64_t inbox_bytes_for(unsigned int size);

// Opens an inbox with room for size requests, a power of two, besides the one being worked on.
// => number is unique in the process, socket is a NUMA node. Returns 0, or -1 with rte_errno set
//    when memory is short. Main thread.
int inbox_init(struct inbox *inbox, unsigned int number, unsigned int size, int socket);
void inbox_fini(struct inbox *inbox); // also if all zeros

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

// True when every request has been answered. Any thread.
static inline bool
inbox_is_empty(const struct inbox *inbox)
{
	return likely(__atomic_load_n(&inbox->n_waiting, __ATOMIC_RELAXED) == 0);
}

// Works on requests in order of arrival until INBOX_WORK is used up or none is left. Returns the
// number of steps done.
// => Owner only, between bursts. owner is passed to the steps.
unsigned int inbox_serve(struct inbox *inbox, void *owner, uint64_t now_ns);

// Answers INBOX_CLOSED to all waiting and all future requests.
// => Owner, or the thread that has seen it end.
void inbox_close(struct inbox *inbox);
