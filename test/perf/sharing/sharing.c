// SPDX-License-Identifier: BSD-3-Clause
//
// Runs the whole firewall, all of its threads in turns, and counts the cache lines that move
// between their CPUs: per packet, per turn of the service core, per look of others.
//
//   sharing WORKERS FLOWS udp|tcp|udp-ipv6
//
// FLOWS is for each worker. Nothing is random and time is made up, so the counts are the same on
// every run. It must be compiled with -Dsharing=true; sharing.py runs it and reads what it prints:
//
//   phase NAME WORKERS FLOWS PACKETS HANDED TIMES
//   move PHASE CPU read|write OTHER true|false OBJECT MOVES
//
// A phase is so many packets and so many times of what it is about. A move of a line is by the CPU
// that needed it, because of another one, which has used the same bytes (true) or others (false).
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>

#include "config/load.h"
#include "engine/sums.h"
#include "flows.h"
#include "lines.h"
#include "nic.h"
#include "objects.h"
#include "runtime/runtime.h"
#include "turns.h"

#define BURST      32
#define ROUND_NS   1000 // in which every worker has a turn, with a burst
#define WARM_TURNS 8    // packets of every flow before anything is counted
#define TIMES      8    // that the others have a turn
#define ROWS_MAX   4096
#define LABEL_SIZE 40
#define NEAR_BYTES 4096       // of an object where the place of a line matters
#define MOVES_MAX  (1U << 22) // of a phase

#define NS_PER_TURN 11000000   // of the service core
#define NS_PER_SCAN 3100000000 // after which it scans again
#define NS_PER_LOOK 1100000000 // of the main thread at all there is
#define NS_OF_YOUTH 3000000000 // after which a UDP flow is a stream

struct row {
	char label[LABEL_SIZE];
	uint8_t cpu;   // the first of its kind
	uint8_t other; // likewise
	bool is_write;
	bool is_true;
	uint64_t n;
};

static struct {
	unsigned int n_workers;
	uint32_t n_flows;
	struct flow_family family;
	const struct appliance *appliance;
	struct errors errors;
	struct config config;
	struct move *moves;
	uint32_t n_moves;
	struct row rows[ROWS_MAX]; // sums of them
	unsigned int n_rows;
	volatile uint64_t sink;
} sharing;

static uint8_t
kind_of(uint8_t cpu)
{
	return cpu < CPU_WORKERS ? 0 : cpu;
}

static const char *
kind_name(uint8_t kind)
{
	static const char *const names[CPUS_MAX] = {
		[0] = "worker",          [CPU_SERVICE] = "service", [CPU_MAIN] = "main",
		[CPU_READER] = "reader", [CPU_DEVICE] = "device",
	};

	return names[kind];
}

static void
write_label(char label[LABEL_SIZE], uint64_t address)
{
	const struct object *object = objects_find(address);
	uint64_t offset = object == NULL ? 0 : (address - object->begin) / 64 * 64;

	if (object == NULL)
		snprintf(label, LABEL_SIZE, "static:%" PRIx64, address);
	else if (offset < NEAR_BYTES && strncmp(object->name, "ct_conn", 7) != 0 &&
		 strcmp(object->name, "packets") != 0)
		snprintf(label, LABEL_SIZE, "%s+%" PRIu64, object->name, offset);
	else
		snprintf(label, LABEL_SIZE, "%s", object->name);
}

static void
note(const struct move *move)
{
	if (sharing.n_moves < MOVES_MAX)
		sharing.moves[sharing.n_moves++] = *move;
}

static bool
is_same(const struct row *a, const struct row *b)
{
	return a->cpu == b->cpu && a->other == b->other && a->is_write == b->is_write &&
	       a->is_true == b->is_true && strcmp(a->label, b->label) == 0;
}

static void
count(const struct move *move)
{
	struct row row = {
		.cpu = kind_of(move->cpu),
		.other = kind_of(move->other),
		.is_write = move->is_write,
		.is_true = lines_share_bytes(move),
	};
	unsigned int i = 0;

	write_label(row.label, move->address);
	while (i < sharing.n_rows && !is_same(&sharing.rows[i], &row))
		i++;
	if (i == ROWS_MAX)
		return;
	if (i == sharing.n_rows)
		sharing.rows[sharing.n_rows++] = row;
	sharing.rows[i].n++;
}

