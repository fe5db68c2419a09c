// SPDX-License-Identifier: BSD-3-Clause
#include "control/control.h"

static struct runtime *current;

void
control_start(struct runtime *runtime)
{
	current = runtime;
}

void
control_stop(void)
{
	current = NULL;
}
