// SPDX-License-Identifier: BSD-3-Clause
#include "talk_tcp.h"

#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "util/random.h"

#define N_OPENING 3 // segments of a handshake

void
talk_tcp_begin(struct talk_tcp *tcp)
{
	*tcp = (struct talk_tcp){
		.n_opening = random_chance(10) ? N_OPENING : 0, // or it was open before
		.has_time_stamps = random_chance(40),
		.has_sack = random_chance(20),
		.scale = {(uint8_t)random_below(8), (uint8_t)random_below(8)},
		.seq = {(uint32_t)random_bits(), (uint32_t)random_bits()},
	};
	if (random_chance(10)) // it will wrap
		tcp->seq[random_below(DIR_COUNT)] = UINT32_MAX - random_below(200);
	tcp->acked[DIR_ORIG] = tcp->seq[DIR_REPLY];
	tcp->acked[DIR_REPLY] = tcp->seq[DIR_ORIG];
}

static uint16_t
choose_window(void)
{
	static const uint16_t windows[] = {8192, 8192, 8192, 8192, 65535, 500};

	return RANDOM_PICK(windows);
}

static struct talk_segment
plain_segment(struct talk_tcp *tcp, enum dir dir)
{
	if (random_chance(85))
		tcp->acked[dir] = tcp->seq[dir_other(dir)];
	return (struct talk_segment){
		.dir = dir,
		.seq = tcp->seq[dir],
		.ack = tcp->acked[dir],
		.window = choose_window(),
		.flags = TH_ACK,
		.has_time_stamp = tcp->has_time_stamps && !random_chance(2),
		.has_sack = tcp->has_sack && random_chance(10),
	};
}

static struct talk_segment
opening(struct talk_tcp *tcp)
{
	static const uint8_t flags[N_OPENING] = {TH_SYN, TH_SYN | TH_ACK, TH_ACK};
	const enum dir dir = tcp->n_opening == 1 ? DIR_REPLY : DIR_ORIG;
	struct talk_segment segment;

	tcp->acked[dir] = tcp->seq[dir_other(dir)];
	segment = plain_segment(tcp, dir);
	segment.flags = flags[tcp->n_opening];
	segment.has_sack = false;
	if (segment.flags == TH_SYN)
		segment.ack = 0;
	tcp->n_opening++;
	return segment;
}

// The same again, or the same without its data.
static struct talk_segment
stutter(struct talk_tcp *tcp)
{
	struct talk_segment segment = tcp->last;

	if (random_chance(30)) {
		segment.seq += segment.len;
		segment.len = 0;
	}
	return segment;
}

// The usual course of a connection that is open.
static struct talk_segment
talking(struct talk_tcp *tcp, const struct talk_style *style)
{
	const enum dir dir = random_chance(60) ? tcp->last.dir : dir_other(tcp->last.dir);
	struct talk_segment segment = plain_segment(tcp, dir);
	const unsigned int dice = random_below(100);

	if (dice < 55) {
		segment.len = (uint16_t)(1 + random_below(60));
		segment.flags |= random_chance(40) ? TH_PSH : 0;
	} else if (dice < 57) {
		segment.seq -= 1; // is the other one still there?
	} else if (dice < 59) {
		segment.window = 0;
	} else if (dice < 60) {
		segment.flags |= random_chance(50) ? TH_ECE : TH_CWR;
	} else if (dice < 61) {
		segment.len = (uint16_t)(1 + random_below(40));
		segment.seq -= segment.len; // sent before
	}
	// Who has heard a FIN soon has nothing more to say.
	if (random_chance(tcp->fins == 0 ? style->ending : 20)) {
		const uint8_t flags[] = {TH_FIN | TH_ACK, TH_FIN | TH_ACK, TH_RST, TH_RST | TH_ACK};

		segment.flags = RANDOM_PICK(flags);
	}
	return segment;
}

