// SPDX-License-Identifier: BSD-3-Clause
#include "nic.h"

#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include "flows.h"
#include "objects.h"
#include "runtime/ports.h"
#include "turns.h"

#define PACKETS_PER_WORKER 2048
#define RING_OPS           "sharing_ring"

// Of one worker.
struct queue {
	struct rte_mempool *pool;
	unsigned int worker;
	uint64_t received;
	uint64_t sent;
} __rte_cache_aligned;

static struct queue *queues[CPU_WORKERS];
static unsigned int n_queues;
static void *queue_data[CPU_WORKERS]; // what DPDK keeps of them
static void *no_callbacks[CPU_WORKERS];

struct nic_counts
nic_counts(void)
{
	struct nic_counts sum = {0};

	for (unsigned int i = 0; i < n_queues; i++) {
		sum.received += queues[i]->received;
		sum.sent += queues[i]->sent;
	}
	return sum;
}

// A turn of the worker's loop begins.
static uint16_t
receive(void *queue_of_worker, struct rte_mbuf **mbufs, uint16_t n)
{
	struct queue *queue = queue_of_worker;

	turns_wait();
	n = RTE_MIN(n, flows_waiting(queue->worker));
	if (n == 0 || rte_pktmbuf_alloc_bulk(queue->pool, mbufs, n) != 0)
		return 0;
	for (uint16_t i = 0; i < n; i++) {
		uint16_t len =
			flows_write_next(queue->worker, rte_pktmbuf_mtod(mbufs[i], uint8_t *));

		mbufs[i]->data_len = len;
		mbufs[i]->pkt_len = len;
		mbufs[i]->port = 0;
	}
	queue->received += n;
	return n;
}

static uint16_t
receive_none(void *queue, struct rte_mbuf **mbufs, uint16_t n)
{
	(void)queue;
	(void)mbufs;
	(void)n;
	return 0;
}

// All packets are of one pool, as drivers want it for their fastest way.
static uint16_t
send_all(void *queue_of_worker, struct rte_mbuf **mbufs, uint16_t n)
{
	struct queue *queue = queue_of_worker;
	struct rte_mbuf *done[UINT8_MAX];

	n = RTE_MIN(n, (uint16_t)RTE_DIM(done));
	for (uint16_t i = 0; i < n; i++)
		done[i] = rte_pktmbuf_prefree_seg(mbufs[i]);
	rte_mempool_put_bulk(queue->pool, (void **)done, n);
	queue->sent += n;
	return n;
}

// The ring behind a pool's caches, as DPDK's own; but compiled here, so that it is seen.
static int
ring_alloc(struct rte_mempool *pool)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "ring_%.16s", pool->name);
	pool->pool_data =
		rte_ring_create(name, rte_align32pow2(pool->size + 1), pool->socket_id, 0);
	return pool->pool_data == NULL ? -rte_errno : 0;
}

static void
ring_free(struct rte_mempool *pool)
{
	rte_ring_free(pool->pool_data);
}

static int
ring_enqueue(struct rte_mempool *pool, void *const *objects, unsigned int n)
{
	return rte_ring_mp_enqueue_bulk(pool->pool_data, objects, n, NULL) == 0 ? -ENOBUFS : 0;
}

static int
ring_dequeue(struct rte_mempool *pool, void **objects, unsigned int n)
{
	return rte_ring_mc_dequeue_bulk(pool->pool_data, objects, n, NULL) == 0 ? -ENOBUFS : 0;
}

static unsigned int
ring_count(const struct rte_mempool *pool)
{
	return rte_ring_count(pool->pool_data);
}

static const struct rte_mempool_ops ring_ops = {
	.name = RING_OPS,
	.alloc = ring_alloc,
	.free = ring_free,
	.enqueue = ring_enqueue,
	.dequeue = ring_dequeue,
	.get_count = ring_count,
};

RTE_MEMPOOL_REGISTER_OPS(ring_ops);

static void
add_memory(struct rte_mempool *pool, void *context, struct rte_mempool_memhdr *memory,
	   unsigned int index)
{
	(void)pool;
	(void)context;
	(void)index;
	objects_add("packets", memory->addr, memory->len);
}

static void
open_queues(const struct ports *ports)
{
	for (unsigned int i = 0; i < n_queues; i++) {
		queues[i] = rte_zmalloc("queue", sizeof(*queues[i]), RTE_CACHE_LINE_SIZE);
		queues[i]->pool = ports->pools.of_worker[i];
		queues[i]->worker = i;
		queue_data[i] = queues[i];
	}
	for (unsigned int port = 0; port < 2; port++) {
		rte_eth_fp_ops[port] = (struct rte_eth_fp_ops){
			.rx_pkt_burst = port == 0 ? receive : receive_none,
			.rxq = {queue_data, no_callbacks},
			.tx_pkt_burst = send_all,
			.txq = {queue_data, no_callbacks},
		};
	}
}

// NOLINTBEGIN(bugprone-reserved-identifier): the linker chooses these names.

int __wrap_ports_open(struct ports *ports, const struct config *config, const int nodes[],
		      struct errors *errors);
struct rte_mempool *__real_rte_pktmbuf_pool_create(const char *name, unsigned int n,
						   unsigned int cache, uint16_t private,
						   uint16_t room, int socket);
struct rte_mempool *__wrap_rte_pktmbuf_pool_create(const char *name, unsigned int n,
						   unsigned int cache, uint16_t private,
						   uint16_t room, int socket);

int
__wrap_ports_open(struct ports *ports, const struct config *config, const int nodes[],
		  struct errors *errors)
{
	*ports = (struct ports){.n = config->n_ports};
	n_queues = config->workers;
	if (pools_open(&ports->pools, config, nodes, errors) != 0)
		return -1;
	for (unsigned int i = 0; i < ports->n; i++) {
		ports->list[i].ethdev = (uint16_t)i;
		ports->list[i].n_rx_queues = (uint16_t)config->workers;
		ports->list[i].n_tx_queues = (uint16_t)config->workers;
		ports->list[i].is_open = true;
		ports->list[i].is_live = true;
		ports->list[i].steering = config->workers > 1 ? STEERING_WORKER : STEERING_NONE;
	}
	open_queues(ports);
	return 0;
}

// The ports' pools are smaller than for queues of a NIC, which there are none of.
struct rte_mempool *
__wrap_rte_pktmbuf_pool_create(const char *name, unsigned int n, unsigned int cache,
			       uint16_t private, uint16_t room, int socket)
{
	struct rte_mempool *pool;

	if (strncmp(name, "packets", strlen("packets")) != 0)
		return __real_rte_pktmbuf_pool_create(name, n, cache, private, room, socket);
	n = n_queues * PACKETS_PER_WORKER;
	pool = rte_pktmbuf_pool_create_by_ops(name, n, cache, private, room, socket, RING_OPS);
	if (pool == NULL)
		return NULL;
	rte_mempool_mem_iter(pool, add_memory, NULL);
	objects_add("mempool", pool, RTE_MEMPOOL_HEADER_SIZE(pool, cache));
	return pool;
}

// NOLINTEND(bugprone-reserved-identifier)
