// SPDX-License-Identifier: BSD-3-Clause
//
// Any sequence of packets through a whole worker: parse, fragments, rules, connection tracking with
// helpers, confirm. It runs twice, in bursts and one packet at a time, with the same results;
// afterwards nothing is left.
//
// An input is a sequence of records: what to do (enum record), then as many bytes as that needs,
// the length of the packet after Ethernet, and the packet. Bytes beyond the end are zero.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_mempool.h>

#include "config/load.h"
#include "engine/engine.h"
#include "util/eal.h"
#include "util/frame.h"
#include "util/mbuf.h"
#include "input.h"

#define RECORDS_MAX 128 // of an input
#define ETHERNET    14

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Bits of a record's first byte.
enum record {
	RECORD_WAN = 1 << 0,   // arrives at wan
	RECORD_IPV6 = 1 << 1,  // as the ethertype
	RECORD_FLUSH = 1 << 2, // ends a burst
	RECORD_WAIT = 1 << 3,  // a byte: the square root of the seconds that pass first
	RECORD_SPLIT = 1 << 4, // a byte: where the second segment begins
	RECORD_SUMS = 1 << 5,  // checksums stay as they are; otherwise the NIC has verified them
	RECORD_LENGTH =
		1 << 6, // the length in the IP header stays as it is; otherwise it is filled in
	RECORD_LONG = 1 << 7, // zeros after the packet, eight times its length
};

// Every key that looks at a connection, and every statement that changes one.
static const char config_text[] =
	"ports = ( { name = \"lan\"; device = \"net_null0\"; },\n"
	"          { name = \"wan\"; device = \"net_null1\"; } );\n"
	"wires = ( { a = \"lan\"; b = \"wan\"; } );\n"
	"conntrack: { max_connections = 64; };\n"
	"fragments: { max_datagrams = 4; max_fragments = 16; };\n"
	"chains = (\n"
	"  { name = \"single\"; priority = -450; rules = (\n"
	"      { proto = \"udp\"; dport = \"666\"; action = \"drop\"; } ); },\n"
	"  { name = \"raw\"; priority = -300; rules = (\n"
	"      { proto = \"udp\"; dport = \"9\"; action = \"notrack\"; },\n"
	"      { src = \"10.9.0.0/16\"; set_zone = 7; } ); },\n"
	"  { name = \"filter\"; priority = 0; policy = \"drop\"; rules = (\n"
	"      { proto = \"tcp\"; dport = \"21\"; set_helper = \"ftp\"; },\n"
	"      { proto = \"udp\"; dport = \"69\"; set_helper = \"tftp\"; },\n"
	"      { proto = \"tcp\"; dport = \"1723\"; set_helper = \"pptp\"; },\n"
	"      { proto = \"tcp\"; tcp_flags = \"syn/syn,ack\"; set_mark = 5; },\n"
	"      { state = \"invalid\"; proto = \"tcp\"; action = \"drop\"; },\n"
	"      { in = \"lan\"; action = \"accept\"; },\n"
	"      { state = [\"established\", \"related\"]; action = \"accept\"; } ); },\n"
	"  { name = \"marked\"; priority = 100; rules = (\n"
	"      { mark = 5; proto = \"tcp\"; dport = \"23\"; action = \"reject\"; "
	"        reject_with = \"tcp_reset\"; } ); },\n"
	"  { name = \"late\"; priority = 2147483647; rules = (\n"
	"      { proto = \"udp\"; dport = \"53\"; action = \"drop\"; } ); } );\n";

// One of the two runs: each is one worker of the engine, without hand-off.
struct way {
	struct ct *ct;
	struct pipeline *pipeline;
	struct burst burst;
};

static struct config config;
static struct hash_secret secret;
static struct way whole, single;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const uint8_t seed[HASH_SEED_BYTES] = "path fuzz......";
	struct errors errors;
	char path[32];
	int fd = memfd_create("config", 0);
	int result;

	(void)argc;
	(void)argv;
	if (fd < 0 || write(fd, config_text, sizeof(config_text) - 1) < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	hash_secret_init(&secret, seed);
	errors_init(&errors);
	if (test_eal_start(NULL) == 0)
		(void)config_load(&config, path, &errors);
	errors_print(&errors, stderr);
	result = errors.count == 0 ? 0 : -1;
	errors_fini(&errors);
	close(fd);
	return result;
}

static struct engine *
open_engine(void)
{
	struct errors errors;
	struct snapshot *snapshot;
	struct engine *engine;

	errors_init(&errors);
	snapshot = snapshot_create(&config, 1, &errors);
	check(snapshot != NULL);
	errors_fini(&errors);
	engine = engine_create(&(struct engine_config){
		.snapshot = snapshot,
		.secret = &secret,
		.n_workers = 2,
	});
	check(engine != NULL);
	return engine;
}

