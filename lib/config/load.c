// SPDX-License-Identifier: BSD-3-Clause
//
// Loading: libconfig parses the text, then the sections are read from its tree one by one, each
// after the sections that it refers to. Every reader reports mistakes and continues; if there were
// any, the half-filled configuration is discarded.
#include "config/load.h"

#include <string.h>

#include <libconfig.h>
#include <rte_common.h>

#include "config/chains.h"
#include "config/groups.h"
#include "config/ports.h"
#include "config/reader.h"
#include "config/sets.h"
#include "config/syntax.h"
#include "config/text.h"

static const char *const sections[] = {"ports",  "wires",   "workers",   "measure_cycles",
				       "non_ip", "answers", "fragments", "conntrack",
				       "sets",   "chains"};

static void
read_sections(struct cfg_loader *loader, const config_setting_t *root)
{
	cfg_check_keys(loader, root, "the file", sections, RTE_DIM(sections));
	cfg_read_ports(loader, root);
	cfg_read_wires(loader, root);
	cfg_read_fields(loader, root);
	cfg_read_sets(loader, root);
	cfg_read_chains(loader, root);
	cfg_keep_unused_sets(loader);
}

static void
parse(struct cfg_loader *loader)
{
	config_t tree;

	if (!cfg_check_syntax(loader->text, loader->errors))
		return;
	config_init(&tree);
	if (config_read_string(&tree, loader->text->bytes) == CONFIG_TRUE) {
		read_sections(loader, config_root_setting(&tree));
	} else {
		// An array that mixes strings and fractions: the syntax check does not notice it.
		struct cfg_place place =
			cfg_text_place(loader->text, (unsigned int)config_error_line(&tree));

		errors_add(loader->errors, place.file, place.line, "%s", config_error_text(&tree));
	}
	config_destroy(&tree);
}

int
config_load(struct config *config, const char *file, struct errors *errors)
{
	const unsigned int n_before = errors->count;
	struct cfg_text text;
	struct cfg_loader loader = {.config = config, .errors = errors, .text = &text};

	config_set_defaults(config, file);
	if (cfg_text_read(&text, file, errors) == 0) {
		if (text.bytes[strspn(text.bytes, " \t\r\f\n")] == '\0')
			errors_add(errors, file, 1, "the file is empty");
		else
			parse(&loader);
	}
	cfg_sets_fini(&loader.sets);
	cfg_text_give_files(&text, &config->files, &config->n_files);
	cfg_text_fini(&text);
	if (errors->count == n_before)
		return 0;
	config_fini(config);
	return -1;
}
