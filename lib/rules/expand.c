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

#include "rules/key.h"

// A list of alternatives. Numbers are disjoint ranges in ascending order; addresses are prefixes.
struct axis {
	unsigned int n;
	union {
		struct range *ranges;
		struct prefix *prefixes;
		void *list; // owned
	};
};

// The axes of ranges come first, in the order of range_axes[].
enum {
	AXIS_PROTO,
	AXIS_IN_PORT,
	AXIS_OUT_PORT,
	AXIS_ICMP_TYPE,
	AXIS_ICMP_CODE,
	AXIS_SPORT,
	AXIS_DPORT,
	AXIS_RANGES,
	AXIS_SRC = AXIS_RANGES,
	AXIS_DST,
	AXIS_COUNT,
};

struct axes {
	struct axis axis[AXIS_COUNT];
};

// The field an axis of ranges is compared with, and the largest value that field can have.
static const struct {
	enum key_field field;
	uint16_t max;
} range_axes[AXIS_RANGES] = {
	[AXIS_PROTO] = {KEY_PROTO, UINT8_MAX},
	[AXIS_IN_PORT] = {KEY_IN_PORT, UINT8_MAX},
	[AXIS_OUT_PORT] = {KEY_OUT_PORT, UINT8_MAX},
	[AXIS_ICMP_TYPE] = {KEY_ICMP_TYPE, UINT8_MAX},
	[AXIS_ICMP_CODE] = {KEY_ICMP_CODE, UINT8_MAX},
	[AXIS_SPORT] = {KEY_SPORT, UINT16_MAX},
	[AXIS_DPORT] = {KEY_DPORT, UINT16_MAX},
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

// An axis of n ranges for the caller to fill; no element: the one range of all values.
static bool
axis_init_ranges(struct axis *axis, unsigned int n)
{
	axis->n = RTE_MAX(n, 1u);
	axis->ranges = malloc(axis->n * sizeof(axis->ranges[0]));
	if (axis->ranges == NULL)
		return false;
	axis->ranges[0] = (struct range){0, UINT16_MAX};
	return true;
}

static bool
axis_init_numbers(struct axis *axis, const struct range ranges[], unsigned int n)
{
	if (!axis_init_ranges(axis, n))
		return false;
	if (n > 0)
		memcpy(axis->ranges, ranges, n * sizeof(ranges[0]));
	return true;
}

static bool
axis_init_protos(struct axis *axis, const struct match *match)
{
	if (!axis_init_ranges(axis, match->n_protos))
		return false;
	for (unsigned int i = 0; i < match->n_protos; i++)
		axis->ranges[i] = (struct range){match->protos[i], match->protos[i]};
	return true;
}

static bool
axis_init_ports(struct axis *axis, uint32_t ports)
{
	unsigned int n = 0;

	if (!axis_init_ranges(axis, (unsigned int)__builtin_popcount(ports)))
		return false;
	for (uint16_t port = 0; port < PORTS_MAX; port++) {
		if ((ports >> port & 1) != 0)
			axis->ranges[n++] = (struct range){port, port};
	}
	return true;
}

// The prefixes of one family; no prefix at all: the one that covers every address.
static bool
axis_init_prefixes(struct axis *axis, const struct prefix prefixes[], unsigned int n,
		   enum family family)
{
	axis->prefixes = malloc(RTE_MAX(n, 1u) * sizeof(axis->prefixes[0]));
	if (axis->prefixes == NULL)
		return false;
	if (n == 0)
		axis->prefixes[axis->n++] = (struct prefix){.family = (uint8_t)family};
	for (unsigned int i = 0; i < n; i++) {
		if (prefixes[i].family == family)
			axis->prefixes[axis->n++] = prefixes[i];
	}
	return true;
}

static bool
match_has_family(const struct match *match, enum family family)
{
	return match->families == 0 || (match->families >> family_index(family) & 1) != 0;
}

static void
axes_fini(struct axes *axes)
{
	for (unsigned int i = 0; i < AXIS_COUNT; i++)
		free(axes->axis[i].list);
}

// => Returns false when memory runs out, with nothing left to free.
static bool
axes_init(struct axes *axes, const struct match *match, enum family family)
{
	struct axis *axis = axes->axis;

	memset(axes, 0, sizeof(*axes));
	if (!axis_init_protos(&axis[AXIS_PROTO], match) ||
	    !axis_init_ports(&axis[AXIS_IN_PORT], match->in_ports) ||
	    !axis_init_ports(&axis[AXIS_OUT_PORT], match->out_ports) ||
	    !axis_init_numbers(&axis[AXIS_ICMP_TYPE], match->icmp_type, match->n_icmp_type) ||
	    !axis_init_numbers(&axis[AXIS_ICMP_CODE], match->icmp_code, match->n_icmp_code) ||
	    !axis_init_numbers(&axis[AXIS_SPORT], match->sport, match->n_sport) ||
	    !axis_init_numbers(&axis[AXIS_DPORT], match->dport, match->n_dport) ||
	    !axis_init_prefixes(&axis[AXIS_SRC], match->src, match->n_src, family) ||
	    !axis_init_prefixes(&axis[AXIS_DST], match->dst, match->n_dst, family)) {
		axes_fini(axes);
		return false;
	}
	for (unsigned int i = 0; i < AXIS_RANGES; i++)
		axis_normalise(&axis[i], range_axes[i].max);
	if (!match_has_family(match, family))
		axis[AXIS_SRC].n = 0;
	return true;
}

bool
expand_is_possible(const struct rule *rule)
{
	return rule->action != ACTION_NONE && !rule->match.has_zone && rule->match.mark.mask == 0;
}

int64_t
expand_count(const struct rule *rule, enum family family)
{
	struct axes axes;
	int64_t count = 1;

	if (!axes_init(&axes, &rule->match, family))
		return -1;
	for (unsigned int i = 0; i < AXIS_COUNT; i++) {
		if (__builtin_mul_overflow(count, (int64_t)axes.axis[i].n, &count))
			count = INT64_MAX;
	}
	axes_fini(&axes);
	return count;
}

// Demands zeros in all bits that are not in the set; an empty set demands nothing.
static struct rte_acl_field
field_in_set(uint32_t set, uint32_t all)
{
	struct rte_acl_field field = {0};

	if (set != 0)
		field.mask_range.u8 = (uint8_t)(all & ~set);
	return field;
}

static struct rte_acl_field
field_masked(uint8_t value, uint8_t mask)
{
	return (struct rte_acl_field){.value.u8 = value & mask, .mask_range.u8 = mask};
}

// The fields that are the same in all entries of a rule.
static void
entry_init(struct acl_entry *entry, const struct match *match, uint32_t index)
{
	struct rte_acl_field *shape = &entry->field[KEY_SHAPE];
	uint8_t demanded = 0;

	memset(entry, 0, sizeof(*entry));
	entry->data.category_mask = 1;
	entry->data.priority = RTE_ACL_MAX_PRIORITY - (int32_t)index;
	entry->data.userdata = index + 1;

	if (match->n_sport + match->n_dport > 0)
		demanded |= SHAPE_PORTS;
	if (match->n_icmp_type + match->n_icmp_code > 0)
		demanded |= SHAPE_ICMP;
	if (match->tcp_flags_mask != 0)
		demanded |= SHAPE_TCP_FLAGS;
	*shape = field_in_set((uint32_t)match->dirs << SHAPE_DIR_SHIFT, SHAPE_DIRS);
	shape->value.u8 = demanded;
	shape->mask_range.u8 |= demanded;

	entry->field[KEY_CLASS] = field_in_set(match->classes, UINT8_MAX);
	entry->field[KEY_TCP_FLAGS] = field_masked(match->tcp_flags, match->tcp_flags_mask);
	entry->field[KEY_HELPER] = field_masked(match->helper, match->helper == 0 ? 0 : UINT8_MAX);
}

static void
entry_set_range(struct acl_entry *entry, unsigned int axis, struct range range)
{
	struct rte_acl_field *field = &entry->field[range_axes[axis].field];

	field->value.u16 = range.low;
	field->mask_range.u16 = RTE_MIN(range.high, range_axes[axis].max);
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
	const struct prefix *src = &axes->axis[AXIS_SRC].prefixes[at[AXIS_SRC]];
	const struct prefix *dst = &axes->axis[AXIS_DST].prefixes[at[AXIS_DST]];

	for (unsigned int i = 0; i < AXIS_RANGES; i++)
		entry_set_range(entry, i, axes->axis[i].ranges[at[i]]);
	entry_set_prefix(entry, KEY_ADDRESSES, dst);
	entry_set_prefix(entry, KEY_ADDRESSES + key_address_words(family), src);
}

// Steps to the next choice, the last axis fastest. Returns false behind the last one.
static bool
axes_next(const struct axes *axes, unsigned int at[AXIS_COUNT])
{
	for (unsigned int i = AXIS_COUNT; i-- > 0;) {
		if (++at[i] < axes->axis[i].n)
			return true;
		at[i] = 0;
	}
	return false;
}

static bool
axes_are_empty(const struct axes *axes)
{
	for (unsigned int i = 0; i < AXIS_COUNT; i++) {
		if (axes->axis[i].n == 0)
			return true;
	}
	return false;
}

int
expand_add(const struct rule *rule, enum family family, uint32_t index, struct rte_acl_ctx *acl)
{
	unsigned int at[AXIS_COUNT] = {0};
	struct acl_entry entry;
	struct axes axes;
	int rc = 0;

	if (!axes_init(&axes, &rule->match, family))
		return -ENOMEM;
	entry_init(&entry, &rule->match, index);
	if (!axes_are_empty(&axes)) {
		do {
			entry_choose(&entry, &axes, at, family);
			rc = rte_acl_add_rules(acl, (const struct rte_acl_rule *)&entry, 1);
		} while (rc == 0 && axes_next(&axes, at));
	}
	axes_fini(&axes);
	return rc;
}
