// SPDX-License-Identifier: BSD-3-Clause
//
// What sallyctl asks of workers over the telemetry socket: one connection, and to delete some.
#pragma once

#include <stdint.h>

#include "app/ctl_client.h"

#define CTL_FILTER_SIZE 896 // of a filter's text; a question has room for 1023 characters

// Asks for the connection that the filter's text (report/filter.h) names.
// => Returns 0 with *row, the caller's, or NULL when there is none; or -1 with the reason reported.
int ctl_get(struct ctl_client *client, const char *path, const char *filter, json_t **row);

// Has all connections deleted that the filter's text is for, page by page; NULL: all there are.
// => Returns 0, or -1 with the reason reported. Either way *n_deleted are gone.
int ctl_delete(struct ctl_client *client, const char *path, const char *filter,
	       uint64_t *n_deleted);
