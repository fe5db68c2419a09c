// SPDX-License-Identifier: BSD-3-Clause
//
// The self-test of steering: what it lets pass and what it refuses. The device is net_null, which
// keeps the key and the table that it is given.
#include "runtime/steering.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>
#include <rte_dev.h>
#include <rte_ethdev.h>

#include "packet/parse.h"
#include "runtime/samples.h"
#include "util/eal.h"
#include "util/mbuf.h"
#include "util/published_rss.h"

#define N_WORKERS 3
#define DEVICE    "net_null0"
#define N_ENTRIES 128               // of net_null's table
#define KEY_LEN   PUBLISHED_KEY_LEN // the device's

static struct hash_secret secret;
static struct rss rss = {.is_offered = true, .n_workers = N_WORKERS};
static struct config config = {
	.file = (char *)"conf",
	.n_ports = 1,
	.ports = {{.name = (char *)"lan", .device = (char *)DEVICE, .file = "conf", .line = 4}},
	.workers = N_WORKERS,
};

// A NIC that behaves as configured.
static struct rss_state
good_nic(uint16_t n_queues)
{
	struct rss_state state = {.n_queues = n_queues};

	toeplitz_key(&rss.toeplitz, (uint8_t *)state.key, KEY_LEN);
	for (uint16_t i = 0; i < n_queues; i++)
		state.queues[i] = (uint16_t)home_worker(toeplitz_home(&rss.toeplitz, i), N_WORKERS);
	return state;
}

// True when it holds for homes chosen by the hash of the NICs.
static bool
holds(const struct rss_state *nic)
{
	struct steer *steer = steer_create(&secret, &rss.toeplitz, N_WORKERS, 8);
	bool result;

	assert_non_null(steer);
	result = steering_holds(steer, nic);
	steer_destroy(steer);
	return result;
}

// A device that can do all that is needed.
static const struct rte_eth_dev_info able = {
	.flow_type_rss_offloads = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP,
	.hash_key_size = 52,
	.reta_size = 128,
	.max_rx_queues = 16,
};

static void
the_smallest_table_counts(void **state)
{
	static const struct {
		uint16_t sizes[3];
		unsigned int bits;
	} cases[] = {
		{{128, 512, 64}, 6},
		{{512, 512, 512}, 8},
		{{0, 16, 0}, 4},
		{{100, 4, 256}, 8},
	};

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		struct rte_eth_dev_info infos[3] = {able, able, able};
		struct rss plan;

		for (int k = 0; k < 3; k++)
			infos[k].reta_size = cases[i].sizes[k];
		rss_plan(&plan, infos, 3, 5);
		assert_true(plan.is_offered);
		assert_int_equal(plan.toeplitz.bits, cases[i].bits);
	}
}

static void
what_lacks_anything_is_no_offer(void **state)
{
	struct rte_eth_dev_info infos[] = {able, able, able, able, able, able, able, able};
	struct rss plan;

	(void)state;
	infos[0].flow_type_rss_offloads = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_FRAG_IPV4;
	infos[1].flow_type_rss_offloads = RTE_ETH_RSS_IPV4;
	infos[2].hash_key_size = 0;
	infos[3].hash_key_size = TOEPLITZ_KEY_MIN - 1;
	infos[4].hash_key_size = RSS_KEY_MAX + 1;
	infos[5].reta_size = 0;
	infos[6].reta_size = 1024;
	infos[7].max_rx_queues = 2;
	rss_plan(&plan, infos, RTE_DIM(infos), 3);
	assert_false(plan.is_offered);
	// A single worker needs no help; with two or more, one device is enough.
	rss_plan(&plan, &able, 1, 1);
	assert_false(plan.is_offered);
	infos[7] = able;
	rss_plan(&plan, infos, RTE_DIM(infos), 3);
	assert_true(plan.is_offered);
	for (size_t i = 0; i < RTE_DIM(infos); i++)
		assert_int_equal(rss_is_offered(&plan, &infos[i]), i == 7);
}

