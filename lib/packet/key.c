// SPDX-License-Identifier: BSD-3-Clause
#include "packet/key.h"

#define LOW_48 ((UINT64_C(1) << 48) - 1)

static uint64_t
end_of(const union address *address, uint16_t field)
{
	return (uint64_t)address->v4 << 16 | field;
}

static uint64_t
zone_bits(const struct tuple *tuple)
{
	return (uint64_t)tuple->zone << (tuple->family == FAMILY_IPV4 ? 48 : 32);
}

// A query is upright, its answer turned.
static bool
key_from_icmp(const struct tuple *tuple, struct flow_key *key)
{
	const bool is_turned = tuple_is_icmp_answer(tuple);
	struct tuple upright = *tuple;

	if (is_turned)
		(void)tuple_invert(tuple, &upright);
	if (tuple->family == FAMILY_IPV4) {
		key->word[0] = end_of(&upright.src, upright.src_field);
		key->word[1] = end_of(&upright.dst, upright.dst_field) |
			       key_kind(tuple->proto, FAMILY_IPV4);
		return is_turned;
	}
	key->ends[0] = upright.src;
	key->ends[1] = upright.dst;
	key->word[0] = upright.src_field | (uint64_t)upright.dst_field << 16;
	key->word[1] = key_fold(key->ends) | key_kind(tuple->proto, (enum family)tuple->family);
	return is_turned;
}

bool
key_from_any_tuple(const struct tuple *tuple, struct flow_key *key)
{
	const uint32_t fields = (uint32_t)tuple->src_field << 16 | tuple->dst_field;
	const union address ends[2] = {tuple->src, tuple->dst};
	bool is_turned;

	if (tuple_is_icmp(tuple))
		is_turned = key_from_icmp(tuple, key);
	else if (tuple->family == FAMILY_IPV4)
		is_turned = key_pack_ipv4(end_of(&tuple->src, tuple->src_field),
					  end_of(&tuple->dst, tuple->dst_field), tuple->proto, key);
	else
		is_turned = key_pack_ipv6(ends, fields, tuple->proto, key);
	key->word[0] |= zone_bits(tuple);
	return is_turned;
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
