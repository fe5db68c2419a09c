// SPDX-License-Identifier: BSD-3-Clause
//
// Receive-side scaling: NICs that bring packets to their home worker by themselves.
//
// Life cycle: rss_plan looks at the devices and chooses what all of them are to compute;
// rss_configure is part of configuring each that can, and rss_start follows its start. rss_read
// asks the device what it does.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

#include "packet/toeplitz.h"

#define RSS_KEY_MAX   64 // bytes
#define RSS_TABLE_MAX RTE_ETH_RSS_RETA_SIZE_512

struct rss {
	bool is_offered; // by one device at least
	unsigned int n_workers;
	struct toeplitz toeplitz; // the home function of the process, if it is
};

// What a device says it does.
struct rss_state {
	uint32_t key[RSS_KEY_MAX / sizeof(uint32_t)]; // bytes, as the NIC has them
	uint16_t n_queues;                            // entries of the table
	uint16_t queues[RSS_TABLE_MAX];
};

// Looks which of the devices can hash by addresses alone with a key and a table of ours, and
// chooses the key. Nothing is offered to a single worker.
// => infos are from before the devices are configured.
void rss_plan(struct rss *rss, const struct rte_eth_dev_info infos[], unsigned int n,
	      unsigned int n_workers);

// True when this device is one of them.
bool rss_is_offered(const struct rss *rss, const struct rte_eth_dev_info *info);

// Adds what makes such a device hash. key, which has RSS_KEY_MAX bytes, is filled and has to live
// until the device is configured.
void rss_configure(const struct rss *rss, const struct rte_eth_dev_info *info, uint8_t *key,
		   struct rte_eth_conf *config);

// Sets key and table of such a device, which has been started, and frees the packets that it has
// dealt otherwise until then. Returns 0, or a negative errno when the driver cannot after all.
// => info is from before the device was configured: some make their tables smaller then, and
//    larger again for who sets that many entries. Nobody receives yet.
int rss_start(const struct rss *rss, uint16_t ethdev, const struct rte_eth_dev_info *info);

// Returns 0, or a negative errno when the driver does not tell, or does not hash by addresses
// alone.
int rss_read(uint16_t ethdev, struct rss_state *state);

// True when a device that does this has the table that was set.
bool rss_has_table(const struct rss *rss, const struct rss_state *state);

// The queue that a device which does this puts packets with these addresses into.
uint16_t rss_queue(const struct rss_state *state, const struct tuple *tuple);
