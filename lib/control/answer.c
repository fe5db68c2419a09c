// SPDX-License-Identifier: BSD-3-Clause
#include "control/answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// A member is ,"name":value and an object begins and ends with a brace.
#define MEMBER_BYTES 4
#define OBJECT_BYTES 2
#define NUMBER_LEN   24 // room for the digits of a number and its sign

static bool
begin_member(struct answer *answer, const char *name, size_t value_bytes)
{
	answer->space->n_bytes += strlen(name) + MEMBER_BYTES + value_bytes;
	answer->n_members++;
	return answer->data != NULL;
}

static size_t
number_bytes(uint64_t value)
{
	size_t n = 1;

	for (; value >= 10; value /= 10)
		n++;
	return n;
}

struct answer
answer_begin(struct rte_tel_data *data, struct answer_space *space)
{
	*space = (struct answer_space){.n_bytes = OBJECT_BYTES};
	rte_tel_data_start_dict(data);
	return (struct answer){.data = data, .space = space};
}

void
answer_number(struct answer *answer, const char *name, uint64_t value)
{
	if (value > INT64_MAX)
		value = INT64_MAX;
	if (begin_member(answer, name, number_bytes(value)))
		rte_tel_data_add_dict_u64(answer->data, name, value);
}

void
answer_signed(struct answer *answer, const char *name, int32_t value)
{
	uint64_t magnitude = value < 0 ? -(int64_t)value : value;

	if (begin_member(answer, name, (value < 0) + number_bytes(magnitude)))
		rte_tel_data_add_dict_int(answer->data, name, value);
}

// The library itself takes the bytes of a text for indices into a table of ASCII characters.
static size_t
clean(const char *text, char clean_text[RTE_TEL_MAX_STRING_LEN])
{
	static const char cut[] = "...";
	size_t n_bytes = 2; // quotes
	size_t len = 0;

	for (; text[len] != '\0' && len < RTE_TEL_MAX_STRING_LEN - 1; len++) {
		char c = text[len];

		clean_text[len] = c;
		if (c < ' ' || c > '~')
			clean_text[len] = '?';
		n_bytes += c == '"' || c == '\\' ? 2 : 1;
	}
	clean_text[len] = '\0';
	if (text[len] != '\0')
		memcpy(clean_text + len + 1 - sizeof(cut), cut, sizeof(cut));
	return n_bytes;
}

void
answer_string(struct answer *answer, const char *name, const char *text)
{
	char clean_text[RTE_TEL_MAX_STRING_LEN];
	size_t n_bytes = clean(text, clean_text);

	if (begin_member(answer, name, n_bytes))
		rte_tel_data_add_dict_string(answer->data, name, clean_text);
}

struct answer
answer_object(struct answer *answer, const char *name)
{
	struct answer object = {.space = answer->space};

	if (!begin_member(answer, name, OBJECT_BYTES))
		return object;
	object.data = rte_tel_data_alloc();
	if (object.data == NULL) {
		answer->space->is_short_of_memory = true;
		return object;
	}
	rte_tel_data_start_dict(object.data);
	if (rte_tel_data_add_dict_container(answer->data, name, object.data, 0) < 0) {
		rte_tel_data_free(object.data);
		object.data = NULL;
		answer->space->is_short_of_memory = true;
	}
	return object;
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
	return answer->n_members < RTE_TEL_MAX_DICT_ENTRIES &&
	       answer->space->n_bytes + row_bytes + ANSWER_BYTES_REST <= ANSWER_BYTES_MAX;
}
