// SPDX-License-Identifier: BSD-3-Clause
//
// The functions that the compiler calls before each access to memory with -fsanitize=thread. It is
// ThreadSanitizer's instrumentation; what it tells goes to lines.h instead of to the sanitizer.
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lines.h"

// NOLINTBEGIN(bugprone-reserved-identifier): the compiler chooses these names.
// NOLINTBEGIN(bugprone-macro-parentheses)

void __tsan_init(void);
void __tsan_read_range(void *at, uintptr_t len);
void __tsan_write_range(void *at, uintptr_t len);
void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

void
__tsan_init(void)
{
}

void
__tsan_read_range(void *at, uintptr_t len)
{
	lines_access(at, len, false);
}

void
__tsan_write_range(void *at, uintptr_t len)
{
	lines_access(at, len, true);
}

void
__tsan_atomic_thread_fence(int order)
{
	__atomic_thread_fence(order);
}

void
__tsan_atomic_signal_fence(int order)
{
	__atomic_signal_fence(order);
}

#define PLAIN(name, len, is_write)                                                                 \
	void __tsan_##name(void *at);                                                              \
	void __tsan_##name(void *at)                                                               \
	{                                                                                          \
		lines_access(at, len, is_write);                                                   \
	}

PLAIN(read1, 1, false)
PLAIN(read2, 2, false)
PLAIN(read4, 4, false)
PLAIN(read8, 8, false)
PLAIN(read16, 16, false)
PLAIN(unaligned_read2, 2, false)
PLAIN(unaligned_read4, 4, false)
PLAIN(unaligned_read8, 8, false)
PLAIN(unaligned_read16, 16, false)
PLAIN(write1, 1, true)
PLAIN(write2, 2, true)
PLAIN(write4, 4, true)
PLAIN(write8, 8, true)
PLAIN(write16, 16, true)
PLAIN(unaligned_write2, 2, true)
PLAIN(unaligned_write4, 4, true)
PLAIN(unaligned_write8, 8, true)
PLAIN(unaligned_write16, 16, true)

// There is one thread, so the order is always the strictest.
#define FETCH(bits, operation)                                                                     \
	uint##bits##_t __tsan_atomic##bits##_fetch_##operation(volatile void *at,                  \
							       uint##bits##_t value, int order);   \
	uint##bits##_t __tsan_atomic##bits##_fetch_##operation(volatile void *at,                  \
							       uint##bits##_t value, int order)    \
	{                                                                                          \
		(void)order;                                                                       \
		lines_access(at, sizeof(value), true);                                             \
		return __atomic_fetch_##operation((volatile uint##bits##_t *)at, value,            \
						  __ATOMIC_SEQ_CST);                               \
	}

#define EXCHANGE(bits, name)                                                                       \
	bool __tsan_atomic##bits##_##name(volatile void *at, void *expected, uint##bits##_t value, \
					  int order, int failure);                                 \
	bool __tsan_atomic##bits##_##name(volatile void *at, void *expected, uint##bits##_t value, \
					  int order, int failure)                                  \
	{                                                                                          \
		(void)order;                                                                       \
		(void)failure;                                                                     \
		lines_access(at, sizeof(value), true);                                             \
		return __atomic_compare_exchange_n((volatile uint##bits##_t *)at,                  \
						   (uint##bits##_t *)expected, value, false,       \
						   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);            \
	}

#define ATOMIC(bits)                                                                               \
	uint##bits##_t __tsan_atomic##bits##_load(const volatile void *at, int order);             \
	uint##bits##_t __tsan_atomic##bits##_load(const volatile void *at, int order)              \
	{                                                                                          \
		(void)order;                                                                       \
		lines_access(at, bits / 8, false);                                                 \
		return __atomic_load_n((const volatile uint##bits##_t *)at, __ATOMIC_SEQ_CST);     \
	}                                                                                          \
	void __tsan_atomic##bits##_store(volatile void *at, uint##bits##_t value, int order);      \
	void __tsan_atomic##bits##_store(volatile void *at, uint##bits##_t value, int order)       \
	{                                                                                          \
		(void)order;                                                                       \
		lines_access(at, sizeof(value), true);                                             \
		__atomic_store_n((volatile uint##bits##_t *)at, value, __ATOMIC_SEQ_CST);          \
	}                                                                                          \
	uint##bits##_t __tsan_atomic##bits##_exchange(volatile void *at, uint##bits##_t value,     \
						      int order);                                  \
	uint##bits##_t __tsan_atomic##bits##_exchange(volatile void *at, uint##bits##_t value,     \
						      int order)                                   \
	{                                                                                          \
		(void)order;                                                                       \
		lines_access(at, sizeof(value), true);                                             \
		return __atomic_exchange_n((volatile uint##bits##_t *)at, value,                   \
					   __ATOMIC_SEQ_CST);                                      \
	}                                                                                          \
	FETCH(bits, add)                                                                           \
	FETCH(bits, sub)                                                                           \
	FETCH(bits, and)                                                                           \
	FETCH(bits, or)                                                                            \
	FETCH(bits, xor)                                                                           \
	EXCHANGE(bits, compare_exchange_strong)                                                    \
	EXCHANGE(bits, compare_exchange_weak)

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

// What the compiler does not see: a library copies.
void *__real_memcpy(void *to, const void *from, size_t len);
void *__real_memset(void *to, int byte, size_t len);
void *__wrap_memcpy(void *to, const void *from, size_t len);
void *__wrap_memset(void *to, int byte, size_t len);

void *
__wrap_memcpy(void *to, const void *from, size_t len)
{
	lines_access(from, len, false);
	lines_access(to, len, true);
	return __real_memcpy(to, from, len);
}

void *
__wrap_memset(void *to, int byte, size_t len)
{
	lines_access(to, len, true);
	return __real_memset(to, byte, len);
}

// NOLINTEND(bugprone-macro-parentheses)
// NOLINTEND(bugprone-reserved-identifier)
