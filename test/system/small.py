# SPDX-License-Identifier: BSD-3-Clause
"""A small firewall and traffic through it of which everything is known."""

from scapy.layers.inet import GRE, ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

CLIENT, SERVER = '192.0.2.10', '198.51.100.20'
CLIENT6, SERVER6 = '2001:db8:1::10', '2001:db8:2::20'

PORTS = '''
ports = ( { name = "lan"; device = "net_pcap0,rx_pcap={folder}/lan"; },
          { name = "wan"; device = "net_pcap1,rx_pcap={folder}/wan"; } );
wires = ( { a = "lan"; b = "wan"; } );
'''
SMALL = PORTS + '''
workers = 2;
measure_cycles = true;
conntrack: { max_connections = 20001;
             timeouts: { udp = 600; icmp = 600; icmpv6 = 600; gre = 600; generic = 600; }; };
chains = (
  { name = "raw"; priority = -300; rules = (
      { name = "no telnet"; proto = "tcp"; dport = "23"; action = "drop"; } ); },
  { name = "filter"; priority = 0; policy = "drop"; rules = (
      { name = "marked"; proto = "udp"; dport = "53"; set_mark = 7; },
      { name = "lan"; in = "lan"; action = "accept"; },
      { name = "replies"; state = ["established", "related"]; action = "accept"; } ); } );
'''


def ethernet(packet):
    return bytes(Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02') / packet)


def write_small_traffic(machine):
    """A connection of every kind from the lan, one of them answered, one refused."""
    ip, ip6 = IP(src=CLIENT, dst=SERVER), IPv6(src=CLIENT6, dst=SERVER6)
    machine.write('lan', map(ethernet, [
        ip / UDP(sport=1000, dport=53) / Raw(b'query'),
        ip / TCP(sport=1001, dport=80, flags='S', seq=1),
        ip / ICMP(type=8, id=1002, seq=1) / Raw(b'ping'),
        ip / GRE(proto=0x800) / Raw(bytes(20)),
        IP(src=CLIENT, dst=SERVER, proto=50) / Raw(bytes(20)),
        ip6 / TCP(sport=1003, dport=443, flags='S', seq=1),
        ip6 / ICMPv6EchoRequest(id=1004, seq=1, data=b'ping'),
        ip / TCP(sport=1005, dport=23, flags='S', seq=1),
    ]))
    machine.write('wan', map(ethernet, [
        IP(src=SERVER, dst=CLIENT) / UDP(sport=53, dport=1000) / Raw(b'answer'),
    ]))


N_LAN, N_WAN, N_REFUSED = 8, 1, 1
