// SPDX-License-Identifier: BSD-3-Clause
#include "packet/key.h"

#define LOW_48 ((UINT64_C(1) << 48) - 1)

static uint64_t
end_of(const union address *address, uint16_t field)
{
	return (uint64_t)address->v4 << 16 | field;
}

// Of two IPv6 ends, in the order of their bytes in memory: any order will do.
static bool
comes_after(const struct tuple *tuple)
{
	const uint64_t *src = tuple->src.word;
	const uint64_t *dst = tuple->dst.word;

	if (src[0] != dst[0])
		return src[0] > dst[0];
	if (src[1] != dst[1])
		return src[1] > dst[1];
	return tuple->src_field > tuple->dst_field;
}

static bool
is_turned(const struct tuple *tuple)
{
	if (tuple_is_icmp(tuple))
		return tuple_is_icmp_answer(tuple);
	if (tuple->family == FAMILY_IPV4)
		return end_of(&tuple->src, tuple->src_field) >
		       end_of(&tuple->dst, tuple->dst_field);
	return comes_after(tuple);
}

static uint64_t
fold(const union address ends[2])
{
	uint64_t sum = ends[0].word[1] * UINT64_C(0x9e3779b97f4a7c15) + ends[0].word[0];

	sum = sum * UINT64_C(0x9e3779b97f4a7c15) + ends[1].word[1];
	return (sum * UINT64_C(0x9e3779b97f4a7c15) + ends[1].word[0]) >> 16;
}

bool
key_from_any_tuple(const struct tuple *tuple, struct flow_key *key)
{
	bool turned = is_turned(tuple);
	uint64_t kind = (uint64_t)tuple->proto << 48 | (uint64_t)tuple->family << 56;
	struct tuple upright = *tuple;

	if (turned)
		(void)tuple_invert(tuple, &upright);
	if (tuple->family == FAMILY_IPV4) {
		key->word[0] = end_of(&upright.src, upright.src_field) | (uint64_t)upright.zone
										 << 48;
		key->word[1] = end_of(&upright.dst, upright.dst_field) | kind;
		return turned;
	}
	key->ends[0] = upright.src;
	key->ends[1] = upright.dst;
	key->word[0] = upright.src_field | (uint64_t)upright.dst_field << 16 |
		       (uint64_t)upright.zone << 32;
	key->word[1] = fold(key->ends) | kind;
	return turned;
}

void
key_to_tuple(const uint64_t word[KEY_WORDS], const union address ends[2], bool turned,
	     struct tuple *tuple)
{
	struct tuple upright = {
		.proto = key_proto(word),
		.family = (uint8_t)key_family(word),
	};

	if (upright.family == FAMILY_IPV4) {
		upright.src.v4 = (rte_be32_t)((word[0] & LOW_48) >> 16);
		upright.dst.v4 = (rte_be32_t)((word[1] & LOW_48) >> 16);
		upright.src_field = (uint16_t)word[0];
		upright.dst_field = (uint16_t)word[1];
		upright.zone = (uint16_t)(word[0] >> 48);
	} else {
		upright.src = ends[0];
		upright.dst = ends[1];
		upright.src_field = (uint16_t)word[0];
		upright.dst_field = (uint16_t)(word[0] >> 16);
		upright.zone = (uint16_t)(word[0] >> 32);
	}
	*tuple = upright;
	if (turned)
		(void)tuple_invert(&upright, tuple);
}
