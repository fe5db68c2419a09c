// SPDX-License-Identifier: BSD-3-Clause
#include "replay/capture.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <pcap/pcap.h>

static const char *
link_name(int link)
{
	const char *name = pcap_datalink_val_to_name(link);

	return name == NULL ? "unknown" : name;
}

// What can be told before libpcap has a look; NULL: nothing speaks against the file.
static const char *
obvious_fault(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return strerror(errno);
	if (S_ISDIR(status.st_mode))
		return "is a folder, not a capture";
	if (S_ISREG(status.st_mode) && status.st_size == 0)
		return "is empty: not even the header of a capture is there";
	return NULL;
}

// libpcap begins some of its messages with the path, which the error has already.
static const char *
without_path(const char *message, const char *path)
{
	size_t len = strlen(path);

	if (strncmp(message, path, len) == 0 && message[len] == ':')
		message += len + 1;
	return message + strspn(message, " ");
}

int
capture_count(const char *path, uint64_t *n_packets, struct errors *errors)
{
	char message[PCAP_ERRBUF_SIZE] = "";
	const char *fault = obvious_fault(path);
	struct pcap_pkthdr *header;
	const u_char *bytes;
	pcap_t *pcap;
	int result;

	if (fault != NULL) {
		errors_add(errors, path, 0, "%s", fault);
		return -1;
	}
	pcap = pcap_open_offline(path, message);
	if (pcap == NULL) {
		errors_add(errors, path, 0, "cannot be read as a capture: %s",
			   without_path(message, path));
		return -1;
	}
	if (pcap_datalink(pcap) != DLT_EN10MB) {
		errors_add(errors, path, 0, "link type %s (%d) is not supported, only Ethernet is",
			   link_name(pcap_datalink(pcap)), pcap_datalink(pcap));
		pcap_close(pcap);
		return -1;
	}
	*n_packets = 0;
	while ((result = pcap_next_ex(pcap, &header, &bytes)) == 1)
		(*n_packets)++;
	if (result == PCAP_ERROR)
		errors_add(errors, path, 0, "is damaged behind packet %llu: %s",
			   (unsigned long long)*n_packets, without_path(pcap_geterr(pcap), path));
	pcap_close(pcap);
	return result == PCAP_ERROR ? -1 : 0;
}
