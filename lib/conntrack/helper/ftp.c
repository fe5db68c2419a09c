// SPDX-License-Identifier: BSD-3-Clause
//
// FTP (RFC 959, RFC 2428): the data connection goes to an address and port that one side announces
// on the control connection: the client with PORT or EPRT, the server with 227 or 229.
//
// As in the kernel a packet is read only when it begins a line, which is known from the newline
// that ended the packet before it; so the first payload of each side is not read, nor a second line
// in a packet. A packet that announces something which cannot be understood is dropped, to be sent
// again: letting it pass would announce a connection that is then refused.
#include "conntrack/helper/helper.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <strings.h>

#include <rte_tcp.h>

#define TIMEOUT_SEC  300
#define MAX_EXPECTED 1
#define TEXT_MAX     UINT16_MAX // what a packet can hold

// The payload of a packet.
struct text {
	const char *bytes;
	uint32_t len;
};

// Who is announced.
struct announced {
	union address address;
	uint16_t port;
	uint8_t family;
};

enum finding {
	FOUND_NOTHING,
	FOUND_PARTIAL, // it begins like an announcement and cannot be understood
	FOUND_ALL,
};

// Reads n numbers with a separator between them, up to a terminator; '\0' is any character.
// Returns how many characters they take, 0 when they are not all there.
static uint32_t
read_numbers(struct text text, uint32_t numbers[], unsigned int n, char separator, char terminator)
{
	unsigned int i = 0;

	memset(numbers, 0, n * sizeof(numbers[0]));
	for (uint32_t at = 0; at < text.len && i < n; at++) {
		char c = text.bytes[at];

		if (isdigit((unsigned char)c)) {
			numbers[i] = numbers[i] * 10 + (uint32_t)(c - '0');
			if (numbers[i] > UINT16_MAX)
				return 0;
		} else if (c == separator) {
			i++;
		} else {
			return (c == terminator || terminator == '\0') && i == n - 1 ? at : 0;
		}
	}
	return 0;
}

static struct text
skip(struct text text, uint32_t n)
{
	return (struct text){text.bytes + n, text.len - n};
}

// An address of IPv4 from its four octets. Octets above 255 are refused, where older kernels let
// them overflow into their neighbours.
static bool
join_octets(const uint32_t octets[4], union address *address)
{
	for (int i = 0; i < 4; i++) {
		if (octets[i] > UINT8_MAX)
			return false;
	}
	*address = (union address){.v4 = rte_cpu_to_be_32(octets[0] << 24 | octets[1] << 16 |
							  octets[2] << 8 | octets[3])};
	return true;
}

// Six octets: RFC 959, 4.1.2.
static bool
read_six(struct text text, char terminator, struct announced *announced)
{
	uint32_t octets[6];

	if (read_numbers(text, octets, 6, ',', terminator) == 0 || octets[4] > UINT8_MAX ||
	    octets[5] > UINT8_MAX)
		return false;
	announced->family = FAMILY_IPV4;
	announced->port = (uint16_t)(octets[4] << 8 | octets[5]);
	return join_octets(octets, &announced->address);
}

static bool
read_port_command(struct text text, struct announced *announced)
{
	return read_six(text, '\r', announced);
}

// The numbers of a 227 may stand anywhere behind it.
static bool
read_227(struct text text, struct announced *announced)
{
	while (text.len > 0 && !isdigit((unsigned char)text.bytes[0]))
		text = skip(text, 1);
	return read_six(text, '\0', announced);
}

static bool
is_delimiter(char c)
{
	return c >= 33 && c <= 126 && !isdigit((unsigned char)c);
}

// A port up to the delimiter. Port 0 is none.
static bool
read_port(struct text text, char delimiter, struct announced *announced)
{
	uint32_t port;

	if (read_numbers(text, &port, 1, '\0', delimiter) == 0 || port == 0)
		return false;
	announced->port = (uint16_t)port;
	return true;
}

