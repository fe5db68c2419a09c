// SPDX-License-Identifier: BSD-3-Clause
//
// The sections "ports" and "wires".
#pragma once

#include <stdint.h>

#include <libconfig.h>

struct cfg_loader;

// => Ports are read before everything that names one.
void cfg_read_ports(struct cfg_loader *loader, const config_setting_t *root);
void cfg_read_wires(struct cfg_loader *loader, const config_setting_t *root);

// Reads the name of a port.
// => Returns its index; PORT_NONE, and reports, when there is no such port. When the section
//    "ports" cannot be read, which was reported, no port is missed.
uint8_t cfg_port(struct cfg_loader *loader, const config_setting_t *setting);
