// SPDX-License-Identifier: BSD-3-Clause
#include "app/ctl_delete.h"

#include <inttypes.h>
#include <stdio.h>

#include "app/ctl_socket.h"

#define QUESTION_SIZE 1024

int
ctl_get(struct ctl_client *client, const char *path, const char *filter, json_t **row)
{
	char question[QUESTION_SIZE];
	json_t *answer;
	const json_t *rows;
	int result = 0;

	snprintf(question, sizeof(question), "%s,%s", path, filter);
	answer = ctl_client_ask_for(client, question, path);
	if (answer == NULL)
		return -1;
	rows = json_object_get(answer, "entries");
	if (!json_is_object(rows)) {
		ctl_report("%s: malformed answer", client->path);
		result = -1;
	} else {
		*row = json_incref(json_object_get(rows, "0"));
	}
	json_decref(answer);
	return result;
}

// Where the next page begins, 0 after the last one. Returns -1 if the answer has no cursor.
static int
take_page(const struct ctl_client *client, const json_t *page, uint64_t *cursor, uint64_t *n)
{
	const json_t *deleted = json_object_get(page, "deleted");
	const json_t *next = json_object_get(page, "cursor");

	// A cursor that does not advance would loop forever.
	if (!json_is_integer(deleted) || json_integer_value(deleted) < 0 ||
	    !json_is_integer(next) || json_integer_value(next) < 0 ||
	    (json_integer_value(next) != 0 && (uint64_t)json_integer_value(next) <= *cursor)) {
		ctl_report("%s: malformed page", client->path);
		return -1;
	}
	*cursor = (uint64_t)json_integer_value(next);
	*n += (uint64_t)json_integer_value(deleted);
	return 0;
}

int
ctl_delete(struct ctl_client *client, const char *path, const char *filter, uint64_t *n_deleted)
{
	uint64_t cursor = 0;
	int result;

	*n_deleted = 0;
	do {
		char question[QUESTION_SIZE];
		json_t *page;

		if (filter == NULL)
			snprintf(question, sizeof(question), "%s,%" PRIu64, path, cursor);
		else
			snprintf(question, sizeof(question), "%s,cursor=%" PRIu64 " %s", path,
				 cursor, filter);
		page = ctl_client_ask_for(client, question, path);
		if (page == NULL)
			return -1;
		result = take_page(client, page, &cursor, n_deleted);
		json_decref(page);
	} while (result == 0 && cursor != 0);
	return result;
}