// Four octets, which may be empty or have leading zeros. Returns how many characters they take, 0
// when they are no address.
static uint32_t
read_address4(struct text text, char delimiter, union address *address)
{
	uint32_t octets[4];
	uint32_t len = read_numbers(text, octets, 4, '.', delimiter);

	return len != 0 && join_octets(octets, address) ? len : 0;
}

// RFC 4291, 2.2, and the numbers may have leading zeros. It also ends at a NUL and, when it ends
// with octets, at a colon. Returns how many characters it takes, 0 when it is no address.
static uint32_t
read_address6(struct text text, char delimiter, union address *address)
{
	char copy[INET6_ADDRSTRLEN]; // without the leading zeros
	uint32_t at, n = 0;
	bool has_octets = false;

	for (at = 0; at < text.len; at++) {
		char c = text.bytes[at];
		bool goes_on = at + 1 < text.len && text.bytes[at + 1] != delimiter &&
			       isxdigit((unsigned char)text.bytes[at + 1]);

		if (c == delimiter || c == '\0' || (c == ':' && has_octets))
			break;
		has_octets |= c == '.';
		if (c == '0' && goes_on && (n == 0 || !isxdigit((unsigned char)copy[n - 1])))
			continue;
		if (n == sizeof(copy) - 1)
			return 0;
		copy[n++] = c;
	}
	copy[n] = '\0';
	return at < text.len && inet_pton(AF_INET6, copy, address) == 1 ? at : 0;
}

// <d>1<d>address<d>port<d> or <d>2<d>..., with any <d>: RFC 2428, 2.
static bool
read_eprt(struct text text, struct announced *announced)
{
	char family = announced->family == FAMILY_IPV4 ? '1' : '2';
	char delimiter;
	uint32_t len;

	if (text.len <= 3)
		return false;
	delimiter = text.bytes[0];
	if (!is_delimiter(delimiter) || text.bytes[2] != delimiter || text.bytes[1] != family)
		return false;
	text = skip(text, 3);
	len = announced->family == FAMILY_IPV4
		      ? read_address4(text, delimiter, &announced->address)
		      : read_address6(text, delimiter, &announced->address);
	if (len == 0)
		return false;
	return read_port(skip(text, len + 1), delimiter, announced);
}

// <d><d><d>port<d>: RFC 2428, 3. The address is the server's own.
static bool
read_229(struct text text, struct announced *announced)
{
	char delimiter;

	if (text.len <= 3)
		return false;
	delimiter = text.bytes[0];
	if (!is_delimiter(delimiter) || text.bytes[1] != delimiter || text.bytes[2] != delimiter)
		return false;
	return read_port(skip(text, 3), delimiter, announced);
}

static const struct announcement {
	enum dir dir;
	const char *keyword;
	char before; // the numbers begin behind the first of these; '\0': right behind the keyword
	bool (*read)(struct text text, struct announced *announced);
} announcements[] = {
	{DIR_ORIG, "PORT", ' ', read_port_command},
	{DIR_ORIG, "EPRT", ' ', read_eprt},
	{DIR_REPLY, "227 ", '\0', read_227},
	{DIR_REPLY, "229 ", '(', read_229},
};

static enum finding
find_one(const struct announcement *announcement, struct text text, struct announced *announced)
{
	uint32_t len = (uint32_t)strlen(announcement->keyword);

	if (text.len <= len)
		return strncasecmp(text.bytes, announcement->keyword, text.len) == 0
			       ? FOUND_PARTIAL
			       : FOUND_NOTHING;
	if (strncasecmp(text.bytes, announcement->keyword, len) != 0)
		return FOUND_NOTHING;
	text = skip(text, len);
	if (announcement->before != '\0') {
		while (text.len > 0 && text.bytes[0] != announcement->before)
			text = skip(text, 1);
		if (text.len <= 1)
			return FOUND_PARTIAL;
		text = skip(text, 1);
	}
	return announcement->read(text, announced) ? FOUND_ALL : FOUND_PARTIAL;
}

