// SPDX-License-Identifier: BSD-3-Clause
#include "capture.h"

#define USEC_PER_SEC 1000000

// The format: draft-ietf-opsawg-pcap.
struct file_header {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t reserved[2];
	uint32_t snap_len;
	uint32_t link_type;
};

struct packet_header {
	uint32_t sec;
	uint32_t usec;
	uint32_t captured_len;
	uint32_t original_len;
};

int
capture_open(struct capture *capture, const char *path)
{
	const struct file_header header = {
		.magic = 0xa1b2c3d4,
		.major = 2,
		.minor = 4,
		.snap_len = UINT16_MAX,
		.link_type = 1, // Ethernet
	};

	capture->n = 0;
	capture->file = fopen(path, "wb");
	if (capture->file == NULL)
		return -1;
	(void)fwrite(&header, sizeof(header), 1, capture->file); // ferror will tell
	return 0;
}

void
capture_write(struct capture *capture, const struct frame *frame)
{
	const struct packet_header header = {
		.sec = (uint32_t)(capture->n / USEC_PER_SEC),
		.usec = (uint32_t)(capture->n % USEC_PER_SEC),
		.captured_len = frame->len,
		.original_len = frame->len,
	};

	(void)fwrite(&header, sizeof(header), 1, capture->file); // ferror will tell
	(void)fwrite(frame->bytes, frame->len, 1, capture->file);
	capture->n++;
}

int
capture_close(struct capture *capture)
{
	int failed = ferror(capture->file);

	return fclose(capture->file) != 0 || failed ? -1 : 0;
}
