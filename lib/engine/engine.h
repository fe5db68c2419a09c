// SPDX-License-Identifier: BSD-3-Clause
//
// The engine: what a set of workers works with, whoever drives it. For each worker a shard of the
// connections and a pipeline; for all of them the rings of hand-off, the service core's part, and
// the snapshot they go by.
//
// The engine has no port, lcore or clock. Its driver receives packets, runs them through the
// worker's pipeline and sends them; calls engine_between_bursts between two bursts, with the time;
// and gives the service core its turns. Drivers: runtime with live ports, replay with captures, and
// tests and benchmarks.
//
// Life cycle: engine_create; workers run; a configuration is loaded anew with engine_publish and
// engine_retire; engine_destroy after the last worker has ended. An engine's workers are numbered
// from 0; there is one engine in a process at a time.
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
	struct snapshot *snapshot;        // what it goes by at first; its configuration outlives it
	const struct hash_secret *secret; // copied
	unsigned int n_workers;
	const int *sockets;              // NUMA node of each worker; NULL: any
	unsigned int steer_ring;         // packets that may wait for one worker, a power of two;
					 // 0: workers hand nothing over
	const struct toeplitz *toeplitz; // chooses homes; NULL: the secret does. Copied
	unsigned int event_ring;         // events that may wait per worker, a power of two
	service_listener listener;       // of events; NULL: nobody listens
	pipeline_loss_listener lost;     // NULL: nobody listens
	void *context;                   // for both listeners
	bool wants_entries;              // packets tell of their connections (struct pkt)
	uint64_t (*read_cycles)(void);   // the CPU's counter; NULL: cycles are not counted
	bool ends_with_eal;              // engine_destroy leaves the shards to EAL's cleanup: to
					 // free them is to clear them, pages never used included
};

// How much one worker does between two bursts at most: it bounds the pause.
struct engine_bounds {
	unsigned int reap;   // connections removed
	unsigned int expire; // datagrams given up
};

// How much of EAL's memory engine_create reserves beside shards and pipelines, which say it
// themselves: reads n_workers, both rings and the listener.
uint64_t engine_bytes_for(const struct engine_config *config);

// => Main thread, EAL initialised. The snapshot is the engine's, whatever comes of it. Returns NULL
//    when memory is short.
struct engine *engine_create(const struct engine_config *config);
void engine_destroy(struct engine *engine); // takes NULL

// What a worker does between two of its bursts: removes connections that have expired, gives up
// fragments, takes the plan it is given. Returns how many connections were looked at.
// => The worker. Bounded, without allocation; no packet is under way.
unsigned int engine_between_bursts(struct engine *engine, unsigned int worker, uint64_t now_ns,
				   const struct engine_bounds *bounds);

// Works on what others have asked of the worker, within INBOX_WORK. Returns how many steps were
// done.
// => The worker, between bursts. Without allocation; no packet is under way.
unsigned int engine_serve(struct engine *engine, unsigned int worker, uint64_t now_ns);

// Where others ask it. Its requests get the worker's pipeline as their owner. The driver closes it
// when the worker has ended. Any thread.
struct inbox *engine_inbox(const struct engine *engine, unsigned int worker);

// Each worker goes by the new snapshot from its next engine_between_bursts on.
// => Main thread; the one before was retired, and the generation is another. The changeover, which
//    was made for as many workers, is the engine's now.
void engine_publish(struct engine *engine, struct changeover *changeover);

// Returns false while a worker may still go by the old snapshot; then call again. True: it was
// freed, and the configuration it was made of is no longer used.
// => Main thread. Until it returns true nobody else reads the snapshot or counters of rules.
bool engine_retire(struct engine *engine);

// The snapshot in force. Any thread, but between engine_publish and the end of engine_retire.
const struct snapshot *engine_snapshot(const struct engine *engine);

unsigned int engine_n_workers(const struct engine *engine);

// The pipeline is its worker's; what may be read of it by others, pipeline.h says.
struct pipeline *engine_pipeline(const struct engine *engine, unsigned int worker);
struct ct *engine_shard(const struct engine *engine, unsigned int worker); // likewise
struct worker_stats *engine_worker_stats(const struct engine *engine, unsigned int worker);

struct service *engine_service(const struct engine *engine); // for the service core
struct steer *engine_steer(const struct engine *engine);     // NULL: nothing is handed over
bool engine_hashes_with_aes(const struct engine *engine);

// The worker that owns the flow of a tuple. Any thread.
unsigned int engine_home_of(const struct engine *engine, const struct tuple *tuple);

// The worker that owns the packet's flow: worker, when nothing is handed over or it is no flow.
unsigned int engine_home(const struct engine *engine, const struct pkt *pkt, unsigned int worker);

// Fills the burst, which it empties first, with up to max packets that were handed over to the
// worker.
// => The worker; max is at most BURST_MAX.
void engine_receive(struct engine *engine, unsigned int worker, struct burst *burst, uint16_t max);
