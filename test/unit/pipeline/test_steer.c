// SPDX-License-Identifier: BSD-3-Clause
//
// Packets that come in at one worker and belong to another.
#include "pipeline/steer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <rte_byteorder.h>
#include <rte_common.h>

#include "util/eal.h"
#include "util/mbuf.h"
#include "util/path.h"

// Two workers.
static struct path path;
static struct steer *steer;
static struct burst burst;

// Both functions that choose a home: the keyed hash, and that of the NICs.
static struct toeplitz toeplitz;
static const struct toeplitz *const functions[] = {NULL, &toeplitz};

static void
open_workers(const struct toeplitz *function, unsigned int ring_size)
{
	path_open(&path, &(struct path_options){.n_workers = PATH_WORKERS,
						.steer_ring = ring_size,
						.toeplitz = function});
}

// Runs one packet that this worker receives.
static struct pkt
run_at(unsigned int worker, const struct frame *frame)
{
	path_enter(&path, worker);
	return path_one(&path, frame, LAN);
}

static unsigned int
n_connections(unsigned int worker)
{
	return ct_count(engine_shard(path.engine, worker)).confirmed;
}

static const struct pipeline_stats *
stats_of(unsigned int worker)
{
	return pipeline_stats(engine_pipeline(path.engine, worker));
}

static void
build_udp(struct frame *frame, uint8_t host, bool is_reply)
{
	char client[] = "10.1.0.x";

	client[7] = (char)('0' + host);
	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, is_reply ? "10.2.0.2" : client, is_reply ? client : "10.2.0.2");
	frame_udp(frame, is_reply ? 53 : 5000, is_reply ? 5000 : 53);
	frame_end(frame);
}

// A router's error about the client's packet.
static void
build_error(struct frame *frame, uint8_t host)
{
	char client[] = "10.1.0.x";

	client[7] = (char)('0' + host);
	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, "10.9.0.9", client);
	frame_icmp(frame, 3, 3, 0);
	frame_ip(frame, client, "10.2.0.2");
	frame_udp(frame, 5000, 53);
	frame_end(frame);
}

// Takes what waits for a worker through its path. Returns how many packets there were.
static unsigned int
take_over(unsigned int worker)
{
	engine_receive(path.engine, worker, &burst, BURST_MAX);
	pipeline_run(engine_pipeline(path.engine, worker), &burst);
	pipeline_sent_burst(engine_pipeline(path.engine, worker), &burst);
	for (uint16_t i = 0; i < burst.n; i++)
		rte_pktmbuf_free(burst.pkts[i].mbuf);
	return burst.n;
}

// Returns how many of three packets were handed over.
static unsigned int
run_flow(const struct toeplitz *function, unsigned int in, uint8_t host)
{
	unsigned int home = PATH_WORKERS;
	unsigned int n_moved = 0;
	struct frame frames[3];

	open_workers(function, 64);
	build_udp(&frames[0], host, false);
	build_udp(&frames[1], host, true);
	build_error(&frames[2], host);
	for (int i = 0; i < 3; i++) {
		struct pkt pkt = run_at(in, &frames[i]);
		bool is_moved = take_over(1 - in) == 1;
		unsigned int worker = is_moved ? 1 - in : in;

		if (is_moved)
			pkt = burst.pkts[0];
		n_moved += is_moved;
		assert_true(home == PATH_WORKERS || home == worker);
		home = worker;
		assert_int_equal(pkt.class, i == 0   ? CLASS_NEW
					    : i == 1 ? CLASS_ESTABLISHED
						     : CLASS_RELATED);
	}
	assert_int_equal(n_connections(home), 1);
	assert_int_equal(n_connections(1 - home), 0);
	path_close(&path);
	return n_moved;
}

