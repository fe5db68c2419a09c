// SPDX-License-Identifier: BSD-3-Clause
//
// An inbox: every request gets one answer, in order, and the owner's work at a time is bounded.
#include "base/inbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <rte_common.h>
#include <rte_memory.h>

#include "util/death.h"
#include "util/eal.h"

#define SIZE 8
#define NOW  UINT64_C(7000)

// A request for some work, which notes what the owner did.
struct job {
	struct request request;
	unsigned int work; // left to do
	unsigned int n_slices;
	unsigned int longest; // slice
	uint64_t now_ns;      // of the last slice
	unsigned int place;   // counted by the owner when it was done
};

struct owner {
	unsigned int n_done;
};

static struct inbox inbox;
static struct owner owner;

static bool
work(struct request *request, void *argument, uint64_t now_ns, unsigned int *budget)
{
	struct job *job = container_of(request, struct job, request);
	struct owner *worker = argument;
	unsigned int slice = RTE_MIN(job->work, *budget);

	assert_true(*budget > 0);
	job->work -= slice;
	*budget -= slice;
	job->n_slices++;
	job->longest = RTE_MAX(job->longest, slice);
	job->now_ns = now_ns;
	if (job->work > 0)
		return false;
	job->place = ++worker->n_done;
	return true;
}

static struct job
job_of(unsigned int units)
{
	return (struct job){.request.step = work, .work = units};
}

static int
open_inbox(void **state)
{
	(void)state;
	owner = (struct owner){0};
	return inbox_init(&inbox, 0, SIZE, SOCKET_ID_ANY);
}

static int
close_inbox(void **state)
{
	(void)state;
	inbox_fini(&inbox);
	return 0;
}

static unsigned int
serve(void)
{
	return inbox_serve(&inbox, &owner, NOW);
}

// There may be more threads here than CPUs.
static void
serve_or_yield(void)
{
	if (serve() == 0)
		sched_yield();
}

static void
test_a_request_is_answered(void **state)
{
	struct job job = job_of(1);

	(void)state;
	assert_true(inbox_is_empty(&inbox));
	assert_int_equal(serve(), 0);
	assert_int_equal(inbox_put(&inbox, &job.request), INBOX_WAITING);
	assert_false(inbox_is_empty(&inbox));
	assert_int_equal(request_answer(&job.request), INBOX_WAITING);
	assert_int_equal(serve(), 1);
	assert_int_equal(request_answer(&job.request), INBOX_DONE);
	assert_int_equal(job.now_ns, NOW);
	assert_true(inbox_is_empty(&inbox));
	assert_int_equal(serve(), 0);
}

// Room for exactly SIZE, besides the one that is being worked on.
static void
test_a_full_inbox_says_so(void **state)
{
	struct job jobs[SIZE + 3];
	unsigned int n;

	(void)state;
	for (n = 0; n < RTE_DIM(jobs); n++)
		jobs[n] = job_of(n == 0 ? INBOX_WORK + 1 : 1);
	for (n = 0; n < SIZE; n++)
		assert_int_equal(inbox_put(&inbox, &jobs[n].request), INBOX_WAITING);
	assert_int_equal(inbox_put(&inbox, &jobs[SIZE].request), INBOX_BUSY);
	assert_int_equal(inbox_ask(&inbox, &jobs[SIZE].request), INBOX_BUSY);
	assert_int_equal(serve(), 1); // the first has left the ring and is not done
	assert_int_equal(inbox_put(&inbox, &jobs[SIZE].request), INBOX_WAITING);
	assert_int_equal(inbox_put(&inbox, &jobs[SIZE + 1].request), INBOX_BUSY);
	while (!inbox_is_empty(&inbox))
		serve();
	for (n = 0; n < SIZE + 1; n++) {
		assert_int_equal(request_answer(&jobs[n].request), INBOX_DONE);
		assert_int_equal(jobs[n].place, n + 1);
	}
	assert_int_equal(jobs[SIZE + 1].n_slices, 0);
	assert_int_equal(inbox_put(&inbox, &jobs[SIZE + 1].request), INBOX_WAITING);
	serve();
}

static void
test_long_work_goes_in_slices(void **state)
{
	struct job longer = job_of(3 * INBOX_WORK + 1);
	struct job shorter = job_of(1);

	(void)state;
	inbox_put(&inbox, &longer.request);
	inbox_put(&inbox, &shorter.request);
	for (unsigned int turn = 1; turn <= 3; turn++) {
		assert_int_equal(serve(), 1);
		assert_int_equal(longer.n_slices, turn);
		assert_int_equal(request_answer(&longer.request), INBOX_WAITING);
		assert_int_equal(shorter.n_slices, 0); // it waits for its turn
	}
	assert_int_equal(serve(), 2);
	assert_int_equal(longer.longest, INBOX_WORK);
	assert_int_equal(longer.place, 1);
	assert_int_equal(shorter.place, 2);
}

// All requests of a turn share what it may take, and those that take nothing are not for free.
static void
test_a_turn_is_bounded(void **state)
{
	struct job jobs[SIZE];
	unsigned int n_done = 0;

	(void)state;
	for (unsigned int i = 0; i < SIZE; i++) {
		jobs[i] = job_of(INBOX_WORK / 4);
		inbox_put(&inbox, &jobs[i].request);
	}
	assert_int_equal(serve(), 4);
	assert_int_equal(owner.n_done, 4);
	assert_int_equal(serve(), 4);
	for (unsigned int i = 0; i < SIZE; i++)
		n_done += request_answer(&jobs[i].request) == INBOX_DONE;
	assert_int_equal(n_done, SIZE);
}

static bool
never(struct request *request, void *argument, uint64_t now_ns, unsigned int *budget)
{
	(void)request;
	(void)argument;
	(void)now_ns;
	(void)budget;
	return false;
}

