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
	FIELD(KEY_PROTO, RANGE, 0, proto),         FIELD(KEY_IN_PORT, RANGE, 1, in_port),
	FIELD(KEY_OUT_PORT, RANGE, 1, out_port),   FIELD(KEY_CLASS, BITMASK, 1, class_bit),
	FIELD(KEY_SHAPE, BITMASK, 1, shape),       FIELD(KEY_ICMP_TYPE, RANGE, 2, icmp_type),
	FIELD(KEY_ICMP_CODE, RANGE, 2, icmp_code), FIELD(KEY_TCP_FLAGS, BITMASK, 2, tcp_flags),
	FIELD(KEY_HELPER, BITMASK, 2, helper),     FIELD(KEY_SPORT, RANGE, 3, sport),
	FIELD(KEY_DPORT, RANGE, 3, dport),
};

void
key_config(enum family family, struct rte_acl_config *config)
{
	const unsigned int words = key_address_words(family);

	memset(config, 0, sizeof(*config));
	config->num_categories = 1;
	config->num_fields = key_n_fields(family);
	memcpy(config->defs, fields, sizeof(fields));
	for (unsigned int i = 0; i < 2 * words; i++) {
		size_t offset =
			i < words ? offsetof(struct acl_key, src) : offsetof(struct acl_key, dst);

		config->defs[KEY_ADDRESSES + i] = (struct rte_acl_field_def){
			.type = RTE_ACL_FIELD_TYPE_MASK,
			.size = sizeof(uint32_t),
			.field_index = (uint8_t)(KEY_ADDRESSES + i),
			.input_index = (uint8_t)(4 + i),
			.offset = (uint32_t)(offset + i % words * sizeof(uint32_t)),
		};
	}
}
