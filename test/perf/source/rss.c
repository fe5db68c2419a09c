// SPDX-License-Identifier: BSD-3-Clause
#include "rss.h"

#include <string.h>

#include <rte_byteorder.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_thash.h>

#define WORDS_MAX 8

int
rss_ask(struct rss *rss, uint16_t port)
{
	struct rte_eth_rss_reta_entry64 table[RSS_TABLE_MAX / RTE_ETH_RETA_GROUP_SIZE];
	struct rte_eth_rss_conf conf = {
		.rss_key = (uint8_t *)rss->key,
		.rss_key_len = RSS_KEY_LEN,
	};
	struct rte_eth_dev_info info;
	int result = rte_eth_dev_info_get(port, &info);

	if (result == 0 && (info.reta_size == 0 || info.reta_size > RSS_TABLE_MAX))
		result = -ENOTSUP;
	memset(table, 0xff, sizeof(table));
	if (result == 0)
		result = rte_eth_dev_rss_hash_conf_get(port, &conf);
	if (result == 0)
		result = rte_eth_dev_rss_reta_query(port, table, info.reta_size);
	if (result != 0)
		return result;
	rss->n_queues = info.reta_size;
	for (uint16_t i = 0; i < info.reta_size; i++)
		rss->queues[i] =
			table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE];
	return 0;
}

uint32_t
rss_hash(const struct rss *rss, const uint8_t *frame, uint32_t len)
{
	uint32_t words[WORDS_MAX];
	uint32_t off, n;
	rte_be16_t type;

	memcpy(&type, frame + 12, sizeof(type));
	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV4)) {
		off = 26;
		n = 2;
	} else if (type == RTE_BE16(RTE_ETHER_TYPE_IPV6)) {
		off = 22;
		n = WORDS_MAX;
	} else {
		return 0;
	}
	if (len < off + n * sizeof(words[0]))
		return 0;
	memcpy(words, frame + off, n * sizeof(words[0]));
	for (uint32_t i = 0; i < n; i++)
		words[i] = rte_be_to_cpu_32(words[i]);
	return rte_softrss(words, n, (const uint8_t *)rss->key);
}
