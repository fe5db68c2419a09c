// SPDX-License-Identifier: BSD-3-Clause
//
// Of pcap, only the header is read; of pcapng (draft-ietf-opsawg-pcapng), only types and lengths of
// blocks, and the first words of those that begin a section, describe an interface or hold a
// packet. libpcap reports errors in the rest.
#include "replay/level.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORD ((uint32_t)sizeof(uint32_t))

// A pcap file.
#define PCAP_HEADER  24u
#define PCAP_SNAPLEN 16u
#define PCAP_LINK    20u
#define PCAP_LINK_OF                                                                               \
	UINT32_C(0x03FFFFFF) // of that word; the bits above are about frame check sequences

// A pcapng block.
#define BLOCK_HEADER    8u  // type, length
#define BLOCK_OVERHEAD  12u // length again, at the end
#define ORDER_MAGIC     0x1A2B3C4Du
#define INTERFACES_MAX  65536u // of a section
#define STAMP_OFF       12u    // of a packet's time stamp, two words
#define OPTIONS_OFF     16u    // of an interface
#define OPTION_HEADER   4u     // number, length
#define RESOLUTION      9u     // an option, if_tsresol
#define POWER_OF_2      0x80u  // in its value: the exponent is of 1/2; otherwise of 1/10
#define INTERFACE_BYTES (UINT32_C(1) << 20) // longest description that is accepted
#define LINK_ETHERNET   1u
#define NO_LIMIT        0u
#define INTERFACE_FIRST 0u

enum block {
	BLOCK_INTERFACE = 1,
	BLOCK_OLD_PACKET = 2,
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_PACKET = 6,
	BLOCK_SECTION = 0x0A0D0D0A,
};

// The first word of a pcap file in the byte order of its writer: the usual one, the one for
// nanoseconds, and three old variants that libpcap reads.
static const uint32_t pcap_magics[] = {0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34, 0xA1B234CD, 0xA12B3C4D};

// The finest resolutions that libpcap can compute with in 64 bits.
#define FINEST_2  34u
#define FINEST_10 19u

static uint32_t
order(const struct level *level, uint32_t value)
{
	return level->is_swapped ? __builtin_bswap32(value) : value;
}

static uint32_t
word(const struct level *level, uint32_t at)
{
	uint32_t value;

	memcpy(&value, level->head + at, sizeof(value));
	return order(level, value);
}

static uint16_t
half(const struct level *level, uint32_t at)
{
	uint16_t value;

	memcpy(&value, level->head + at, sizeof(value));
	return level->is_swapped ? __builtin_bswap16(value) : value;
}

static void
set_word(struct level *level, uint32_t at, uint32_t value)
{
	value = order(level, value);
	memcpy(level->head + at, &value, sizeof(value));
}

static void
set_half(struct level *level, uint32_t at, uint16_t value)
{
	value = level->is_swapped ? __builtin_bswap16(value) : value;
	memcpy(level->head + at, &value, sizeof(value));
}

// Whether a word is the magic number of a pcap file; is_swapped then tells its byte order.
static bool
is_pcap(uint32_t magic, bool *is_swapped)
{
	for (size_t i = 0; i < sizeof(pcap_magics) / sizeof(pcap_magics[0]); i++) {
		*is_swapped = magic == __builtin_bswap32(pcap_magics[i]);
		if (*is_swapped || magic == pcap_magics[i])
			return true;
	}
	return false;
}

bool
level_is_capture(const uint8_t bytes[4])
{
	bool is_swapped;
	uint32_t magic;

	memcpy(&magic, bytes, sizeof(magic));
	return magic == BLOCK_SECTION || is_pcap(magic, &is_swapped);
}

void
level_init(struct level *level, struct stream *stream)
{
	*level = (struct level){.stream = stream};
}

void
level_fini(struct level *level)
{
	free(level->interfaces);
	free(level->head);
	*level = (struct level){0};
}

// Reads until the head has this many bytes. Returns false if the file ends before that.
static bool
fill(struct level *level, uint32_t len)
{
	if (level->head_capacity < len) {
		uint8_t *larger = realloc(level->head, len);

		if (larger == NULL) {
			level->fault = "no memory to read it";
			return false;
		}
		level->head = larger;
		level->head_capacity = len;
	}
	while (level->head_len < len) {
		ssize_t n = stream_read(level->stream, level->head + level->head_len,
					len - level->head_len);

		if (n <= 0)
			return false;
		level->head_len += (uint32_t)n;
	}
	return true;
}

