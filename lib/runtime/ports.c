// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/ports.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "base/contract.h"
#include "base/log.h"
#include "pipeline/burst.h"
#include "runtime/diagnosis.h"
#include "runtime/steering.h"

#define RX_OFFLOADS (RTE_ETH_RX_OFFLOAD_CHECKSUM | RTE_ETH_RX_OFFLOAD_SCATTER)
#define TX_OFFLOADS (RTE_ETH_TX_OFFLOAD_MULTI_SEGS)

// Held while a device is opened or closed, and by other threads while they query one. Static,
// because EAL's devices belong to the process.
static pthread_mutex_t devices = PTHREAD_MUTEX_INITIALIZER;

static void
add_error(struct errors *errors, const struct config *config, unsigned int index, const char *what,
	  int error)
{
	const struct port_config *port = &config->ports[index];
	char why[DIAGNOSIS_MAX];

	errors_add(errors, port->file, port->line, "port \"%s\", device \"%s\": %s: %s", port->name,
		   port->device, what, diagnose_device("", port->device, error, why));
}

// Probes the device, unless EAL has already done so, and finds its number.
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

// True when an earlier port has the same device under another name.
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

// The driver reports that the device was removed: a callback of DPDK, in EAL's interrupt thread.
static int
note_removal(uint16_t ethdev, enum rte_eth_event_type type, void *context, void *result)
{
	struct port *port = context;

	(void)ethdev;
	(void)type;
	(void)result;
	__atomic_store_n(&port->is_removed, true, __ATOMIC_RELAXED);
	return 0;
}

// Finds the interface that shows whether the port is present. The interface of a net_tap device
// lives as long as the device, and works in any namespace that it is moved to.
static void
note_device(struct port *port, const struct rte_eth_dev_info *info)
{
	static const char makes_its_interface[] = "net_tap";

	port->handle = info->device;
	port->is_removed = false;
	port->if_index = info->if_index;
	if (strncmp(port->device, makes_its_interface, strlen(makes_its_interface)) == 0)
		port->if_index = 0;
	else
		(void)if_indextoname(port->if_index, port->interface);
}

// Configuring has checked that the device supports it; devices on a kernel interface also set the
// MTU of that.
static int
set_mtu(const struct port *port)
{
	int result;

	if (port->mtu == 0)
		return 0;
	if (port->af_packet.is_one)
		return af_packet_set_mtu(&port->af_packet, port->mtu);
	result = rte_eth_dev_set_mtu(port->ethdev, port->mtu);
	return result == -ENOTSUP ? 0 : result;
}

static int
start(struct port *port, const struct pools *pools, const struct rss *rss)
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
	config.rxmode.mtu = port->af_packet.is_one ? 0 : port->mtu;
	config.rxmode.offloads = RX_OFFLOADS & info.rx_offload_capa;
	config.txmode.offloads = TX_OFFLOADS & info.tx_offload_capa;
	config.intr_conf.rmv = (*info.dev_flags & RTE_ETH_DEV_INTR_RMV) != 0;
	note_device(port, &info);
	if (rss_is_offered(rss, &info))
		rss_configure(rss, &info, key, &config);
	result = rte_eth_dev_configure(port->ethdev, port->n_rx_queues, port->n_tx_queues, &config);
	if (result == 0)
		result = set_mtu(port);
	if (result == 0)
		result = set_up_queues(port, pools);
	if (result == 0)
		result = rte_eth_dev_callback_register(port->ethdev, RTE_ETH_EVENT_INTR_RMV,
						       note_removal, port);
	if (result == 0)
		result = rte_eth_dev_start(port->ethdev);
	if (result != 0)
		return result;
	(void)rte_eth_promiscuous_enable(port->ethdev); // not every device supports it
	port->steering = n_workers > 1 ? STEERING_WORKER : STEERING_NONE;
	if (rss_is_offered(rss, &info) && rss_start(rss, port->ethdev, &info) == 0)
		port->steering = STEERING_NIC;
	__atomic_store_n(&port->is_live, true, __ATOMIC_RELEASE);
	return 0;
}

