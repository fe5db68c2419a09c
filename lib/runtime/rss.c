// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/rss.h"

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_mbuf.h>
#include <rte_thash.h>

#include "base/contract.h"
#include "packet/hash.h"

// Packets of any protocol by their addresses, none by ports. IPV6_EX stays off: it would use
// addresses in extension headers.
#define NEEDED (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6)
#define WANTED (RTE_ETH_RSS_IP & ~RTE_ETH_RSS_IPV6_EX)
#define PORTS  (RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP)

#define DRAIN_BURST 32
#define DRAIN_MAX   8192 // packets: more than a queue holds; a bound in case they never stop

#define TABLE_GROUPS (RSS_TABLE_MAX / RTE_ETH_RETA_GROUP_SIZE)

static bool
can(const struct rte_eth_dev_info *info, unsigned int n_workers)
{
	return (info->flow_type_rss_offloads & NEEDED) == NEEDED &&
	       info->hash_key_size >= TOEPLITZ_KEY_MIN && info->hash_key_size <= RSS_KEY_MAX &&
	       rte_is_power_of_2(info->reta_size) && info->reta_size <= RSS_TABLE_MAX &&
	       info->reta_size >= n_workers && info->max_rx_queues >= n_workers;
}

void
rss_plan(struct rss *rss, const struct rte_eth_dev_info infos[], unsigned int n,
	 unsigned int n_workers)
{
	// All devices use only as many bits of the hash as the smallest table needs.
	unsigned int bits = TOEPLITZ_BITS_MAX;

	*rss = (struct rss){.n_workers = n_workers};
	for (unsigned int i = 0; n_workers > 1 && i < n; i++) {
		if (!can(&infos[i], n_workers))
			continue;
		rss->is_offered = true;
		bits = RTE_MIN(bits, rte_log2_u32(infos[i].reta_size));
	}
	// Without random numbers, packets are handed over as if no device could steer.
	rss->is_offered = rss->is_offered && toeplitz_init_random(&rss->toeplitz, bits);
}

bool
rss_is_offered(const struct rss *rss, const struct rte_eth_dev_info *info)
{
	return rss->is_offered && can(info, rss->n_workers);
}

// What is set: the key has as many bytes as the device demands.
static struct rte_eth_rss_conf
settings(const struct rss *rss, const struct rte_eth_dev_info *info, uint8_t *key)
{
	toeplitz_key(&rss->toeplitz, key, info->hash_key_size);
	return (struct rte_eth_rss_conf){
		.rss_key = key,
		.rss_key_len = info->hash_key_size,
		.rss_hf = WANTED & info->flow_type_rss_offloads,
	};
}

void
rss_configure(const struct rss *rss, const struct rte_eth_dev_info *info, uint8_t *key,
	      struct rte_eth_conf *config)
{
	CONTRACT(rss_is_offered(rss, info));
	config->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	config->rx_adv_conf.rss_conf = settings(rss, info, key);
}

static uint16_t
table_entry(const struct rss *rss, uint16_t index)
{
	return (uint16_t)home_worker(toeplitz_home(&rss->toeplitz, index), rss->n_workers);
}

static int
set_table(const struct rss *rss, uint16_t ethdev, uint16_t n_entries)
{
	struct rte_eth_rss_reta_entry64 table[TABLE_GROUPS] = {0};

	for (uint16_t i = 0; i < n_entries; i++) {
		struct rte_eth_rss_reta_entry64 *group = &table[i / RTE_ETH_RETA_GROUP_SIZE];

		group->mask |= UINT64_C(1) << i % RTE_ETH_RETA_GROUP_SIZE;
		group->reta[i % RTE_ETH_RETA_GROUP_SIZE] = table_entry(rss, i);
	}
	return rte_eth_dev_rss_reta_update(ethdev, table, n_entries);
}

// A packet in another queue than the next one of its flow could be overtaken by it.
static void
drain(uint16_t ethdev, unsigned int n_queues)
{
	struct rte_mbuf *mbufs[DRAIN_BURST];
	uint16_t n;

	for (unsigned int queue = 0; queue < n_queues; queue++) {
		unsigned int n_drained = 0;

		do {
			n = rte_eth_rx_burst(ethdev, (uint16_t)queue, mbufs, DRAIN_BURST);
			rte_pktmbuf_free_bulk(mbufs, n);
			n_drained += n;
		} while (n > 0 && n_drained < DRAIN_MAX);
	}
}

int
rss_start(const struct rss *rss, uint16_t ethdev, const struct rte_eth_dev_info *info)
{
	uint8_t key[RSS_KEY_MAX];
	// Some drivers accept the key when the device is configured, some only now.
	struct rte_eth_rss_conf conf = settings(rss, info, key);
	int result = rte_eth_dev_rss_hash_update(ethdev, &conf);

	if (result == 0)
		result = set_table(rss, ethdev, info->reta_size);
	drain(ethdev, rss->n_workers);
	return result;
}

int
rss_read(uint16_t ethdev, struct rss_state *state)
{
	struct rte_eth_rss_reta_entry64 table[TABLE_GROUPS];
	struct rte_eth_rss_conf conf = {
		.rss_key = (uint8_t *)state->key,
		.rss_key_len = RSS_KEY_MAX,
	};
	struct rte_eth_dev_info info;
	int result;

	memset(state, 0, sizeof(*state));
	memset(table, 0xff, sizeof(table)); // masks: all entries are requested
	result = rte_eth_dev_info_get(ethdev, &info);
	if (result == 0 && (info.reta_size == 0 || info.reta_size > RSS_TABLE_MAX))
		result = -ENOTSUP;
	if (result == 0)
		result = rte_eth_dev_rss_hash_conf_get(ethdev, &conf);
	if (result == 0 && ((conf.rss_hf & NEEDED) != NEEDED || (conf.rss_hf & PORTS) != 0))
		result = -ENOTSUP;
	if (result == 0)
		result = rte_eth_dev_rss_reta_query(ethdev, table, info.reta_size);
	if (result != 0)
		return result;
	state->n_queues = info.reta_size;
	for (uint16_t i = 0; i < info.reta_size; i++)
		state->queues[i] =
			table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE];
	return 0;
}

bool
rss_has_table(const struct rss *rss, const struct rss_state *state)
{
	for (uint16_t i = 0; i < state->n_queues; i++) {
		if (state->queues[i] != table_entry(rss, i))
			return false;
	}
	return true;
}

uint16_t
rss_queue(const struct rss_state *state, const struct tuple *tuple)
{
	const unsigned int n_words = tuple->family == FAMILY_IPV4 ? 1 : 4;
	uint32_t words[8];

	for (unsigned int i = 0; i < n_words; i++) {
		rte_be32_t src, dst;

		memcpy(&src, tuple->src.v6 + i * sizeof(src), sizeof(src));
		memcpy(&dst, tuple->dst.v6 + i * sizeof(dst), sizeof(dst));
		words[i] = rte_be_to_cpu_32(src);
		words[n_words + i] = rte_be_to_cpu_32(dst);
	}
	return state->queues[rte_softrss(words, 2 * n_words, (const uint8_t *)state->key) &
			     (state->n_queues - 1U)];
}