static void
way_open(struct way *way, const struct engine *engine, unsigned int worker)
{
	way->ct = engine_shard(engine, worker);
	way->pipeline = engine_pipeline(engine, worker);
	burst_reset(&way->burst);
}

// Each frame is counted once.
static void
way_close(struct way *way, uint64_t n_packets)
{
	const struct pipeline_stats *stats = pipeline_stats(way->pipeline);
	struct ct_count count = ct_count(way->ct);
	uint64_t n;

	check(count.unconfirmed == 0 && count.confirmed <= count.capacity);
	pipeline_end(way->pipeline);
	n = stats->accepted + stats->rejected;
	for (int reason = 0; reason < REASON_COUNT; reason++)
		n += stats->dropped[reason];
	check(stats->packets == n_packets && n == n_packets && stats->held == 0);
}

static void
check_same(const struct pkt *a, const struct pkt *b)
{
	check(a->verdict == b->verdict && a->reason == b->reason && a->fault == b->fault);
	check(a->chain == b->chain && a->rule == b->rule);
	check(a->class == b->class && a->dir == b->dir && a->mark == b->mark);
	check((a->fragments == NULL) == (b->fragments == NULL));
	check(a->in_table == b->in_table && a->ct_state == b->ct_state);
}

// Runs the collected packets, both ways.
static void
flush(struct burst *waiting)
{
	struct burst *burst = &whole.burst;

	if (burst->n == 0)
		return;
	pipeline_run(whole.pipeline, burst);
	pipeline_sent_burst(whole.pipeline, burst);
	for (uint16_t i = 0; i < waiting->n; i++) {
		const struct pkt *pkt = &waiting->pkts[i];

		burst_add(&single.burst, pkt->mbuf, pkt->in_port, pkt->seq, pkt->now_ns);
		pipeline_run(single.pipeline, &single.burst);
		pipeline_sent_burst(single.pipeline, &single.burst);
		check_same(&burst->pkts[i], &single.burst.pkts[0]);
		burst_free(&single.burst);
	}
	burst_free(burst);
	burst_reset(waiting);
	check(ct_count(whole.ct).confirmed == ct_count(single.ct).confirmed);
}

static struct rte_mbuf *
make_mbuf(const struct frame *frame, uint8_t record, uint32_t cut)
{
	struct rte_mbuf *mbuf =
		cut > 0 && cut < frame->len ? mbuf_split(frame, &cut, 1) : mbuf_from_frame(frame);

	if ((record & RECORD_SUMS) == 0)
		mbuf->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	return mbuf;
}

static void
build(struct input *input, uint8_t record, struct frame *frame)
{
	uint8_t len = next(input);
	uint32_t total = record & RECORD_LONG ? 8u * len : len;
	uint8_t *bytes;

	frame_begin(frame);
	bytes = frame_ethernet(frame);
	bytes[12] = record & RECORD_IPV6 ? 0x86 : 0x08;
	bytes[13] = record & RECORD_IPV6 ? 0xdd : 0x00;
	bytes = frame_data(frame, total);
	memset(bytes, 0, total);
	for (uint8_t i = 0; i < len; i++)
		bytes[i] = next(input);
	if ((record & RECORD_LENGTH) != 0 || total < 40)
		return;
	if (record & RECORD_IPV6)
		total -= 40;
	bytes[record & RECORD_IPV6 ? 4 : 2] = (uint8_t)(total >> 8);
	bytes[record & RECORD_IPV6 ? 5 : 3] = (uint8_t)total;
}

static void
run_record(struct input *input, struct burst *waiting, uint64_t seq, uint64_t *now_ns)
{
	const uint8_t record = next(input);
	uint8_t port = record & RECORD_WAN ? 1 : 0;
	struct frame frame;
	uint32_t cut;

	if (record & RECORD_WAIT) {
		uint64_t root = next(input);

		*now_ns += root * root * NS_PER_SEC;
	}
	cut = record & RECORD_SPLIT ? 1u + next(input) : 0;
	build(input, record, &frame);
	burst_add(&whole.burst, make_mbuf(&frame, record, cut), port, seq, *now_ns);
	burst_add(waiting, make_mbuf(&frame, record, cut), port, seq, *now_ns);
	if ((record & RECORD_FLUSH) != 0 || waiting->n == BURST_MAX)
		flush(waiting);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct burst waiting;
	struct input input = {.bytes = data, .left = size};
	struct engine *engine;
	uint64_t now_ns = 1000 * NS_PER_SEC;
	uint64_t n = 0;

	engine = open_engine();
	way_open(&whole, engine, 0);
	way_open(&single, engine, 1);
	while (n < RECORDS_MAX && input.left > 0)
		run_record(&input, &waiting, ++n, &now_ns);
	flush(&waiting);
	way_close(&whole, n);
	way_close(&single, n);
	engine_destroy(engine);
	check(rte_mempool_in_use_count(test_eal_pool()) == 0);
	return 0;
}
