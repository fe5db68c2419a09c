// SPDX-License-Identifier: BSD-3-Clause
//
// The configuration as plain data, which every other module reads.
//
// Life cycle: config_set_defaults gives everything its default, config_load (config/load.h) fills
// in what a file says, config_fini frees it. The file format is documented in doc/sallyport.conf.5.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/errors.h"
#include "conntrack/params.h"
#include "frag/params.h"
#include "rules/rules.h"

struct port_config {
	char *name;       // owned
	char *device;     // owned; a DPDK device, "0000:03:00.0" or "net_tap0,iface=lan0"
	uint16_t mtu;     // 0: the device's
	const char *file; // where the port is defined: one of the configuration's
	unsigned int line;
};

// Packets that arrive at one end leave at the other.
struct wire_config {
	uint8_t a; // index of a port
	uint8_t b;
	bool mirrors_link; // a link that goes down takes the other one down
};

// A set that no rule uses. Others are not kept, because rules have copies.
struct unused_set {
	char *name;       // owned
	const char *file; // where it is defined: one of the configuration's
	unsigned int line;
};

// How often rejected packets are answered.
struct answer_params {
	uint32_t per_second;        // all workers together
	uint32_t icmp_ratelimit_ms; // per source, after a few at once; 0: always
};

struct config {
	char *file;   // owned; the main file
	char **files; // owned, as are its elements: the main and all included files; NULL: none
		      // read
	size_t n_files;
	unsigned int n_ports;
	struct port_config ports[PORTS_MAX];
	unsigned int n_wires;
	struct wire_config wires[PORTS_MAX / 2];
	unsigned int workers;     // 1 when the file does not say
	const char *workers_file; // where it is set: one of files; NULL: not set
	unsigned int workers_line;
	bool measure_cycles;           // of each part of a worker's loop
	uint32_t non_ip[NON_IP_COUNT]; // enum verdict: whether frames of that kind pass
	struct answer_params answers;
	struct frag_params fragments;
	struct ct_params conntrack;
	unsigned int n_unused_sets;
	struct unused_set *unused_sets; // owned
	unsigned int n_chains;
	struct chain chains[CHAINS_MAX]; // sorted by priority; equal ones in the order of the file
};

// Sets every value to its default; file is the name of the file that will be read.
void config_set_defaults(struct config *config, const char *file);

// Frees what the configuration owns and leaves it empty.
void config_fini(struct config *config);

// Compares a configuration with the running one. Returns true, and adds errors, if something
// differs that can change only with a restart.
bool config_needs_restart(const struct config *running, const struct config *next,
			  struct errors *errors);

// Adds warnings, with file and line, about what is allowed but hardly intended, as "warning: ...":
// statements without effect, rules that no packet can match, more workers than CPUs.
// => Any thread. Takes at most a second, even with very many rules.
void config_warn(const struct config *config, unsigned int n_cpus, struct errors *warnings);

// The port at the other end of the wire, PORT_NONE when the port belongs to none.
uint8_t config_peer(const struct config *config, uint8_t port);

// Index of the port of that name, PORT_NONE when there is none.
uint8_t config_port(const struct config *config, const char *name);
