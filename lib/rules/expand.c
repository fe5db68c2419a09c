// SPDX-License-Identifier: BSD-3-Clause
//
// rte_acl compares each field of an entry with one range, one mask or one prefix. A rule compares
// it with a list, so it becomes one entry for each way to choose one element of every list. What
// is small enough to have a bit per value (class, direction) needs no choice (see key.h).
//
// Lists of numbers are first brought to the fewest ranges, because their lengths multiply.
#include "rules/expand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/classes.h"
#include "rules/key.h"

// A list of alternatives. Numbers are disjoint ranges in ascending order; addresses are prefixes.
struct axis {
	enum key_field field;
	unsigned int n;
	union {
		struct range *ranges;
		struct prefix *prefixes;
		void *list; // owned
	};
};

// One for each key that is a list. No combination exists when a list has no element for the family.
struct axes {
	unsigned int n;
	bool is_of_family;
	struct axis axis[MATCH_KEY_COUNT];
};

// The fields that are compared with ranges.
static const enum key_field range_fields[] = {
	KEY_PROTO, KEY_IN_PORT, KEY_OUT_PORT, KEY_ICMP_TYPE, KEY_ICMP_CODE, KEY_SPORT, KEY_DPORT,
};

static int
range_compare(const void *a, const void *b)
{
	const struct range *ra = a, *rb = b;

	return (ra->low > rb->low) - (ra->low < rb->low);
}

// Sorts the ranges, drops what lies above max or is empty, and joins those that touch.
static void
axis_normalise(struct axis *axis, uint16_t max)
{
	unsigned int n = 0;

	qsort(axis->ranges, axis->n, sizeof(axis->ranges[0]), range_compare);
	for (unsigned int i = 0; i < axis->n; i++) {
		struct range range = axis->ranges[i];

		range.high = RTE_MIN(range.high, max);
		if (range.low > range.high)
			continue;
		if (n > 0 && range.low <= axis->ranges[n - 1].high + 1u)
			axis->ranges[n - 1].high = RTE_MAX(axis->ranges[n - 1].high, range.high);
		else
			axis->ranges[n++] = range;
	}
	axis->n = n;
}

static bool
axis_alloc(struct axis *axis, unsigned int n, size_t size)
{
	axis->list = malloc(n * size);
	return axis->list != NULL;
}

static bool
axis_init_numbers(struct axis *axis, const struct match_list *from)
{
	if (!axis_alloc(axis, from->n, sizeof(axis->ranges[0])))
		return false;
	axis->n = from->n;
	memcpy(axis->ranges, from->list, from->n * sizeof(axis->ranges[0]));
	return true;
}

static bool
axis_init_protos(struct axis *axis, const struct match_list *from)
{
	const uint8_t *protos = from->list;

	if (!axis_alloc(axis, from->n, sizeof(axis->ranges[0])))
		return false;
	for (unsigned int i = 0; i < from->n; i++)
		axis->ranges[axis->n++] = (struct range){protos[i], protos[i]};
	return true;
}

static bool
axis_init_ports(struct axis *axis, uint32_t ports)
{
	if (!axis_alloc(axis, (unsigned int)__builtin_popcount(ports), sizeof(axis->ranges[0])))
		return false;
	for (uint16_t port = 0; port < PORTS_MAX; port++) {
		if ((ports >> port & 1) != 0)
			axis->ranges[axis->n++] = (struct range){port, port};
	}
	return true;
}

// The prefixes of one family.
static bool
axis_init_prefixes(struct axis *axis, const struct match_list *from, enum family family)
{
	const struct prefix *prefixes = from->list;

	if (!axis_alloc(axis, from->n, sizeof(axis->prefixes[0])))
		return false;
	for (unsigned int i = 0; i < from->n; i++) {
		if (prefixes[i].family == family)
			axis->prefixes[axis->n++] = prefixes[i];
	}
	return true;
}

static void
axes_fini(struct axes *axes)
{
	for (unsigned int i = 0; i < axes->n; i++)
		free(axes->axis[i].list);
}

// Adds the axis of a key that is a list, and none for another. Returns false when memory runs out.
static bool
axes_add(struct axes *axes, const struct match *match, const struct match_key *key,
	 enum family family)
{
	struct axis *axis = &axes->axis[axes->n];
	struct match_list list;
	bool is_good;

	if (key->kind == MATCH_KIND_PORTS) {
		is_good = axis_init_ports(axis, *(const uint32_t *)match_member(match, key));
	} else if (key->kind == MATCH_KIND_PROTOS || key->kind == MATCH_KIND_RANGES ||
		   key->kind == MATCH_KIND_PREFIXES) {
		list = match_list(match, key);
		is_good = key->kind == MATCH_KIND_PROTOS ? axis_init_protos(axis, &list)
			  : key->kind == MATCH_KIND_RANGES
				  ? axis_init_numbers(axis, &list)
				  : axis_init_prefixes(axis, &list, family);
	} else {
		return true;
	}
	axes->n++;
	axis->field = key->field;
	if (is_good && key->kind != MATCH_KIND_PREFIXES)
		axis_normalise(axis, key_range_max(axis->field));
	axes->is_of_family &= axis->n > 0;
	return is_good;
}

// => Returns false when memory runs out, with nothing left to free.
static bool
axes_init(struct axes *axes, const struct match *match, enum family family)
{
	uint64_t keys = match_keys_of(match);

	memset(axes, 0, sizeof(*axes));
	axes->is_of_family =
		match->families == 0 || (match->families >> family_index((uint8_t)family) & 1) != 0;
	while (keys != 0) {
		if (!axes_add(axes, match, match_keys_next(&keys), family)) {
			axes_fini(axes);
			return false;
		}
	}
	return true;
}

