// SPDX-License-Identifier: BSD-3-Clause
#include "config/ports.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "base/contract.h"
#include "config/reader.h"
#include "settings/memory.h"

#define MTU_MIN 68 // RFC 791
#define MTU_MAX UINT16_MAX

static const char *const port_keys[] = {"name", "device", "mtu"};
static const char *const wire_keys[] = {"a", "b", "mirror_link"};

// The list of a required section, with at least one element.
static const config_setting_t *
required_list(struct cfg_loader *loader, const config_setting_t *root, const char *key,
	      const char *element)
{
	const config_setting_t *list = cfg_list(loader, root, key);

	if (config_setting_get_member(root, key) == NULL)
		cfg_report(loader, root, "the file has no section \"%s\"", key);
	else if (list != NULL && config_setting_length(list) == 0)
		cfg_report(loader, list, "\"%s\" must hold at least one %s", key, element);
	return list;
}

// The kernel interface of a DPDK device, from its arguments; "" for none.
static const char *
interface_of(const char *device)
{
	static const char key[] = ",iface=";
	const char *argument = strstr(device, key);

	return argument == NULL ? "" : argument + strlen(key);
}

// True when both begin with the same word; arguments may follow it.
static bool
has_same_word(const char *a, const char *b)
{
	size_t len = strcspn(a, ",");

	return len > 0 && len == strcspn(b, ",") && memcmp(a, b, len) == 0;
}

// Two ports with one device would send packets back to where they came from.
static bool
is_same_device(const char *a, const char *b)
{
	return has_same_word(a, b) || has_same_word(interface_of(a), interface_of(b));
}

// DPDK logs the name unescaped. It may contain paths of captures, in any language.
static bool
has_control(const char *text)
{
	while (*text != '\0' && !iscntrl((unsigned char)*text))
		text++;
	return *text != '\0';
}

static char *
read_device(struct cfg_loader *loader, const config_setting_t *group)
{
	const config_setting_t *setting = config_setting_get_member(group, "device");
	const char *device;

	if (setting == NULL) {
		cfg_report(loader, group, "a port needs a \"device\"");
		return NULL;
	}
	device = cfg_string(loader, setting);
	if (device == NULL)
		return NULL;
	if (device[0] == '\0') {
		cfg_report(loader, setting, "\"device\" must not be empty");
		return NULL;
	}
	if (has_control(device)) {
		cfg_report(loader, setting, "\"device\" must not hold control characters");
		return NULL;
	}
	for (unsigned int i = 0; i < loader->config->n_ports; i++) {
		const struct port_config *other = &loader->config->ports[i];

		if (other->device != NULL && is_same_device(other->device, device)) {
			cfg_report(loader, setting, "device \"%s\" is that of port \"%s\" already",
				   device, other->name);
			return NULL;
		}
	}
	return cfg_strdup(device);
}

static uint16_t
read_mtu(struct cfg_loader *loader, const config_setting_t *group)
{
	const config_setting_t *setting = config_setting_get_member(group, "mtu");
	int64_t mtu;

	if (setting == NULL || !cfg_number(loader, setting, MTU_MIN, MTU_MAX, "bytes", &mtu))
		return 0;
	return (uint16_t)mtu;
}

// A port with a valid name is known even if the rest is wrong, so that references to it are not
// reported as unknown.
static void
read_port(struct cfg_loader *loader, const config_setting_t *group)
{
	struct config *config = loader->config;
	struct cfg_place place = cfg_place(loader, group);
	struct port_config port = {.file = place.file, .line = place.line};

	cfg_check_keys(loader, group, "a port", port_keys, RTE_DIM(port_keys));
	port.name = cfg_name(loader, group, "a port");
	port.device = read_device(loader, group);
	port.mtu = read_mtu(loader, group);
	uint8_t other = port.name == NULL ? PORT_NONE : config_port(config, port.name);

	if (other != PORT_NONE) {
		cfg_report_twice(
			loader, group, "port", port.name,
			(struct cfg_place){config->ports[other].file, config->ports[other].line});
	} else if (port.name != NULL) {
		config->ports[config->n_ports++] = port;
		return;
	} else {
		loader->port_names = CFG_NAMES_SOME; // nobody knows what it should have been called
	}
	free(port.name);
	free(port.device);
}

