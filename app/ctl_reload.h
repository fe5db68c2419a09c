// SPDX-License-Identifier: BSD-3-Clause
//
// Loading the configuration anew, with a reply. The signal is what asks for it, so that who may not
// send one may not do this either; what came of it the telemetry socket tells.
#pragma once

#include "app/ctl_client.h"

// Has the configuration loaded anew and waits until it is, or is refused.
// => Returns 0, or -1 with every reason reported.
int ctl_reload(struct ctl_client *client);