bool
expand_is_possible(const struct rule *rule)
{
	uint64_t keys = match_keys_of(&rule->match);

	while (keys != 0) {
		if (match_keys_next(&keys)->field == KEY_LISTED)
			return false;
	}
	return rule->action != ACTION_NONE && !classes_decide(rule);
}

int64_t
expand_count(const struct rule *rule, enum family family)
{
	struct axes axes;
	int64_t count;

	if (!axes_init(&axes, &rule->match, family))
		return -1;
	count = axes.is_of_family ? 1 : 0;
	for (unsigned int i = 0; i < axes.n; i++) {
		if (__builtin_mul_overflow(count, (int64_t)axes.axis[i].n, &count))
			count = INT64_MAX;
	}
	axes_fini(&axes);
	return count;
}

// Demands zeros in all bits that are not in the set.
static void
field_demand_set(struct rte_acl_field *field, unsigned int set, unsigned int all)
{
	field->mask_range.u8 |= (uint8_t)(all & ~set);
}

static void
field_demand(struct rte_acl_field *field, uint8_t value, uint8_t mask)
{
	field->value.u8 |= value & mask;
	field->mask_range.u8 |= mask;
}

// What a key that is no list demands, the same in all entries of a rule.
static void
entry_demand(struct acl_entry *entry, const struct match *match, const struct match_key *key)
{
	const uint8_t *member = match_member(match, key);

	field_demand(&entry->field[KEY_SHAPE], key->needs, key->needs);
	switch (key->field) {
	case KEY_CLASS:
		field_demand_set(&entry->field[KEY_CLASS], *member, UINT8_MAX);
		break;
	case KEY_DIR:
		field_demand_set(&entry->field[KEY_SHAPE], (unsigned int)*member << SHAPE_DIR_SHIFT,
				 SHAPE_DIRS);
		break;
	case KEY_TCP_FLAGS:
		field_demand(&entry->field[KEY_TCP_FLAGS], member[0], member[1]);
		break;
	case KEY_HELPER:
		field_demand(&entry->field[KEY_HELPER], *member, UINT8_MAX);
		break;
	default:
		break; // a list, or the family
	}
}

// The fields that are the same in all entries of a rule; those compared with ranges hold any value.
static void
entry_init(struct acl_entry *entry, const struct match *match, uint32_t index)
{
	uint64_t keys = match_keys_of(match);

	memset(entry, 0, sizeof(*entry));
	entry->data.category_mask = 1;
	entry->data.priority = RTE_ACL_MAX_PRIORITY - (int32_t)index;
	entry->data.userdata = index + 1;
	for (unsigned int i = 0; i < RTE_DIM(range_fields); i++)
		entry->field[range_fields[i]].mask_range.u16 = key_range_max(range_fields[i]);
	while (keys != 0)
		entry_demand(entry, match, match_keys_next(&keys));
}

// A prefix is compared in words of 32 bits, each with its share of the length.
static void
entry_set_prefix(struct acl_entry *entry, enum key_field first, const struct prefix *prefix)
{
	const unsigned int words = key_address_words(prefix->family);

	for (unsigned int i = 0; i < words; i++) {
		struct rte_acl_field *field = &entry->field[first + i];
		unsigned int before = RTE_MIN(32 * i, (unsigned int)prefix->len);
		rte_be32_t word;

		memcpy(&word, prefix->address.v6 + i * sizeof(word), sizeof(word));
		field->value.u32 = rte_be_to_cpu_32(word);
		field->mask_range.u32 = RTE_MIN(prefix->len - before, 32u);
	}
}

static void
entry_choose(struct acl_entry *entry, const struct axes *axes, const unsigned int at[],
	     enum family family)
{
	for (unsigned int i = 0; i < axes->n; i++) {
		const struct axis *axis = &axes->axis[i];
		struct rte_acl_field *field = &entry->field[axis->field];

		if (axis->field == KEY_DST || axis->field == KEY_SRC) {
			entry_set_prefix(entry,
					 KEY_ADDRESSES + (axis->field == KEY_DST
								  ? 0
								  : key_address_words(family)),
					 &axis->prefixes[at[i]]);
			continue;
		}
		field->value.u16 = axis->ranges[at[i]].low;
		field->mask_range.u16 = axis->ranges[at[i]].high;
	}
}

// Steps to the next choice, the last axis fastest. Returns false behind the last one.
static bool
axes_next(const struct axes *axes, unsigned int at[])
{
	for (unsigned int i = axes->n; i-- > 0;) {
		if (++at[i] < axes->axis[i].n)
			return true;
		at[i] = 0;
	}
	return false;
}

int
expand_add(const struct rule *rule, enum family family, uint32_t index, struct rte_acl_ctx *acl)
{
	unsigned int at[MATCH_KEY_COUNT] = {0};
	struct acl_entry entry;
	struct axes axes;
	int rc = 0;

	if (!axes_init(&axes, &rule->match, family))
		return -ENOMEM;
	entry_init(&entry, &rule->match, index);
	if (axes.is_of_family) {
		do {
			entry_choose(&entry, &axes, at, family);
			rc = rte_acl_add_rules(acl, (const struct rte_acl_rule *)&entry, 1);
		} while (rc == 0 && axes_next(&axes, at));
	}
	axes_fini(&axes);
	return rc;
}
