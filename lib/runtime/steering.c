// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/steering.h"

#include <limits.h>

#include <rte_common.h>
#include <rte_mbuf.h>

#include "base/contract.h"
#include "base/log.h"
#include "packet/parse.h"
#include "runtime/samples.h"

#define N_PAIRS 128 // of hosts, for each family
#define NOBODY  UINT_MAX

// The home of a sample.
static unsigned int
home_of(const struct steer *steer, enum sample sample, const struct tuple *addresses)
{
	uint8_t frame[SAMPLE_MAX];
	uint32_t len =
		sample_write(frame, sample, addresses->family, &addresses->src, &addresses->dst);
	struct rte_mbuf mbuf = {
		.buf_addr = frame,
		.buf_len = sizeof(frame),
		.data_len = (uint16_t)len,
		.pkt_len = len,
		.nb_segs = 1,
	};
	struct pkt pkt = {.mbuf = &mbuf};

	packet_parse(&pkt);
	return steer_home(steer, &pkt, NOBODY); // if it stays with NOBODY, it was not understood
}

static bool
pair_has_one_home(const struct steer *steer, const struct rss_state *nic,
		  const struct tuple *addresses)
{
	const struct tuple directions[DIR_COUNT] = {
		*addresses,
		{.src = addresses->dst, .dst = addresses->src, .family = addresses->family},
	};
	unsigned int home = home_of(steer, 0, addresses);

	for (int dir = 0; dir < DIR_COUNT; dir++) {
		for (enum sample sample = 0; sample < SAMPLE_COUNT; sample++) {
			if (home_of(steer, sample, &directions[dir]) != home)
				return false;
		}
		if (nic != NULL && rss_queue(nic, &directions[dir]) != home)
			return false;
	}
	return home != NOBODY;
}

bool
steering_holds(const struct steer *steer, const struct rss_state *nic)
{
	static const enum family families[] = {FAMILY_IPV4, FAMILY_IPV6};

	for (size_t i = 0; i < RTE_DIM(families); i++) {
		for (uint32_t number = 0; number < N_PAIRS; number++) {
			struct tuple addresses = {.family = (uint8_t)families[i]};

			sample_hosts(number, families[i], &addresses.src, &addresses.dst);
			if (!pair_has_one_home(steer, nic, &addresses))
				return false;
		}
	}
	return true;
}

const char *
steering_name(enum steering steering)
{
	static const char *const names[] = {
		[STEERING_NONE] = "none",
		[STEERING_WORKER] = "worker",
		[STEERING_NIC] = "nic",
	};

	return names[steering];
}

static bool
test_port(struct port *port, const struct rss *rss, const struct steer *steer)
{
	struct rss_state state;

	if (steer == NULL)
		return true;
	// Devices that fail the test do not count as steering.
	if (port->steering == STEERING_NIC && rss_read(port->ethdev, &state) != 0)
		port->steering = STEERING_WORKER;
	if (port->steering == STEERING_WORKER)
		return steering_holds(steer, NULL);
	return rss_has_table(rss, &state) && steering_holds(steer, &state);
}

int
steering_test(struct ports *ports, const struct steer *steer, const struct config *config,
	      struct errors *errors)
{
	static const char *const reports[] = {
		[STEERING_NONE] = "not steered, there is one worker",
		[STEERING_WORKER] = "steered by the receiving worker",
		[STEERING_NIC] = "steered by the NIC (symmetric RSS on addresses)",
	};
	int result = 0;

	CONTRACT_MAIN_THREAD();
	CONTRACT((steer == NULL) == (config->workers == 1));
	for (unsigned int i = 0; i < ports->n; i++) {
		struct port *port = &ports->list[i];
		const struct port_config *own = &config->ports[i];

		if (test_port(port, &ports->rss, steer)) {
			log_line(LOG_PRIORITY_INFO, "port \"%s\": %s", own->name,
				 reports[port->steering]);
			continue;
		}
		errors_add(errors, own->file, own->line,
			   "port \"%s\", device \"%s\": a flow could have two homes, %s", own->name,
			   own->device, reports[port->steering]);
		result = -1;
	}
	return result;
}
