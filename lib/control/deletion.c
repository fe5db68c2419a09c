// SPDX-License-Identifier: BSD-3-Clause
//
// Requests to workers: get one connection, or delete some. A page of a deletion is a number of
// slots of one worker, as in a listing, and the client continues where it ended. So others are
// answered in between, and a client that disconnects leaves nothing behind.
#include "control/commands.h"

#include <string.h>

#include <rte_common.h>

#include "conntrack/delete.h"
#include "control/cursor.h"
#include "control/entry.h"
#include "report/filter.h"

#define SLOTS_PER_PAGE 8192 // takes a busy worker a fifth of a second
#define ERROR_SIZE     128
#define CURSOR_NAME    "cursor="

// Sends the worker a request and waits. Returns false, with an error in the answer, if it failed.
static bool
ask(const struct appliance *appliance, unsigned int worker, struct request *request,
    struct answer *answer)
{
	static const char *const errors[] = {
		[INBOX_BUSY] = "the worker has too many requests: try again",
		[INBOX_CLOSED] = "the worker has ended",
	};
	enum inbox_answer result = inbox_ask(engine_inbox(appliance->engine, worker), request);

	if (result != INBOX_DONE)
		answer_string(answer, "error", errors[result]);
	return result == INBOX_DONE;
}

#define FIND_COST 8 // of a lookup, in units of work

struct finding {
	struct request request;
	struct tuple tuple;
	struct ct_entry entry;
	bool is_found;
};

static bool
find(struct request *request, void *pipeline, uint64_t now_ns, unsigned int *budget)
{
	struct finding *finding = container_of(request, struct finding, request);

	finding->is_found = ct_find(pipeline_ct(pipeline), &finding->tuple, tick_from_ns(now_ns),
				    &finding->entry);
	*budget -= RTE_MIN(*budget, (unsigned int)FIND_COST);
	return true;
}

void
command_ct_get(const struct appliance *appliance, const char *text, struct answer *answer)
{
	struct finding finding = {.request.step = find};
	struct ct_filter filter = {0};
	char error[ERROR_SIZE];
	const char *wrong;
	struct answer rows;

	if (filter_parse(text, &filter, error, sizeof(error)) != 0) {
		answer_string(answer, "error", error);
		return;
	}
	wrong = filter_tuple(&filter, &finding.tuple);
	if (wrong != NULL) {
		answer_string(answer, "error", wrong);
		return;
	}
	if (!ask(appliance, engine_home_of(appliance->engine, &finding.tuple), &finding.request,
		 answer))
		return;
	rows = answer_object(answer, "entries");
	if (finding.is_found) {
		struct answer row = answer_row(&rows, 0);

		entry_fill(&finding.entry, &row);
	}
}

struct deleting {
	struct request request;
	struct ct_deletion deletion;
};

static bool
delete_slice(struct request *request, void *pipeline, uint64_t now_ns, unsigned int *budget)
{
	struct deleting *deleting = container_of(request, struct deleting, request);

	return ct_delete(pipeline_ct(pipeline), &deleting->deletion, now_ns, budget);
}

static void
delete_page(const struct appliance *appliance, const struct ct_filter *filter, uint64_t cursor,
	    struct answer *answer)
{
	const struct engine *engine = appliance->engine;
	struct slot_cursor at = cursor_to_slot(cursor);
	struct deleting deleting = {.request.step = delete_slice};
	uint32_t n_slots;

	if (at.worker >= engine_n_workers(engine)) {
		answer_string(answer, "error", "the cursor is beyond the list");
		return;
	}
	n_slots = ct_n_slots(engine_shard(engine, at.worker));
	deleting.deletion = (struct ct_deletion){
		.filter = *filter,
		.cursor = at.slot,
		.end = at.slot +
		       RTE_MIN(n_slots - RTE_MIN(at.slot, n_slots), (uint32_t)SLOTS_PER_PAGE),
	};
	if (!ask(appliance, at.worker, &deleting.request, answer))
		return;
	at.slot = deleting.deletion.cursor;
	if (at.slot >= n_slots)
		at = (struct slot_cursor){.worker = at.worker + 1};
	answer_number(answer, "deleted", deleting.deletion.n_deleted);
	answer_number(answer, "cursor",
		      at.worker < engine_n_workers(engine) ? cursor_from_slot(at) : 0);
}

// Strips "cursor=N" from the front. Returns false if N is not a cursor.
static bool
take_cursor(const char **text, uint64_t *cursor)
{
	const size_t name_len = strlen(CURSOR_NAME);
	char digits[32];
	size_t len;

	*cursor = 0;
	if (strncmp(*text, CURSOR_NAME, name_len) != 0)
		return true;
	*text += name_len;
	len = strcspn(*text, " ");
	if (len >= sizeof(digits))
		return false;
	memcpy(digits, *text, len);
	digits[len] = '\0';
	*text += len;
	return cursor_parse(digits, cursor);
}

void
command_ct_delete(const struct appliance *appliance, const char *text, struct answer *answer)
{
	struct ct_filter filter = {0};
	char error[ERROR_SIZE];
	uint64_t cursor;

	if (!take_cursor(&text, &cursor))
		answer_string(answer, "error", "the cursor is not a number");
	else if (filter_parse(text, &filter, error, sizeof(error)) != 0)
		answer_string(answer, "error", error);
	else if (filter_is_empty(&filter))
		answer_string(answer, "error",
			      "a filter is needed; ct/flush deletes all connections");
	else
		delete_page(appliance, &filter, cursor, answer);
}

void
command_ct_flush(const struct appliance *appliance, uint64_t cursor, struct answer *answer)
{
	const struct ct_filter all = {0};

	delete_page(appliance, &all, cursor, answer);
}