static void
samples_are_what_they_are_called(void **state)
{
	static const struct {
		uint8_t proto[2];
		bool is_fragment;
		bool is_error;
	} expected[SAMPLE_COUNT] = {
		[SAMPLE_TCP] = {{6, 6}, false, false},
		[SAMPLE_UDP] = {{17, 17}, false, false},
		[SAMPLE_ECHO] = {{1, 58}, false, false},
		[SAMPLE_GRE] = {{47, 47}, false, false},
		[SAMPLE_FRAGMENT] = {{17, 17}, true, false},
		[SAMPLE_ERROR] = {{1, 58}, false, true},
	};

	(void)state;
	for (int i = 0; i < 2 * SAMPLE_COUNT; i++) {
		enum family family = i % 2 == 0 ? FAMILY_IPV4 : FAMILY_IPV6;
		enum sample sample = (enum sample)(i / 2);
		uint8_t frame[SAMPLE_MAX];
		union address src, dst;
		struct tuple inner;
		struct pkt pkt = {0};
		uint32_t len;

		sample_hosts((uint32_t)i, family, &src, &dst);
		len = sample_write(frame, sample, family, &src, &dst);
		pkt.mbuf = mbuf_from_bytes(frame, len);
		packet_parse(&pkt);
		assert_int_equal(pkt.fault,
				 expected[sample].is_fragment ? FAULT_FRAGMENT : FAULT_NONE);
		assert_int_equal(pkt.family, family);
		assert_int_equal(pkt.l3_off + pkt.l3_len, len);
		assert_int_equal(pkt.tuple.proto, expected[sample].proto[i % 2]);
		assert_int_equal(pkt.is_fragment, expected[sample].is_fragment);
		assert_int_equal(icmp_is_error(&pkt), expected[sample].is_error);
		if (expected[sample].is_error) {
			assert_int_equal(packet_parse_inner(&pkt, &inner), FAULT_NONE);
			assert_memory_equal(&inner.src, &src, sizeof(src));
			assert_memory_equal(&inner.dst, &dst, sizeof(dst));
			assert_memory_not_equal(&pkt.tuple.src, &dst, sizeof(dst));
		} else {
			assert_memory_equal(&pkt.tuple.src, &src, sizeof(src));
			assert_memory_equal(&pkt.tuple.dst, &dst, sizeof(dst));
		}
		rte_pktmbuf_free(pkt.mbuf);
	}
}

// The expected queues are those that Microsoft has published for the same key.
static void
a_nic_takes_the_queue_that_the_published_hash_says(void **state)
{
	struct rss_state nic = {.n_queues = RSS_TABLE_MAX};

	(void)state;
	memcpy(nic.key, published_key, KEY_LEN);
	for (uint16_t i = 0; i < RSS_TABLE_MAX; i++)
		nic.queues[i] = i;
	for (unsigned int i = 0; i < N_PUBLISHED_HASHES; i++) {
		struct tuple tuple;
		uint32_t hash = published_hash(i, &tuple);

		assert_int_equal(rss_queue(&nic, &tuple), hash & 0x1ff);
	}
}

static void
homes_of_either_function_hold(void **state)
{
	struct rss_state nic = good_nic(N_ENTRIES);
	struct steer *keyed;

	(void)state;
	assert_true(holds(NULL));
	keyed = steer_create(&secret, NULL, N_WORKERS, 8);
	assert_non_null(keyed);
	assert_true(steering_holds(keyed, NULL));
	assert_false(steering_holds(keyed, &nic)); // it hashes with another function
	steer_destroy(keyed);
}

static void
nics_that_do_as_told_hold_whatever_their_tables(void **state)
{
	(void)state;
	for (uint16_t n = N_ENTRIES; n <= RSS_TABLE_MAX; n *= 2) {
		struct rss_state nic = good_nic(n);

		assert_true(rss_has_table(&rss, &nic));
		assert_true(holds(&nic));
	}
}

static void
other_keys_are_refused(void **state)
{
	struct rss_state nic = good_nic(N_ENTRIES);
	uint8_t *key = (uint8_t *)nic.key;

	(void)state;
	memcpy(key, published_key, KEY_LEN); // not symmetric
	assert_false(holds(&nic));
	for (unsigned int i = 0; i < KEY_LEN; i++)
		key[i] = i % 2 == 0 ? 0x6d : 0x5a; // symmetric, not ours
	assert_false(holds(&nic));
	// Any wrong byte, but the first three: they decide high bits of the hash only.
	for (unsigned int i = 3; i < TOEPLITZ_KEY_MIN; i++) {
		nic = good_nic(N_ENTRIES);
		key[i] ^= 0xff;
		assert_false(holds(&nic));
	}
}

static void
any_wrong_entry_of_a_table_is_refused(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < N_ENTRIES; i++) {
		struct rss_state nic = good_nic(N_ENTRIES);

		nic.queues[i] = (nic.queues[i] + 1) % N_WORKERS;
		assert_false(rss_has_table(&rss, &nic));
	}
}