// Wherever they come in: both directions and the errors about them meet the same connection.
static void
a_flow_is_at_home_with_one_worker(void **state)
{
	(void)state;
	for (size_t i = 0; i < RTE_DIM(functions); i++) {
		unsigned int n_moved = 0;

		for (unsigned int in = 0; in < PATH_WORKERS; in++) {
			for (uint8_t host = 0; host < 10; host++)
				n_moved += run_flow(functions[i], in, host);
		}
		assert_int_equal(n_moved, 30); // each flow once from here and once from there
	}
}

// The packet keeps what its frame does not say: its number, its time and its port.
static void
a_packet_keeps_its_name_on_the_way(void **state)
{
	struct frame frame;
	struct pkt sent = {.seq = 77, .now_ns = 5000000000, .in_port = WAN};

	(void)state;
	steer = steer_create(path_secret(), NULL, 3, 8);
	build_udp(&frame, 1, false);
	sent.mbuf = mbuf_from_frame(&frame);
	assert_int_equal(steer_send(steer, 2, &(struct pkt *){&sent}, 1), 1);
	for (unsigned int worker = 0; worker < 2; worker++) {
		burst_reset(&burst);
		steer_receive(steer, worker, &burst, BURST_MAX);
		assert_int_equal(burst.n, 0);
	}
	steer_receive(steer, 2, &burst, BURST_MAX);
	assert_int_equal(burst.n, 1);
	assert_ptr_equal(burst.pkts[0].mbuf, sent.mbuf);
	assert_int_equal(burst.pkts[0].seq, 77);
	assert_int_equal(burst.pkts[0].now_ns, 5000000000);
	assert_int_equal(burst.pkts[0].now, 1250);
	assert_int_equal(burst.pkts[0].in_port, WAN);
	rte_pktmbuf_free(sent.mbuf);
	steer_destroy(steer);
}

static void
send_one(struct pkt *pkt)
{
	assert_int_equal(steer_send(steer, 0, &pkt, 1), 1);
}

static void
packets_are_received_in_order_and_as_many_as_asked_for(void **state)
{
	struct frame frame;

	(void)state;
	steer = steer_create(path_secret(), NULL, 1, 16);
	build_udp(&frame, 1, false);
	for (uint64_t seq = 1; seq <= 10; seq++)
		send_one(&(struct pkt){.mbuf = mbuf_from_frame(&frame), .seq = seq});
	for (uint64_t seq = 0; seq < 9; seq += 3) {
		burst_reset(&burst);
		steer_receive(steer, 0, &burst, 3);
		assert_int_equal(burst.n, 3);
		for (uint16_t i = 0; i < 3; i++) {
			assert_int_equal(burst.pkts[i].seq, seq + i + 1);
			rte_pktmbuf_free(burst.pkts[i].mbuf);
		}
	}
	steer_destroy(steer); // frees the tenth
}

// Of a burst in which packets of many flows take turns, each worker gets its own in order.
static void
packets_keep_their_order_on_the_way(void **state)
{
	static struct arrival arrivals[BURST_MAX];
	unsigned int n_moved = 0;

	(void)state;
	for (unsigned int i = 0; i < BURST_MAX; i++)
		build_udp(&arrivals[i].frame, (uint8_t)(i % 10), i % 3 == 0);
	for (size_t i = 0; i < 2 * RTE_DIM(functions); i++) {
		unsigned int in = i % 2;
		uint64_t seq = 0;

		open_workers(functions[i / 2], 2 * BURST_MAX);
		path_enter(&path, in);
		path_run(&path, arrivals, BURST_MAX, &burst);
		engine_receive(path.engine, 1 - in, &burst, BURST_MAX);
		for (uint16_t k = 0; k < burst.n; k++) {
			assert_true(burst.pkts[k].seq > seq);
			seq = burst.pkts[k].seq;
			rte_pktmbuf_free(burst.pkts[k].mbuf);
		}
		n_moved += burst.n;
		path_close(&path);
	}
	assert_int_equal(n_moved, 2 * BURST_MAX); // each from here or from there
}

