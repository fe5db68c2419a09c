// SPDX-License-Identifier: BSD-3-Clause
//
// Settings that cannot change while the firewall runs, because memory was reserved, threads were
// started or devices were opened accordingly. For single settings, the table of fields says so.
#include "settings/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "settings/fields.h"

#define VALUE_MAX 16

struct comparison {
	const struct config *running;
	const struct config *next;
	struct errors *errors;
	bool needs_restart;
};

// Adds an error at the place of a port, NULL for one about the whole file.
static void refuse(struct comparison *comparison, const struct port_config *port,
		   const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
refuse(struct comparison *comparison, const struct port_config *port, const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	errors_add(comparison->errors, port == NULL ? comparison->next->file : port->file,
		   port == NULL ? 0 : port->line, "%s: that needs a restart", what);
	comparison->needs_restart = true;
}

static const char *
format_value(const struct cfg_field *field, uint32_t value, char text[VALUE_MAX])
{
	if (field->type == CFG_FIELD_BOOL)
		return value != 0 ? "true" : "false";
	if (field->type == CFG_FIELD_WORD)
		return field->name(value);
	snprintf(text, VALUE_MAX, "%u", value);
	return text;
}

static void
compare_fields(struct comparison *comparison)
{
	for (unsigned int i = 0; i < cfg_n_fields; i++) {
		const struct cfg_field *field = &cfg_fields[i];
		uint32_t old = cfg_field_get(field, comparison->running);
		uint32_t new = cfg_field_get(field, comparison->next);
		char old_text[VALUE_MAX], new_text[VALUE_MAX];

		if (field->is_live || old == new)
			continue;
		refuse(comparison, NULL, "%s%s%s changes from %s to %s", field->group,
		       field->group[0] == '\0' ? "" : ".", field->key,
		       format_value(field, old, old_text), format_value(field, new, new_text));
	}
}

static bool
is_same_port(const struct port_config *a, const struct port_config *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->device, b->device) == 0;
}

// Ports are identified by their position in the list.
static void
compare_ports(struct comparison *comparison)
{
	const struct config *running = comparison->running;
	const struct config *next = comparison->next;

	if (running->n_ports != next->n_ports)
		refuse(comparison, NULL, "ports become %u instead of %u", next->n_ports,
		       running->n_ports);
	for (unsigned int i = 0; i < next->n_ports && i < running->n_ports; i++) {
		const struct port_config *port = &next->ports[i];

		if (!is_same_port(&running->ports[i], port))
			refuse(comparison, port, "ports: \"%s\" was \"%s\", device \"%s\"",
			       port->name, running->ports[i].name, running->ports[i].device);
		else if (running->ports[i].mtu != port->mtu)
			refuse(comparison, port, "port \"%s\": mtu changes from %u to %u",
			       port->name, running->ports[i].mtu, port->mtu);
	}
	if (running->n_wires != next->n_wires ||
	    memcmp(running->wires, next->wires, next->n_wires * sizeof(next->wires[0])) != 0)
		refuse(comparison, NULL, "wires change");
}

bool
config_needs_restart(const struct config *running, const struct config *next, struct errors *errors)
{
	struct comparison comparison = {running, next, errors, false};

	compare_ports(&comparison);
	compare_fields(&comparison);
	return comparison.needs_restart;
}