static enum finding
find_announcement(struct text text, enum dir dir, struct announced *announced)
{
	for (size_t i = 0; i < RTE_DIM(announcements); i++) {
		enum finding finding;

		if (announcements[i].dir != dir)
			continue;
		finding = find_one(&announcements[i], text, announced);
		if (finding != FOUND_NOTHING)
			return finding;
	}
	return FOUND_NOTHING;
}

static bool
begins_line(const struct ct_ftp *ftp, enum dir dir, uint32_t seq)
{
	for (uint8_t i = 0; i < ftp->n[dir]; i++) {
		if (ftp->line_begins[dir][i] == seq)
			return true;
	}
	return false;
}

// Two line beginnings are remembered, since segments come again and out of order.
static void
remember_line(struct ct_ftp *ftp, enum dir dir, uint32_t seq)
{
	uint32_t *begins = ftp->line_begins[dir];
	unsigned int oldest;

	if (begins_line(ftp, dir, seq))
		return;
	if (ftp->n[dir] < FTP_LINES) {
		begins[ftp->n[dir]++] = seq;
		return;
	}
	oldest = (int32_t)(begins[0] - begins[1]) < 0 ? 0 : 1;
	if ((int32_t)(seq - begins[oldest]) > 0)
		begins[oldest] = seq;
}

// The announced host will be called by the other one, from any port.
static bool
expect_data(struct ct *ct, const struct ct_conn *conn, const struct pkt *pkt,
	    const struct announced *announced)
{
	struct ct_expectation wanted = {
		.master = conn_slot(ct, conn),
		.deadline = pkt->now + ticks_from_sec(TIMEOUT_SEC),
		.max_per_master = MAX_EXPECTED,
		.is_answered = true,
	};

	// Only its own address may be announced; anything else is none of our business.
	if (announced->family != pkt->family ||
	    memcmp(&announced->address, &pkt->tuple.src, sizeof(announced->address)) != 0)
		return true;
	ct_conn_tuple(ct, conn, dir_other(pkt->dir), &wanted.tuple);
	wanted.tuple.dst_field = announced->port;
	return ct_expect_add(ct->expects, &wanted, pkt->now);
}

static bool
read_packet(struct ct *ct, struct ct_conn *conn, const struct pkt *pkt)
{
	struct ct_ftp *ftp = &ct_helper_memory(ct, conn)->ftp;
	struct announced announced = {.address = pkt->tuple.src, .family = pkt->family};
	struct rte_tcp_hdr room;
	const struct rte_tcp_hdr *tcp = pkt_bytes(pkt, pkt->l4_off, sizeof(room), &room);
	char scratch[TEXT_MAX];
	struct text text;
	uint32_t header_len, len, seq;
	const char *last;

	if (pkt->class != CLASS_ESTABLISHED || tcp == NULL)
		return true;
	header_len = (tcp->data_off >> 4) * 4u;
	seq = rte_be_to_cpu_32(tcp->sent_seq);
	if (pkt->l4_len <= header_len)
		return true;
	len = pkt->l4_len - header_len;
	text.len = RTE_MIN(len, (uint32_t)TEXT_MAX);
	text.bytes = pkt_bytes(pkt, pkt->l4_off + header_len, text.len, scratch);
	if (text.bytes == NULL)
		return true;
	if (begins_line(ftp, pkt->dir, seq)) {
		enum finding finding = find_announcement(text, pkt->dir, &announced);

		if (finding == FOUND_PARTIAL ||
		    (finding == FOUND_ALL && !expect_data(ct, conn, pkt, &announced)))
			return false;
	}
	last = pkt_bytes(pkt, pkt->l4_off + pkt->l4_len - 1u, 1, scratch);
	if (last != NULL && *last == '\n')
		remember_line(ftp, pkt->dir, seq + len);
	return true;
}

const struct ct_helper_ops ct_helper_ftp = {.proto = PROTO_TCP, .read = read_packet};