static void
test_steps_that_cost_nothing_are_bounded(void **state)
{
	struct request request = {.step = never};

	(void)state;
	inbox_put(&inbox, &request);
	assert_int_equal(serve(), INBOX_WORK);
	inbox_close(&inbox);
}

static void
test_an_owner_that_ends_answers(void **state)
{
	struct job jobs[4];

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		jobs[i] = job_of(i == 0 ? 2 * INBOX_WORK : 1);
		inbox_put(&inbox, &jobs[i].request);
	}
	serve();
	inbox_close(&inbox);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(request_answer(&jobs[i].request), INBOX_CLOSED);
	assert_int_equal(jobs[1].n_slices, 0);
	jobs[3] = job_of(1);
	assert_int_equal(inbox_ask(&inbox, &jobs[3].request), INBOX_CLOSED);
	assert_int_equal(jobs[3].n_slices, 0);
	assert_true(inbox_is_empty(&inbox));
}

static void
ask_without_a_step(void *request)
{
	inbox_put(&inbox, request);
}

static void
ask_oneself(void *request)
{
	serve();
	inbox_ask(&inbox, request);
}

static void *
serve_elsewhere(void *none)
{
	serve();
	return none;
}

static void
two_serve(void *none)
{
	serve();
	call_elsewhere(serve_elsewhere, none);
}

static void
open_an_odd_one(void *odd)
{
	inbox_init(odd, 1, SIZE + 1, SOCKET_ID_ANY);
}

static void
test_what_is_demanded_is_checked(void **state)
{
	struct request nothing = {0};
	struct job job = job_of(1);
	struct inbox odd;

	(void)state;
	skip_without_contracts();
	assert_dies(ask_without_a_step, &nothing, "inbox_put: broken contract: request->step");
	assert_dies(ask_oneself, &job.request, "inbox_ask: broken contract: its owner does not");
	assert_dies(two_serve, NULL, "inbox_serve: broken contract: only its owner");
	assert_dies(open_an_odd_one, &odd, "inbox_init: broken contract: rte_is_power_of_2(size)");
}

#define N_ASKERS   4
#define N_REQUESTS 300

struct asker {
	pthread_t thread;
	unsigned int n_done, n_busy, n_closed, n_wrong;
	bool is_over; // asker: rw, owner: ro
};

// Asks on without rest until it has been answered so often, or the owner has ended.
static void *
ask_on(void *argument)
{
	struct asker *asker = argument;

	while (asker->n_done < N_REQUESTS && asker->n_closed == 0) {
		struct job job = job_of(1 + asker->n_done % (2 * INBOX_WORK));
		enum inbox_answer answer = inbox_put(&inbox, &job.request);

		while (answer == INBOX_WAITING) {
			sched_yield();
			answer = request_answer(&job.request);
		}
		asker->n_done += answer == INBOX_DONE;
		asker->n_busy += answer == INBOX_BUSY;
		asker->n_closed += answer == INBOX_CLOSED;
		asker->n_wrong += (answer == INBOX_DONE) != (job.work == 0 && job.place > 0);
	}
	__atomic_store_n(&asker->is_over, true, __ATOMIC_RELEASE);
	return NULL;
}

static void
start(struct asker askers[N_ASKERS])
{
	for (unsigned int i = 0; i < N_ASKERS; i++) {
		askers[i] = (struct asker){0};
		assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_on, &askers[i]), 0);
	}
}

static unsigned int
count_over(const struct asker askers[N_ASKERS])
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < N_ASKERS; i++)
		n += __atomic_load_n(&askers[i].is_over, __ATOMIC_ACQUIRE);
	return n;
}

static void
test_many_askers(void **state)
{
	struct asker askers[N_ASKERS];

	(void)state;
	start(askers);
	while (count_over(askers) < N_ASKERS)
		serve_or_yield();
	for (unsigned int i = 0; i < N_ASKERS; i++) {
		pthread_join(askers[i].thread, NULL);
		assert_int_equal(askers[i].n_done, N_REQUESTS);
		assert_int_equal(askers[i].n_wrong, 0);
	}
	assert_int_equal(owner.n_done, N_ASKERS * N_REQUESTS);
	assert_true(inbox_is_empty(&inbox));
}

// An asker that is just asking while the owner ends gets an answer, too; otherwise this hangs.
static void
test_many_askers_of_an_owner_that_ends(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 50; round++) {
		struct asker askers[N_ASKERS];

		owner.n_done = 0;
		start(askers);
		while (owner.n_done < 20 + round)
			serve_or_yield();
		inbox_close(&inbox);
		for (unsigned int i = 0; i < N_ASKERS; i++) {
			pthread_join(askers[i].thread, NULL);
			assert_int_equal(askers[i].n_closed, 1);
			assert_int_equal(askers[i].n_wrong, 0);
		}
		assert_true(inbox_is_empty(&inbox));
		close_inbox(NULL);
		assert_int_equal(open_inbox(NULL), 0);
	}
}

#define INBOX_TEST(test) cmocka_unit_test_setup_teardown(test, open_inbox, close_inbox)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		INBOX_TEST(test_a_request_is_answered),
		INBOX_TEST(test_a_full_inbox_says_so),
		INBOX_TEST(test_long_work_goes_in_slices),
		INBOX_TEST(test_a_turn_is_bounded),
		INBOX_TEST(test_steps_that_cost_nothing_are_bounded),
		INBOX_TEST(test_an_owner_that_ends_answers),
		INBOX_TEST(test_what_is_demanded_is_checked),
		INBOX_TEST(test_many_askers),
		INBOX_TEST(test_many_askers_of_an_owner_that_ends),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
