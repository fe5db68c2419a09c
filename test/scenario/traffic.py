# SPDX-License-Identifier: BSD-3-Clause
"""Packets for scenarios: who sends what, when, and at which port of the firewall it comes in.

A client in the lan (left) talks to a server in the wan (right). Addresses are those of RFC 5737 and
RFC 3849. Packets follow each other by a millisecond unless Traffic.wait says otherwise.
"""

import struct

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest,
                                ICMPv6PacketTooBig, IPv6)
from scapy.layers.l2 import Ether
from scapy.packet import Raw

CLIENT, SERVER = '192.0.2.10', '198.51.100.20'
CLIENT6, SERVER6 = '2001:db8:1::10', '2001:db8:2::20'
ROUTER, ROUTER6 = '203.0.113.1', '2001:db8:ff::1'
START = 1700000000
STEP_US = 1000

# What every frame begins with. scapy would send ARP requests to fill in an address that is missing.
FRAME = Ether(src='02:00:00:00:00:0a', dst='02:00:00:00:00:0b')

ETHERNET, WIFI = 1, 105  # link types of captures


def ip(src, dst, **fields):
    """An IP header of the family of its addresses."""
    return IPv6(src=src, dst=dst, **fields) if ':' in src else IP(src=src, dst=dst, **fields)


def udp(src, dst, sport, dport, payload=b'hello'):
    return ip(src, dst) / UDP(sport=sport, dport=dport) / Raw(payload)


def syn(src, dst, sport, dport, seq=1000):
    return ip(src, dst) / TCP(sport=sport, dport=dport, flags='S', seq=seq, window=65535)


def segment(src, dst, sport, dport, flags, seq=0, ack=0, payload=b'', **fields):
    packet = ip(src, dst) / TCP(sport=sport, dport=dport, flags=flags, seq=seq, ack=ack,
                                **{'window': 65535} | fields)
    return packet / Raw(payload) if payload else packet


def ping(src, dst, number, reply=False):
    if ':' in src:
        kind = ICMPv6EchoReply if reply else ICMPv6EchoRequest
        return IPv6(src=src, dst=dst) / kind(id=number, seq=1, data=b'ping')
    return IP(src=src, dst=dst) / ICMP(type=0 if reply else 8, id=number, seq=1) / Raw(b'ping')


def unreachable(src, dst, about, code=3):
    """The ICMP error "destination unreachable" about a packet, the packet quoted in it."""
    quoted = Raw(bytes(about)[:576])
    if ':' in src:
        return IPv6(src=src, dst=dst) / ICMPv6DestUnreach(code=code) / quoted
    return IP(src=src, dst=dst) / ICMP(type=3, code=code) / quoted


def too_big(src, dst, about):
    """Packet too big, or fragmentation needed."""
    quoted = Raw(bytes(about)[:576])
    if ':' in src:
        return IPv6(src=src, dst=dst) / ICMPv6PacketTooBig(mtu=1280) / quoted
    return IP(src=src, dst=dst) / ICMP(type=3, code=4, nexthopmtu=1280) / quoted


class Traffic:
    """Frames in the order in which they arrive: (microseconds, port, bytes)."""

    def __init__(self, *ports):
        self.ports = ports or ('lan', 'wan')
        self.frames = []
        self.next_us = START * 1_000_000

    def at(self, port, packet):
        """A packet, a frame or bytes come in at a port."""
        if not isinstance(packet, bytes):
            packet = bytes(packet if Ether in packet else FRAME / packet)
        self.frames.append((self.next_us, port, packet))
        self.next_us += STEP_US

    def lan(self, *packets):
        for packet in packets:
            self.at('lan', packet)

    def wan(self, *packets):
        for packet in packets:
            self.at('wan', packet)

    def wait(self, seconds):
        """The next packet comes this long after the one before it."""
        self.next_us += round(seconds * 1_000_000) - STEP_US

    def of(self, port):
        """The frames of a port as (microseconds, bytes)."""
        return [(us, frame) for us, at, frame in self.frames if at == port]


