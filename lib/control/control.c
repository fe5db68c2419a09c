// SPDX-License-Identifier: BSD-3-Clause
//
// Where the sockets are, and when commands are answered: a lock is held while a command is
// answered, and while the configuration changes.
#include "control/control.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>

#include "base/contract.h"
#include "base/log.h"
#include "control/requests.h"
#include "control/stream.h"
#include "report/record.h"

#define TELEMETRY_SOCKET "dpdk_telemetry.v2"
#define OTHERS_MAX       64 // processes with the same folder for sockets

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// Main thread only; NULL: there is none.
static struct requests *requests;
static struct stream *stream;

// Returns 0 or an errno.
static int
set_path(struct sockaddr_un *address, const char *name, const char *suffix)
{
	int len = snprintf(address->sun_path, sizeof(address->sun_path), "%s%s", name, suffix);

	address->sun_family = AF_UNIX;
	return len < 0 || (size_t)len >= sizeof(address->sun_path) ? ENAMETOOLONG : 0;
}

// At the path where DPDK's tools look for it. Where other processes share it, their sockets have
// the suffixes ":1", ":2" and so on, as DPDK names them. Returns 0 or an errno.
static int
start_requests(const struct appliance *appliance, struct sockaddr_un *address)
{
	char name[PATH_MAX], suffix[8] = "";
	int result = EADDRINUSE;

	snprintf(name, sizeof(name), "%s/%s", rte_eal_get_runtime_dir(), TELEMETRY_SOCKET);
	for (unsigned int i = 1; result == EADDRINUSE && i <= OTHERS_MAX; i++) {
		result = set_path(address, name, suffix);
		if (result == 0) {
			requests = requests_start(appliance, &lock, address);
			result = requests == NULL ? errno : 0;
		}
		snprintf(suffix, sizeof(suffix), ":%u", i);
	}
	if (result != 0)
		log_line(LOG_PRIORITY_WARNING, "sallyctl cannot ask this process: %s: %s", name,
			 strerror(result));
	return result;
}

static void
start_stream(const struct appliance *appliance, const struct sockaddr_un *telemetry)
{
	struct sockaddr_un address;
	int result = set_path(&address, telemetry->sun_path, RECORD_SOCKET_SUFFIX);

	if (result == 0) {
		stream = stream_start(appliance, &address);
		result = stream == NULL ? errno : 0;
	}
	if (result != 0)
		log_line(LOG_PRIORITY_WARNING, "connections are listed by pages only: %s%s: %s",
			 telemetry->sun_path, RECORD_SOCKET_SUFFIX, strerror(result));
}

void
control_start(const struct appliance *appliance)
{
	struct sockaddr_un address;

	CONTRACT_MAIN_THREAD();
	CONTRACT(requests == NULL && stream == NULL);
	if (appliance->offers_telemetry && start_requests(appliance, &address) == 0)
		start_stream(appliance, &address);
}

void
control_hold(void)
{
	CONTRACT_MAIN_THREAD();
	pthread_mutex_lock(&lock);
}

void
control_resume(void)
{
	CONTRACT_MAIN_THREAD();
	pthread_mutex_unlock(&lock);
}

void
control_stop(void)
{
	CONTRACT_MAIN_THREAD();
	stream_stop(stream);
	stream = NULL;
	requests_stop(requests);
	requests = NULL;
}
