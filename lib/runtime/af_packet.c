// SPDX-License-Identifier: BSD-3-Clause
#include "runtime/af_packet.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_kvargs.h>
#include <rte_mbuf.h>

#define DRIVER         "net_af_packet"
#define FRAMESZ        2048 // the driver's default
#define BLOCK          4096 // sizes are multiples of a page
#define BEFORE_FRAME   66   // bytes of a ring's frame that the kernel uses (TPACKET_V2)
#define NOT_COPIED     32   // of these, bytes that the driver knows not to copy
#define ETHERNET_BYTES 22   // a header with two tags
#define FRAMESZ_MAX    (RTE_ALIGN_FLOOR(UINT16_MAX - RTE_PKTMBUF_HEADROOM, BLOCK))

static uint32_t
number_of(const struct rte_kvargs *arguments, const char *name)
{
	const char *text = rte_kvargs_get(arguments, name);

	return text == NULL ? 0 : (uint32_t)strtoul(text, NULL, 10);
}

static void
read_arguments(struct af_packet *look, const char *device)
{
	const char *comma = strchr(device, ',');
	struct rte_kvargs *arguments = comma == NULL ? NULL : rte_kvargs_parse(comma + 1, NULL);
	const char *interface;

	if (arguments == NULL)
		return;
	interface = rte_kvargs_get(arguments, "iface");
	if (interface != NULL)
		snprintf(look->interface, sizeof(look->interface), "%s", interface);
	look->framesz = number_of(arguments, "framesz");
	look->blocksz = number_of(arguments, "blocksz");
	rte_kvargs_free(arguments);
}

// Gets or sets the MTU of the interface.
static int
ask_interface(const char *interface, unsigned long request, int *mtu)
{
	struct ifreq ifreq = {.ifr_mtu = *mtu};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result;

	if (fd < 0)
		return -errno;
	snprintf(ifreq.ifr_name, sizeof(ifreq.ifr_name), "%s", interface);
	result = ioctl(fd, request, &ifreq) == 0 ? 0 : -errno;
	*mtu = ifreq.ifr_mtu;
	close(fd);
	return result;
}

// The frame size that an MTU needs.
static void
choose_size(struct af_packet *look, uint16_t mtu)
{
	uint32_t wanted = mtu;

	if (wanted == 0 && look->interface_mtu <= AF_PACKET_AUTO_MAX)
		wanted = look->interface_mtu;
	wanted += BEFORE_FRAME + ETHERNET_BYTES;
	if (wanted <= FRAMESZ)
		return;
	look->framesz = RTE_MIN(RTE_ALIGN_CEIL(wanted, BLOCK), FRAMESZ_MAX);
	look->blocksz = look->framesz;
}

// Checks what the driver and the kernel demand; they would only report an invalid argument.
static const char *
find_fault(const struct af_packet *look, uint16_t mtu)
{
	uint32_t blocksz = look->blocksz == 0 ? BLOCK : look->blocksz;

	if (look->framesz > blocksz)
		return "framesz is larger than blocksz, which is 4096 unless it is given";
	if (blocksz % BLOCK != 0 || look->framesz % 16 != 0 || blocksz % look->framesz != 0)
		return "blocksz has to be a multiple of 4096 and of framesz, framesz one of 16";
	if (look->framesz > FRAMESZ_MAX)
		return "framesz is larger than a packet buffer can be, 61440";
	if (mtu > look->passes)
		return look->has_own_size ? "framesz has no room for packets of this mtu"
					  : "the driver takes no packets of this mtu";
	return NULL;
}

struct af_packet
af_packet_look(const char *device, uint16_t mtu)
{
	struct af_packet look = {0};
	int found = 0;

	if (device == NULL || strncmp(device, DRIVER, strlen(DRIVER)) != 0)
		return look;
	look.is_one = true;
	read_arguments(&look, device);
	if (look.interface[0] != '\0' && ask_interface(look.interface, SIOCGIFMTU, &found) == 0)
		look.interface_mtu = (uint32_t)found;
	look.has_own_size = look.framesz != 0 || look.blocksz != 0;
	if (!look.has_own_size)
		choose_size(&look, mtu);
	if (look.framesz == 0)
		look.framesz = FRAMESZ;
	if (look.framesz > BEFORE_FRAME + ETHERNET_BYTES)
		look.passes = look.framesz - BEFORE_FRAME - ETHERNET_BYTES;
	look.fault = find_fault(&look, mtu);
	return look;
}

char *
af_packet_arguments(const struct af_packet *look, const char *device)
{
	char *arguments;

	if (!look->is_one || look->has_own_size || look->blocksz == 0)
		return strdup(device);
	if (asprintf(&arguments, "%s,framesz=%u,blocksz=%u", device, look->framesz, look->blocksz) <
	    0)
		return NULL;
	return arguments;
}

uint32_t
af_packet_buffer_bytes(const struct af_packet *look)
{
	return look->is_one ? look->framesz - RTE_MIN(look->framesz, (uint32_t)NOT_COPIED) +
				      RTE_PKTMBUF_HEADROOM
			    : 0;
}

int
af_packet_set_mtu(const struct af_packet *look, uint16_t mtu)
{
	int has = 0, wanted = mtu;

	if (ask_interface(look->interface, SIOCGIFMTU, &has) == 0 && has == wanted)
		return 0;
	return ask_interface(look->interface, SIOCSIFMTU, &wanted);
}
