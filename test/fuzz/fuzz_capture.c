// SPDX-License-Identifier: BSD-3-Clause
//
// Any bytes as a capture file, pcap or pcapng: it is opened or refused with an error, and an opened
// capture has as many packets as it says, each of which can be read.
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "replay/capture.h"
#include "replay/source.h"
#include "util/eal.h"
#include "input.h"

#define PACKETS_MAX 1000 // that are read

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return test_eal_start(NULL);
}

// Reads every byte, for the sanitizers.
static unsigned int
sum(const struct rte_mbuf *mbuf)
{
	unsigned int sum = 0;

	for (; mbuf != NULL; mbuf = mbuf->next) {
		const uint8_t *bytes = rte_pktmbuf_mtod(mbuf, const uint8_t *);

		for (uint16_t i = 0; i < mbuf->data_len; i++)
			sum += bytes[i];
	}
	return sum;
}

static void
take_all(const struct capture *capture, struct errors *errors)
{
	struct source *source = source_create(1);
	uint64_t peeked_ns, n = 0;

	check(source != NULL);
	if (source_add(source, capture, 0, errors) == 0) {
		while (n < PACKETS_MAX && source_peek(source, &peeked_ns)) {
			struct arrival arrival = source_take(source);

			check(arrival.mbuf != NULL && arrival.port == 0);
			check(arrival.time_ns == peeked_ns && arrival.len <= arrival.wire_len);
			check(sum(arrival.mbuf) < UINT32_MAX);
			rte_pktmbuf_free(arrival.mbuf);
			n++;
		}
		check(n <= capture->n_packets);
		check(n == PACKETS_MAX || n == capture->n_packets || source_is_short(source));
	} else {
		check(errors->count > 0);
	}
	source_destroy(source);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct capture capture;
	struct errors errors;
	char path[32];
	int fd = memfd_create("capture", 0);

	if (fd < 0)
		return -1;
	errors_init(&errors);
	if (write(fd, data, size) == (ssize_t)size) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (capture_open(&capture, path, &errors) == 0) {
			check(errors.count == 0);
			take_all(&capture, &errors);
			capture_close(&capture);
		} else {
			check(errors.count > 0);
		}
	}
	errors_fini(&errors);
	close(fd);
	return 0;
}