class Tcp:
    """A TCP connection between client (lan) and server (wan) that keeps both sequence numbers.

    Each method sends one segment, or those its name says, right away.
    """

    def __init__(self, traffic, sport=40000, dport=80, client=CLIENT, server=SERVER, isn=1000):
        self.traffic = traffic
        self.ends = {'lan': (client, server, sport, dport), 'wan': (server, client, dport, sport)}
        self.next_seq = {'lan': isn, 'wan': isn + 4000}

    def _send(self, port, flags, payload, fields):
        other = 'wan' if port == 'lan' else 'lan'
        fields = {'seq': self.next_seq[port],
                  'ack': self.next_seq[other] if 'A' in flags else 0} | fields
        packet = segment(*self.ends[port], flags, payload=payload, **fields)
        getattr(self.traffic, port)(packet)
        if 'R' not in flags:
            self.next_seq[port] = (fields['seq'] + len(payload) + ('S' in flags)
                                   + ('F' in flags)) % (1 << 32)

    def client(self, flags, payload=b'', **fields):
        self._send('lan', flags, payload, fields)

    def server(self, flags, payload=b'', **fields):
        self._send('wan', flags, payload, fields)

    def open(self):
        """Three segments."""
        self.client('S')
        self.server('SA')
        self.client('A')

    def close(self):
        """Four segments: the client closes first."""
        self.client('FA')
        self.server('A')
        self.server('FA')
        self.client('A')


def write_pcap(path, frames, link=ETHERNET, nanoseconds=False):
    """frames: (microseconds, bytes); with nanoseconds, the stamps are nanoseconds."""
    unit = 1_000_000_000 if nanoseconds else 1_000_000
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    with open(path, 'wb') as file:
        file.write(struct.pack('<IHHiIII', magic, 2, 4, 0, 0, 262144, link))
        for stamp, frame in frames:
            file.write(struct.pack('<IIII', stamp // unit, stamp % unit, len(frame), len(frame)))
            file.write(frame)


def write_pcapng(path, frames, link=ETHERNET):
    """A section with one interface; time stamps in microseconds, which is the default."""
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack('<II', kind, len(body) + 12) + body + struct.pack('<I', len(body) + 12)

    with open(path, 'wb') as file:
        file.write(block(0x0A0D0D0A, struct.pack('<IHHq', 0x1A2B3C4D, 1, 0, -1)))
        file.write(block(1, struct.pack('<HHI', link, 0, 262144)))
        for us, frame in frames:
            head = struct.pack('<IIIII', 0, us >> 32, us & 0xFFFFFFFF, len(frame), len(frame))
            file.write(block(6, head + frame + bytes(-len(frame) % 4)))


def read_pcap(path):
    """(microseconds, bytes) of a pcap of this machine's byte order."""
    data = path.read_bytes()
    magic, link = struct.unpack_from('=I16xI', data)
    assert (magic, link) == (0xA1B2C3D4, ETHERNET)
    frames, at = [], 24
    while at < len(data):
        seconds, us, captured, length = struct.unpack_from('=IIII', data, at)
        assert captured <= length
        frames.append((seconds * 1_000_000 + us, data[at + 16:at + 16 + captured]))
        at += 16 + captured
    return frames


def read_answers(path):
    """(port, comment, bytes) of each packet in a pcapng of this machine's byte order."""
    data = path.read_bytes()
    ports, packets, at = [], [], 0

    def options(body, begin):
        found = {}
        while begin < len(body):
            code, length = struct.unpack_from('=HH', body, begin)
            found[code] = body[begin + 4:begin + 4 + length].decode('latin-1')
            begin += 4 + (length + 3 & ~3)
        return found

    while at < len(data):
        kind, length = struct.unpack_from('=II', data, at)
        assert struct.unpack_from('=I', data, at + length - 4) == (length,)
        body = data[at + 8:at + length - 4]
        if kind == 1:
            assert struct.unpack_from('=H', body) == (ETHERNET,)
            ports.append(options(body, 8)[2])
        elif kind == 6:
            port, _, _, captured, wire = struct.unpack_from('=IIIII', body)
            assert captured == wire
            comment = options(body, 20 + (captured + 3 & ~3))[1]
            packets.append((ports[port], comment, body[20:20 + captured]))
        else:
            assert kind == 0x0A0D0D0A and at == 0
        at += length
    return packets
