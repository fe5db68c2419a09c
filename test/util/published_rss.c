// SPDX-License-Identifier: BSD-3-Clause
#include "util/published_rss.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <rte_common.h>

const uint8_t published_key[PUBLISHED_KEY_LEN] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct {
	enum family family;
	const char *src;
	const char *dst;
	uint32_t hash;
} published[N_PUBLISHED_HASHES] = {
	{FAMILY_IPV4, "66.9.149.187", "161.142.100.80", 0x323e8fc2},
	{FAMILY_IPV4, "199.92.111.2", "65.69.140.83", 0xd718262a},
	{FAMILY_IPV4, "24.19.198.95", "12.22.207.184", 0xd2d0a5de},
	{FAMILY_IPV4, "38.27.205.30", "209.142.163.6", 0x82989176},
	{FAMILY_IPV4, "153.39.163.191", "202.188.127.2", 0x5d1809c5},
	{FAMILY_IPV6, "3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 0x2cc18cd5},
	{FAMILY_IPV6, "3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 0x0f0c461c},
	{FAMILY_IPV6, "3ffe:1900:4545:3:200:f8ff:fe21:67cf", "fe80::200:f8ff:fe21:67cf",
	 0x4b61e985},
};

uint32_t
published_hash(unsigned int i, struct tuple *addresses)
{
	int domain = published[i].family == FAMILY_IPV4 ? AF_INET : AF_INET6;

	*addresses = (struct tuple){.family = (uint8_t)published[i].family};
	assert_int_equal(inet_pton(domain, published[i].src, &addresses->src), 1);
	assert_int_equal(inet_pton(domain, published[i].dst, &addresses->dst), 1);
	return published[i].hash;
}