void
cfg_read_ports(struct cfg_loader *loader, const config_setting_t *root)
{
	const config_setting_t *list = required_list(loader, root, "ports", "port");

	loader->port_names = list == NULL ? CFG_NAMES_SOME : CFG_NAMES_ALL;
	if (list == NULL)
		return;
	for (int i = 0; i < config_setting_length(list); i++) {
		const config_setting_t *group = config_setting_get_elem(list, (unsigned int)i);

		if (loader->config->n_ports == PORTS_MAX) {
			cfg_report(loader, group, "more than %d ports", PORTS_MAX);
			loader->port_names = CFG_NAMES_SOME;
			return;
		}
		if (cfg_is_group(loader, group))
			read_port(loader, group);
		else
			loader->port_names = CFG_NAMES_SOME;
	}
}

uint8_t
cfg_port(struct cfg_loader *loader, const config_setting_t *setting)
{
	const char *name = cfg_string(loader, setting);
	struct cfg_closest closest;
	uint8_t port;

	CONTRACT(loader->port_names != CFG_NAMES_NOT_READ);
	if (name == NULL)
		return PORT_NONE;
	port = config_port(loader->config, name);
	if (port != PORT_NONE || loader->port_names != CFG_NAMES_ALL)
		return port;
	cfg_closest_init(&closest, name);
	for (unsigned int i = 0; i < loader->config->n_ports; i++)
		cfg_closest_offer(&closest, loader->config->ports[i].name);
	if (closest.best == NULL)
		cfg_report(loader, setting, "no port is named \"%s\"", name);
	else
		cfg_report(loader, setting, "no port is named \"%s\"; did you mean \"%s\"?", name,
			   closest.best);
	return PORT_NONE;
}

// One end of a wire, which must not be on another one.
static uint8_t
read_end(struct cfg_loader *loader, const config_setting_t *group, const char *key)
{
	const config_setting_t *setting = config_setting_get_member(group, key);
	uint8_t port;

	if (setting == NULL) {
		cfg_report(loader, group, "a wire needs an end \"%s\"", key);
		return PORT_NONE;
	}
	port = cfg_port(loader, setting);
	if (port == PORT_NONE || config_peer(loader->config, port) == PORT_NONE)
		return port;
	cfg_report(loader, setting, "port \"%s\" is on another wire already",
		   loader->config->ports[port].name);
	return PORT_NONE;
}

static void
read_wire(struct cfg_loader *loader, const config_setting_t *group)
{
	struct config *config = loader->config;
	const config_setting_t *mirror;
	struct wire_config wire = {0};

	if (!cfg_is_group(loader, group))
		return;
	cfg_check_keys(loader, group, "a wire", wire_keys, RTE_DIM(wire_keys));
	wire.a = read_end(loader, group, "a");
	wire.b = read_end(loader, group, "b");
	mirror = config_setting_get_member(group, "mirror_link");
	if (mirror != NULL)
		cfg_bool(loader, mirror, &wire.mirrors_link);
	if (wire.a == PORT_NONE || wire.b == PORT_NONE)
		return;
	if (wire.a == wire.b) {
		cfg_report(loader, group, "both ends of a wire are port \"%s\"",
			   config->ports[wire.a].name);
		return;
	}
	// There is room: no port is on two wires, so there are at most half as many wires as ports.
	config->wires[config->n_wires++] = wire;
}

void
cfg_read_wires(struct cfg_loader *loader, const config_setting_t *root)
{
	const config_setting_t *list = required_list(loader, root, "wires", "wire");

	if (list == NULL)
		return;
	for (int i = 0; i < config_setting_length(list); i++)
		read_wire(loader, config_setting_get_elem(list, (unsigned int)i));
}
