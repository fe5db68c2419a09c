// SPDX-License-Identifier: BSD-3-Clause
#include "config/groups.h"

#include <string.h>

#include <rte_common.h>

#include "config/reader.h"
#include "settings/fields.h"

// The groups that contain fields.
static const struct {
	const char *parent; // path of the group around it
	const char *key;
	const char *path;
} groups[] = {
	{"", "non_ip", "non_ip"},
	{"", "answers", "answers"},
	{"", "fragments", "fragments"},
	{"", "conntrack", "conntrack"},
	{"conntrack", "tcp", "conntrack.tcp"},
	{"conntrack", "timeouts", "conntrack.timeouts"},
};

#define WORDS_MAX 8

static void
read_word(struct cfg_loader *loader, const config_setting_t *setting, const struct cfg_field *field)
{
	struct cfg_word words[WORDS_MAX];
	unsigned int n = 0, value;

	for (uint32_t i = field->low; i <= field->high && n < WORDS_MAX; i++)
		words[n++] = (struct cfg_word){field->name(i), i};
	if (cfg_word(loader, setting, words, n, &value))
		*(uint32_t *)((char *)loader->config + field->offset) = value;
}

static void
read_scalar(struct cfg_loader *loader, const config_setting_t *setting,
	    const struct cfg_field *field)
{
	void *member = (char *)loader->config + field->offset;
	struct cfg_place place = cfg_place(loader, setting);
	int64_t number;

	if (member == &loader->config->workers) {
		loader->config->workers_file = place.file;
		loader->config->workers_line = place.line;
	}

	if (field->type == CFG_FIELD_BOOL)
		cfg_bool(loader, setting, member);
	else if (field->type == CFG_FIELD_WORD)
		read_word(loader, setting, field);
	else if (!cfg_number(loader, setting, field->low, field->high, field->unit, &number))
		return;
	else if (field->type == CFG_FIELD_U8)
		*(uint8_t *)member = (uint8_t)number;
	else
		*(uint32_t *)member = (uint32_t)number;
}

// Reports members of a group that do not belong there.
static void
check_group(struct cfg_loader *loader, const config_setting_t *group, const char *path)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *member = config_setting_get_elem(group, (unsigned int)i);
		struct cfg_closest closest;

		cfg_closest_init(&closest, config_setting_name(member));
		for (unsigned int j = 0; j < cfg_n_fields; j++) {
			if (strcmp(cfg_fields[j].group, path) == 0)
				cfg_closest_offer(&closest, cfg_fields[j].key);
		}
		for (unsigned int j = 0; j < RTE_DIM(groups); j++) {
			if (strcmp(groups[j].parent, path) == 0)
				cfg_closest_offer(&closest, groups[j].key);
		}
		if (closest.best == NULL || closest.distance > 0)
			cfg_report_unknown_key(loader, member, path, &closest);
	}
}

// Reads the members of a group; path is the path of the group, "" for the top of the file.
static void
read_group(struct cfg_loader *loader, const config_setting_t *group, const char *path)
{
	const config_setting_t *member;

	for (unsigned int i = 0; i < cfg_n_fields; i++) {
		if (strcmp(cfg_fields[i].group, path) != 0)
			continue;
		member = config_setting_get_member(group, cfg_fields[i].key);
		if (member != NULL)
			read_scalar(loader, member, &cfg_fields[i]);
	}
	for (unsigned int i = 0; i < RTE_DIM(groups); i++) {
		if (strcmp(groups[i].parent, path) != 0)
			continue;
		member = config_setting_get_member(group, groups[i].key);
		if (member != NULL && cfg_is_group(loader, member))
			read_group(loader, member, groups[i].path);
	}
	if (path[0] != '\0')
		check_group(loader, group, path);
}

void
cfg_read_fields(struct cfg_loader *loader, const config_setting_t *root)
{
	read_group(loader, root, "");
}
