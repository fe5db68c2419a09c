// SPDX-License-Identifier: BSD-3-Clause
#include "replay/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <pcap/pcap.h>

#include "base/contract.h"
#include "base/memory.h"
#include "replay/backlog.h"
#include "replay/listing.h"
#include "replay/pcapng.h"
#include "replay/verdict.h"
#include "report/report.h"

// A text file that is being written.
struct sink {
	const char *path;
	FILE *file; // NULL: not wanted
};

// A capture that is being written.
struct tap {
	struct sink sink;
	pcap_t *format;
	pcap_dumper_t *writer; // into the sink's file, NULL: not wanted
};

struct output {
	const struct snapshot *snapshot;
	struct sink verdicts;
	struct sink table;
	struct sink events;
	struct tap accepted;
	struct tap dropped;
	struct sink answers;
	struct backlog backlog; // packets whose verdict cannot be written yet
	struct ct_event *collected;
	unsigned int n_collected;
	unsigned int capacity;
};

static FILE *
open_file(const char *path, struct errors *errors)
{
	FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");

	if (file == NULL)
		errors_add(errors, path, 0, "cannot be written: %s", strerror(errno));
	return file;
}

// Flushes the file. Returns 0, or -1 with an error added if it is incomplete.
static int
close_file(FILE *file, const char *path, struct errors *errors)
{
	bool has_failed = ferror(file) != 0;

	errno = 0;
	has_failed |= fflush(file) != 0;
	if (file != stdout)
		has_failed |= fclose(file) != 0;
	if (has_failed)
		errors_add(errors, path, 0, "could not be written to its end%s%s",
			   errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
	return has_failed ? -1 : 0;
}

static int
open_sink(struct sink *sink, const char *path, struct errors *errors)
{
	sink->path = path;
	if (path == NULL)
		return 0;
	sink->file = open_file(path, errors);
	return sink->file == NULL ? -1 : 0;
}

static int
close_sink(struct sink *sink, struct errors *errors)
{
	return sink->file == NULL ? 0 : close_file(sink->file, sink->path, errors);
}

static int
open_tap(struct tap *tap, const char *path, struct errors *errors)
{
	if (open_sink(&tap->sink, path, errors) != 0)
		return -1;
	if (path == NULL)
		return 0;
	tap->format = pcap_open_dead(DLT_EN10MB, 262144);
	tap->writer = tap->format == NULL ? NULL : pcap_dump_fopen(tap->format, tap->sink.file);
	if (tap->writer != NULL)
		return 0;
	errors_add(errors, path, 0, "cannot be written: %s",
		   tap->format == NULL ? "no memory" : pcap_geterr(tap->format));
	return -1;
}

// The writer is the file itself, so there is nothing else to close.
static int
close_tap(struct tap *tap, struct errors *errors)
{
	if (tap->format != NULL)
		pcap_close(tap->format);
	return close_sink(&tap->sink, errors);
}

bool
output_is_idle(const struct output_paths *paths)
{
	return paths->verdicts == NULL && paths->table == NULL && paths->events == NULL &&
	       paths->accepted == NULL && paths->dropped == NULL && paths->answers == NULL;
}

bool
output_is_seen(const struct output_paths *paths)
{
	const char *const all[] = {paths->verdicts, paths->table,   paths->events,
				   paths->accepted, paths->dropped, paths->answers};
	bool is_seen = output_is_idle(paths);

	for (size_t i = 0; i < RTE_DIM(all); i++)
		is_seen |= all[i] != NULL && strcmp(all[i], "-") == 0;
	return is_seen;
}

// Every port is an interface, even if nothing is sent there.
static int
open_answers(struct output *output, const char *path, struct errors *errors)
{
	const struct config *config = output->snapshot->config;

	if (open_sink(&output->answers, path, errors) != 0)
		return -1;
	if (path == NULL)
		return 0;
	pcapng_begin(output->answers.file);
	for (unsigned int i = 0; i < config->n_ports; i++)
		pcapng_interface(output->answers.file, config->ports[i].name);
	return 0;
}

struct output *
output_open(const struct output_paths *paths, const struct snapshot *snapshot,
	    struct errors *errors)
{
	struct output *output = calloc(1, sizeof(*output));

	if (output == NULL) {
		errors_add(errors, NULL, 0, "no memory for the output");
		return NULL;
	}
	output->snapshot = snapshot;
	backlog_init(&output->backlog);
	if ((open_sink(&output->verdicts, paths->verdicts, errors) |
	     open_sink(&output->table, paths->table, errors) |
	     open_sink(&output->events, paths->events, errors) |
	     open_tap(&output->accepted, paths->accepted, errors) |
	     open_tap(&output->dropped, paths->dropped, errors) |
	     open_answers(output, paths->answers, errors)) == 0)
		return output;
	output_close(output, errors);
	return NULL;
}

void
output_set_snapshot(struct output *output, const struct snapshot *snapshot)
{
	output->snapshot = snapshot;
}

int
output_close(struct output *output, struct errors *errors)
{
	int failed;

	if (output == NULL)
		return 0;
	failed = close_sink(&output->verdicts, errors) | close_sink(&output->table, errors) |
		 close_sink(&output->events, errors) | close_tap(&output->accepted, errors) |
		 close_tap(&output->dropped, errors) | close_sink(&output->answers, errors);
	backlog_fini(&output->backlog);
	free(output->collected);
	free(output);
	return failed;
}

static void
write_json(json_t *object, FILE *file)
{
	json_dumpf(object, file, REPORT_JSON_FLAGS);
	fputc('\n', file);
	json_decref(object);
}

static void
write_frame(const struct tap *tap, const void *bytes, uint32_t len,
	    const struct backlog_entry *entry)
{
	struct pcap_pkthdr header = {
		.ts = {.tv_sec = (time_t)(entry->time_ns / NS_PER_SEC),
		       .tv_usec = (suseconds_t)(entry->time_ns % NS_PER_SEC / NS_PER_USEC)},
		.caplen = RTE_MIN(len, entry->len),
		.len = entry->wire_len,
	};

	pcap_dump((u_char *)tap->writer, &header, bytes);
}

// A copy of the bytes of a frame.
static uint8_t *
copy_frame(const struct rte_mbuf *mbuf)
{
	uint8_t *copy = backlog_allocate(mbuf->pkt_len);
	const void *bytes = rte_pktmbuf_read(mbuf, 0, mbuf->pkt_len, copy);

	if (bytes != copy)
		memcpy(copy, bytes, mbuf->pkt_len);
	return copy;
}

static const struct tap *
tap_for(const struct output *output, const struct pkt *pkt)
{
	return pkt->verdict == VERDICT_ACCEPT ? &output->accepted : &output->dropped;
}

// For the first packet of the backlog: its verdict is written at once.
static void
write_verdict(struct output *output, const struct pkt *pkt, const struct rte_mbuf *mbuf)
{
	const struct backlog_entry *entry = backlog_first(&output->backlog);
	const struct tap *tap = tap_for(output, pkt);

	if (output->verdicts.file != NULL)
		write_json(
			verdict_json(output->snapshot, output->backlog.first, pkt, entry->time_ns),
			output->verdicts.file);
	if (tap->writer != NULL && mbuf->nb_segs == 1) {
		write_frame(tap, rte_pktmbuf_mtod(mbuf, const void *), mbuf->pkt_len, entry);
	} else if (tap->writer != NULL) {
		uint8_t *copy = copy_frame(mbuf);

		write_frame(tap, copy, mbuf->pkt_len, entry);
		free(copy);
	}
	backlog_pop(&output->backlog);
}

// For a later packet: its verdict is kept until all earlier ones are written.
static void
keep_verdict(struct output *output, uint64_t seq, const struct pkt *pkt,
	     const struct rte_mbuf *mbuf)
{
	struct backlog_entry *entry = backlog_find(&output->backlog, seq);

	entry->is_judged = true;
	entry->is_accepted = pkt->verdict == VERDICT_ACCEPT;
	if (output->verdicts.file != NULL) {
		json_t *line = verdict_json(output->snapshot, seq, pkt, entry->time_ns);

		entry->line = json_dumps(line, REPORT_JSON_FLAGS);
		json_decref(line);
	}
	if (tap_for(output, pkt)->writer != NULL) {
		entry->frame = copy_frame(mbuf);
		entry->frame_len = mbuf->pkt_len;
	}
}

// Writes kept verdicts up to the next packet without one.
static void
write_kept(struct output *output)
{
	struct backlog_entry *entry;

	while ((entry = backlog_first(&output->backlog)) != NULL && entry->is_judged) {
		if (entry->line != NULL)
			fprintf(output->verdicts.file, "%s\n", entry->line);
		if (entry->frame != NULL)
			write_frame(entry->is_accepted ? &output->accepted : &output->dropped,
				    entry->frame, entry->frame_len, entry);
		backlog_pop(&output->backlog);
	}
}

void
output_arrival(struct output *output, uint64_t time_ns, uint32_t len, uint32_t wire_len)
{
	backlog_push(&output->backlog, time_ns, len, wire_len);
}

void
output_verdict(struct output *output, uint64_t seq, const struct pkt *pkt,
	       const struct rte_mbuf *mbuf)
{
	CONTRACT(pkt->verdict != VERDICT_PENDING);
	CONTRACT(!backlog_find(&output->backlog, seq)->is_judged);
	if (seq != output->backlog.first) {
		keep_verdict(output, seq, pkt, mbuf);
		return;
	}
	write_verdict(output, pkt, mbuf);
	write_kept(output);
}

void
output_answer(struct output *output, const struct emission *emission)
{
	const struct rte_mbuf *mbuf = emission->mbuf;
	char comment[32];

	if (output->answers.file == NULL)
		return;
	snprintf(comment, sizeof(comment), "n=%" PRIu64, emission->seq);
	pcapng_packet(output->answers.file,
		      &(struct pcapng_packet){
			      .interface = emission->port,
			      .time_ns = backlog_find(&output->backlog, emission->seq)->time_ns,
			      .bytes = rte_pktmbuf_mtod(mbuf, const void *),
			      .len = mbuf->pkt_len,
			      .comment = comment,
		      });
}

void
output_events(struct output *output, const struct ct_event events[], unsigned int n)
{
	if (output->events.file == NULL)
		return;
	if (output->n_collected + n > output->capacity) {
		unsigned int capacity = (output->n_collected + n) * 2;

		output->collected = memory_or_abort(
			realloc(output->collected, capacity * sizeof(*output->collected)),
			"collecting events");
		output->capacity = capacity;
	}
	memcpy(output->collected + output->n_collected, events, n * sizeof(*events));
	output->n_collected += n;
}

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

// A packet may first destroy connections and then create one, so destroy comes first.
static int
compare_events(const void *left, const void *right)
{
	const struct ct_event *a = left;
	const struct ct_event *b = right;
	int order = compare_numbers(a->seq, b->seq);

	if (order == 0)
		order = compare_numbers(a->type, b->type);
	if (order == 0)
		order = ticks_until(a->entry.deadline, b->entry.deadline);
	return order != 0 ? order : compare_numbers(a->entry.id, b->entry.id);
}

void
output_flush_events(struct output *output)
{
	char text[REPORT_TEXT_SIZE];

	if (output->n_collected == 0)
		return;
	qsort(output->collected, output->n_collected, sizeof(*output->collected), compare_events);
	for (unsigned int i = 0; i < output->n_collected; i++) {
		report_event_json(&output->collected[i], text);
		fprintf(output->events.file, "%s\n", text);
	}
	output->n_collected = 0;
}

void
output_table(struct output *output, const struct engine *engine, tick_t now)
{
	struct listing listing;
	char text[REPORT_TEXT_SIZE];

	if (output->table.file == NULL)
		return;
	listing_take(&listing, engine, now);
	fputc('[', output->table.file);
	for (unsigned int i = 0; i < listing.n; i++) {
		report_entry_json(&listing.entries[i], text);
		fprintf(output->table.file, "%s\n %s", i > 0 ? "," : "", text);
	}
	fputs(listing.n > 0 ? "\n]\n" : "]\n", output->table.file);
	listing_free(&listing);
}
