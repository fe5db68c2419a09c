// SPDX-License-Identifier: BSD-3-Clause
//
// What the table of a connection tracker costs at least when it is made of rte_hash, as DPDK's own
// examples would make it: parse, one bulk lookup per burst with CRC hashes, an entry per direction,
// counters and a time stamp in the connection, send. It has no rules, no states, no checksums, no
// limits and removes nothing, so it is a bound for a firewall and not one.
//
//   rte_hash_loop EAL arguments -- CONNECTIONS 4|6     from port 0 to port 1, until SIGTERM
//
// Everything happens in the main lcore. /reference/connections of the telemetry socket counts.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_telemetry.h>

#define BURST       32
#define DESCRIPTORS 512
#define POOL_SIZE   8191
#define POOL_CACHE  256
#define IP          14 // offset of the IP header

struct key {
	union {
		struct {
			uint32_t src, dst;
			uint32_t ports;
			uint32_t proto;
		} ipv4;
		struct {
			uint8_t src[16], dst[16];
			uint32_t ports;
			uint32_t proto;
		} ipv6;
	};
};

// The hash table's value for a key is the connection's number and the direction in the lowest bit.
struct connection {
	uint64_t packets[2];
	uint64_t bytes[2];
	uint64_t seen;
} __rte_cache_aligned;

struct reference {
	struct rte_hash *table;
	struct connection *connections;
	uint32_t n_connections; // telemetry reads it, and the next
	uint64_t n_refused;     // packets for whose connection there was no room
	uint32_t capacity;
	bool is_ipv6;
	uint32_t key_len;
};

// One burst. keys[] points at storage[].
struct lookup {
	struct key storage[BURST];
	const void *keys[BURST];
	hash_sig_t hashes[BURST];
	void *found[BURST];
	uint64_t hits;
};

static struct reference reference;
static volatile sig_atomic_t is_stopping;

static void
stop(int number)
{
	(void)number;
	is_stopping = 1;
}

static int
tell_connections(const char *command, const char *parameters, struct rte_tel_data *data)
{
	(void)command, (void)parameters;
	rte_tel_data_start_dict(data);
	rte_tel_data_add_dict_u64(data, "refused",
				  __atomic_load_n(&reference.n_refused, __ATOMIC_RELAXED));
	return rte_tel_data_add_dict_u64(
		data, "connections", __atomic_load_n(&reference.n_connections, __ATOMIC_RELAXED));
}

static void
read_key(struct key *key, const uint8_t *frame)
{
	memset(key, 0, reference.key_len);
	if (reference.is_ipv6) {
		memcpy(&key->ipv6.src, frame + IP + 8, 2 * sizeof(key->ipv6.src));
		memcpy(&key->ipv6.ports, frame + IP + 40, sizeof(key->ipv6.ports));
		key->ipv6.proto = frame[IP + 6];
	} else {
		memcpy(&key->ipv4.src, frame + IP + 12, 2 * sizeof(key->ipv4.src));
		memcpy(&key->ipv4.ports, frame + IP + 20, sizeof(key->ipv4.ports));
		key->ipv4.proto = frame[IP + 9];
	}
}

static void
invert(struct key *inverted, const struct key *key)
{
	memset(inverted, 0, reference.key_len);
	if (reference.is_ipv6) {
		memcpy(inverted->ipv6.src, key->ipv6.dst, sizeof(key->ipv6.dst));
		memcpy(inverted->ipv6.dst, key->ipv6.src, sizeof(key->ipv6.src));
		inverted->ipv6.ports = key->ipv6.ports << 16 | key->ipv6.ports >> 16;
		inverted->ipv6.proto = key->ipv6.proto;
	} else {
		inverted->ipv4.src = key->ipv4.dst;
		inverted->ipv4.dst = key->ipv4.src;
		inverted->ipv4.ports = key->ipv4.ports << 16 | key->ipv4.ports >> 16;
		inverted->ipv4.proto = key->ipv4.proto;
	}
}

// The value for a key that was not found at first: a packet before it in the burst may have made
// the connection. Returns -1 when there is no room.
static int
make(const struct key *key, hash_sig_t hash, void **value)
{
	uintptr_t number = reference.n_connections;
	struct key inverted;

	if (rte_hash_lookup_with_hash_data(reference.table, key, hash, value) >= 0)
		return 0;
	if (number == reference.capacity)
		return -1;
	*value = (void *)(number * 2); // NOLINT(performance-no-int-to-ptr): a number, not a pointer
	invert(&inverted, key);
	if (rte_hash_add_key_with_hash_data(reference.table, key, hash, *value) != 0 ||
	    rte_hash_add_key_data(reference.table, &inverted, (void *)(number * 2 + 1)) != 0)
		return -1;
	__atomic_store_n(&reference.n_connections, number + 1, __ATOMIC_RELAXED);
	return 0;
}