// Every worker has a turn with a burst, if there is one for it.
static void
run_round(uint16_t n_packets, bool come_home)
{
	flows_offer(n_packets, come_home);
	for (unsigned int i = 0; i < sharing.n_workers; i++)
		turns_run((uint8_t)i);
	turns_advance(ROUND_NS);
}

// Every flow has a packet.
static void
run_rounds(bool come_home)
{
	for (uint32_t i = 0; i < sharing.n_flows; i += BURST)
		run_round(BURST, come_home);
	for (unsigned int i = 0; i < 4 && !come_home; i++)
		run_round(0, come_home);
}

static void
run_if_due(uint8_t cpu)
{
	if (turns_is_due(cpu))
		turns_run(cpu);
}

// What a thread of telemetry reads for metrics.
static void
read_sums(void)
{
	const struct engine *engine = sharing.appliance->engine;
	struct pipeline_stats packets;
	struct ct_stats connections;
	struct ct_count n;

	lines_cpu(CPU_READER);
	packets = engine_pipeline_stats(engine);
	connections = engine_ct_stats(engine);
	n = engine_ct_count(engine);
	lines_cpu(CPU_NONE);
	sharing.sink += packets.packets + connections.created + n.confirmed;
}

static void
run_none(void)
{
}

static void
run_service(void)
{
	run_if_due(CPU_SERVICE);
}

static void
run_main(void)
{
	run_if_due(CPU_MAIN);
}

// What somebody does beside the packets.
struct phase {
	const char *name;
	uint64_t pause_ns; // before
	void (*run)(void);
	bool come_home; // the packets
};

static const struct phase phases[] = {
	{"home", 0, run_none, true},
	{"away", 0, run_none, false},
	{"turn", NS_PER_TURN, run_service, true},
	{"scan", NS_PER_SCAN, run_service, true},
	{"upkeep", NS_PER_LOOK, run_main, true},
	{"read", 0, read_sums, true},
};

static void
report(const struct phase *phase, uint64_t packets, uint64_t handed)
{
	printf("phase %s %u %" PRIu32 " %" PRIu64 " %" PRIu64 " %u\n", phase->name,
	       sharing.n_workers, sharing.n_flows, packets, handed, TIMES);
	sharing.n_rows = 0;
	for (uint32_t i = 0; i < sharing.n_moves; i++)
		count(&sharing.moves[i]);
	for (unsigned int i = 0; i < sharing.n_rows; i++) {
		const struct row *row = &sharing.rows[i];

		printf("move %s %s %s %s %s %s %" PRIu64 "\n", phase->name, kind_name(row->cpu),
		       row->is_write ? "write" : "read", kind_name(row->other),
		       row->is_true ? "true" : "false", row->label, row->n);
	}
}

// Before it is counted it happens once, so that what is left of the phase before moves.
static void
run_phase(const struct phase *phase)
{
	const struct engine *engine = sharing.appliance->engine;
	struct nic_counts before = {0};
	uint64_t handed = 0;

	for (unsigned int i = 0; i <= TIMES; i++) {
		if (i == 1) {
			before = nic_counts();
			handed = engine_pipeline_stats(engine).handed_over;
			sharing.n_moves = 0;
			lines_listen(note);
		}
		turns_advance(phase->pause_ns);
		phase->run();
		run_rounds(phase->come_home);
	}
	lines_listen(NULL);
	report(phase, nic_counts().received - before.received,
	       engine_pipeline_stats(engine).handed_over - handed);
}

static void
warm_up(void)
{
	for (unsigned int turn = 0; turn < WARM_TURNS; turn++) {
		run_rounds(true);
		turns_advance(NS_OF_YOUTH);
		run_service();
		run_main();
	}
}

static void
note_start(const struct appliance *appliance)
{
	sharing.appliance = appliance;
	// The object behind it is the heap's, and its size nobody else's business.
	objects_add("runtime", appliance->context, 4096);
}