// What no host says.
static void
spoil(struct talk_segment *segment)
{
	static const uint8_t all[] = {TH_SYN,          TH_SYN | TH_ACK, TH_RST, TH_FIN | TH_ACK,
				      TH_ACK | TH_URG, TH_FIN,          0,      TH_SYN | TH_FIN};

	switch (random_below(9)) {
	case 0:
		segment->seq = (uint32_t)random_bits();
		break;
	case 1:
		segment->seq += 1u << (10 + random_below(10));
		break;
	case 2:
		segment->seq -= 1u << (10 + random_below(10));
		break;
	case 3:
		segment->ack += 1 + random_below(3000);
		break;
	case 4:
		segment->ack -= 1u << (8 + random_below(14));
		break;
	case 5:
		segment->data_off = (uint8_t)random_below(16);
		break;
	case 6:
		segment->flags = (uint8_t)random_bits();
		break;
	default:
		segment->flags = RANDOM_PICK(all);
		break;
	}
}

// What follows from a segment that was sent in its turn.
static void
go_on(struct talk_tcp *tcp, const struct talk_segment *segment)
{
	const uint32_t end =
		segment->seq + segment->len + ((segment->flags & (TH_SYN | TH_FIN)) != 0 ? 1 : 0);

	tcp->last = *segment;
	if ((int32_t)(end - tcp->seq[segment->dir]) > 0)
		tcp->seq[segment->dir] = end;
	if ((segment->flags & TH_FIN) != 0)
		tcp->fins |= (uint8_t)(1u << segment->dir);
	tcp->is_over = tcp->is_over || (segment->flags & TH_RST) != 0 || tcp->fins == 3;
}

// The same ports again, with numbers of their own.
static void
reopen(struct talk_tcp *tcp)
{
	const struct talk_tcp before = *tcp;

	talk_tcp_begin(tcp);
	tcp->n_opening = 0;
	if (random_chance(50)) // as hosts do it: ahead of what was there
		tcp->seq[DIR_ORIG] = before.seq[DIR_ORIG] + random_below(100000);
}

struct talk_segment
talk_tcp_next(struct talk_tcp *tcp, const struct talk_style *style, bool is_odd)
{
	struct talk_segment segment;
	bool is_repeated = tcp->n_opening > 0 && random_chance(tcp->is_stuttering ? 60 : 4);

	if (tcp->is_over && random_chance(30))
		reopen(tcp);
	if (is_odd && tcp->n_opening > 0) {
		segment = plain_segment(tcp, random_chance(50) ? DIR_ORIG : DIR_REPLY);
		spoil(&segment);
		return segment;
	}
	tcp->is_stuttering = is_repeated;
	if (is_repeated)
		return stutter(tcp);
	segment = tcp->n_opening < N_OPENING ? opening(tcp) : talking(tcp, style);
	go_on(tcp, &segment);
	return segment;
}

// RFC 9293, RFC 7323, RFC 2018: what hosts offer each other.
static void
add_syn_options(struct frame *frame, const struct talk_tcp *tcp, enum dir dir)
{
	const uint8_t segment_size[] = {2, 4, 5, 180};
	const uint8_t scale[] = {1, 3, 3, tcp->scale[dir]};
	const uint8_t sack[] = {1, 1, 4, 2};
	const uint8_t time_stamp[] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0};

	frame_options(frame, segment_size, sizeof(segment_size));
	if (tcp->scale[dir] > 0)
		frame_options(frame, scale, sizeof(scale));
	if (tcp->has_sack)
		frame_options(frame, sack, sizeof(sack));
	if (tcp->has_time_stamps)
		frame_options(frame, time_stamp, sizeof(time_stamp));
}

