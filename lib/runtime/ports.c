// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/ports.h"

#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "pipeline/burst.h"

#define DESCRIPTORS    1024
#define POOL_CACHE     256
#define POOL_PER_QUEUE (2 * DESCRIPTORS)
#define POOL_BASE      8192 // packets in bursts, hand-off rings and caches

#define RX_OFFLOADS (RTE_ETH_RX_OFFLOAD_CHECKSUM | RTE_ETH_RX_OFFLOAD_SCATTER)
#define TX_OFFLOADS (RTE_ETH_TX_OFFLOAD_MULTI_SEGS)

static void
add_error(struct errors *errors, const struct config *config, unsigned int index, const char *what,
	  int error)
{
	errors_add(errors, config->file, config->ports[index].line,
		   "port \"%s\", device \"%s\": %s: %s", config->ports[index].name,
		   config->ports[index].device, what, rte_strerror(error < 0 ? -error : error));
}

// Makes the device known to EAL and finds its number.
static int
probe(struct port *port, const struct config *config, unsigned int index, struct errors *errors)
{
	const char *device = config->ports[index].device;
	int result;

	snprintf(port->device, sizeof(port->device), "%.*s", (int)strcspn(device, ","), device);
	if (rte_eth_dev_get_port_by_name(port->device, &port->ethdev) == 0)
		return 0; // EAL has found it by itself
	result = rte_dev_probe(device);
	if (result == 0)
		result = rte_eth_dev_get_port_by_name(port->device, &port->ethdev);
	if (result != 0)
		add_error(errors, config, index, "cannot be opened", result);
	return result;
}

static int
set_up_queues(struct port *port, struct rte_mempool *pool)
{
	int socket = rte_eth_dev_socket_id(port->ethdev);
	uint16_t n_rx = DESCRIPTORS;
	uint16_t n_tx = DESCRIPTORS;
	int result = rte_eth_dev_adjust_nb_rx_tx_desc(port->ethdev, &n_rx, &n_tx);

	for (uint16_t i = 0; result == 0 && i < port->n_rx_queues; i++)
		result = rte_eth_rx_queue_setup(port->ethdev, i, n_rx, (unsigned int)socket, NULL,
						pool);
	for (uint16_t i = 0; result == 0 && i < port->n_tx_queues; i++)
		result = rte_eth_tx_queue_setup(port->ethdev, i, n_tx, (unsigned int)socket, NULL);
	return result;
}

static int
start(struct port *port, struct rte_mempool *pool, const struct rss *rss)
{
	const unsigned int n_workers = rss->n_workers;
	struct rte_eth_dev_info info;
	struct rte_eth_conf config = {0};
	uint8_t key[RSS_KEY_MAX];
	int result = rte_eth_dev_info_get(port->ethdev, &info);

	if (result != 0)
		return result;
	port->n_rx_queues = (uint16_t)RTE_MIN(n_workers, (unsigned int)info.max_rx_queues);
	port->n_tx_queues = (uint16_t)RTE_MIN(n_workers, (unsigned int)info.max_tx_queues);
	port->shares_tx = port->n_tx_queues < n_workers;
	rte_spinlock_init(&port->tx_lock);
	config.rxmode.offloads = RX_OFFLOADS & info.rx_offload_capa;
	config.txmode.offloads = TX_OFFLOADS & info.tx_offload_capa;
	if (rss_is_offered(rss, &info))
		rss_configure(rss, &info, key, &config);
	result = rte_eth_dev_configure(port->ethdev, port->n_rx_queues, port->n_tx_queues, &config);
	if (result == 0)
		result = set_up_queues(port, pool);
	if (result == 0)
		result = rte_eth_dev_start(port->ethdev);
	if (result == 0)
		(void)rte_eth_promiscuous_enable(port->ethdev); // not every device has to
	port->steering = n_workers > 1 ? STEERING_WORKER : STEERING_NONE;
	if (result == 0 && rss_is_offered(rss, &info) && rss_start(rss, port->ethdev, &info) == 0)
		port->steering = STEERING_NIC;
	return result;
}

// Makes all devices known, and finds out what they can do for steering.
static int
probe_all(struct ports *ports, const struct config *config, struct errors *errors)
{
	struct rte_eth_dev_info infos[PORTS_MAX];
	unsigned int n = 0;
	int result = 0;

	for (unsigned int i = 0; i < ports->n; i++) {
		struct port *port = &ports->list[i];
		int error = probe(port, config, i, errors);

		port->is_open = error == 0;
		if (port->is_open && rte_eth_dev_info_get(port->ethdev, &infos[n]) == 0)
			n++;
		result |= error;
	}
	rss_plan(&ports->rss, infos, n, config->workers);
	return result;
}

int
ports_open(struct ports *ports, const struct config *config, struct errors *errors)
{
	unsigned int n_queues = config->n_ports * config->workers;
	unsigned int n_held = config->workers * config->fragments.max_fragments;
	int result;

	*ports = (struct ports){.n = config->n_ports};
	ports->pool =
		rte_pktmbuf_pool_create("packets", POOL_BASE + n_queues * POOL_PER_QUEUE + n_held,
					POOL_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (ports->pool == NULL) {
		errors_add(errors, config->file, 0, "no memory for packets: %s",
			   rte_strerror(rte_errno));
		return -1;
	}
	result = probe_all(ports, config, errors);
	for (unsigned int i = 0; i < ports->n; i++) {
		int error = 0;

		if (ports->list[i].is_open)
			error = start(&ports->list[i], ports->pool, &ports->rss);
		if (error != 0)
			add_error(errors, config, i, "cannot be started", error);
		result |= error;
	}
	if (result == 0)
		return 0;
	(void)ports_close(ports);
	return -1;
}

unsigned int
ports_close(struct ports *ports)
{
	unsigned int n_held;

	for (unsigned int i = 0; i < ports->n; i++) {
		if (ports->list[i].is_open)
			(void)rte_eth_dev_stop(ports->list[i].ethdev);
	}
	for (unsigned int i = 0; i < ports->n; i++) {
		if (ports->list[i].is_open)
			(void)rte_eth_dev_close(ports->list[i].ethdev);
	}
	n_held = rte_mempool_in_use_count(ports->pool); // those of the devices' rings are back
	rte_mempool_free(ports->pool);
	*ports = (struct ports){0};
	return n_held;
}

uint16_t
port_send(struct port *port, unsigned int worker, struct rte_mbuf *mbufs[], uint16_t n)
{
	uint16_t sent;

	if (!port->shares_tx)
		return rte_eth_tx_burst(port->ethdev, (uint16_t)worker, mbufs, n);
	rte_spinlock_lock(&port->tx_lock);
	sent = rte_eth_tx_burst(port->ethdev, (uint16_t)(worker % port->n_tx_queues), mbufs, n);
	rte_spinlock_unlock(&port->tx_lock);
	return sent;
}
