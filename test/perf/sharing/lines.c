// SPDX-License-Identifier: BSD-3-Clause
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BITS  6
#define LINE_BYTES (1U << LINE_BITS)
#define LINES_MAX  (1U << 18)
#define BUCKETS    (4 * LINES_MAX) // a power of two

struct line {
	uint64_t number; // address / LINE_BYTES
	uint64_t holders;
	uint8_t writer; // the last one, CPU_NONE: nobody
	struct use {
		uint64_t used; // bytes that it has read or written, a bit each
		uint64_t written;
	} uses[CPUS_MAX];
};

static struct {
	struct line *lines;
	uint32_t *index; // number of a line plus one, 0: free
	uint32_t n;
	uint64_t n_accesses;
	void (*listener)(const struct move *move);
	uint8_t cpu;
} model = {.cpu = CPU_NONE};

void
lines_cpu(uint8_t cpu)
{
	model.cpu = cpu;
}

uint8_t
lines_cpu_now(void)
{
	return model.cpu;
}

void
lines_listen(void (*listener)(const struct move *move))
{
	model.listener = listener;
	for (uint32_t i = 0; listener != NULL && i < model.n; i++)
		memset(model.lines[i].uses, 0, sizeof(model.lines[i].uses));
}

bool
lines_share_bytes(const struct move *move)
{
	const struct use *a = &model.lines[move->line].uses[move->cpu];
	const struct use *b = &model.lines[move->line].uses[move->other];

	return (a->written & b->used) != 0 || (b->written & a->used) != 0;
}

uint64_t
lines_n_accesses(void)
{
	return model.n_accesses;
}

static uint32_t
line_at(uint64_t address)
{
	uint64_t number = address >> LINE_BITS;
	uint32_t at = (uint32_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 40) % BUCKETS;

	if (model.lines == NULL) {
		model.lines = calloc(LINES_MAX, sizeof(*model.lines));
		model.index = calloc((size_t)BUCKETS, sizeof(*model.index));
	}
	for (; model.index[at] != 0; at = (at + 1) % BUCKETS) {
		if (model.lines[model.index[at] - 1].number == number)
			return model.index[at] - 1;
	}
	if (model.n == LINES_MAX) {
		fputs("sharing: more lines than there is room for\n", stderr);
		exit(EXIT_FAILURE);
	}
	model.lines[model.n].number = number;
	model.lines[model.n].writer = CPU_NONE;
	model.index[at] = model.n + 1;
	return model.n++;
}

// Who is in the way of the access, CPU_NONE: nobody.
static uint8_t
who_is_in_the_way(const struct line *line, bool is_write)
{
	const uint64_t self = UINT64_C(1) << model.cpu;

	if ((line->holders & self) == 0 && line->writer != CPU_NONE)
		return line->writer;
	if (is_write && (line->holders & ~self) != 0)
		return (uint8_t)__builtin_ctzll(line->holders & ~self);
	return CPU_NONE;
}

static void
access_line(uint64_t address, uint64_t bytes, bool is_write)
{
	const uint64_t self = UINT64_C(1) << model.cpu;
	uint32_t number = line_at(address);
	struct line *line = &model.lines[number];
	uint8_t other = who_is_in_the_way(line, is_write);

	line->uses[model.cpu].used |= bytes;
	if (other != CPU_NONE && model.listener != NULL)
		model.listener(&(struct move){address, number, model.cpu, other, is_write});
	line->holders |= self;
	if (!is_write)
		return;
	line->holders = self;
	line->writer = model.cpu;
	line->uses[model.cpu].written |= bytes;
}

void
lines_access(const volatile void *at, uintptr_t len, bool is_write)
{
	uint64_t address = (uint64_t)(uintptr_t)at;

	if (model.cpu == CPU_NONE)
		return;
	model.n_accesses++;
	while (len > 0) {
		unsigned int first = address % LINE_BYTES;
		unsigned int n = len < LINE_BYTES - first ? (unsigned int)len : LINE_BYTES - first;
		uint64_t bytes = (n == LINE_BYTES ? UINT64_MAX : (UINT64_C(1) << n) - 1) << first;

		access_line(address, bytes, is_write);
		address += n;
		len -= n;
	}
}
