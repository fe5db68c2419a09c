// SPDX-License-Identifier: BSD-3-Clause
//
// A rule as entries of rte_acl: the cross product of its lists. Private to rules.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <rte_acl.h>

#include "packet/tuple.h"
#include "rules/rules.h"

// The largest number of entries one rule may become for one family.
#define EXPANSION_MAX 1000000

// False for the rules that are evaluated one by one: those that do not end the chain, and those
// that ask for something an earlier rule of the same chain may have changed.
bool expand_is_possible(const struct rule *rule);

// How many entries a rule becomes for a family; 0 when no packet of the family can match.
// => Returns -1 when memory runs out. Not limited by EXPANSION_MAX, but INT64_MAX at most.
int64_t expand_count(const struct rule *rule, enum family family);

// Adds the entries of a rule to an rte_acl context made for the family. Of several entries that
// match, that of the smallest index wins, and classification returns index + 1.
// => Returns 0, or a negative errno.
int expand_add(const struct rule *rule, enum family family, uint32_t index,
	       struct rte_acl_ctx *acl);