// A device that is gone may refuse this.
static void
stop(struct port *port)
{
	(void)rte_eth_dev_callback_unregister(port->ethdev, RTE_ETH_EVENT_INTR_RMV, note_removal,
					      port);
	(void)rte_eth_dev_stop(port->ethdev);
}

static int
probe_port(struct ports *ports, const struct config *config, unsigned int index,
	   struct errors *errors)
{
	struct port *port = &ports->list[index];
	int error;

	snprintf(port->name, sizeof(port->name), "%s", config->ports[index].name);
	port->arguments = strdup(config->ports[index].device);
	port->mtu = config->ports[index].mtu;
	port->af_packet = af_packet_look(config->ports[index].device, port->mtu);
	if (port->af_packet.fault != NULL) {
		errors_add(errors, config->file, config->ports[index].line,
			   "port \"%s\", device \"%s\": %s", port->name,
			   config->ports[index].device, port->af_packet.fault);
		return -EINVAL;
	}
	port->all_arguments = af_packet_arguments(&port->af_packet, config->ports[index].device);
	error = port->arguments == NULL || port->all_arguments == NULL
			? -ENOMEM
			: probe(port, port->all_arguments);
	if (error == 0 && is_taken(ports, index))
		error = -EBUSY;
	port->is_open = error == 0;
	if (error != 0)
		add_error(errors, config, index, "cannot be opened", error);
	return error;
}

// Probes all devices, and finds out which can steer.
static int
probe_all(struct ports *ports, const struct config *config, struct errors *errors)
{
	struct rte_eth_dev_info infos[PORTS_MAX];
	unsigned int n = 0;
	int result = 0;

	for (unsigned int i = 0; i < ports->n; i++) {
		result |= probe_port(ports, config, i, errors);
		if (ports->list[i].is_open &&
		    rte_eth_dev_info_get(ports->list[i].ethdev, &infos[n]) == 0)
			n++;
	}
	rss_plan(&ports->rss, infos, n, config->workers);
	return result;
}

// The kernel would truncate packets silently.
static void
warn_of_cut_packets(const struct port *port)
{
	const struct af_packet *look = &port->af_packet;

	if (port->mtu == 0 && look->interface_mtu > look->passes)
		log_line(LOG_PRIORITY_WARNING,
			 "port \"%s\": its interface takes packets of %u bytes, and those of more "
			 "than %u do not pass: %s",
			 port->name, look->interface_mtu, look->passes,
			 look->has_own_size ? "framesz is too small" : "set mtu for them");
}

int
ports_open(struct ports *ports, const struct config *config, const int nodes[],
	   struct errors *errors)
{
	int result;

	CONTRACT_MAIN_THREAD();
	*ports = (struct ports){.n = config->n_ports};
	result = pools_open(&ports->pools, config, nodes, errors);
	if (result != 0)
		return result;
	result = probe_all(ports, config, errors);
	for (unsigned int i = 0; i < ports->n; i++) {
		int error = 0;

		if (ports->list[i].is_open)
			error = start(&ports->list[i], &ports->pools, &ports->rss);
		if (error != 0)
			add_error(errors, config, i,
				  ports->list[i].mtu == 0 ? "cannot be started"
							  : "cannot be started with this mtu",
				  error);
		result |= error;
	}
	if (result != 0) {
		(void)ports_close(ports);
		return -1;
	}
	for (unsigned int i = 0; i < ports->n; i++)
		warn_of_cut_packets(&ports->list[i]);
	return 0;
}

unsigned int
ports_close(struct ports *ports)
{
	unsigned int n_held;

	for (unsigned int i = 0; i < ports->n; i++) {
		if (ports->list[i].is_open)
			stop(&ports->list[i]);
	}
	for (unsigned int i = 0; i < ports->n; i++) {
		if (ports->list[i].is_open)
			(void)rte_eth_dev_close(ports->list[i].ethdev);
		free(ports->list[i].arguments);
		free(ports->list[i].all_arguments);
	}
	n_held = pools_close(&ports->pools); // the packets of the devices' rings have been returned
	*ports = (struct ports){0};
	return n_held;
}

