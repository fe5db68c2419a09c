// SPDX-License-Identifier: BSD-3-Clause
#include "control/answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "base/clock.h"
#include "base/contract.h"
#include "base/utf8.h"

#define NUMBER_LEN  24  // room for the digits of a number and its sign
#define TEXT_MAX    127 // characters
#define QUOTED_SIZE (2 * TEXT_MAX + 3)

// The longest form of an escaped byte, and room for a text of such bytes with dots and quotes.
#define UNICODE_LEN      6
#define QUOTED_UTF8_SIZE (UNICODE_LEN * TEXT_MAX + 6)

static const char ending[] = {[ANSWER_OBJECT] = '}', [ANSWER_LIST] = ']'};

// Closes everything that is open beyond the given depth.
static void
close_to(struct answer_space *space, unsigned int depth)
{
	while (space->depth > depth)
		space->bytes[space->len++] = space->closing[--space->depth];
}

// A text in quotes.
static void
quote(const char *text, char quoted[QUOTED_SIZE])
{
	static const char cut[] = "...";
	size_t len = strlen(text);
	size_t n_kept = len > TEXT_MAX ? TEXT_MAX + 1 - sizeof(cut) : len;
	char *end = quoted;

	*end++ = '"';
	for (size_t i = 0; i < n_kept; i++) {
		char c = text[i];

		if (c == '"' || c == '\\')
			*end++ = '\\';
		*end++ = (char)(c < ' ' || c > '~' ? '?' : c);
	}
	snprintf(end, sizeof(cut) + 1, "%s\"", n_kept < len ? cut : "");
}

// Adds a member whose value is given as JSON, unless it, or an earlier one, does not fit together
// with the closing brackets.
static void
add(struct answer *answer, const char *name, const char *value)
{
	struct answer_space *space = answer->space;
	const char *comma = answer->n_members > 0 ? "," : "";
	char quoted[QUOTED_SIZE] = "";
	size_t left;
	int len;

	if (space->is_short)
		return;
	CONTRACT(answer->depth <= space->depth);
	close_to(space, answer->depth);
	CONTRACT((name == NULL) == (space->closing[answer->depth - 1] == ending[ANSWER_LIST]));
	left = sizeof(space->bytes) - space->len - ANSWER_DEPTH_MAX;
	if (name != NULL)
		quote(name, quoted);
	len = snprintf(space->bytes + space->len, left, "%s%s%s%s", comma, quoted,
		       name == NULL ? "" : ":", value);
	space->is_short = len < 0 || (size_t)len >= left;
	if (space->is_short)
		return;
	space->len += (size_t)len;
	answer->n_members++;
}

static struct answer
open_inside(struct answer *answer, const char *name, enum answer_kind kind)
{
	static const char *const beginning[] = {[ANSWER_OBJECT] = "{", [ANSWER_LIST] = "["};
	struct answer_space *space = answer->space;

	add(answer, name, beginning[kind]);
	if (!space->is_short) {
		CONTRACT(space->depth < ANSWER_DEPTH_MAX);
		space->closing[space->depth++] = ending[kind];
	}
	return (struct answer){.space = space, .depth = space->depth};
}

struct answer
answer_bare(struct answer_space *space)
{
	space->bytes[0] = '{';
	space->len = 1;
	space->closing[0] = ending[ANSWER_OBJECT];
	space->depth = 1;
	space->is_short = false;
	return (struct answer){.space = space, .depth = 1};
}

struct answer
answer_begin(struct answer_space *space, const char *command, enum answer_kind kind)
{
	struct answer whole = answer_bare(space);

	return open_inside(&whole, command, kind);
}

void
answer_end(struct answer_space *space)
{
	close_to(space, 0);
}

void
answer_none(struct answer_space *space, const char *command)
{
	struct answer whole = answer_bare(space);

	add(&whole, command, "null");
	answer_end(space);
}

void
answer_number(struct answer *answer, const char *name, uint64_t value)
{
	char text[NUMBER_LEN];

	snprintf(text, sizeof(text), "%" PRIu64, value > INT64_MAX ? INT64_MAX : value);
	add(answer, name, text);
}

void
answer_signed(struct answer *answer, const char *name, int32_t value)
{
	char text[NUMBER_LEN];

	snprintf(text, sizeof(text), "%" PRId32, value);
	add(answer, name, text);
}

void
answer_string(struct answer *answer, const char *name, const char *text)
{
	char quoted[QUOTED_SIZE];

	quote(text, quoted);
	add(answer, name, quoted);
}

// A quoted text, in UTF-8.
static void
quote_utf8(const char *text, char quoted[QUOTED_UTF8_SIZE])
{
	const char *begin = text;
	char *end = quoted;

	*end++ = '"';
	while (*text != '\0') {
		uint32_t character;
		size_t len = utf8_read(text, &character);

		if ((size_t)(text - begin) + RTE_MAX(len, (size_t)1) > TEXT_MAX) {
			end += snprintf(end, sizeof("..."), "...");
			break;
		}
		if (len == 0) {
			end += snprintf(end, UNICODE_LEN + 1, "\\ufffd");
		} else if (character < ' ' || character == 0x7f) {
			end += snprintf(end, UNICODE_LEN + 1, "\\u%04x", character);
		} else {
			if (character == '"' || character == '\\')
				*end++ = '\\';
			memcpy(end, text, len);
			end += len;
		}
		text += RTE_MAX(len, (size_t)1);
	}
	*end++ = '"';
	*end = '\0';
}

void
answer_text(struct answer *answer, const char *name, const char *text)
{
	char quoted[QUOTED_UTF8_SIZE];

	quote_utf8(text, quoted);
	add(answer, name, quoted);
}

void
answer_seconds(struct answer *answer, const char *name, uint64_t ns)
{
	char text[NUMBER_LEN + 10];

	snprintf(text, sizeof(text), "%" PRIu64 ".%09" PRIu64, ns / NS_PER_SEC, ns % NS_PER_SEC);
	add(answer, name, text);
}

void
answer_metrics(struct answer *answer, const struct metric_table *table, const void *object)
{
	struct answer values = *answer;

	for (unsigned int i = 0; i < table->n; i++) {
		const struct metric *row = &table->rows[i];

		if (row->key == NULL || row->kind == METRIC_HISTOGRAM)
			continue;
		if (row->label == NULL) {
			answer_number(row->joins ? &values : answer, row->key,
				      metric_value(row, object, 0));
			continue;
		}
		values = answer_object(answer, row->key);
		for (unsigned int element = row->first; element < row->n; element++)
			answer_number(&values, row->value_name(element),
				      metric_value(row, object, element));
	}
}

struct answer
answer_object(struct answer *answer, const char *name)
{
	return open_inside(answer, name, ANSWER_OBJECT);
}

struct answer
answer_list(struct answer *answer, const char *name)
{
	return open_inside(answer, name, ANSWER_LIST);
}

struct answer
answer_row(struct answer *answer, uint64_t number)
{
	char name[NUMBER_LEN];

	snprintf(name, sizeof(name), "%" PRIu64, number);
	return answer_object(answer, name);
}

bool
answer_has_room(const struct answer *answer, size_t row_bytes)
{
	return answer->space->len + row_bytes + ANSWER_BYTES_REST <= ANSWER_BYTES_MAX;
}
