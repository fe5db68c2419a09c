// SPDX-License-Identifier: BSD-3-Clause
//
// What an MTU means for the arguments of a device. The kernel puts 66 bytes before each frame of a
// ring, and a frame has up to 22 bytes of Ethernet and VLAN tags: 2048 are enough for 1960.
#include "runtime/af_packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define DEVICE "net_af_packet0,iface=no-such-if"

static void
assert_arguments(const char *device, uint16_t mtu, const char *expected, uint32_t passes)
{
	struct af_packet look = af_packet_look(device, mtu);
	char *arguments = af_packet_arguments(&look, device);

	assert_null(look.fault);
	assert_int_equal(look.passes, passes);
	assert_string_equal(arguments, expected);
	free(arguments);
}

static void
test_frames_have_room_for_the_mtu(void **state)
{
	(void)state;
	assert_arguments(DEVICE, 0, DEVICE, 1960);
	assert_arguments(DEVICE, 1500, DEVICE, 1960);
	assert_arguments(DEVICE, 1960, DEVICE, 1960);
	assert_arguments(DEVICE, 1961, DEVICE ",framesz=4096,blocksz=4096", 4008);
	assert_arguments(DEVICE, 4008, DEVICE ",framesz=4096,blocksz=4096", 4008);
	assert_arguments(DEVICE, 4009, DEVICE ",framesz=8192,blocksz=8192", 8104);
	assert_arguments(DEVICE, 9000, DEVICE ",framesz=12288,blocksz=12288", 12200);
	assert_arguments(DEVICE, 61352, DEVICE ",framesz=61440,blocksz=61440", 61352);
}

static void
test_what_the_user_says_stays(void **state)
{
	(void)state;
	assert_arguments(DEVICE ",framesz=4096,blocksz=8192", 0,
			 DEVICE ",framesz=4096,blocksz=8192", 4008);
	assert_arguments(DEVICE ",blocksz=8192", 1500, DEVICE ",blocksz=8192", 1960);
}

static void
test_the_mtu_of_the_interface_counts(void **state)
{
	struct af_packet look = af_packet_look("net_af_packet0,iface=lo", 0);

	(void)state;
	assert_string_equal(look.interface, "lo");
	assert_true(look.interface_mtu > 0);
	if (look.interface_mtu > AF_PACKET_AUTO_MAX)
		assert_int_equal(look.passes, 1960);
	else
		assert_true(look.passes >= look.interface_mtu);
}

static void
assert_fault(const char *device, uint16_t mtu)
{
	assert_non_null(af_packet_look(device, mtu).fault);
}

static void
test_what_cannot_be(void **state)
{
	(void)state;
	assert_fault(DEVICE, 61353);
	assert_fault(DEVICE, UINT16_MAX);
	assert_fault(DEVICE ",framesz=2048", 9000);
	assert_fault(DEVICE ",framesz=8192", 0);
	assert_fault(DEVICE ",framesz=8192,blocksz=4096", 0);
	assert_fault(DEVICE ",framesz=4000,blocksz=8192", 0);
	assert_fault(DEVICE ",framesz=2048,blocksz=5000", 0);
	assert_fault(DEVICE ",framesz=65536,blocksz=65536", 0);
	assert_fault(DEVICE ",framesz=4294967295,blocksz=4294967295", 0);
}

static void
test_buffers_hold_what_is_copied(void **state)
{
	struct af_packet look = af_packet_look(DEVICE, 9000);

	(void)state;
	assert_int_equal(af_packet_buffer_bytes(&look), 128 + 12288 - 32);
	look = af_packet_look(DEVICE ",framesz=65424,blocksz=130848", 0);
	assert_non_null(look.fault);
}

static void
test_other_devices_are_left_alone(void **state)
{
	static const char *const devices[] = {"net_pcap0,iface=lo", "0000:03:00.0", "net_tap0", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		struct af_packet look = af_packet_look(devices[i], 9000);
		char *arguments = af_packet_arguments(&look, devices[i]);

		assert_false(look.is_one);
		assert_null(look.fault);
		assert_int_equal(af_packet_buffer_bytes(&look), 0);
		assert_string_equal(arguments, devices[i]);
		free(arguments);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_have_room_for_the_mtu),
		cmocka_unit_test(test_what_the_user_says_stays),
		cmocka_unit_test(test_the_mtu_of_the_interface_counts),
		cmocka_unit_test(test_what_cannot_be),
		cmocka_unit_test(test_buffers_hold_what_is_copied),
		cmocka_unit_test(test_other_devices_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
