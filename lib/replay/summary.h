// SPDX-License-Identifier: BSD-3-Clause
//
// A replay for people: what became of the packets, which rules were hit, what the table holds.
#pragma once

#include <stdio.h>

#include "pipeline/pipeline.h"

void summary_print(struct pipeline *const pipelines[], unsigned int n, tick_t now, FILE *out);
