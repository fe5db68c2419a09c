// SPDX-License-Identifier: BSD-3-Clause
//
// Most segments go a short way through the tracker. Whatever is sent, it has to say what the long
// way says: random conversations are had twice, once as they are, and once with an option in their
// IP headers, which keeps every segment on the long way.
#include "conntrack/conntrack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <rte_common.h>

#include "fixture.h"
#include "util/eal.h"
#include "util/random.h"

#define N_TALKS    1500
#define N_SEGMENTS 30

static const uint8_t ip_nops[4] = {1, 1, 1, 0};
static const uint8_t time_stamp[12] = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
static const uint8_t sack_permitted[4] = {4, 2, 1, 1};
static const uint8_t scale_3[4] = {3, 3, 3, 1};
static const uint8_t broken[4] = {8, 10, 0, 0};

// A segment and the options it may have.
struct sent {
	enum end from;
	struct frame_tcp tcp;
	const uint8_t *options;
	unsigned int options_len;
	uint16_t len;
	uint8_t sack[12]; // an option with a block, if options points here
	bool has_bad_checksum;
};

// What the two sides would send next.
struct talk {
	uint32_t next[2];
	uint16_t window[2];
};

static void
make_frame(struct frame *frame, const struct sent *sent, bool goes_long_way)
{
	static const struct flow flow = {.sport = 1025, .dport = 80};

	frame_begin(frame);
	frame_ethernet(frame);
	frame_ip(frame, fixture_host(&flow, sent->from), fixture_host(&flow, !sent->from));
	if (goes_long_way)
		frame_options(frame, ip_nops, sizeof(ip_nops));
	frame_tcp(frame, &sent->tcp);
	if (sent->options_len > 0)
		frame_options(frame, sent->options, sent->options_len);
	frame_data(frame, sent->len);
	frame_end(frame);
	if (sent->has_bad_checksum)
		frame->bytes[frame_off(frame, FRAME_TCP, 0) + 17] ^= 1;
}

// Mostly near to what is right, on both sides of every bound now and then.
static uint32_t
near(uint32_t number, uint16_t window)
{
	switch (random_below(8)) {
	case 0:
		return number + window + random_below(3) - 1;
	case 1:
		return number - window + random_below(3) - 1;
	case 2:
		return number + random_below(3) - 1;
	case 3:
		return number - 66000 + random_below(3) - 1;
	default:
		return number;
	}
}

static void
add_options(struct sent *sent, uint32_t ack)
{
	const uint32_t left = rte_cpu_to_be_32(ack + random_below(50));
	const uint32_t right = rte_cpu_to_be_32(ack + 50 + random_below(50));

	switch (random_below(8)) {
	case 0:
		memcpy(sent->sack, (uint8_t[]){1, 1, 5, 10}, 4);
		memcpy(sent->sack + 4, &left, sizeof(left));
		memcpy(sent->sack + 8, &right, sizeof(right));
		sent->options = sent->sack;
		sent->options_len = sizeof(sent->sack);
		break;
	case 1:
		sent->options = broken;
		sent->options_len = sizeof(broken);
		break;
	case 2:
	case 3:
	case 4:
		sent->options = time_stamp;
		sent->options_len = sizeof(time_stamp);
		break;
	default:
		break;
	}
}

static void
make_segment(const struct talk *talk, struct sent *sent)
{
	static const uint8_t others[] = {TH_FIN | TH_ACK, TH_RST, TH_RST | TH_ACK,
					 TH_SYN,          0,      TH_SYN | TH_ACK,
					 TH_ACK | TH_URG};
	enum end from = random_chance(50) ? CLIENT : SERVER;

	*sent = (struct sent){.from = from};
	sent->len = random_chance(50) ? 0 : (uint16_t)random_below(1000);
	sent->tcp = (struct frame_tcp){
		.sport = from == CLIENT ? 1025 : 80,
		.dport = from == CLIENT ? 80 : 1025,
		.flags = random_chance(90) ? TH_ACK | (random_chance(30) ? TH_PSH : 0)
					   : RANDOM_PICK(others),
		.seq = near(talk->next[from], talk->window[!from]),
		.ack = near(talk->next[!from], talk->window[from]),
		.window = random_chance(5) ? 0 : talk->window[from],
	};
	sent->has_bad_checksum = random_chance(1);
	add_options(sent, sent->tcp.ack);
}