static void
look_up(struct lookup *lookup, struct rte_mbuf *mbufs[], uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], void *));
	for (uint16_t i = 0; i < n; i++) {
		read_key(&lookup->storage[i], rte_pktmbuf_mtod(mbufs[i], const uint8_t *));
		lookup->hashes[i] = rte_hash_crc(&lookup->storage[i], reference.key_len, 0);
	}
	rte_hash_lookup_with_hash_bulk_data(reference.table, lookup->keys, lookup->hashes, n,
					    &lookup->hits, lookup->found);
	for (uint16_t i = 0; i < n; i++) {
		if (lookup->hits >> i & 1)
			rte_prefetch0(&reference.connections[(uintptr_t)lookup->found[i] >> 1]);
	}
}

static void
run_burst(struct lookup *lookup)
{
	struct rte_mbuf *mbufs[BURST];
	uint16_t n = rte_eth_rx_burst(0, 0, mbufs, BURST);
	uint64_t now = rte_rdtsc();
	uint16_t sent;

	if (n == 0)
		return;
	look_up(lookup, mbufs, n);
	for (uint16_t i = 0; i < n; i++) {
		struct connection *connection;
		uintptr_t value;

		if (!(lookup->hits >> i & 1) &&
		    make(&lookup->storage[i], lookup->hashes[i], &lookup->found[i]) != 0) {
			__atomic_store_n(&reference.n_refused, reference.n_refused + 1,
					 __ATOMIC_RELAXED);
			continue;
		}
		value = (uintptr_t)lookup->found[i];
		connection = &reference.connections[value >> 1];
		connection->packets[value & 1]++;
		connection->bytes[value & 1] += mbufs[i]->pkt_len;
		connection->seen = now;
	}
	sent = rte_eth_tx_burst(1, 0, mbufs, n);
	rte_pktmbuf_free_bulk(mbufs + sent, n - sent);
}

static int
start_port(uint16_t port, struct rte_mempool *pool)
{
	const struct rte_eth_conf config = {0};
	int result = rte_eth_dev_configure(port, 1, 1, &config);

	if (result == 0)
		result = rte_eth_rx_queue_setup(port, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL, pool);
	if (result == 0)
		result = rte_eth_tx_queue_setup(port, 0, DESCRIPTORS, SOCKET_ID_ANY, NULL);
	return result == 0 ? rte_eth_dev_start(port) : result;
}

static int
create_table(uint32_t capacity)
{
	const struct rte_hash_parameters parameters = {
		.name = "connections",
		.entries = capacity * 2 + capacity / 4,
		.key_len = reference.key_len,
		.hash_func = rte_hash_crc,
		.socket_id = (int)rte_socket_id(),
	};

	reference.capacity = capacity;
	reference.table = rte_hash_create(&parameters);
	reference.connections = rte_zmalloc("connections", sizeof(struct connection) * capacity, 0);
	return reference.table == NULL || reference.connections == NULL ? -1 : 0;
}

int
main(int argc, char **argv)
{
	int n_eal = rte_eal_init(argc, argv);
	struct rte_mempool *pool;
	struct lookup lookup;

	if (n_eal < 0 || argc - n_eal != 3) {
		fprintf(stderr, "usage: rte_hash_loop EAL arguments -- CONNECTIONS 4|6\n");
		return EXIT_FAILURE;
	}
	reference.is_ipv6 = argv[n_eal + 2][0] == '6';
	reference.key_len =
		reference.is_ipv6 ? sizeof(lookup.storage[0].ipv6) : sizeof(lookup.storage[0].ipv4);
	pool = rte_pktmbuf_pool_create("packets", POOL_SIZE, POOL_CACHE, 0,
				       RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (pool == NULL || create_table((uint32_t)strtoul(argv[n_eal + 1], NULL, 10)) != 0 ||
	    start_port(0, pool) != 0 || start_port(1, pool) != 0) {
		fprintf(stderr, "rte_hash_loop: no memory or no ports\n");
		return EXIT_FAILURE;
	}
	for (unsigned int i = 0; i < BURST; i++)
		lookup.keys[i] = &lookup.storage[i];
	(void)signal(SIGTERM, stop);
	rte_telemetry_register_cmd("/reference/connections", tell_connections,
				   "Returns how many connections there are.");
	while (!is_stopping)
		run_burst(&lookup);
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
