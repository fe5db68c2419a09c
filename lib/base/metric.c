// SPDX-License-Identifier: BSD-3-Clause
#include "base/metric.h"

#include "base/contract.h"

static const void *
place(const struct metric *metric, const void *object, unsigned int element)
{
	CONTRACT(element < metric->n);
	return (const char *)object + metric->offset + (size_t)element * metric->width;
}

uint64_t
metric_value(const struct metric *metric, const void *object, unsigned int element)
{
	const void *at = place(metric, object, element);

	if (metric->width == sizeof(uint32_t))
		return __atomic_load_n((const uint32_t *)at, __ATOMIC_RELAXED);
	CONTRACT(metric->width == sizeof(uint64_t));
	return __atomic_load_n((const uint64_t *)at, __ATOMIC_RELAXED);
}

uint64_t
metric_total(const struct metric *metric, const void *object)
{
	uint64_t sum = 0;

	CONTRACT(metric->kind != METRIC_HISTOGRAM);
	for (unsigned int element = metric->first; element < metric->n; element++)
		sum += metric_value(metric, object, element);
	return sum;
}

const struct metric *
metric_row_at(const struct metric_table *table, size_t offset)
{
	unsigned int i = 0;

	while (table->rows[i].offset != offset) {
		i++;
		CONTRACT(i < table->n);
	}
	return &table->rows[i];
}

uint64_t
metric_sum_ns(const struct metric *metric, const void *object)
{
	const void *at = (const char *)object + metric->sum_offset;

	CONTRACT(metric->kind == METRIC_HISTOGRAM);
	return __atomic_load_n((const uint64_t *)at, __ATOMIC_RELAXED);
}

void
metrics_add(const struct metric_table *table, void *sum, const void *part)
{
	for (unsigned int i = 0; i < table->n; i++) {
		const struct metric *row = &table->rows[i];

		for (unsigned int element = 0; element < row->n; element++) {
			void *at = (char *)sum + row->offset + (size_t)element * row->width;
			uint64_t value = metric_value(row, part, element);

			if (row->width == sizeof(uint32_t))
				*(uint32_t *)at += (uint32_t)value;
			else
				*(uint64_t *)at += value;
		}
		if (row->kind == METRIC_HISTOGRAM)
			*(uint64_t *)(void *)((char *)sum + row->sum_offset) +=
				metric_sum_ns(row, part);
	}
}
