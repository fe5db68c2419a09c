// SPDX-License-Identifier: BSD-3-Clause
//
// JSON, written as jansson would write it. No string in it has a character that would need a
// backslash: they are names from our tables and addresses.
#include "report/report.h"

#include <stdio.h>

#include "report/text.h"

#define SECONDS_SIZE 32 // room for a number of seconds

static void
add_member(struct text *text, const char *name, uint64_t value)
{
	text_string(text, ", \"");
	text_string(text, name);
	text_string(text, "\": ");
	text_number(text, value);
}

static void
add_truth(struct text *text, const char *name, bool value)
{
	text_string(text, ", \"");
	text_string(text, name);
	text_string(text, value ? "\": true" : "\": false");
}

static void
add_direction(struct text *text, const struct ct_entry *entry, enum dir dir)
{
	const struct tuple *tuple = &entry->tuple[dir];
	struct report_field fields[REPORT_FIELDS_MAX];
	unsigned int n = report_fields(tuple, fields);

	text_string(text, "{\"src\": \"");
	text_address(text, tuple->family, &tuple->src);
	text_string(text, "\", \"dst\": \"");
	text_address(text, tuple->family, &tuple->dst);
	text_string(text, "\"");
	for (unsigned int i = 0; i < n; i++)
		add_member(text, fields[i].name, fields[i].value);
	if (entry->has_counters) {
		add_member(text, "packets", entry->packets[dir]);
		add_member(text, "bytes", entry->octets[dir]);
	}
	text_string(text, "}");
}

// The members of a connection and the closing brace.
static void
add_members(struct text *text, const struct ct_entry *entry)
{
	const struct tuple *orig = &entry->tuple[DIR_ORIG];

	text_string(text, "\"proto\": \"");
	text_string(text, proto_name(orig->proto));
	text_string(text, "\"");
	add_member(text, "protonum", orig->proto);
	if (entry->state == NULL) {
		text_string(text, ", \"state\": null");
	} else {
		text_string(text, ", \"state\": \"");
		text_word(text, entry->state);
		text_string(text, "\"");
	}
	add_member(text, "timeout", entry->timeout_sec);
	text_string(text, ", \"orig\": ");
	add_direction(text, entry, DIR_ORIG);
	text_string(text, ", \"reply\": ");
	add_direction(text, entry, DIR_REPLY);
	add_truth(text, "seen_reply", (entry->status & CT_SEEN_REPLY) != 0);
	add_truth(text, "assured", (entry->status & CT_ASSURED) != 0);
	add_member(text, "mark", entry->mark);
	add_member(text, "zone", orig->zone);
	if (entry->helper != CT_HELPER_NONE) {
		text_string(text, ", \"helper\": \"");
		text_string(text, ct_helper_name(entry->helper));
		text_string(text, "\"");
	}
	add_member(text, "worker", entry->worker);
	add_member(text, "conn", entry->id);
	text_string(text, "}");
}

static size_t
end(struct text *text, const char *begin)
{
	*text->end = '\0';
	return (size_t)(text->end - begin);
}

size_t
report_entry_json(const struct ct_entry *entry, char *text)
{
	struct text object = {text};

	text_string(&object, "{");
	add_members(&object, entry);
	return end(&object, text);
}

// A real number with microseconds, as in the time stamps of verdict lines.
static void
add_seconds(struct text *text, uint64_t time_ns)
{
	char seconds[SECONDS_SIZE];

	snprintf(seconds, sizeof(seconds), "%.16g", (double)time_ns / (double)NS_PER_SEC);
	text_string(text, seconds);
	if (strpbrk(seconds, ".e") == NULL)
		text_string(text, ".0");
}

size_t
report_event_json(const struct ct_event *event, char *text)
{
	static const char *const names[] = {
		[CT_EVENT_DESTROY] = "destroy",
		[CT_EVENT_NEW] = "new",
		[CT_EVENT_UPDATE] = "update",
	};
	struct text object = {text};

	text_string(&object, "{\"ts\": ");
	add_seconds(&object, event->time_ns);
	text_string(&object, ", \"event\": \"");
	text_string(&object, names[event->type]);
	if (event->type == CT_EVENT_DESTROY && ct_end_name(event->end) != NULL) {
		text_string(&object, "\", \"reason\": \"");
		text_string(&object, ct_end_name(event->end));
	}
	text_string(&object, "\", ");
	add_members(&object, &event->entry);
	return end(&object, text);
}