static void
add_options(struct frame *frame, const struct talk_segment *segment)
{
	uint8_t time_stamp[] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0};
	uint8_t sack[] = {1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2};
	const uint32_t left = segment->ack + 100, right = segment->ack + 160;
	static const uint8_t unusual[] = {8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};

	time_stamp[7] = (uint8_t)random_bits();
	for (int i = 0; i < 4; i++) {
		sack[4 + i] = (uint8_t)(left >> (24 - 8 * i));
		sack[8 + i] = (uint8_t)(right >> (24 - 8 * i));
	}
	if (segment->has_time_stamp)
		frame_options(frame, random_chance(98) ? time_stamp : unusual, sizeof(time_stamp));
	if (segment->has_sack)
		frame_options(frame, sack, sizeof(sack));
}

static void
put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

// A line of FTP that announces a connection of data to its sender (RFC 959). Returns its length.
static unsigned int
say_ftp(const struct talk *talk, enum dir dir, char *line, size_t size)
{
	static const uint16_t ports[] = {256, 1024, 1025, 40000};
	const uint8_t *host = talk->host[dir].v6;
	const uint16_t port = RANDOM_PICK(ports);
	const char *form = dir == DIR_ORIG ? "PORT %u,%u,%u,%u,%u,%u\r\n"
					   : "227 Entering Passive Mode (%u,%u,%u,%u,%u,%u)\r\n";

	talk_announce(&talk->host[dir], port);
	return (unsigned int)snprintf(line, size, form, host[0], host[1], host[2], host[3],
				      port >> 8, port & 255);
}

// A message of PPTP (RFC 2637): the session, then calls, in order of the numbers of messages.
static unsigned int
say_pptp(const struct talk *talk, enum dir dir, uint8_t *message)
{
	static const uint8_t types[DIR_COUNT][4] = {{1, 7, 12, 5}, {2, 8, 13, 6}};
	static const uint8_t lens[] = {0, 156, 156, 16, 16, 16, 20, 168, 32, 220, 24, 28, 16, 148};
	const unsigned int at = talk->n_sent < 10 ? talk->n_sent / 5 : random_below(4);
	const uint8_t type = types[dir][at];

	memset(message, 0, lens[type]);
	put16(message, lens[type]);
	message[3] = 1; // a control message
	memcpy(message + 4, (const uint8_t[]){0x1a, 0x2b, 0x3c, 0x4d}, 4);
	put16(message + 8, type);
	put16(message + 12, (uint16_t)(TALK_CALL_ID + dir));
	put16(message + 14, (uint16_t)(TALK_CALL_ID + dir_other(dir)));
	message[type == 2 ? 14 : 16] = 1; // granted
	return lens[type];
}

void
talk_tcp_add(struct talk *talk, const struct talk_segment *segment, struct frame *frame)
{
	const enum dir dir = segment->dir;
	const struct frame_tcp header = {
		.sport = talk->port[dir],
		.dport = talk->port[dir_other(dir)],
		.flags = segment->flags,
		.seq = segment->seq,
		.ack = segment->ack,
		.window = segment->window,
	};
	const bool is_ftp = talk->port[DIR_REPLY] == TALK_FTP_PORT && talk->family == FAMILY_IPV4;
	const bool is_pptp = talk->port[DIR_REPLY] == TALK_PPTP_PORT;
	const bool is_said = segment->len > 0 && segment->seq + segment->len == talk->tcp.seq[dir];
	uint8_t said[256];
	unsigned int len = segment->len;
	uint8_t *tcp = frame_tcp(frame, &header);

	if (segment->data_off != 0)
		tcp[12] = (uint8_t)(segment->data_off << 4 | random_below(2));
	if ((segment->flags & TH_SYN) != 0)
		add_syn_options(frame, &talk->tcp, dir);
	else
		add_options(frame, segment);
	if (is_said && is_ftp && random_chance(40))
		len = say_ftp(talk, dir, (char *)said, sizeof(said));
	else if (is_said && is_pptp)
		len = say_pptp(talk, dir, said);
	else
		memset(said, 'x', len);
	talk->tcp.seq[dir] += is_said ? len - segment->len : 0;
	memcpy(frame_data(frame, len), said, len);
}
