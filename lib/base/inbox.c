// SPDX-License-Identifier: BSD-3-Clause
#include "base/inbox.h"

#include <stdio.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_pause.h>
#include <rte_ring.h>

#include "base/bytes.h"

#define LOOK_USEC 50 // between two looks of an asker for its answer

uint64_t
inbox_bytes_for(unsigned int size)
{
	return bytes_of_ring(sizeof(void *), 2 * size); // the next power of two above size
}

int
inbox_init(struct inbox *inbox, unsigned int number, unsigned int size, int socket)
{
	char name[RTE_RING_NAMESIZE];

	CONTRACT_MAIN_THREAD();
	CONTRACT(rte_is_power_of_2(size));
	snprintf(name, sizeof(name), "inbox%u", number);
	// Askers share CPUs: one that is preempted must not block the others.
	*inbox = (struct inbox){
		.ring = rte_ring_create(name, size, socket,
					RING_F_MP_RTS_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ),
	};
	return inbox->ring == NULL ? -1 : 0;
}

void
inbox_fini(struct inbox *inbox)
{
	rte_ring_free(inbox->ring);
}

// A request is counted before it is visible anywhere else: once the owner has closed and the count
// is zero, no request can follow.
enum inbox_answer
inbox_put(struct inbox *inbox, struct request *request)
{
	enum inbox_answer refused;

	CONTRACT(request->step != NULL);
	request->answer = INBOX_WAITING;
	__atomic_fetch_add(&inbox->n_waiting, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&inbox->is_closed, __ATOMIC_SEQ_CST))
		refused = INBOX_CLOSED;
	else if (rte_ring_enqueue(inbox->ring, request) != 0)
		refused = INBOX_BUSY;
	else
		return INBOX_WAITING; // the request may already be gone
	__atomic_fetch_sub(&inbox->n_waiting, 1, __ATOMIC_RELEASE);
	return refused;
}

enum inbox_answer
inbox_ask(struct inbox *inbox, struct request *request)
{
	enum inbox_answer answer = inbox_put(inbox, request);

	while (answer == INBOX_WAITING) {
		CONTRACT_NOT_OWNER(&inbox->owner);
		rte_delay_us_sleep(LOOK_USEC);
		answer = request_answer(request);
	}
	return answer;
}

// The request at the front; NULL if there is none, or if its asker has not finished enqueueing it.
static struct request *
front(struct inbox *inbox)
{
	void *next;

	if (inbox->front == NULL && rte_ring_dequeue(inbox->ring, &next) == 0)
		inbox->front = next;
	return inbox->front;
}

// Gives the request back to its asker.
static void
answer_front(struct inbox *inbox, enum inbox_answer answer)
{
	__atomic_store_n(&inbox->front->answer, answer, __ATOMIC_RELEASE);
	inbox->front = NULL;
	__atomic_fetch_sub(&inbox->n_waiting, 1, __ATOMIC_RELEASE);
}

unsigned int
inbox_serve(struct inbox *inbox, void *owner, uint64_t now_ns)
{
	unsigned int budget = INBOX_WORK;
	unsigned int n_steps = 0;

	CONTRACT_OWNER(&inbox->owner);
	while (budget > 0 && front(inbox) != NULL) {
		unsigned int before = budget;
		bool is_done = inbox->front->step(inbox->front, owner, now_ns, &budget);

		budget -= budget == before; // a step that costs nothing counts as one unit
		n_steps++;
		if (is_done)
			answer_front(inbox, INBOX_DONE);
	}
	return n_steps;
}

void
inbox_close(struct inbox *inbox)
{
	__atomic_store_n(&inbox->is_closed, true, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&inbox->n_waiting, __ATOMIC_SEQ_CST) > 0) {
		if (front(inbox) != NULL)
			answer_front(inbox, INBOX_CLOSED);
		else
			rte_pause();
	}
}
