// SPDX-License-Identifier: BSD-3-Clause
#include "shrink.h"

#include <string.h>

#include <rte_common.h>

// What can be left out: the flag of the i-th part.
typedef bool *(*flag_of)(struct scene *scene, unsigned int at);

static bool *
flag_of_act(struct scene *scene, unsigned int at)
{
	return &scene->acts[at].is_left_out;
}

static bool *
flag_of_packet(struct scene *scene, unsigned int at)
{
	return &scene->packets[at].is_left_out;
}

// Leaves out the parts [begin, end) unless it takes them to show the difference.
static bool
leave_out(struct scene *scene, flag_of flag, unsigned int begin, unsigned int end,
	  bool (*shows)(const struct scene *scene))
{
	static bool before[SCENE_ACTS_MAX];
	bool is_any_left = false;

	for (unsigned int i = begin; i < end; i++) {
		before[i] = *flag(scene, i);
		is_any_left |= !before[i];
		*flag(scene, i) = true;
	}
	if (is_any_left && shows(scene))
		return true;
	for (unsigned int i = begin; i < end; i++)
		*flag(scene, i) = before[i];
	return false;
}

static void
leave_out_all(struct scene *scene, flag_of flag, unsigned int n,
	      bool (*shows)(const struct scene *scene))
{
	for (unsigned int size = (n + 1) / 2; size > 0; size = size == 1 ? 0 : (size + 1) / 2) {
		for (unsigned int begin = 0; begin < n; begin += size)
			leave_out(scene, flag, begin, RTE_MIN(begin + size, n), shows);
	}
}

// A rule goes to the end of its chain, where it is not seen, unless it is needed.
static void
leave_out_rules(struct scene *scene, struct chain *chain, bool (*shows)(const struct scene *scene))
{
	for (unsigned int i = chain->n_rules; i-- > 0;) {
		const struct rule rule = chain->rules[i];
		const unsigned int n_behind = chain->n_rules - i - 1;

		memmove(&chain->rules[i], &chain->rules[i + 1], n_behind * sizeof(rule));
		chain->rules[chain->n_rules - 1] = rule;
		chain->n_rules--;
		if (shows(scene))
			continue;
		chain->n_rules++;
		memmove(&chain->rules[i + 1], &chain->rules[i], n_behind * sizeof(rule));
		chain->rules[i] = rule;
	}
}

void
scene_shrink(struct scene *scene, bool (*shows)(const struct scene *scene))
{
	leave_out_all(scene, flag_of_act, scene->n_acts, shows);
	leave_out_all(scene, flag_of_packet, scene->n_packets, shows);
	for (unsigned int i = 0; i < scene->n_configs; i++) {
		for (unsigned int k = 0; k < scene->configs[i].n_chains; k++)
			leave_out_rules(scene, &scene->configs[i].chains[k], shows);
	}
	leave_out_all(scene, flag_of_packet, scene->n_packets, shows);
}
