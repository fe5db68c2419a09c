# SPDX-License-Identifier: BSD-3-Clause
"""Many flows, quickly made."""

import socket
import struct


def checksum(data):
    """The Internet's (RFC 1071), of an even number of bytes."""
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    total = (total & 0xffff) + (total >> 16)
    return 0xffff ^ ((total & 0xffff) + (total >> 16))


def ip_frame(src, dst, proto, payload):
    """A packet of IPv4."""
    header = struct.pack('!BBHHHBBHII', 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0, src, dst)
    return (bytes.fromhex('0200000000020200000000010800') + header[:10] +
            struct.pack('!H', checksum(header)) + header[12:] + payload)


def udp_frame(src, sport, dst, dport):
    """A UDP packet of IPv4 without checksums of layer 4."""
    return ip_frame(src, dst, 17, struct.pack('!HHHH', sport, dport, 12, 0) + b'data')


def flow(number):
    """The client's address and port of a flow."""
    return 0x0a000000 + number // 256, 1024 + number % 256


def dotted(address):
    return socket.inet_ntoa(struct.pack('!I', address))
