// SPDX-License-Identifier: BSD-3-Clause
//
// The sections "ports" and "wires".
#pragma once

#include <stdint.h>

#include <libconfig.h>

struct cfg_loader;

// Fills the ports of the configuration.
void cfg_read_ports(struct cfg_loader *loader, const config_setting_t *root);

// Fills its wires.
// => Ports have been read.
void cfg_read_wires(struct cfg_loader *loader, const config_setting_t *root);

// Reads the name of a port.
// => Ports have been read. Returns its index, or PORT_NONE with an error reported if there is no
//    such port. If the section "ports" could not be read, which has been reported already, returns
//    PORT_NONE silently.
uint8_t cfg_port(struct cfg_loader *loader, const config_setting_t *setting);
