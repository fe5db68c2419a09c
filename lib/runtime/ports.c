// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/ports.h"

#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "pipeline/burst.h"

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

// Makes the device known to EAL, unless EAL has found it by itself, and finds its number.
static int
probe(struct port *port, const char *device)
{
	int result;

	snprintf(port->device, sizeof(port->device), "%.*s", (int)strcspn(device, ","), device);
	if (rte_eth_dev_get_port_by_name(port->device, &port->ethdev) == 0)
		return 0;
	result = rte_dev_probe(device);
	return result == 0 ? rte_eth_dev_get_port_by_name(port->device, &port->ethdev) : result;
}

// True when an earlier port has the same device, which has several names.
static bool
is_taken(const struct ports *ports, unsigned int index)
{
	for (unsigned int i = 0; i < index; i++) {
		if (ports->list[i].is_open && ports->list[i].ethdev == ports->list[index].ethdev)
			return true;
	}
	return false;
}

static int
set_up_queues(struct port *port, const struct pools *pools)
{
	int socket = rte_eth_dev_socket_id(port->ethdev);
	uint16_t n_rx = QUEUE_SIZE;
	uint16_t n_tx = QUEUE_SIZE;
	int result = rte_eth_dev_adjust_nb_rx_tx_desc(port->ethdev, &n_rx, &n_tx);

	for (uint16_t i = 0; result == 0 && i < port->n_rx_queues; i++)
		result = rte_eth_rx_queue_setup(port->ethdev, i, n_rx, (unsigned int)socket, NULL,
						pools->of_worker[i]);
	for (uint16_t i = 0; result == 0 && i < port->n_tx_queues; i++)
		result = rte_eth_tx_queue_setup(port->ethdev, i, n_tx, (unsigned int)socket, NULL);
	return result;
}

static int
start(struct port *port, const struct pools *pools, unsigned int n_workers)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf config = {0};
	int result = rte_eth_dev_info_get(port->ethdev, &info);

	if (result != 0)
		return result;
	port->n_rx_queues = (uint16_t)RTE_MIN(n_workers, (unsigned int)info.max_rx_queues);
	port->n_tx_queues = (uint16_t)RTE_MIN(n_workers, (unsigned int)info.max_tx_queues);
	port->shares_tx = port->n_tx_queues < n_workers;
	rte_spinlock_init(&port->tx_lock);
	config.rxmode.offloads = RX_OFFLOADS & info.rx_offload_capa;
	config.txmode.offloads = TX_OFFLOADS & info.tx_offload_capa;
	result = rte_eth_dev_configure(port->ethdev, port->n_rx_queues, port->n_tx_queues, &config);
	if (result == 0)
		result = set_up_queues(port, pools);
	if (result == 0)
		result = rte_eth_dev_start(port->ethdev);
	if (result == 0)
		(void)rte_eth_promiscuous_enable(port->ethdev); // not every device has to
	return result;
}

static int
open_port(struct ports *ports, const struct config *config, unsigned int index,
	  struct errors *errors)
{
	struct port *port = &ports->list[index];
	int error;

	snprintf(port->name, sizeof(port->name), "%s", config->ports[index].name);
	error = probe(port, config->ports[index].device);
	if (error == 0 && is_taken(ports, index))
		error = -EBUSY;
	if (error != 0) {
		add_error(errors, config, index, "cannot be opened", error);
		return error;
	}
	port->is_open = true;
	error = start(port, &ports->pools, config->workers);
	if (error != 0)
		add_error(errors, config, index, "cannot be started", error);
	return error;
}

int
ports_open(struct ports *ports, const struct config *config, const int nodes[],
	   struct errors *errors)
{
	int result;

	*ports = (struct ports){.n = config->n_ports};
	result = pools_open(&ports->pools, config, nodes, errors);
	if (result != 0)
		return result;
	for (unsigned int i = 0; i < ports->n; i++)
		result |= open_port(ports, config, i, errors);
	if (result == 0)
		return 0;
	ports_close(ports);
	return -1;
}

void
ports_close(struct ports *ports)
{
	for (unsigned int i = 0; i < ports->n; i++) {
		if (ports->list[i].is_open)
			(void)rte_eth_dev_stop(ports->list[i].ethdev);
	}
	for (unsigned int i = 0; i < ports->n; i++) {
		if (ports->list[i].is_open)
			(void)rte_eth_dev_close(ports->list[i].ethdev);
	}
	pools_close(&ports->pools);
	*ports = (struct ports){0};
}

bool
port_link_is_up(const struct port *port)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(port->ethdev, &link) == 0 &&
	       link.link_status == RTE_ETH_LINK_UP;
}

int
port_set_link(const struct port *port, bool is_up)
{
	return is_up ? rte_eth_dev_set_link_up(port->ethdev)
		     : rte_eth_dev_set_link_down(port->ethdev);
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