static bool
add_interface(struct level *level, struct level_interface interface)
{
	struct level_interface *larger;

	if (level->n_interfaces == INTERFACES_MAX) {
		level->fault = "has more interfaces than anybody has";
		return false;
	}
	// The capacity grows by powers of two.
	if ((level->n_interfaces & (level->n_interfaces - 1)) == 0) {
		size_t n = level->n_interfaces == 0 ? 1 : (size_t)level->n_interfaces * 2;

		larger = realloc(level->interfaces, n * sizeof(*larger));
		if (larger == NULL) {
			level->fault = "no memory for its interfaces";
			return false;
		}
		level->interfaces = larger;
	}
	level->interfaces[level->n_interfaces++] = interface;
	return true;
}

// Everything after the header of a pcap file is unchanged.
static bool
begin_pcap(struct level *level)
{
	level->rest = UINT64_MAX;
	if (!fill(level, PCAP_HEADER))
		return true;
	if (!add_interface(level,
			   (struct level_interface){.link = word(level, PCAP_LINK) & PCAP_LINK_OF}))
		return false;
	set_word(level, PCAP_SNAPLEN, NO_LIMIT);
	set_word(level, PCAP_LINK, LINK_ETHERNET);
	return true;
}

// base to the power of exponent, 0 if that exceeds 64 bits.
static uint64_t
power(uint64_t base, unsigned int exponent)
{
	uint64_t value = 1;

	while (exponent-- > 0) {
		if (__builtin_mul_overflow(value, base, &value))
			return 0;
	}
	return value;
}

// Makes a resolution coarser if necessary. Returns how many old units make a new one.
static uint64_t
coarsen(uint8_t *resolution)
{
	const bool is_binary = (*resolution & POWER_OF_2) != 0;
	const unsigned int exponent = *resolution & (POWER_OF_2 - 1);
	const unsigned int finest = is_binary ? FINEST_2 : FINEST_10;

	if (exponent <= finest)
		return 1;
	*resolution = (uint8_t)(finest | (is_binary ? POWER_OF_2 : 0));
	return power(is_binary ? 2 : 10, exponent - finest);
}

// Finds the resolution in the options of an interface, whose block is in the head.
static uint64_t
coarsen_option(struct level *level, uint32_t block_len)
{
	const uint32_t end = block_len - WORD;
	uint32_t at = OPTIONS_OFF;

	while (at + OPTION_HEADER < end) {
		const uint32_t value_len = half(level, at + 2);

		if (half(level, at) == RESOLUTION && value_len == 1)
			return coarsen(level->head + at + OPTION_HEADER);
		if (half(level, at) == 0)
			break;
		at += OPTION_HEADER + (value_len + WORD - 1) / WORD * WORD;
	}
	return 1;
}

static bool
interface_block(struct level *level, uint32_t block_len)
{
	struct level_interface interface = {.too_fine = 1};
	const uint32_t looked_at = block_len > INTERFACE_BYTES ? BLOCK_OVERHEAD + WORD : block_len;

	if (!fill(level, looked_at))
		return true;
	level->rest = block_len - looked_at;
	interface.link = half(level, BLOCK_HEADER);
	interface.snaplen = word(level, BLOCK_HEADER + WORD);
	if (looked_at == block_len)
		interface.too_fine = coarsen_option(level, block_len);
	set_half(level, BLOCK_HEADER, LINK_ETHERNET);
	set_word(level, BLOCK_HEADER + WORD, NO_LIMIT);
	return add_interface(level, interface);
}

// A packet has its interface and time stamp.
static void
packet(struct level *level, uint32_t interface, uint32_t block_len)
{
	const uint32_t looked_at = STAMP_OFF + 2 * WORD;
	uint64_t stamp, divisor;

	level->interface = interface;
	if (interface >= level->n_interfaces || level->interfaces[interface].too_fine == 1 ||
	    block_len < looked_at + WORD || !fill(level, looked_at))
		return;
	level->rest = block_len - looked_at;
	divisor = level->interfaces[interface].too_fine;
	stamp = (uint64_t)word(level, STAMP_OFF) << 32 | word(level, STAMP_OFF + WORD);
	stamp = divisor == 0 ? 0 : stamp / divisor;
	set_word(level, STAMP_OFF, (uint32_t)(stamp >> 32));
	set_word(level, STAMP_OFF + WORD, (uint32_t)stamp);
}

