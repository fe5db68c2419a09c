// SPDX-License-Identifier: BSD-3-Clause
//
// sallyctl's requests to workers over the telemetry socket: get one connection, delete connections.
#pragma once

#include <stdint.h>

#include "app/ctl_client.h"

#define CTL_FILTER_SIZE 896 // of a filter's text; a question may have 1023 characters

// Asks for the connection that the text of a filter (report/filter.h) identifies.
// => Returns 0, with *row owned by the caller or NULL if there is no such connection; or -1 with
//    the reason reported.
int ctl_get(struct ctl_client *client, const char *path, const char *filter, json_t **row);

// Deletes all connections that match the text of a filter, page by page; NULL: all connections.
// => Returns 0, or -1 with the reason reported. In both cases *n_deleted connections are gone.
int ctl_delete(struct ctl_client *client, const char *path, const char *filter,
	       uint64_t *n_deleted);