static void
begin_talk(struct talk *talk, struct sent sent[3])
{
	static const uint8_t *const offers[] = {NULL, sack_permitted, scale_3};
	static const uint8_t flags[3] = {TH_SYN, TH_SYN | TH_ACK, TH_ACK};

	*talk = (struct talk){
		.next = {(uint32_t)random_bits(), (uint32_t)random_bits()},
		.window = {(uint16_t)(1 + random_below(3000)), (uint16_t)(1 + random_below(3000))},
	};
	for (unsigned int i = 0; i < 3; i++) {
		enum end from = i == 1 ? SERVER : CLIENT;

		sent[i] = (struct sent){.from = from};
		sent[i].tcp = (struct frame_tcp){
			.sport = from == CLIENT ? 1025 : 80,
			.dport = from == CLIENT ? 80 : 1025,
			.flags = flags[i],
			.seq = talk->next[from],
			.ack = i == 0 ? 0 : talk->next[!from],
			.window = talk->window[from],
		};
		if (i < 2) {
			sent[i].options = RANDOM_PICK(offers);
			sent[i].options_len = sent[i].options == NULL ? 0 : 4;
			talk->next[from]++;
		}
	}
}

// Sends it in both shards and compares. Returns whether the first one has accepted it.
static bool
send_both(struct shard shards[2], const struct sent *sent)
{
	char class[2][SHARD_TEXT_MAX], entry[2][SHARD_TEXT_MAX];
	struct frame frame;
	struct ct_entry entries[2] = {0};
	struct pkt pkts[2];

	for (unsigned int i = 0; i < 2; i++) {
		make_frame(&frame, sent, i == 1);
		pkts[i] = shard_accept(&shards[i], &frame);
		shard_class_text(&pkts[i], class[i]);
		shard_entry_text(&shards[i], entry[i]);
		shard_entry(&shards[i], CT_CONFIRMED, 0, &entries[i]);
	}
	assert_true(pkts[0].is_plain);
	assert_false(pkts[1].is_plain);
	assert_string_equal(class[0], class[1]);
	assert_string_equal(entry[0], entry[1]);
	assert_int_equal(pkts[0].fault, pkts[1].fault);
	assert_memory_equal(entries[0].packets, entries[1].packets, sizeof(entries[0].packets));
	return pkts[0].class == CLASS_ESTABLISHED;
}

static void
both_ways_say_the_same(void **state)
{
	unsigned int n_accepted = 0, n_refused = 0;

	(void)state;
	for (unsigned int i = 0; i < N_TALKS; i++) {
		struct ct_params params = shard_params();
		struct shard shards[2];
		struct talk talk;
		struct sent sent[3];

		random_start(random_seed(), i);
		params.tcp_be_liberal = random_chance(10);
		params.tcp_max_retrans = (uint8_t)(1 + random_below(3));
		for (unsigned int k = 0; k < 2; k++)
			shard_open(&shards[k],
				   &(struct shard_options){.params = &params, .worker = k});
		begin_talk(&talk, sent);
		for (unsigned int k = 0; k < 3; k++)
			send_both(shards, &sent[k]);
		for (unsigned int k = 0; k < N_SEGMENTS; k++) {
			uint32_t sec = random_chance(30) ? random_below(20) : 0;

			if (k == 0 || random_chance(85)) // else the last one comes again
				make_segment(&talk, &sent[0]);
			for (unsigned int s = 0; s < 2; s++)
				shard_wait(&shards[s], sec);
			if (!send_both(shards, &sent[0])) {
				n_refused++;
				continue;
			}
			n_accepted++;
			if (sent[0].tcp.seq == talk.next[sent[0].from])
				talk.next[sent[0].from] += sent[0].len;
		}
		for (unsigned int k = 0; k < 2; k++)
			shard_close(&shards[k]);
	}
	// The conversations were such that either answer came often.
	assert_true(n_accepted > N_TALKS * N_SEGMENTS / 2);
	assert_true(n_refused > N_TALKS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_say_the_same),
	};

	return cmocka_run_group_tests(tests, test_eal_start, test_eal_stop);
}
