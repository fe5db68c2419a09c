// SPDX-License-Identifier: BSD-3-Clause
//
// sallyctl's end of the telemetry socket: requests and answers, and lists that come in pages.
//
// Data from the socket is not trusted: every function here accepts any input and reports unusable
// input in one line on standard error.
//
// Life cycle: ctl_client_open, any number of requests, ctl_client_close.
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include <jansson.h>

struct ctl_client {
	int socket;
	const char *path;
	pid_t pid;    // of the process at the other end, by its own account
	char *buffer; // owned; room for the longest answer
	size_t size;
};

// Connects to the socket. path stays the caller's and must exist until close.
// => Returns 0, or -1 with the reason reported.
int ctl_client_open(struct ctl_client *client, const char *path);
void ctl_client_close(struct ctl_client *client);

// Makes one request.
// => Returns the answer, an object that the caller owns, or NULL with the reason reported.
json_t *ctl_client_ask(struct ctl_client *client, const char *command);

// The same for a question: the command called name, a comma and a parameter.
json_t *ctl_client_ask_for(struct ctl_client *client, const char *question, const char *name);

// Takes one row of a list, an object. => Returns 0, or -1 to end the listing.
typedef int (*ctl_row_taker)(void *context, json_t *row);

// Where a list continues, and which configuration its last page was from.
struct ctl_page {
	json_int_t cursor;     // of the next page; 0: the first page, or the end
	json_int_t generation; // 0: not in the page
};

// Requests the next page of a list and hands over its rows as ctl_client_list does.
// => Returns as ctl_client_list.
int ctl_client_page(struct ctl_client *client, const char *command, const char *member,
		    struct ctl_page *page, ctl_row_taker take, void *context);

// Requests a list page by page and hands over every row as it arrives; member is the name of the
// rows in an answer.
// => Returns 0, or -1 with the reason reported: by the taker if it ended the listing.
int ctl_client_list(struct ctl_client *client, const char *command, const char *member,
		    ctl_row_taker take, void *context);
