// SPDX-License-Identifier: BSD-3-Clause
//
// The devices of the ports as DPDK's commands report them, for tools that collect data from any
// DPDK program. Members and their names are those of DPDK 22.11, as far as a device provides them.
// For a device that has vanished, the answer is empty.
#include <stdlib.h>

#include <rte_ethdev.h>

#include "control/commands.h"

// The longest counter: its name, which is quoted, and a number.
#define XSTAT_BYTES_MAX (2 * RTE_ETH_XSTATS_NAME_SIZE + 24)

void
command_device_list(const struct appliance *appliance, uint64_t none, struct answer *answer)
{
	(void)none;
	for (unsigned int i = 0; i < appliance_config(appliance)->n_ports; i++) {
		struct port_status status = appliance_port(appliance, i);

		if (status.is_open)
			answer_number(answer, NULL, status.ethdev);
	}
}

static void
fill_info(uint16_t device, void *context)
{
	struct answer *answer = context;
	char name[RTE_ETH_NAME_MAX_LEN] = "";
	char mac[RTE_ETHER_ADDR_FMT_SIZE] = "";
	struct rte_ether_addr address;
	struct rte_eth_dev_info info;
	uint16_t mtu;

	(void)rte_eth_dev_get_name_by_port(device, name);
	answer_string(answer, "name", name);
	answer_number(answer, "port_id", device);
	if (rte_eth_dev_get_mtu(device, &mtu) == 0)
		answer_number(answer, "mtu", mtu);
	if (rte_eth_macaddr_get(device, &address) == 0)
		rte_ether_format_addr(mac, sizeof(mac), &address);
	answer_string(answer, "mac_addr", mac);
	answer_number(answer, "promiscuous", rte_eth_promiscuous_get(device) == 1);
	answer_number(answer, "all_multicast", rte_eth_allmulticast_get(device) == 1);
	answer_signed(answer, "numa_node", rte_eth_dev_socket_id(device));
	if (rte_eth_dev_info_get(device, &info) != 0)
		return;
	answer_string(answer, "driver", info.driver_name == NULL ? "" : info.driver_name);
	answer_number(answer, "nb_rx_queues", info.nb_rx_queues);
	answer_number(answer, "nb_tx_queues", info.nb_tx_queues);
	answer_number(answer, "dev_flags", info.dev_flags == NULL ? 0 : *info.dev_flags);
}

void
command_device_info(const struct appliance *appliance, uint64_t device, struct answer *answer)
{
	appliance->visit_device((uint16_t)device, fill_info, answer);
}

static void
fill_link(uint16_t device, void *context)
{
	struct answer *answer = context;
	struct rte_eth_link link;
	bool is_up;

	if (rte_eth_link_get_nowait(device, &link) != 0)
		return;
	is_up = link.link_status == RTE_ETH_LINK_UP;
	answer_string(answer, "status", is_up ? "UP" : "DOWN");
	if (!is_up)
		return;
	answer_number(answer, "speed", link.link_speed);
	answer_string(answer, "duplex",
		      link.link_duplex == RTE_ETH_LINK_FULL_DUPLEX ? "full-duplex" : "half-duplex");
}

void
command_device_link(const struct appliance *appliance, uint64_t device, struct answer *answer)
{
	appliance->visit_device((uint16_t)device, fill_link, answer);
}

static void
fill_queues(struct answer *answer, const char *name, const uint64_t counters[])
{
	struct answer queues = answer_list(answer, name);

	for (unsigned int i = 0; i < RTE_ETHDEV_QUEUE_STAT_CNTRS; i++)
		answer_number(&queues, NULL, counters[i]);
}

static void
fill_stats(uint16_t device, void *context)
{
	struct answer *answer = context;
	struct rte_eth_stats stats;

	if (rte_eth_stats_get(device, &stats) != 0)
		return;
	answer_number(answer, "ipackets", stats.ipackets);
	answer_number(answer, "opackets", stats.opackets);
	answer_number(answer, "ibytes", stats.ibytes);
	answer_number(answer, "obytes", stats.obytes);
	answer_number(answer, "imissed", stats.imissed);
	answer_number(answer, "ierrors", stats.ierrors);
	answer_number(answer, "oerrors", stats.oerrors);
	answer_number(answer, "rx_nombuf", stats.rx_nombuf);
	fill_queues(answer, "q_ipackets", stats.q_ipackets);
	fill_queues(answer, "q_opackets", stats.q_opackets);
	fill_queues(answer, "q_ibytes", stats.q_ibytes);
	fill_queues(answer, "q_obytes", stats.q_obytes);
	fill_queues(answer, "q_errors", stats.q_errors);
}

void
command_device_stats(const struct appliance *appliance, uint64_t device, struct answer *answer)
{
	appliance->visit_device((uint16_t)device, fill_stats, answer);
}

// As many as there is room for.
static void
fill_xstats(uint16_t device, void *context)
{
	struct answer *answer = context;
	int n = rte_eth_xstats_get(device, NULL, 0);
	unsigned int size = (unsigned int)n;
	struct rte_eth_xstat_name *names;
	struct rte_eth_xstat *values;

	if (n <= 0)
		return;
	values = calloc(size, sizeof(*values));
	names = calloc(size, sizeof(*names));
	if (values != NULL && names != NULL && rte_eth_xstats_get(device, values, size) == n &&
	    rte_eth_xstats_get_names(device, names, size) == n) {
		for (int i = 0; i < n && answer_has_room(answer, XSTAT_BYTES_MAX); i++)
			answer_number(answer, names[i].name, values[i].value);
	}
	free(names);
	free(values);
}

void
command_device_xstats(const struct appliance *appliance, uint64_t device, struct answer *answer)
{
	appliance->visit_device((uint16_t)device, fill_xstats, answer);
}