// Makes the device compute what this says.
static void
tell_device(uint16_t ethdev, struct rss_state *state, uint64_t types)
{
	struct rte_eth_rss_reta_entry64 table[N_ENTRIES / RTE_ETH_RETA_GROUP_SIZE];
	struct rte_eth_rss_conf conf = {
		.rss_key = (uint8_t *)state->key,
		.rss_key_len = KEY_LEN,
		.rss_hf = types,
	};

	memset(table, 0xff, sizeof(table));
	for (unsigned int i = 0; i < N_ENTRIES; i++)
		table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE] =
			state->queues[i];
	assert_int_equal(rte_eth_dev_rss_hash_update(ethdev, &conf), 0);
	assert_int_equal(rte_eth_dev_rss_reta_update(ethdev, table, N_ENTRIES), 0);
}

static void
assert_refused(struct ports *ports, const struct steer *steer)
{
	struct errors errors;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	errors_init(&errors);
	assert_int_equal(steering_test(ports, steer, &config, &errors), -1);
	errors_print(&errors, out);
	fclose(out);
	assert_string_equal(text, "conf:4: port \"lan\", device \"net_null0\": a flow could have "
				  "two homes, steered by the NIC (symmetric RSS on addresses)\n");
	free(text);
	errors_fini(&errors);
}

static void
a_port_whose_device_does_otherwise_is_refused(void **state)
{
	struct rte_eth_conf conf = {.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS};
	struct ports ports = {.n = 1, .rss = rss, .list = {{.steering = STEERING_NIC}}};
	struct steer *steer = steer_create(&secret, &rss.toeplitz, N_WORKERS, 8);
	struct rss_state nic = good_nic(N_ENTRIES);
	struct errors errors;

	(void)state;
	assert_non_null(steer);
	errors_init(&errors);
	assert_int_equal(rte_dev_probe(DEVICE), 0);
	assert_int_equal(rte_eth_dev_get_port_by_name(DEVICE, &ports.list[0].ethdev), 0);
	assert_int_equal(rte_eth_dev_configure(ports.list[0].ethdev, N_WORKERS, 1, &conf), 0);
	tell_device(ports.list[0].ethdev, &nic, RTE_ETH_RSS_IP);
	assert_int_equal(steering_test(&ports, steer, &config, &errors), 0);
	assert_int_equal(ports.list[0].steering, STEERING_NIC);

	nic.queues[77] ^= 1;
	tell_device(ports.list[0].ethdev, &nic, RTE_ETH_RSS_IP);
	assert_refused(&ports, steer);

	nic = good_nic(N_ENTRIES);
	memcpy(nic.key, published_key, KEY_LEN);
	tell_device(ports.list[0].ethdev, &nic, RTE_ETH_RSS_IP);
	assert_refused(&ports, steer);
	// A NIC that does not steer may do anything.
	ports.list[0].steering = STEERING_WORKER;
	assert_int_equal(steering_test(&ports, steer, &config, &errors), 0);

	// Neither does one steer that hashes ports, or nothing.
	for (int i = 0; i < 2; i++) {
		ports.list[0].steering = STEERING_NIC;
		tell_device(ports.list[0].ethdev, &nic,
			    i == 0 ? RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP : RTE_ETH_RSS_IPV4);
		assert_int_equal(steering_test(&ports, steer, &config, &errors), 0);
		assert_int_equal(ports.list[0].steering, STEERING_WORKER);
	}
	errors_fini(&errors);
	steer_destroy(steer);
	assert_int_equal(rte_eth_dev_close(ports.list[0].ethdev), 0);
}

static int
start(void **state)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "steering";

	if (test_eal_start(state) != 0)
		return -1;
	hash_secret_init(&secret, seed);
	return toeplitz_init_random(&rss.toeplitz, 7) ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_table_counts),
		cmocka_unit_test(what_lacks_anything_is_no_offer),
		cmocka_unit_test(samples_are_what_they_are_called),
		cmocka_unit_test(a_nic_takes_the_queue_that_the_published_hash_says),
		cmocka_unit_test(homes_of_either_function_hold),
		cmocka_unit_test(nics_that_do_as_told_hold_whatever_their_tables),
		cmocka_unit_test(other_keys_are_refused),
		cmocka_unit_test(any_wrong_entry_of_a_table_is_refused),
		cmocka_unit_test(a_port_whose_device_does_otherwise_is_refused),
	};

	return cmocka_run_group_tests(tests, start, test_eal_stop);
}