bool
port_is_lost(const struct port *port)
{
	char name[IF_NAMESIZE];

	return __atomic_load_n(&port->is_removed, __ATOMIC_RELAXED) ||
	       (port->interface[0] != '\0' && if_indextoname(port->if_index, name) == NULL);
}

void
port_retire(struct port *port)
{
	CONTRACT_MAIN_THREAD();
	CONTRACT(port->is_live);
	__atomic_store_n(&port->is_live, false, __ATOMIC_RELEASE);
}

static void
shut(struct port *port)
{
	stop(port);
	(void)rte_eth_dev_close(port->ethdev);
	(void)rte_dev_remove(port->handle);
	port->is_open = false;
}

void
ports_shut(struct ports *ports, unsigned int index)
{
	CONTRACT_MAIN_THREAD();
	CONTRACT(index < ports->n && ports->list[index].is_open && !ports->list[index].is_live);
	pthread_mutex_lock(&devices);
	shut(&ports->list[index]);
	pthread_mutex_unlock(&devices);
}

// True when an attempt makes sense: drivers log errors about devices that do not exist.
static bool
is_there(const struct port *port)
{
	char path[PATH_MAX];

	if (port->interface[0] != '\0')
		return if_nametoindex(port->interface) != 0;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", port->device);
	return access(path, F_OK) == 0;
}

bool
ports_reopen(struct ports *ports, unsigned int index)
{
	struct port *port = &ports->list[index];

	CONTRACT_MAIN_THREAD();
	CONTRACT(index < ports->n && !port->is_open);
	if (!is_there(port))
		return false;
	pthread_mutex_lock(&devices);
	port->is_open = probe(port, port->all_arguments) == 0;
	if (port->is_open && start(port, &ports->pools, &ports->rss) != 0)
		shut(port);
	pthread_mutex_unlock(&devices);
	return port->is_open;
}

struct port_status
ports_status(const struct ports *ports, unsigned int index)
{
	const struct port *port = &ports->list[index];
	struct port_status status = {.steering = steering_name(port->steering)};

	CONTRACT(index < ports->n);
	pthread_mutex_lock(&devices);
	status.is_open = port->is_open;
	status.ethdev = port->ethdev;
	if (status.is_open) {
		status.has_link = rte_eth_link_get_nowait(port->ethdev, &status.link) == 0;
		status.has_stats = rte_eth_stats_get(port->ethdev, &status.stats) == 0;
	}
	pthread_mutex_unlock(&devices);
	return status;
}

void
ports_visit(uint16_t ethdev, void (*visit)(uint16_t ethdev, void *context), void *context)
{
	pthread_mutex_lock(&devices);
	if (rte_eth_dev_is_valid_port(ethdev))
		visit(ethdev, context);
	pthread_mutex_unlock(&devices);
}

bool
port_link_is_up(const struct port *port)
{
	struct rte_eth_link link;

	return port->is_open && rte_eth_link_get_nowait(port->ethdev, &link) == 0 &&
	       link.link_status == RTE_ETH_LINK_UP;
}

int
port_set_link(const struct port *port, bool is_up)
{
	if (!port->is_open)
		return 0;
	return is_up ? rte_eth_dev_set_link_up(port->ethdev)
		     : rte_eth_dev_set_link_down(port->ethdev);
}

uint16_t
port_send(struct port *port, unsigned int worker, struct rte_mbuf *mbufs[], uint16_t n)
{
	uint16_t sent;

	if (unlikely(!port_is_live(port)))
		return 0;
	if (!port->shares_tx)
		return rte_eth_tx_burst(port->ethdev, (uint16_t)worker, mbufs, n);
	rte_spinlock_lock(&port->tx_lock);
	sent = rte_eth_tx_burst(port->ethdev, (uint16_t)(worker % port->n_tx_queues), mbufs, n);
	rte_spinlock_unlock(&port->tx_lock);
	return sent;
}
