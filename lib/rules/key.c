// SPDX-License-Identifier: BSD-3-Clause
#include "rules/key.h"

#include <stddef.h>

#define FIELD(index, kind, group, member)                                                          \
	{                                                                                          \
		.type = RTE_ACL_FIELD_TYPE_##kind,                                                 \
		.size = sizeof(((struct acl_key *)NULL)->member), .field_index = (index),          \
		.input_index = (group), .offset = offsetof(struct acl_key, member),                \
	}

// Every field but the addresses. Fields of one group lie in the same four bytes.
static const struct rte_acl_field_def fields[KEY_ADDRESSES] = {
	FIELD(KEY_PROTO, RANGE, 0, proto),         FIELD(KEY_SPORT, RANGE, 1, sport),
	FIELD(KEY_DPORT, RANGE, 1, dport),         FIELD(KEY_IN_PORT, RANGE, 2, in_port),
	FIELD(KEY_OUT_PORT, RANGE, 2, out_port),   FIELD(KEY_CLASS, BITMASK, 2, class_bit),
	FIELD(KEY_SHAPE, BITMASK, 2, shape),       FIELD(KEY_ICMP_TYPE, RANGE, 3, icmp_type),
	FIELD(KEY_ICMP_CODE, RANGE, 3, icmp_code), FIELD(KEY_TCP_FLAGS, BITMASK, 3, tcp_flags),
	FIELD(KEY_HELPER, BITMASK, 3, helper),
};

#define FIRST_ADDRESS_GROUP 4

// rte_acl compares the fields in this order. The addresses come early, the destination first,
// because they tell most rules apart: the tries of a thousand ordinary rules are then a tenth of
// what they are with the addresses at the end.
void
key_config(enum family family, struct rte_acl_config *config)
{
	const unsigned int words = key_address_words(family);
	unsigned int n = 0;

	memset(config, 0, sizeof(*config));
	config->num_categories = 1;
	config->num_fields = key_n_fields(family);
	config->defs[n++] = fields[KEY_PROTO];
	for (unsigned int i = 0; i < 2 * words; i++) {
		size_t offset =
			i < words ? offsetof(struct acl_key, dst) : offsetof(struct acl_key, src);

		config->defs[n++] = (struct rte_acl_field_def){
			.type = RTE_ACL_FIELD_TYPE_MASK,
			.size = sizeof(uint32_t),
			.field_index = (uint8_t)(KEY_ADDRESSES + i),
			.input_index = (uint8_t)(FIRST_ADDRESS_GROUP + i),
			.offset = (uint32_t)(offset + i % words * sizeof(uint32_t)),
		};
	}
	for (unsigned int i = KEY_PROTO + 1; i < KEY_ADDRESSES; i++)
		config->defs[n++] = fields[i];
}
