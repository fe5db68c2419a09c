// SPDX-License-Identifier: BSD-3-Clause
//
// Receive-side scaling: NICs that bring packets to their home worker by themselves.
//
// Life cycle: rss_plan looks at the devices and chooses the function for all of them; rss_configure
// is part of configuring each suitable device, and rss_start follows its start. rss_read reads the
// settings back.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

#include "packet/toeplitz.h"

#define RSS_KEY_MAX   64 // bytes
#define RSS_TABLE_MAX RTE_ETH_RSS_RETA_SIZE_512

struct rss {
	bool is_offered; // by at least one device
	unsigned int n_workers;
	struct toeplitz toeplitz; // if so, the home function of the process
};

// The settings that a device reports.
struct rss_state {
	uint32_t key[RSS_KEY_MAX / sizeof(uint32_t)]; // bytes, as the NIC has them
	uint16_t n_queues;                            // entries of the table
	uint16_t queues[RSS_TABLE_MAX];
};

// Finds the devices that can hash by addresses alone with our key and table, and chooses the key.
// With a single worker, none is offered.
// => infos are from before the devices are configured.
void rss_plan(struct rss *rss, const struct rte_eth_dev_info infos[], unsigned int n,
	      unsigned int n_workers);

// True if this device is one of them.
bool rss_is_offered(const struct rss *rss, const struct rte_eth_dev_info *info);

// Adds the settings with which such a device hashes. key, RSS_KEY_MAX bytes, is filled and must
// live until the device is configured.
void rss_configure(const struct rss *rss, const struct rte_eth_dev_info *info, uint8_t *key,
		   struct rte_eth_conf *config);

// Sets key and table of such a device, which has been started, and frees packets that it has
// already queued by other settings. Returns 0, or a negative errno if the driver cannot do it after
// all.
// => info is from before the device was configured: some drivers then shrink their tables, and
//    enlarge them again when that many entries are set. No worker receives yet.
int rss_start(const struct rss *rss, uint16_t ethdev, const struct rte_eth_dev_info *info);

// Returns 0, or a negative errno if the driver cannot report its settings, or does not hash by
// addresses alone.
int rss_read(uint16_t ethdev, struct rss_state *state);

// True if a device with these settings has the table that was set.
bool rss_has_table(const struct rss *rss, const struct rss_state *state);

// The queue into which a device with these settings puts packets with these addresses.
uint16_t rss_queue(const struct rss_state *state, const struct tuple *tuple);
