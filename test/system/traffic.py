# SPDX-License-Identifier: BSD-3-Clause
"""Many flows, quickly made."""

import socket
import struct


def udp_frame(src, sport, dst, dport):
    """A UDP packet of IPv4 without checksums of layer 4, quickly."""
    header = struct.pack('!BBHHHBBHII', 0x45, 0, 32, 0, 0, 64, 17, 0, src, dst)
    total = sum(struct.unpack('!10H', header))
    total = (total & 0xffff) + (total >> 16)
    checksum = 0xffff ^ ((total & 0xffff) + (total >> 16))
    return (bytes.fromhex('0200000000020200000000010800') + header[:10] +
            struct.pack('!H', checksum) + header[12:] + struct.pack('!HHHH', sport, dport, 12, 0) +
            b'data')


def flow(number):
    """The client's address and port of a flow."""
    return 0x0a000000 + number // 256, 1024 + number % 256


def dotted(address):
    return socket.inet_ntoa(struct.pack('!I', address))
