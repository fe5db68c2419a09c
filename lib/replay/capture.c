// SPDX-License-Identifier: BSD-3-Clause
#include "replay/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "replay/pcapng.h"

static const char *
link_name(int link)
{
	const char *name = pcap_datalink_val_to_name(link);

	return name == NULL ? "unknown" : name;
}

// libpcap begins some of its messages with the path.
static const char *
without_path(const char *message, const char *path)
{
	size_t len = strlen(path);

	if (strncmp(message, path, len) == 0 && message[len] == ':')
		message += len + 1;
	return message + strspn(message, " ");
}

// Opens the file. Returns NULL, or what speaks against it before libpcap has had a look.
static const char *
open_file(struct capture *capture)
{
	struct stat status;
	int levelled;

	capture->fd = open(capture->path, O_RDONLY | O_CLOEXEC);
	if (capture->fd < 0 || fstat(capture->fd, &status) != 0)
		return strerror(errno);
	if (S_ISDIR(status.st_mode))
		return "is a folder, not a capture";
	if (!S_ISREG(status.st_mode))
		return "is not a file: a capture is read twice";
	if (status.st_size == 0)
		return "is empty: not even the header of a capture is there";
	levelled = pcapng_level(capture->fd);
	if (levelled >= 0) {
		close(capture->fd);
		capture->fd = levelled;
	}
	return NULL;
}

// Reads all packets. Returns 0, or -1 with an error added.
static int
count_packets(struct capture *capture, pcap_t *pcap, const char *path, struct errors *errors)
{
	struct pcap_pkthdr *header;
	const u_char *bytes;
	int result;

	if (pcap_datalink(pcap) != DLT_EN10MB) {
		errors_add(errors, capture->path, 0,
			   "link type %s (%d) is not supported, only Ethernet is",
			   link_name(pcap_datalink(pcap)), pcap_datalink(pcap));
		return -1;
	}
	capture->n_packets = 0;
	while ((result = pcap_next_ex(pcap, &header, &bytes)) == 1)
		capture->n_packets++;
	if (result != PCAP_ERROR)
		return 0;
	errors_add(errors, capture->path, 0, "is damaged behind packet %" PRIu64 ": %s",
		   capture->n_packets, without_path(pcap_geterr(pcap), path));
	return -1;
}

int
capture_open(struct capture *capture, const char *path, struct errors *errors)
{
	char message[PCAP_ERRBUF_SIZE] = "";
	char own_path[32];
	const char *fault;
	pcap_t *pcap;
	int result = -1;

	*capture = (struct capture){.path = path, .fd = -1};
	fault = open_file(capture);
	if (fault != NULL) {
		errors_add(errors, path, 0, "%s", fault);
		capture_close(capture);
		return -1;
	}
	snprintf(own_path, sizeof(own_path), CAPTURE_PATH, capture->fd);
	pcap = pcap_open_offline(own_path, message);
	if (pcap == NULL) {
		errors_add(errors, path, 0, "cannot be read as a capture: %s",
			   without_path(message, own_path));
	} else {
		result = count_packets(capture, pcap, own_path, errors);
		pcap_close(pcap);
	}
	if (result != 0)
		capture_close(capture);
	return result;
}

void
capture_close(struct capture *capture)
{
	if (capture->fd >= 0)
		close(capture->fd);
	capture->fd = -1;
}
