// SPDX-License-Identifier: BSD-3-Clause
//
// The engine: everything that a set of workers works with, independent of what drives it. Each
// worker has a shard of the connections and a pipeline; all of them share the hand-off rings, the
// service core's part, and the snapshot.
//
// The engine has no port, lcore or clock. Its driver receives packets, runs them through the
// worker's pipeline and sends them; calls engine_between_bursts between two bursts, with the time;
// and gives the service core its turns. Drivers: runtime with live ports, replay with captures, and
// tests and benchmarks.
//
// Life cycle: engine_create; workers run; a reload uses engine_publish and engine_retire;
// engine_destroy after the last worker has ended. An engine's workers are numbered from 0; there is
// at most one engine per process at a time.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/inbox.h"
#include "engine/changeover.h"
#include "engine/worker_stats.h"
#include "packet/hash.h"
#include "packet/toeplitz.h"
#include "pipeline/pipeline.h"
#include "service/service.h"

struct engine;

struct engine_config {
	struct snapshot *snapshot;        // the first one; its configuration outlives it
	const struct hash_secret *secret; // copied
	unsigned int n_workers;
	const int *sockets;      // NUMA node of each worker; NULL: any
	unsigned int steer_ring; // packets that may be waiting for one worker, a power of two;
				 // 0: workers hand nothing over
	const struct toeplitz *toeplitz; // chooses homes; NULL: the secret does. Copied
	unsigned int event_ring;         // events that may be waiting per worker, a power of two
	service_listener listener;       // of events; NULL: nobody listens
	pipeline_loss_listener lost;     // NULL: nobody listens
	void *context;                   // for both listeners
	bool wants_entries;              // packets describe their connections (struct pkt)
	uint64_t (*read_cycles)(void);   // the CPU's counter; NULL: cycles are not counted
	bool ends_with_eal;              // engine_destroy leaves the shards to EAL's cleanup:
					 // freeing them would clear even pages never used
};

// The most that one worker does between two bursts, which bounds the pause.
struct engine_bounds {
	unsigned int reap;   // connections removed
	unsigned int expire; // datagrams given up
};

// How much of EAL's memory engine_create reserves in addition to shards and pipelines, which have
// functions of their own: reads n_workers, both rings and the listener.
uint64_t engine_bytes_for(const struct engine_config *config);

// => Main thread, EAL initialised. The engine owns the snapshot, even on failure. Returns NULL when
//    memory is short.
struct engine *engine_create(const struct engine_config *config);
void engine_destroy(struct engine *engine); // takes NULL

// A worker's work between two bursts: removes expired connections, gives up expired fragments,
// takes a new plan. Returns the number of connections looked at.
// => The worker. Bounded, without allocation; no packet is in progress.
unsigned int engine_between_bursts(struct engine *engine, unsigned int worker, uint64_t now_ns,
				   const struct engine_bounds *bounds);

// Works on requests to the worker, within INBOX_WORK. Returns the number of steps done.
// => The worker, between bursts. Without allocation; no packet is in progress.
unsigned int engine_serve(struct engine *engine, unsigned int worker, uint64_t now_ns);

// The worker's inbox. Its requests get the worker's pipeline as their owner. The driver closes it
// when the worker has ended. Any thread.
struct inbox *engine_inbox(const struct engine *engine, unsigned int worker);

// Each worker goes by the new snapshot from its next engine_between_bursts on.
// => Main thread; the one before was retired, and the generation is another. The changeover, which
//    was made for as many workers, is the engine's now.
void engine_publish(struct engine *engine, struct changeover *changeover);

// Returns false while a worker may still use the old snapshot; then call again. True: it was freed,
// and the configuration it was made from is no longer used.
// => Main thread. Until it returns true, no other thread reads the snapshot or counters of rules.
bool engine_retire(struct engine *engine);

// The snapshot in force. Any thread, but not between engine_publish and the end of engine_retire.
const struct snapshot *engine_snapshot(const struct engine *engine);

unsigned int engine_n_workers(const struct engine *engine);

// The pipeline belongs to its worker; pipeline.h says what others may read.
struct pipeline *engine_pipeline(const struct engine *engine, unsigned int worker);
struct ct *engine_shard(const struct engine *engine, unsigned int worker); // likewise
struct worker_stats *engine_worker_stats(const struct engine *engine, unsigned int worker);

struct service *engine_service(const struct engine *engine); // for the service core
struct steer *engine_steer(const struct engine *engine);     // NULL: nothing is handed over
bool engine_hashes_with_aes(const struct engine *engine);

// The worker that owns the flow of a tuple. Any thread.
unsigned int engine_home_of(const struct engine *engine, const struct tuple *tuple);

// The worker that owns the packet's flow; worker, if nothing is handed over or the packet has no
// flow.
unsigned int engine_home(const struct engine *engine, const struct pkt *pkt, unsigned int worker);

// Fills the burst, which it empties first, with up to max packets that were handed over to the
// worker.
// => The worker; max is at most BURST_MAX.
void engine_receive(struct engine *engine, unsigned int worker, struct burst *burst, uint16_t max);
