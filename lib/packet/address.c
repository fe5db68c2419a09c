// SPDX-License-Identifier: BSD-3-Clause
#include "packet/address.h"

#include <arpa/inet.h>
#include <limits.h>
#include <string.h>

#include "base/number.h"

enum family
address_parse(const char *text, union address *address)
{
	*address = (union address){0};
	if (inet_pton(AF_INET, text, &address->v4) == 1)
		return FAMILY_IPV4;
	return inet_pton(AF_INET6, text, address->v6) == 1 ? FAMILY_IPV6 : FAMILY_NONE;
}

enum family
address_parse_prefix(const char *text, union address *address, unsigned int *len)
{
	const size_t address_len = strcspn(text, "/");
	char part[INET6_ADDRSTRLEN] = "";
	enum family family;
	uint64_t number;

	if (address_len < sizeof(part))
		memcpy(part, text, address_len);
	family = address_parse(part, address);
	number = address_bits(family);
	if (text[address_len] == '/' && !number_parse(text + address_len + 1, number, &number))
		number = UINT_MAX;
	*len = (unsigned int)number;
	return family;
}

bool
address_is_within(const union address *address, const union address *prefix, unsigned int len)
{
	const unsigned int n_bytes = len / 8, n_bits = len % 8;

	return memcmp(address->v6, prefix->v6, n_bytes) == 0 &&
	       (n_bits == 0 || (address->v6[n_bytes] ^ prefix->v6[n_bytes]) >> (8 - n_bits) == 0);
}
