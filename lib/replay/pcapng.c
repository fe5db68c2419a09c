// SPDX-License-Identifier: BSD-3-Clause
#include "replay/pcapng.h"

#include <string.h>

#define BLOCK_SECTION   0x0A0D0D0Au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET    6u
#define BYTE_ORDER_MARK 0x1A2B3C4Du
#define LINK_ETHERNET   1
#define SNAP_LEN        262144u

#define OPTION_END     0
#define OPTION_COMMENT 1
#define OPTION_NAME    2 // of an interface
#define OPTION_TSRESOL 9
#define NANOSECONDS    9 // 10^-9 s

#define OPTION_BYTES(len) (4 + padded(len))
#define FRAME_BYTES       12u // of a block around its body: type, and its length twice

static uint32_t
padded(uint32_t len)
{
	return (len + 3) & ~3u;
}

static void
write_u32(FILE *file, uint32_t value)
{
	fwrite(&value, sizeof(value), 1, file);
}

static void
write_padded(FILE *file, const void *bytes, uint32_t len)
{
	static const char zeros[4] = {0};

	fwrite(bytes, 1, len, file);
	fwrite(zeros, 1, padded(len) - len, file);
}

static void
write_option(FILE *file, uint16_t code, const void *value, uint32_t len)
{
	const uint16_t header[] = {code, (uint16_t)len};

	fwrite(header, sizeof(header), 1, file);
	write_padded(file, value, len);
}

void
pcapng_begin(FILE *file)
{
	const uint16_t version[] = {1, 0};
	const uint64_t unknown_len = UINT64_MAX;
	const uint32_t len = FRAME_BYTES + 16;

	write_u32(file, BLOCK_SECTION);
	write_u32(file, len);
	write_u32(file, BYTE_ORDER_MARK);
	fwrite(version, sizeof(version), 1, file);
	fwrite(&unknown_len, sizeof(unknown_len), 1, file);
	write_u32(file, len);
}

void
pcapng_interface(FILE *file, const char *name)
{
	const uint32_t name_len = (uint32_t)strlen(name);
	const uint32_t len =
		FRAME_BYTES + 8 + OPTION_BYTES(name_len) + OPTION_BYTES(1) + OPTION_BYTES(0);
	const uint16_t link[] = {LINK_ETHERNET, 0};

	write_u32(file, BLOCK_INTERFACE);
	write_u32(file, len);
	fwrite(link, sizeof(link), 1, file);
	write_u32(file, SNAP_LEN);
	write_option(file, OPTION_NAME, name, name_len);
	write_option(file, OPTION_TSRESOL, &(uint8_t){NANOSECONDS}, 1);
	write_option(file, OPTION_END, "", 0);
	write_u32(file, len);
}

void
pcapng_packet(FILE *file, const struct pcapng_packet *packet)
{
	const uint32_t comment_len = (uint32_t)strlen(packet->comment);
	const uint32_t len = FRAME_BYTES + 20 + padded(packet->len) + OPTION_BYTES(comment_len) +
			     OPTION_BYTES(0);

	write_u32(file, BLOCK_PACKET);
	write_u32(file, len);
	write_u32(file, packet->interface);
	write_u32(file, (uint32_t)(packet->time_ns >> 32));
	write_u32(file, (uint32_t)packet->time_ns);
	write_u32(file, packet->len);
	write_u32(file, packet->len);
	write_padded(file, packet->bytes, packet->len);
	write_option(file, OPTION_COMMENT, packet->comment, comment_len);
	write_option(file, OPTION_END, "", 0);
	write_u32(file, len);
}