static void
do_nothing(void)
{
}

static void
be_main(void)
{
	static const struct runtime_hooks hooks = {
		.started = note_start,
		.changing = do_nothing,
		.changed = do_nothing,
		.stopping = do_nothing,
	};
	static char no_huge[] = "--no-huge", no_pci[] = "--no-pci", no_conf[] = "--no-shconf";
	static char quiet[] = "--log-level=4";
	static char *arguments[] = {no_huge, no_pci, no_conf, quiet, NULL};

	runtime_run(&sharing.config, RTE_DIM(arguments) - 1, arguments, &hooks, &sharing.errors);
	errors_print(&sharing.errors, stderr);
	exit(EXIT_FAILURE);
}

static bool
load(void)
{
	char path[] = "/tmp/sharing.XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	int result;

	if (file == NULL)
		return false;
	fprintf(file,
		"workers = %u;\n"
		"ports = ({name = \"lan\"; device = \"net_null0\";},\n"
		"         {name = \"wan\"; device = \"net_null1\";});\n"
		"wires = ({a = \"lan\"; b = \"wan\";});\n"
		"conntrack = {max_connections = %u;};\n"
		"fragments = {max_fragments = 64; max_datagrams = 64;};\n"
		"chains = ({name = \"filter\"; priority = 0; policy = \"drop\"; rules = (\n"
		"  {name = \"replies\"; state = [\"established\", \"related\"]; action = "
		"\"accept\";},\n"
		"  {name = \"new\"; state = \"new\"; action = \"accept\";});});\n",
		sharing.n_workers, sharing.n_workers * sharing.n_flows * 4);
	fclose(file);
	errors_init(&sharing.errors);
	result = config_load(&sharing.config, path, &sharing.errors);
	errors_print(&sharing.errors, stderr);
	unlink(path);
	return result == 0;
}

static bool
read_arguments(int argc, char **argv)
{
	if (argc != 4)
		return false;
	sharing.n_workers = (unsigned int)strtoul(argv[1], NULL, 10);
	sharing.n_flows = (uint32_t)strtoul(argv[2], NULL, 10);
	sharing.family.is_tcp = strncmp(argv[3], "tcp", 3) == 0;
	sharing.family.is_ipv6 = strstr(argv[3], "ipv6") != NULL;
	return sharing.n_workers > 0 && sharing.n_workers <= WORKERS_MAX &&
	       sharing.n_flows % BURST == 0 && sharing.n_flows % sharing.n_workers == 0 &&
	       sharing.n_flows > 0;
}

int
main(int argc, char **argv)
{
	struct nic_counts counts;

	if (!read_arguments(argc, argv)) {
		fputs("usage: sharing WORKERS FLOWS udp|tcp|udp-ipv6\n"
		      "FLOWS of each worker: a multiple of 32 and of WORKERS\n",
		      stderr);
		return EXIT_FAILURE;
	}
	if (!load())
		return EXIT_FAILURE;
	sharing.moves = calloc(MOVES_MAX, sizeof(*sharing.moves));
	if (sharing.moves == NULL)
		return EXIT_FAILURE;
	turns_start(be_main);
	if (!flows_init(sharing.appliance->engine, &sharing.family, sharing.n_flows))
		return EXIT_FAILURE;
	turns_run(CPU_SERVICE);
	run_round(0, true);
	warm_up();
	for (unsigned int i = 0; i < RTE_DIM(phases); i++)
		run_phase(&phases[i]);
	counts = nic_counts();
	if (lines_n_accesses() == 0 || sharing.n_moves == MOVES_MAX ||
	    counts.received != counts.sent) {
		fprintf(stderr,
			"sharing: %" PRIu64 " accesses seen (-Dsharing=true?), %" PRIu64
			" packets received, %" PRIu64 " sent\n",
			lines_n_accesses(), counts.received, counts.sent);
		return EXIT_FAILURE;
	}
	fflush(stdout);
	_exit(EXIT_SUCCESS); // the threads have stacks, but nobody would end them
}
