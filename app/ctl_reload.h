// SPDX-License-Identifier: BSD-3-Clause
//
// Reloads the configuration and waits for the result. The request is a signal, so only users who
// may send one can reload; the telemetry socket reports the result.
#pragma once

#include "app/ctl_client.h"

// Requests a reload and waits until the configuration is loaded or refused.
// => Returns 0, or -1 with every reason reported.
int ctl_reload(struct ctl_client *client);
