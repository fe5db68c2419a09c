// SPDX-License-Identifier: BSD-3-Clause
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_kvargs.h>

static int
take_text(const char *key, const char *value, void *target)
{
	(void)key;
	*(const char **)target = strdup(value);
	return 0;
}

static int
take_flag(const char *key, const char *value, void *target)
{
	(void)key;
	*(bool *)target = strcmp(value, "0") != 0;
	return 0;
}

static int
take_number(const char *key, const char *value, void *target)
{
	(void)key;
	*(unsigned int *)target = (unsigned int)strtoul(value, NULL, 10);
	return 0;
}

int
settings_read(struct settings *settings, const char *text)
{
	const struct {
		const char *key;
		arg_handler_t take;
		void *target;
	} keys[] = {
		{"port", take_text, &settings->port},
		{"file", take_text, &settings->file},
		{"first", take_text, &settings->first},
		{"loop", take_flag, &settings->loops},
		{"mutate", take_flag, &settings->mutates},
		{"csum", take_flag, &settings->has_csum},
		{"rss", take_flag, &settings->has_rss},
		{"steer", take_flag, &settings->steers},
		{"advance", take_number, &settings->advance},
		{"meter", take_text, &settings->meter},
		{"sink", take_text, &settings->sink},
	};
	const char *valid[RTE_DIM(keys) + 1] = {NULL};
	struct rte_kvargs *arguments;

	*settings = (struct settings){
		.port = "net_null0",
		.sink = "net_null1",
		.loops = true,
	};
	for (unsigned int i = 0; i < RTE_DIM(keys); i++)
		valid[i] = keys[i].key;
	arguments = rte_kvargs_parse(text, valid);
	if (arguments == NULL) {
		fprintf(stderr, "NET_TRACE is not understood: %s\n", text);
		return -1;
	}
	for (unsigned int i = 0; i < RTE_DIM(keys); i++)
		(void)rte_kvargs_process(arguments, keys[i].key, keys[i].take, keys[i].target);
	rte_kvargs_free(arguments);
	if (settings->file == NULL) {
		fprintf(stderr, "NET_TRACE names no file: %s\n", text);
		return -1;
	}
	if (settings->steers && settings->mutates) {
		fprintf(stderr, "NET_TRACE: other addresses would belong to other queues\n");
		return -1;
	}
	return 0;
}
