// SPDX-License-Identifier: BSD-3-Clause
#include "turns.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <ucontext.h>

#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_service.h>
#include <rte_service_component.h>

#include "runtime/time.h"

#define STACK_BYTES (1U << 20)
#define START_NS    (1000 * UINT64_C(1000000000))

struct thread {
	ucontext_t context;
	unsigned int lcore;
	uint64_t wakes_ns;
	int (*function)(void *);
	void *argument;
};

static struct {
	struct thread threads[CPUS_MAX];
	ucontext_t outside; // whoever gives the turns
	uint8_t current;
	uint8_t n_workers;
	uint64_t now_ns;
	struct rte_service_spec service;
	void (*main)(void);
} turns = {.current = CPU_NONE, .now_ns = START_NS};

static void
begin(void)
{
	struct thread *thread = &turns.threads[turns.current];

	thread->function(thread->argument);
	fprintf(stderr, "sharing: thread %u has ended\n", turns.current);
	exit(EXIT_FAILURE);
}

static void
add(uint8_t cpu, unsigned int lcore, int (*function)(void *), void *argument)
{
	struct thread *thread = &turns.threads[cpu];

	*thread = (struct thread){.lcore = lcore, .function = function, .argument = argument};
	getcontext(&thread->context);
	thread->context.uc_stack.ss_sp = malloc(STACK_BYTES);
	thread->context.uc_stack.ss_size = STACK_BYTES;
	makecontext(&thread->context, begin, 0);
}

// DPDK goes by the lcore's number, such as for its caches of packets.
static void
resume(uint8_t cpu)
{
	turns.current = cpu;
	RTE_PER_LCORE(_lcore_id) = turns.threads[cpu].lcore;
	swapcontext(&turns.outside, &turns.threads[cpu].context);
	RTE_PER_LCORE(_lcore_id) = turns.threads[CPU_MAIN].lcore;
	turns.current = CPU_NONE;
}

void
turns_run(uint8_t cpu)
{
	lines_cpu(cpu);
	resume(cpu);
	lines_cpu(CPU_NONE);
}

void
turns_wait(void)
{
	uint8_t self = turns.current;

	lines_cpu(CPU_NONE);
	swapcontext(&turns.threads[self].context, &turns.outside);
}

bool
turns_is_due(uint8_t cpu)
{
	return turns.threads[cpu].wakes_ns <= turns.now_ns;
}

uint64_t
turns_now_ns(void)
{
	return turns.now_ns;
}

void
turns_advance(uint64_t ns)
{
	turns.now_ns += ns;
}

static void
sleep_ns(uint64_t ns)
{
	turns.threads[turns.current].wakes_ns = turns.now_ns + ns;
	turns_wait();
}

static int
run_main(void *argument)
{
	(void)argument;
	turns.main();
	return 0;
}

void
turns_start(void (*main)(void))
{
	turns.main = main;
	add(CPU_MAIN, 0, run_main, NULL);
	resume(CPU_MAIN);
}

static int
serve(void *argument)
{
	(void)argument;
	for (;;)
		turns.service.callback(turns.service.callback_userdata);
	return 0;
}

// NOLINTBEGIN(bugprone-reserved-identifier): the linker chooses these names.

uint64_t __wrap_live_clock_ns(const struct live_clock *clock);
void __wrap_rte_delay_us_sleep(unsigned int us);
int __wrap_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout);
int __wrap_rte_eal_remote_launch(lcore_function_t *function, void *argument, unsigned int lcore);
int __real_rte_service_component_register(const struct rte_service_spec *spec, uint32_t *id);
int __wrap_rte_service_component_register(const struct rte_service_spec *spec, uint32_t *id);
int __wrap_rte_service_lcore_start(uint32_t lcore);
ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned int flags);

// It reads where it has its epoch from, as the real one does.
uint64_t
__wrap_live_clock_ns(const struct live_clock *clock)
{
	lines_access(clock, sizeof(*clock), false);
	return turns.now_ns;
}

void
__wrap_rte_delay_us_sleep(unsigned int us)
{
	sleep_ns((uint64_t)us * 1000);
}

int
__wrap_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	(void)set;
	(void)info;
	sleep_ns((uint64_t)timeout->tv_sec * UINT64_C(1000000000) + (uint64_t)timeout->tv_nsec);
	errno = EAGAIN;
	return -1;
}

int
__wrap_rte_eal_remote_launch(lcore_function_t *function, void *argument, unsigned int lcore)
{
	add(turns.n_workers++, lcore, function, argument);
	return 0;
}

int
__wrap_rte_service_component_register(const struct rte_service_spec *spec, uint32_t *id)
{
	turns.service = *spec;
	return __real_rte_service_component_register(spec, id);
}

int
__wrap_rte_service_lcore_start(uint32_t lcore)
{
	add(CPU_SERVICE, lcore, serve, NULL);
	return 0;
}

// Every run is the same.
ssize_t
__wrap_getrandom(void *buffer, size_t size, unsigned int flags)
{
	(void)flags;
	memset(buffer, 0x5a, size);
	return (ssize_t)size;
}

// NOLINTEND(bugprone-reserved-identifier)
