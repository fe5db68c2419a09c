// SPDX-License-Identifier: BSD-3-Clause
#include "config/sets.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/contract.h"
#include "config/reader.h"
#include "settings/memory.h"

static const char *const kind_names[] = {
	[CFG_SET_ADDRESSES] = "addresses",
	[CFG_SET_PORTS] = "ports",
};

// The first element of another kind is the one to be reported.
static bool
is_of_kind(struct cfg_loader *loader, const config_setting_t *element, struct cfg_set *set,
	   enum cfg_set_kind kind)
{
	if (set->kind == CFG_SET_UNKNOWN)
		set->kind = kind;
	if (set->kind == kind)
		return true;
	cfg_report(loader, element, "set \"%s\" mixes %s and %s", set->name, kind_names[set->kind],
		   kind_names[kind]);
	return false;
}

static void
read_element(struct cfg_loader *loader, const config_setting_t *element, struct cfg_set *set)
{
	char digits[CFG_DIGITS_SIZE];
	char why[CFG_WHY_SIZE];
	const char *text = cfg_string_or_number(loader, element, digits);
	struct range range;
	bool is_good;

	if (text == NULL)
		return;
	if (cfg_looks_like_ports(text) || text == digits) {
		if (!is_of_kind(loader, element, set, CFG_SET_PORTS))
			return;
		is_good = cfg_parse_range(text, "a port", UINT16_MAX, &range, why);
		if (is_good)
			cfg_add_ranges(&set->ranges, &range, 1);
	} else if (strpbrk(text, ".:") != NULL) {
		if (!is_of_kind(loader, element, set, CFG_SET_ADDRESSES))
			return;
		is_good = cfg_parse_addresses(text, &set->prefixes, why);
	} else {
		cfg_report(loader, element, "set \"%s\": \"%s\" is neither an address nor a port%s",
			   set->name, text,
			   isalpha((unsigned char)text[0]) ? "; names are not looked up" : "");
		return;
	}
	if (!is_good)
		cfg_report(loader, element, "set \"%s\": %s", set->name, why);
}

static int
compare_names(const void *left, const void *right)
{
	const struct cfg_set *a = left;
	const struct cfg_set *b = right;

	return strcmp(a->name, b->name);
}

// Two sets with one name do not get this far: for libconfig that is a syntax error.
void
cfg_read_sets(struct cfg_loader *loader, const config_setting_t *root)
{
	const config_setting_t *section = config_setting_get_member(root, "sets");
	struct cfg_sets *sets = &loader->sets;
	size_t capacity = 0;

	loader->set_names =
		section == NULL || cfg_is_group(loader, section) ? CFG_NAMES_ALL : CFG_NAMES_SOME;
	if (section == NULL || loader->set_names != CFG_NAMES_ALL)
		return;
	for (int i = 0; i < config_setting_length(section); i++) {
		const config_setting_t *setting = config_setting_get_elem(section, (unsigned int)i);
		struct cfg_set set = {
			.name = config_setting_name(setting),
			.place = cfg_place(loader, setting),
		};
		unsigned int n = cfg_n_values(loader, setting);

		for (unsigned int j = 0; j < n && cfg_has_room(loader); j++) {
			size_t n_before = set.prefixes.n + set.ranges.n;

			read_element(loader, cfg_value(setting, j), &set);
			cfg_take_room(loader, cfg_value(setting, j),
				      set.prefixes.n + set.ranges.n - n_before);
		}
		sets->list = cfg_grow(sets->list, sets->n, &capacity, sizeof(*sets->list));
		sets->list[sets->n++] = set;
	}
	if (sets->n > 1)
		qsort(sets->list, sets->n, sizeof(*sets->list), compare_names);
}

void
cfg_sets_fini(struct cfg_sets *sets)
{
	for (unsigned int i = 0; i < sets->n; i++) {
		free(sets->list[i].prefixes.list);
		free(sets->list[i].ranges.list);
	}
	free(sets->list);
	*sets = (struct cfg_sets){0};
}

struct cfg_set *
cfg_set_lookup(const struct cfg_sets *sets, const char *name)
{
	const struct cfg_set key = {.name = name};

	if (sets->n == 0)
		return NULL;
	return bsearch(&key, sets->list, sets->n, sizeof(*sets->list), compare_names);
}

void
cfg_keep_unused_sets(struct cfg_loader *loader)
{
	struct config *config = loader->config;
	size_t capacity = 0;

	CONTRACT(loader->set_names != CFG_NAMES_NOT_READ);
	for (unsigned int i = 0; i < loader->sets.n; i++) {
		const struct cfg_set *set = &loader->sets.list[i];

		if (set->is_used)
			continue;
		config->unused_sets = cfg_grow(config->unused_sets, config->n_unused_sets,
					       &capacity, sizeof(*config->unused_sets));
		config->unused_sets[config->n_unused_sets++] = (struct unused_set){
			.name = cfg_strdup(set->name),
			.file = set->place.file,
			.line = set->place.line,
		};
	}
}
