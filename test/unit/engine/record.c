// SPDX-License-Identifier: BSD-3-Clause
#include "record.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>
#include <rte_hash_crc.h>

struct field {
	const char *name;
	uint16_t off, size;
	bool is_of_entry; // told only if the engine's packets tell of their connections
};

#define FIELD(type, member, ...)                                                                   \
	{                                                                                          \
#member, offsetof(type, member), sizeof(((type *)NULL)->member), __VA_ARGS__       \
	}

static const struct field fate_fields[] = {
	FIELD(struct fate, times, false),      FIELD(struct fate, verdict, false),
	FIELD(struct fate, has_left, false),   FIELD(struct fate, out_port, false),
	FIELD(struct fate, worker, false),     FIELD(struct fate, digest, false),
	FIELD(struct fate, n_ahead, false),    FIELD(struct fate, datagram, false),
	FIELD(struct fate, class, true),       FIELD(struct fate, dir, true),
	FIELD(struct fate, fault, true),       FIELD(struct fate, reason, true),
	FIELD(struct fate, chain, true),       FIELD(struct fate, rule, true),
	FIELD(struct fate, mark, true),        FIELD(struct fate, helper, true),
	FIELD(struct fate, conn_id, true),     FIELD(struct fate, state, true),
	FIELD(struct fate, deadline, true),    FIELD(struct fate, status, true),
	FIELD(struct fate, is_in_table, true),
};

static const struct field entry_fields[] = {
	FIELD(struct ct_entry, packets[DIR_ORIG], false),
	FIELD(struct ct_entry, packets[DIR_REPLY], false),
	FIELD(struct ct_entry, octets[DIR_ORIG], false),
	FIELD(struct ct_entry, octets[DIR_REPLY], false),
	FIELD(struct ct_entry, id, false),
	FIELD(struct ct_entry, deadline, false),
	FIELD(struct ct_entry, timeout_sec, false),
	FIELD(struct ct_entry, status, false),
	FIELD(struct ct_entry, mark, false),
	FIELD(struct ct_entry, state, false),
	FIELD(struct ct_entry, helper, false),
	FIELD(struct ct_entry, life, false),
	FIELD(struct ct_entry, has_counters, false),
	FIELD(struct ct_entry, worker, false),
};

static const struct field event_fields[] = {
	FIELD(struct ct_event, seq, false),  FIELD(struct ct_event, time_ns, false),
	FIELD(struct ct_event, type, false), FIELD(struct ct_event, changed, false),
	FIELD(struct ct_event, end, false),
};

static uint64_t
value_of(const struct field *field, const void *object)
{
	uint64_t value = 0;

	assert(field->size <= sizeof(value));
	memcpy(&value, (const uint8_t *)object + field->off, field->size);
	return value;
}

void
record_init(struct record *record)
{
	memset(record, 0, sizeof(*record));
}

void
record_fini(struct record *record)
{
	free(record->facts);
	free(record->told);
	record_init(record);
}

void
record_fact(struct record *record, const char *what, uint64_t of, uint64_t value)
{
	if (record->n_facts == record->capacity) {
		record->capacity = record->capacity == 0 ? 4096 : 2 * record->capacity;
		record->facts = realloc(record->facts, record->capacity * sizeof(record->facts[0]));
		assert(record->facts != NULL);
	}
	record->facts[record->n_facts++] = (struct fact){what, of, value};
}

void
record_metrics(struct record *record, const struct metric_table *table, const void *object)
{
	for (unsigned int i = 0; i < table->n; i++) {
		const struct metric *metric = &table->rows[i];

		if (strstr(metric->name, "lane") != NULL)
			continue;
		for (unsigned int k = 0; k < metric->n; k++)
			record_fact(record, metric->name, k, metric_value(metric, object, k));
	}
}

static void
record_fields(struct record *record, const struct field fields[], size_t n, const void *object,
	      uint64_t of)
{
	for (size_t i = 0; i < n; i++)
		record_fact(record, fields[i].name, of, value_of(&fields[i], object));
}

void
record_entry(struct record *record, const struct ct_entry *entry, uint64_t of)
{
	record_fields(record, entry_fields, RTE_DIM(entry_fields), entry, of);
	record_fact(record, "tuples", of, rte_hash_crc(entry->tuple, sizeof(entry->tuple), 0));
}

void
record_event(struct record *record, const struct ct_event *event)
{
	if (record->n_told == record->told_capacity) {
		record->told_capacity =
			record->told_capacity == 0 ? 4096 : 2 * record->told_capacity;
		record->told =
			realloc(record->told, record->told_capacity * sizeof(record->told[0]));
		assert(record->told != NULL);
	}
	record->told[record->n_told] = (struct told){*event, record->n_told};
	record->n_told++;
}

static int
compare_told(const void *a, const void *b)
{
	const struct told *one = a, *other = b;

	if (one->event.entry.id != other->event.entry.id)
		return one->event.entry.id < other->event.entry.id ? -1 : 1;
	return one->number < other->number ? -1 : 1;
}

void
record_events(struct record *record)
{
	if (record->n_told > 0)
		qsort(record->told, record->n_told, sizeof(record->told[0]), compare_told);
	for (size_t i = 0; i < record->n_told; i++) {
		const struct ct_event *event = &record->told[i].event;

		record_fields(record, event_fields, RTE_DIM(event_fields), event, event->entry.id);
		record_entry(record, &event->entry, event->entry.id);
	}
}

static bool
are_same_fates(const struct record *a, const struct record *b, bool has_entries,
	       char text[RECORD_TEXT_MAX])
{
	for (unsigned int at = 1; at <= SCENE_PACKETS; at++) {
		for (size_t i = 0; i < RTE_DIM(fate_fields); i++) {
			const struct field *field = &fate_fields[i];
			const uint64_t one = value_of(field, &a->fates[at]);
			const uint64_t other = value_of(field, &b->fates[at]);

			if (one == other || (field->is_of_entry && !has_entries))
				continue;
			snprintf(text, RECORD_TEXT_MAX,
				 "packet %u: %s is %" PRIu64 ", without the lane %" PRIu64, at,
				 field->name, one, other);
			return false;
		}
	}
	return true;
}

static bool
are_same_facts(const struct record *a, const struct record *b, char text[RECORD_TEXT_MAX])
{
	for (size_t i = 0; i < RTE_MIN(a->n_facts, b->n_facts); i++) {
		const struct fact *one = &a->facts[i], *other = &b->facts[i];

		if (one->what == other->what && one->of == other->of && one->value == other->value)
			continue;
		snprintf(text, RECORD_TEXT_MAX,
			 "fact %zu: %s of %" PRIu64 " is %" PRIu64
			 ", without the lane %s of %" PRIu64 " is %" PRIu64,
			 i, one->what, one->of, one->value, other->what, other->of, other->value);
		return false;
	}
	snprintf(text, RECORD_TEXT_MAX, "%zu facts, without the lane %zu", a->n_facts, b->n_facts);
	return a->n_facts == b->n_facts;
}

bool
record_is_same(const struct record *a, const struct record *b, bool has_entries,
	       char text[RECORD_TEXT_MAX])
{
	return are_same_fates(a, b, has_entries, text) && are_same_facts(a, b, text);
}
