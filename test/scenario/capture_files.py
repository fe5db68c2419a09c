# SPDX-License-Identifier: BSD-3-Clause
"""Capture files as other programs write them: every field of pcap and pcapng that matters to who reads.

https://www.tcpdump.org/manpages/pcap-savefile.5.html, draft-ietf-opsawg-pcapng.
"""

import struct

ETHERNET, NULL, RAW, LOOP, SLL, IPV4, IPV6, SLL2 = 1, 0, 101, 108, 113, 228, 229, 276
MICROSECONDS, NANOSECONDS = 0xA1B2C3D4, 0xA1B23C4D
NO_LIMIT = 0


def pcap(frames, link=ETHERNET, magic=MICROSECONDS, snaplen=262144, order='<'):
    """frames: (time in the unit that the magic says, bytes), or with the length on the wire as a third."""
    unit = 10**9 if magic == NANOSECONDS else 10**6
    data = struct.pack(order + 'IHHiIII', magic, 2, 4, 0, 0, snaplen, link)
    for stamp, frame, *wire_len in frames:
        data += struct.pack(order + 'IIII', stamp // unit, stamp % unit, len(frame),
                            *wire_len or [len(frame)])
        data += frame
    return data


class Pcapng:
    """A pcapng file that grows: bytes(file) is what it holds."""

    def __init__(self, order='<'):
        self.order = order
        self.data = b''
        self.section()

    def __bytes__(self):
        return self.data

    def block(self, kind, body):
        length = 12 + len(body) + -len(body) % 4
        self.data += struct.pack(self.order + 'II', kind, length) + body + bytes(-len(body) % 4)
        self.data += struct.pack(self.order + 'I', length)

    def section(self):
        self.block(0x0A0D0D0A, struct.pack(self.order + 'IHHq', 0x1A2B3C4D, 1, 0, -1))

    def interface(self, link=ETHERNET, snaplen=262144, resolution=None, offset=None):
        """resolution: if_tsresol, one byte; offset: if_tsoffset, seconds."""
        options = b''
        if resolution is not None:
            options += struct.pack(self.order + 'HHB3x', 9, 1, resolution)
        if offset is not None:
            options += struct.pack(self.order + 'HHq', 14, 8, offset)
        if options:
            options += bytes(4)
        self.block(1, struct.pack(self.order + 'HHI', link, 0, snaplen) + options)

    def packet(self, stamp, frame, interface=0, wire_len=None):
        """stamp: in units of the interface's resolution."""
        self.block(6, struct.pack(self.order + 'IIIII', interface, stamp >> 32, stamp & 0xFFFFFFFF,
                                  len(frame), wire_len or len(frame)) + frame)

    def old_packet(self, stamp, frame, interface=0):
        self.block(2, struct.pack(self.order + 'HHIIII', interface, 0, stamp >> 32,
                                  stamp & 0xFFFFFFFF, len(frame), len(frame)) + frame)

    def simple_packet(self, frame, wire_len=None):
        self.block(3, struct.pack(self.order + 'I', wire_len or len(frame)) + frame)

    def statistics(self, interface=0):
        self.block(5, struct.pack(self.order + 'III', interface, 0, 0))