// A simple packet does not say how much of it was captured: that follows from the snapshot length
// of the first interface, which has been hidden from libpcap.
static void
simple_packet(struct level *level, uint32_t block_len)
{
	uint32_t captured = block_len - BLOCK_OVERHEAD - WORD;
	uint32_t limit = level->n_interfaces == 0 ? NO_LIMIT : level->interfaces[0].snaplen;
	uint32_t wire_len = word(level, BLOCK_HEADER);

	if (limit != NO_LIMIT && limit < captured)
		captured = limit;
	level->interface = INTERFACE_FIRST;
	if (wire_len <= captured)
		return;
	level->wire_len = wire_len;
	set_word(level, BLOCK_HEADER, captured);
}

// Each section may have its own byte order; libpcap reads only sections with that of the first.
static bool
begin_section(struct level *level)
{
	if (word(level, BLOCK_HEADER) == __builtin_bswap32(ORDER_MAGIC)) {
		if (level->has_section) {
			level->fault = "a section in another byte order than the first";
			return false;
		}
		level->is_swapped = !level->is_swapped;
	}
	level->has_section = true;
	level->n_interfaces = 0;
	return true;
}

// Reads the next block of a pcapng file: as much of its head as is needed. Returns false if the
// file cannot be read further.
static bool
next_block(struct level *level)
{
	uint32_t type, len;

	if (!fill(level, BLOCK_OVERHEAD))
		return true;
	type = word(level, 0);
	if (type == BLOCK_SECTION && !begin_section(level))
		return false;
	len = word(level, WORD);
	if (len < BLOCK_OVERHEAD) {
		level->rest = UINT64_MAX; // libpcap will stop there
		return true;
	}
	level->rest = len - BLOCK_OVERHEAD;
	if (len < BLOCK_OVERHEAD + WORD)
		return true;
	level->wire_len = 0;
	switch (type) {
	case BLOCK_INTERFACE:
		return interface_block(level, len);
	case BLOCK_PACKET:
		packet(level, word(level, BLOCK_HEADER), len);
		return true;
	case BLOCK_OLD_PACKET:
		packet(level, half(level, BLOCK_HEADER), len);
		return true;
	case BLOCK_SIMPLE_PACKET:
		simple_packet(level, len);
		return true;
	default:
		return true;
	}
}

static bool
next_head(struct level *level)
{
	uint32_t magic;

	level->head_len = 0;
	level->head_at = 0;
	if (level->has_begun)
		return !level->has_blocks || next_block(level);
	level->has_begun = true;
	if (!fill(level, WORD))
		return true;
	memcpy(&magic, level->head, sizeof(magic));
	level->has_blocks = magic == BLOCK_SECTION;
	if (level->has_blocks)
		return next_block(level);
	level->rest = UINT64_MAX;
	return !is_pcap(magic, &level->is_swapped) || begin_pcap(level);
}

ssize_t
level_read(struct level *level, char *bytes, size_t size)
{
	ssize_t n;

	if (level->head_at == level->head_len && level->rest == 0 && !next_head(level)) {
		errno = EIO;
		return -1;
	}
	if (level->head_at < level->head_len) {
		size_t len = level->head_len - level->head_at;

		if (len > size)
			len = size;
		memcpy(bytes, level->head + level->head_at, len);
		level->head_at += (uint32_t)len;
		return (ssize_t)len;
	}
	if (size > level->rest)
		size = (size_t)level->rest;
	n = stream_read(level->stream, bytes, size);
	if (n < 0)
		errno = EIO;
	else if (level->rest != UINT64_MAX)
		level->rest -= (uint64_t)n;
	return n;
}

const char *
level_fault(const struct level *level)
{
	return level->fault != NULL ? level->fault : stream_fault(level->stream);
}

uint32_t
level_link(const struct level *level)
{
	return level->interface < level->n_interfaces ? level->interfaces[level->interface].link
						      : UINT32_MAX;
}
