// SPDX-License-Identifier: BSD-3-Clause
//
// What the rules of a chain tell beforehand about packets, by class: whether the chain says the
// same to all of them, whether it may say something else to the next one of a connection, whether
// it may reset connections. Private to rules.
#pragma once

#include "rules/compiled.h"

// True when the rule ends the chain for all packets of its classes, whatever else they are.
bool classes_decide(const struct rule *rule);

// Fills in the chain's by_class and classes_...
// => The latter are all 0.
void classes_foresee(struct compiled_chain *compiled, const struct chain *chain);
