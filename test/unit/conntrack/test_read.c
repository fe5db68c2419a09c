// SPDX-License-Identifier: BSD-3-Clause
//
// Looking at a shard from another thread while its owner works: what is read is of one connection.
//
// The owner makes and kills connections as fast as it can. A connection's id is the sequence number
// of its first packet, and its client port is made from that number, so that a reader can tell when
// it got the id of one connection with the tuples of another.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>
#include <rte_cycles.h>

#include "fixture.h"
#include "util/eal.h"

#define READ_MS   300
#define N_READERS 2
#define N_PORTS   32

#define N_INTERRUPTS 5000

struct reader {
	const struct shard *shard;
	const bool *is_over;
	uint64_t n_read;
	uint64_t n_torn;
	uint64_t n_expired; // listed although their time was over
};

static bool
belongs_together(const struct ct_entry *entry)
{
	const struct tuple *orig = &entry->tuple[DIR_ORIG];
	struct tuple reply;

	return orig->src_field == entry->id % N_PORTS + 1 && orig->dst_field == 53 &&
	       tuple_invert(orig, &reply) && tuple_equal(&reply, &entry->tuple[DIR_REPLY]);
}

static void *
read_on(void *argument)
{
	struct reader *reader = argument;
	const struct ct *ct = reader->shard->ct;

	while (!__atomic_load_n(reader->is_over, __ATOMIC_RELAXED)) {
		for (uint32_t slot = 0; slot < ct_n_slots(ct); slot++) {
			const tick_t now = tick_from_ns(
				__atomic_load_n(&reader->shard->now_ns, __ATOMIC_RELAXED));
			struct ct_entry entry;

			if (!ct_read(ct, slot, CT_CONFIRMED, now, &entry))
				continue;
			reader->n_read++;
			reader->n_torn += !belongs_together(&entry);
			reader->n_expired += tick_reached(entry.deadline, now);
		}
	}
	return NULL;
}

// The client port of a packet follows from the number the packet will have.
static void
accept_one(struct shard *shard)
{
	const struct flow flow = {
		.sport = (uint16_t)((shard->seq + 1) % N_PORTS + 1),
		.dport = 53,
	};
	struct frame frame;

	fixture_udp(&frame, &flow, CLIENT);
	shard_accept(shard, &frame);
}

static void
what_is_read_belongs_together(void **state)
{
	const uint64_t end = rte_get_timer_cycles() + rte_get_timer_hz() * READ_MS / 1000;
	struct ct_params params = shard_params();
	struct reader readers[N_READERS] = {{0}};
	pthread_t threads[N_READERS];
	bool is_over = false;
	struct shard shard;
	struct ct_stats stats;

	(void)state;
	params.max_connections = 8; // few slots: each is used again and again
	shard_open(&shard, &(struct shard_options){.params = &params});
	for (int i = 0; i < N_READERS; i++) {
		readers[i] = (struct reader){.shard = &shard, .is_over = &is_over};
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
	}
	while (rte_get_timer_cycles() < end) {
		for (int i = 0; i < 20; i++) {
			accept_one(&shard);
			__atomic_store_n(&shard.now_ns, shard.now_ns + 2 * NS_PER_SEC,
					 __ATOMIC_RELAXED);
		}
		shard_expire(&shard);
	}
	__atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
	for (int i = 0; i < N_READERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	ct_stats_read(shard.ct, &stats);
	print_message("%ju connections made, %ju and %ju read\n", (uintmax_t)stats.created,
		      (uintmax_t)readers[0].n_read, (uintmax_t)readers[1].n_read);
	for (int i = 0; i < N_READERS; i++) {
		assert_int_equal(readers[i].n_torn, 0);
		assert_int_equal(readers[i].n_expired, 0);
		assert_true(readers[i].n_read > 0);
	}
	assert_true(stats.created > 100);
	shard_close(&shard);
}

// The owner of the shard that is read here, as a signal: it comes between any two instructions of
// the reader.
static struct shard interrupted;
static volatile sig_atomic_t n_interrupts;

// Each connection takes the place of the one before, in the other of two slots: after two, the slot
// that is being read is confirmed again, and another connection.
static void
replace_connections(int signal_number)
{
	(void)signal_number;
	accept_one(&interrupted);
	accept_one(&interrupted);
	n_interrupts++;
}

// A thread that interrupts another one over and over.
static void *
interrupt(void *argument)
{
	const pthread_t *reader = argument;

	while (n_interrupts < N_INTERRUPTS) {
		pthread_kill(*reader, SIGUSR1);
		usleep(20);
	}
	return NULL;
}

static void
a_copy_that_is_interrupted_is_thrown_away(void **state)
{
	const struct sigaction action = {.sa_handler = replace_connections};
	struct ct_params params = shard_params();
	uint64_t n_read = 0, n_torn = 0;
	pthread_t self = pthread_self(), thread;

	(void)state;
	params.max_connections = 1;
	shard_open(&interrupted, &(struct shard_options){.params = &params});
	accept_one(&interrupted);
	accept_one(&interrupted);
	n_interrupts = 0;
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	assert_int_equal(pthread_create(&thread, NULL, interrupt, &self), 0);
	while (n_interrupts < N_INTERRUPTS) {
		for (uint32_t slot = 0; slot < 2; slot++) {
			struct ct_entry entry;

			if (!ct_read(interrupted.ct, slot, CT_CONFIRMED, shard_now(&interrupted),
				     &entry))
				continue;
			n_read++;
			n_torn += !belongs_together(&entry);
		}
	}
	pthread_join(thread, NULL);
	assert_int_equal(n_torn, 0);
	assert_true(n_read > 0);
	shard_close(&interrupted);
}

// The scan of the service core only looks: it finds the expired, and the earliest of the others.
static void
a_scan_goes_on_where_it_stopped(void **state)
{
	struct shard shard;
	uint32_t found[SHARD_CONNS];
	struct ct_scan scan = {0};
	unsigned int n = 0;

	(void)state;
	shard_open(&shard, &(struct shard_options){0});
	for (int i = 0; i < 10; i++) {
		accept_one(&shard);
		shard_wait(&shard, 1);
	}
	shard_wait(&shard, 25); // the first at 30, now at 35: six have expired
	scan.now = shard_now(&shard);
	scan.next = scan.now + ticks_from_sec(1000);
	for (int turn = 0; turn < 4; turn++) {
		n += ct_scan(shard.ct, &scan, 3, found + n, SHARD_CONNS - n);
		assert_int_equal(scan.cursor, turn < 3 ? (turn + 1) * 3 : 0);
	}
	assert_int_equal(n, 6);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(found[i], i);
	assert_int_equal(ticks_until(scan.next, scan.now),
			 ticks_from_sec(1)); // the seventh: at 6 + 30

	// As many as the caller has room for, and no further.
	assert_int_equal(ct_scan(shard.ct, &scan, 100, found, 4), 4);
	assert_int_equal(scan.cursor, 4);
	assert_int_equal(ct_scan(shard.ct, &scan, 100, found, 4), 2);
	assert_int_equal(scan.cursor, 0);
	assert_counts(&shard, 10, 0, 0); // it has only looked
	shard_close(&shard);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_belongs_together),
		cmocka_unit_test(a_copy_that_is_interrupted_is_thrown_away),
		cmocka_unit_test(a_scan_goes_on_where_it_stopped),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
