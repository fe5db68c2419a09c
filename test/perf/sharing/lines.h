// SPDX-License-Identifier: BSD-3-Clause
//
// Which CPU has which cache line: a model of caches that are kept coherent, without limits. A line
// is held by all who have read it since it was written last, or by the one who has written it. What
// is told of are moves: accesses that a CPU cannot do with what it holds, because another one has
// written the line, or holds the line that is to be written. A look at a line that nobody has
// written moves nothing: that is a matter of a cache's size, not of sharing.
//
// Life cycle: static. One thread; lines_cpu says for whom accesses are made from then on.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CPU_NONE UINT8_MAX // accesses are not looked at
#define CPUS_MAX 40

void lines_cpu(uint8_t cpu);
uint8_t lines_cpu_now(void);

// So many bytes were read or written.
void lines_access(const volatile void *at, uintptr_t len, bool is_write);

// A move of a line.
struct move {
	uint64_t address; // of the access
	uint32_t line;    // its number in the model
	uint8_t cpu;      // that made the access
	uint8_t other;    // that wrote the line, or held it
	bool is_write;
};

// Each move is told from inside the access, NULL: none is. Who has used what is forgotten.
void lines_listen(void (*listener)(const struct move *move));

// Since lines_listen, one of the two has written bytes that the other has used: true sharing. Else
// each has used what lies beside.
bool lines_share_bytes(const struct move *move);

// Accesses since the start.
uint64_t lines_n_accesses(void);
