#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes test/data/demo.pcap, what scripts/demo replays: a few seconds in front of a small site.

Clients in 192.0.2.0/24 and 2001:db8:1::/64, servers in 198.51.100.0/24 and 2001:db8:2::/64, and
somebody at 203.0.113.66 who tries the doors. All addresses are reserved for documentation. The same
bytes come out each time.

usage: test/util/make_demo_capture.py [FILE]
"""

import pathlib
import sys

from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Ether
from scapy.layers.ntp import NTPHeader
from scapy.packet import Raw
from scapy.utils import PcapWriter

DEFAULT = pathlib.Path(__file__).resolve().parents[1] / 'data' / 'demo.pcap'

START = 1700000000.0
CLIENT, CLIENT6 = '192.0.2.10', '2001:db8:1::10'
WEB, WEB6 = '198.51.100.20', '2001:db8:2::20'
RESOLVER, DEAD_RESOLVER = '198.51.100.53', '198.51.100.54'
CLOCK = '198.51.100.123'
INTRUDER = '203.0.113.66'
MAC_OUTSIDE, MAC_INSIDE = '02:00:00:00:00:01', '02:00:00:00:00:02'
SERVERS = (WEB, WEB6, RESOLVER, DEAD_RESOLVER, CLOCK)


class Tape:
    """The packets in order, each with its time."""

    def __init__(self):
        self.packets = []

    def put(self, seconds, layers):
        source = layers.src
        ether = Ether(src=MAC_INSIDE, dst=MAC_OUTSIDE) if source in SERVERS \
            else Ether(src=MAC_OUTSIDE, dst=MAC_INSIDE)
        packet = ether / layers
        packet.time = START + seconds
        self.packets.append(packet)

    def write(self, path):
        self.packets.sort(key=lambda packet: packet.time)
        with PcapWriter(str(path), linktype=1, sync=False) as file:
            for packet in self.packets:
                file.write(packet)


def ip(source, destination, number):
    if ':' in source:
        return IPv6(src=source, dst=destination)
    return IP(src=source, dst=destination, id=number, ttl=64)


class TcpConversation:
    """A TCP connection: keeps both sequence numbers, and a packet every 20 ms."""

    def __init__(self, tape, seconds, client, server, ports):
        self.tape, self.seconds = tape, seconds
        self.ends = (client, server)
        self.ports = ports
        self.next_seq = [1000, 5000]
        self.count = 0

    def send(self, side, flags, payload=b''):
        other = 1 - side
        segment = TCP(sport=self.ports[side], dport=self.ports[other], flags=flags,
                      seq=self.next_seq[side], window=64240,
                      ack=self.next_seq[other] if 'A' in flags else 0,
                      options=[('MSS', 1440)] if 'S' in flags else [])
        self.count += 1
        packet = ip(self.ends[side], self.ends[other], self.count) / segment
        self.tape.put(self.seconds, packet / Raw(payload) if payload else packet)
        self.seconds += 0.02
        self.next_seq[side] += len(payload) + ('S' in flags) + ('F' in flags)

    def open(self):
        self.send(0, 'S')
        self.send(1, 'SA')
        self.send(0, 'A')

    def request_page(self, n_segments):
        self.send(0, 'PA', b'GET / HTTP/1.1\r\nHost: www.example\r\n\r\n')
        self.send(1, 'A')
        self.send(1, 'A', b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n')
        for index in range(n_segments):
            self.send(1, 'PA', (b'line %d\r\n' % index) * 40)
            self.send(0, 'A')

    def close(self):
        self.send(0, 'FA')
        self.send(1, 'FA')
        self.send(0, 'A')


def resolve(tape, seconds):
    query = ip(CLIENT, RESOLVER, 1) / UDP(sport=40053, dport=53) \
        / DNS(id=7, qd=DNSQR(qname='www.example'))
    answer = ip(RESOLVER, CLIENT, 1) / UDP(sport=53, dport=40053) \
        / DNS(id=7, qr=1, ra=1, qd=DNSQR(qname='www.example'),
              an=DNSRR(rrname='www.example', ttl=300, rdata=WEB))
    tape.put(seconds, query)
    tape.put(seconds + 0.01, answer)


def browse(tape, seconds):
    web = TcpConversation(tape, seconds, CLIENT, WEB, (40080, 80))
    web.open()
    web.request_page(5)
    web.close()


def browse_ipv6(tape, seconds):
    """Still open when the capture ends."""
    web = TcpConversation(tape, seconds, CLIENT6, WEB6, (40443, 443))
    web.open()
    web.request_page(3)


def ping(tape, seconds):
    for number in range(1, 4):
        for source, destination, kind in ((CLIENT, WEB, 8), (WEB, CLIENT, 0)):
            tape.put(seconds, ip(source, destination, number)
                     / ICMP(type=kind, id=77, seq=number) / Raw(bytes(range(48))))
            seconds += 0.01
        seconds += 0.48


def ping_ipv6(tape, seconds):
    for number in range(1, 3):
        tape.put(seconds, IPv6(src=CLIENT6, dst=WEB6)
                 / ICMPv6EchoRequest(id=78, seq=number, data=bytes(range(48))))
        tape.put(seconds + 0.01, IPv6(src=WEB6, dst=CLIENT6)
                 / ICMPv6EchoReply(id=78, seq=number, data=bytes(range(48))))
        seconds += 0.5


def try_telnet(tape, seconds):
    """A SYN and its repetitions, 1 and 2 seconds later."""
    for number, later in enumerate((0, 1, 3), 1):
        tape.put(seconds + later, ip(INTRUDER, WEB, number)
                 / TCP(sport=50023, dport=23, flags='S', seq=1, window=1024))


def scan_ports(tape, seconds):
    for number, port in enumerate((21, 25, 110, 139, 445, 3306, 3389, 5900), 1):
        tape.put(seconds, ip(INTRUDER, WEB, number)
                 / TCP(sport=50100, dport=port, flags='S', seq=9, window=1024))
        seconds += 0.005


def send_strays(tape, seconds):
    """Segments of connections that nobody opened."""
    for number, (flags, port) in enumerate((('SA', 80), ('FA', 80), ('FPU', 443)), 1):
        tape.put(seconds, ip(INTRUDER, WEB, number)
                 / TCP(sport=50200, dport=port, flags=flags, seq=4711, ack=815, window=1024))
        seconds += 0.01


def ask_dead_resolver(tape, seconds):
    """The host is there, its name server is not: the ICMP error belongs to the query."""
    for number in (1, 2):
        query = ip(CLIENT, DEAD_RESOLVER, number) / UDP(sport=40054, dport=53) \
            / DNS(id=8, qd=DNSQR(qname='www.example'))
        tape.put(seconds, query)
        quoted = IP(bytes(query))
        tape.put(seconds + 0.01, ip(DEAD_RESOLVER, CLIENT, number)
                 / ICMP(type=3, code=3) / quoted)
        seconds += 1


def set_clock(tape, seconds):
    for source, destination, ports, mode in ((CLIENT, CLOCK, (40123, 123), 3),
                                             (CLOCK, CLIENT, (123, 40123), 4)):
        # Every time stamp is given: scapy would fill in the present.
        tape.put(seconds, ip(source, destination, 1) / UDP(sport=ports[0], dport=ports[1])
                 / NTPHeader(version=4, mode=mode, stratum=2, poll=6, ref=0, orig=0, recv=0,
                             sent=START + 2208988800))
        seconds += 0.01


def main(path):
    tape = Tape()
    resolve(tape, 0.0)
    browse(tape, 0.1)
    ping(tape, 0.3)
    try_telnet(tape, 0.8)
    browse_ipv6(tape, 1.0)
    ping_ipv6(tape, 1.2)
    scan_ports(tape, 2.0)
    send_strays(tape, 2.2)
    ask_dead_resolver(tape, 2.4)
    set_clock(tape, 4.0)
    tape.write(path)


if __name__ == '__main__':
    if len(sys.argv) > 2 or sys.argv[1:2] in (['-h'], ['--help']):
        sys.exit(__doc__)
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) == 2 else DEFAULT
    target.parent.mkdir(parents=True, exist_ok=True)
    main(target)
