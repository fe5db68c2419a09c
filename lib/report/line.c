// SPDX-License-Identifier: BSD-3-Clause
//
// The line formats of conntrack-tools 1.4.7, field by field in its order. A blank follows each
// field.
#include "report/report.h"

#include "report/text.h"

#define PROTO_WIDTH 8

static void
add_proto(struct text *text, uint8_t proto)
{
	const char *begin = text->end;

	text_string(text, proto_name(proto));
	while (text->end < begin + PROTO_WIDTH)
		*text->end++ = ' ';
	*text->end++ = ' ';
	text_number(text, proto);
	*text->end++ = ' ';
}

static void
add_number(struct text *text, const char *name, uint64_t value)
{
	text_string(text, name);
	text_number(text, value);
	*text->end++ = ' ';
}

static void
add_word(struct text *text, const char *name, const char *word)
{
	text_string(text, name);
	text_word(text, word);
	*text->end++ = ' ';
}

static void
add_tuple(struct text *text, const struct ct_entry *entry, enum dir dir, bool with_counters)
{
	const struct tuple *tuple = &entry->tuple[dir];
	struct report_field fields[REPORT_FIELDS_MAX];
	unsigned int n = report_fields(tuple, fields);

	text_string(text, "src=");
	text_address(text, tuple->family, &tuple->src);
	text_string(text, " dst=");
	text_address(text, tuple->family, &tuple->dst);
	*text->end++ = ' ';
	for (unsigned int i = 0; i < n; i++) {
		text_string(text, fields[i].name);
		if (fields[i].is_hex) {
			text_string(text, "=0x");
			text_hex(text, fields[i].value);
			*text->end++ = ' ';
		} else {
			add_number(text, "=", fields[i].value);
		}
	}
	if (with_counters && entry->has_counters) {
		add_number(text, "packets=", entry->packets[dir]);
		add_number(text, "bytes=", entry->octets[dir]);
	}
}

static void
add_tuples(struct text *text, const struct ct_entry *entry, bool with_counters)
{
	add_tuple(text, entry, DIR_ORIG, with_counters);
	if ((entry->status & CT_SEEN_REPLY) == 0)
		text_string(text, "[UNREPLIED] ");
	add_tuple(text, entry, DIR_REPLY, with_counters);
	if ((entry->status & CT_ASSURED) != 0)
		text_string(text, "[ASSURED] ");
}

static size_t
end(struct text *text, const char *begin)
{
	text_string(text, "\n");
	*text->end = '\0';
	return (size_t)(text->end - begin);
}

size_t
report_entry_line(const struct ct_entry *entry, char *text)
{
	const struct tuple *orig = &entry->tuple[DIR_ORIG];
	struct text line = {text};

	add_proto(&line, orig->proto);
	add_number(&line, "", entry->timeout_sec);
	if (entry->state != NULL)
		add_word(&line, "", entry->state);
	add_tuples(&line, entry, true);
	add_number(&line, "mark=", entry->mark);
	if (orig->zone != 0)
		add_number(&line, "zone=", orig->zone);
	if (entry->helper != CT_HELPER_NONE)
		add_word(&line, "helper=", ct_helper_name(entry->helper));
	text_string(&line, "use=1");
	return end(&line, text);
}

// An event line ends with its last field, without the blank.
size_t
report_event_line(const struct ct_event *event, char *text)
{
	static const char *const tags[] = {
		[CT_EVENT_DESTROY] = "[DESTROY] ",
		[CT_EVENT_NEW] = "    [NEW] ",
		[CT_EVENT_UPDATE] = " [UPDATE] ",
	};
	const struct ct_entry *entry = &event->entry;
	const struct tuple *orig = &entry->tuple[DIR_ORIG];
	bool is_destroy = event->type == CT_EVENT_DESTROY;
	struct text line = {text};

	text_string(&line, tags[event->type]);
	add_proto(&line, orig->proto);
	if (!is_destroy || entry->timeout_sec > 0)
		add_number(&line, "", entry->timeout_sec);
	if (entry->state != NULL)
		add_word(&line, "", entry->state);
	add_tuples(&line, entry, is_destroy);
	if (entry->mark != 0)
		add_number(&line, "mark=", entry->mark);
	if (orig->zone != 0)
		add_number(&line, "zone=", orig->zone);
	if (entry->helper != CT_HELPER_NONE && !is_destroy)
		add_word(&line, "helper=", ct_helper_name(entry->helper));
	line.end--;
	return end(&line, text);
}