// No room in the ring: the packet is dropped with a reason of its own, once.
static void
a_full_ring_drops(void **state)
{
	struct frame frame;
	unsigned int in = 0;
	struct pkt pkt;

	(void)state;
	open_workers(NULL, 2); // one waits
	build_udp(&frame, 1, false);
	run_at(0, &frame);
	if (take_over(1) == 0)
		in = 1; // at home with 0: let it come in at 1
	run_at(in, &frame);
	pkt = run_at(in, &frame);
	assert_path(&path, pkt, "drop handoff_full");
	assert_int_equal(stats_of(in)->dropped[REASON_HANDOFF_FULL], 1);
	assert_int_equal(take_over(1 - in), 1);
	path_close(&path);
}

// Each packet counts where it was judged; whoever passed it on counts only that.
static void
packets_are_counted_at_home(void **state)
{
	const struct pipeline_stats *stats[PATH_WORKERS];
	uint64_t n_moved = 0, n_judged = 0;

	(void)state;
	open_workers(NULL, 64);
	for (uint8_t host = 0; host < 10; host++) {
		struct frame frame;

		build_udp(&frame, host, false);
		run_at(0, &frame);
		take_over(1);
	}
	for (unsigned int worker = 0; worker < PATH_WORKERS; worker++) {
		stats[worker] = stats_of(worker);
		n_moved += stats[worker]->handed_over;
		n_judged += stats[worker]->packets;
	}
	assert_int_equal(n_judged, 10);
	assert_int_equal(stats[1]->packets, n_moved);
	assert_int_equal(stats[0]->packets, 10 - n_moved);
	path_close(&path);
}

// What is no flow stays where it came in.
static void
what_is_no_flow_stays(void **state)
{
	struct pkt pkt = {.family = FAMILY_NONE};

	(void)state;
	steer = steer_create(path_secret(), NULL, 4, 2);
	for (unsigned int worker = 0; worker < 4; worker++)
		assert_int_equal(steer_home(steer, &pkt, worker), worker);
	pkt.family = FAMILY_IPV4;
	pkt.tuple.family = FAMILY_IPV4;
	for (uint32_t host = 0; host < 100; host++) {
		pkt.tuple.src.v4 = host;
		assert_int_equal(steer_home(steer, &pkt, 0),
				 home_worker(hash_home(path_secret(), &pkt.tuple), 4));
	}
	steer_destroy(steer);
	steer_destroy(NULL);
}

// A home is what the table of a NIC with this hash says: 256 entries, a quarter for each worker.
static void
the_hash_of_the_nics_chooses_as_their_tables_do(void **state)
{
	unsigned int n_at[4] = {0};

	(void)state;
	steer = steer_create(path_secret(), &toeplitz, 4, 2);
	for (uint32_t host = 0; host < 256; host++) {
		struct pkt pkt = {.family = FAMILY_IPV4, .tuple = {.family = FAMILY_IPV4}};
		unsigned int home;

		pkt.tuple.src.v4 = rte_cpu_to_be_32(host);
		home = steer_home(steer, &pkt, 0);
		assert_int_equal(home, (toeplitz_hash(&toeplitz, &pkt.tuple) & 0xff) / 64);
		n_at[home]++;
	}
	for (unsigned int worker = 0; worker < 4; worker++)
		assert_int_equal(n_at[worker], 64);
	steer_destroy(steer);
}

static int
start(void **state)
{
	return toeplitz_init_random(&toeplitz, 8) ? test_eal_start(state) : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_is_at_home_with_one_worker),
		cmocka_unit_test(a_packet_keeps_its_name_on_the_way),
		cmocka_unit_test(packets_are_received_in_order_and_as_many_as_asked_for),
		cmocka_unit_test(packets_keep_their_order_on_the_way),
		cmocka_unit_test(a_full_ring_drops),
		cmocka_unit_test(packets_are_counted_at_home),
		cmocka_unit_test(what_is_no_flow_stays),
		cmocka_unit_test(the_hash_of_the_nics_chooses_as_their_tables_do),
	};

	return cmocka_run_group_tests(tests, start, test_eal_stop);
}
