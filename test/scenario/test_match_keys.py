# SPDX-License-Identifier: BSD-3-Clause
"""Keys that ask for what varies from packet to packet: each with packets of both kinds."""

import pytest

from scapy.layers.inet import IP, UDP, IPOption_NOP, fragment
from scapy.layers.inet6 import (IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                                fragment6)
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

from scenario.configuration import chain, configuration
from scenario.traffic import CLIENT, CLIENT6, FRAME, SERVER, SERVER6, Tcp, Traffic, udp

def hits(replay, match, packets, priority=0):
    """Which of the packets, which come in at lan, does the rule match?"""
    traffic = Traffic()
    traffic.lan(*packets)
    config = configuration(chain(f'name = "it"; {match} action = "drop";', priority=priority))

    return [rule == 'it' for rule in replay(config, traffic).of('rule')]


@pytest.mark.parametrize('match, expected', [
    ('ttl = 64;', [True, False, False, True]),
    ('ttl = "0-5";', [False, True, False, False]),
    ('ttl = ( 1, "200-" );', [False, True, True, False]),
])
def test_ttl(replay, match, expected):
    packets = [udp(CLIENT, SERVER, 1, 2), udp(CLIENT, SERVER, 1, 2), udp(CLIENT, SERVER, 1, 2),
               udp(CLIENT6, SERVER6, 1, 2)]
    packets[1][IP].ttl = 1
    packets[2][IP].ttl = 255

    assert hits(replay, match, packets) == expected


@pytest.mark.parametrize('match, expected', [
    ('length = 33;', [True, False, False]),   # 20 + 8 + 5
    ('length = 53;', [False, True, False]),   # 40 + 8 + 5
    ('length = "34-";', [False, True, True]),
    ('length = ( 33, "1000-1500" );', [True, False, True]),
])
def test_length(replay, match, expected):
    packets = [udp(CLIENT, SERVER, 1, 2), udp(CLIENT6, SERVER6, 1, 2),
               udp(CLIENT, SERVER, 1, 2, b'x' * 1400)]

    assert hits(replay, match, packets) == expected


def test_the_length_of_a_datagram_is_that_of_the_whole(replay):
    whole = udp(CLIENT, SERVER, 1, 2, b'x' * 1992)

    assert hits(replay, 'length = 2020;', fragment(whole, 1000)) == [True] * 2


@pytest.mark.parametrize('match, expected', [
    ('dscp = "ef";', [True, False, False, True]),
    ('dscp = 46;', [True, False, False, True]),
    ('dscp = "AF11";', [False, True, False, False]),
    ('dscp = [ "be", "1-10" ];', [False, True, True, False]),
])
def test_dscp(replay, match, expected):
    packets = [udp(CLIENT, SERVER, 1, 2), udp(CLIENT, SERVER, 1, 2), udp(CLIENT, SERVER, 1, 2),
               udp(CLIENT6, SERVER6, 1, 2)]
    packets[0][IP].tos = 46 << 2 | 1
    packets[1][IP].tos = 10 << 2
    packets[2][IP].tos = 3
    packets[3][IPv6].tc = 46 << 2 | 2

    assert hits(replay, match, packets) == expected


@pytest.mark.parametrize('match, expected', [
    ('ecn = "not-ect";', [True, False, False, False]),
    ('ecn = "ect1";', [False, True, False, False]),
    ('ecn = "ect0";', [False, False, True, False]),
    ('ecn = ( "ce", 2 );', [False, False, True, True]),
])
def test_ecn(replay, match, expected):
    packets = [udp(CLIENT, SERVER, 1, 2), udp(CLIENT, SERVER, 1, 2), udp(CLIENT, SERVER, 1, 2),
               udp(CLIENT6, SERVER6, 1, 2)]
    packets[0][IP].tos = 46 << 2
    packets[1][IP].tos = 1
    packets[2][IP].tos = 2
    packets[3][IPv6].tc = 46 << 2 | 3

    assert hits(replay, match, packets) == expected


@pytest.mark.parametrize('match, expected', [
    ('vlan = "none";', [True, False, False, False]),
    ('vlan = 10;', [False, True, False, False]),
    ('vlan = "0-4095";', [False, True, True, True]),
    ('vlan = [ "none", "100-200" ];', [True, False, True, False]),
])
def test_vlan(replay, match, expected):
    packet = udp(CLIENT, SERVER, 1, 2)
    frames = [FRAME / packet, FRAME / Dot1Q(vlan=10, prio=5) / packet,
              FRAME / Dot1AD(vlan=200) / Dot1Q(vlan=10) / packet,
              FRAME / Dot1Q(vlan=0, prio=7) / udp(CLIENT6, SERVER6, 1, 2)]

    assert hits(replay, match, frames) == expected


@pytest.mark.parametrize('match, expected', [
    ('src_mac = "02:00:00:00:00:0a";', [True, False]),
    ('dst_mac = "02:00:00:00:00:0A";', [False, True]),
    ('src_mac = "02:00:00:00:00:00/24";', [True, False]),
    ('dst_mac = "02:00:00:00:00:0a-02:00:00:00:00:0b";', [True, True]),
    ('src_mac = "06:01:02:03:04:05"; dst_mac = "02:00:00:00:00:0a";', [False, True]),
])
def test_mac_addresses(replay, match, expected):
    packet = udp(CLIENT, SERVER, 1, 2)
    frames = [FRAME / packet, Ether(src='06:01:02:03:04:05', dst='02:00:00:00:00:0a') / packet]

    assert hits(replay, match, frames) == expected


@pytest.mark.parametrize('match, expected', [
    ('fragment = true;', [True, True, True, True, False]),
    ('fragment = false;', [False, False, False, False, True]),
    ('fragment = "first";', [True, False, True, False, False]),
    ('fragment = [ "later", "false" ];', [False, True, False, True, True]),
])
def test_fragments(replay, match, expected):
    frames = [*fragment(udp(CLIENT, SERVER, 1, 2, b'x' * 1000), 800),
              *fragment6(IPv6(src=CLIENT6, dst=SERVER6) / IPv6ExtHdrDestOpt()
                         / IPv6ExtHdrFragment() / UDP(sport=1, dport=2) / Raw(b'x' * 2000), 1280),
              udp(CLIENT, SERVER, 1, 2)]

    assert len(frames) == 5
    assert hits(replay, match, frames, priority=-500) == expected


def test_behind_reassembly_there_are_no_fragments(replay):
    frames = fragment(udp(CLIENT, SERVER, 1, 2, b'x' * 1000), 800)

    assert hits(replay, 'fragment = true;', frames) == [False] * 2


@pytest.mark.parametrize('match, expected', [
    ('ip_options = true;', [False, True, False]),
    ('ip_options = false;', [True, False, True]),
])
def test_ip_options(replay, match, expected):
    packets = [udp(CLIENT, SERVER, 1, 2),
               IP(src=CLIENT, dst=SERVER, options=[IPOption_NOP()] * 4) / UDP(sport=1, dport=2),
               udp(CLIENT6, SERVER6, 1, 2)]

    assert hits(replay, match, packets) == expected


@pytest.mark.parametrize('match, expected', [
    ('extension_headers = true;', [False, True, True, False]),
    ('extension_headers = false;', [True, False, False, True]),
])
def test_extension_headers(replay, match, expected):
    packets = [udp(CLIENT6, SERVER6, 1, 2),
               IPv6(src=CLIENT6, dst=SERVER6) / IPv6ExtHdrHopByHop() / UDP(sport=1, dport=2),
               IPv6(src=CLIENT6, dst=SERVER6) / IPv6ExtHdrDestOpt() / UDP(sport=1, dport=2),
               udp(CLIENT, SERVER, 1, 2)]

    assert hits(replay, match, packets) == expected


def handshake():
    traffic = Traffic()
    Tcp(traffic).open()
    return traffic


@pytest.mark.parametrize('match, expected', [
    ('ct_status = "seen_reply";', [False, True, True]),
    ('ct_status = "assured";', [False, False, True]),
    ('ct_status = [ "expected", "seen_reply" ];', [False, True, True]),
    ('ct_status = "expected";', [False, False, False]),
])
def test_ct_status(replay, match, expected):
    config = configuration(chain(f'name = "it"; {match} action = "accept";'))

    assert [rule == 'it' for rule in replay(config, handshake()).of('rule')] == expected


def test_ct_status_of_an_announced_connection(replay):
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 69, b'\0\1file\0octet\0'))
    traffic.wan(udp(SERVER, CLIENT, 6000, 5000, b'\0\3\0\1data'))
    config = configuration(chain(
        'name = "tftp"; proto = "udp"; dport = 69; set_helper = "tftp"; action = "accept";',
        'name = "it"; ct_status = "expected"; action = "accept";'))

    assert replay(config, traffic).of('rule') == ['tftp', 'it']


def test_what_has_no_connection_has_no_status(replay):
    config = configuration(
        chain('name = "raw"; action = "notrack";', name='raw', priority=-300),
        chain('name = "it"; ct_status = [ "expected", "seen_reply", "assured" ]; '
              'action = "drop";'))

    assert replay(config, handshake()).of('verdict') == ['accept'] * 3


def conversation():
    """Of 33 bytes each: a query, two answers, another query."""
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 1, 2))
    traffic.wan(udp(SERVER, CLIENT, 2, 1), udp(SERVER, CLIENT, 2, 1))
    traffic.lan(udp(CLIENT, SERVER, 1, 2))
    return traffic


@pytest.mark.parametrize('match, expected', [
    ('ct_packets = 1;', [True, False, False, False]),
    ('ct_packets = "2-3";', [False, True, True, False]),
    ('ct_packets = "3-";', [False, False, True, True]),
    ('ct_orig_packets = 2;', [False, False, False, True]),
    ('ct_reply_packets = 0;', [True, False, False, False]),
    ('ct_reply_packets = "2-";', [False, False, True, True]),
])
def test_ct_packets(replay, match, expected):
    config = configuration(chain(f'name = "it"; {match} action = "accept";'))

    assert [rule == 'it' for rule in replay(config, conversation()).of('rule')] == expected


def test_without_accounting_nothing_is_counted(replay):
    config = configuration(chain('name = "it"; ct_packets = "0-"; action = "drop";'),
                           conntrack='accounting = false;')

    assert replay(config, conversation()).of('verdict') == ['accept'] * 4


@pytest.mark.parametrize('match, expected', [
    ('ct_bytes = 33;', [True, False, False, False]),
    ('ct_bytes = "66-99";', [False, True, True, False]),
    ('ct_bytes = "100-";', [False, False, False, True]),
    ('ct_orig_bytes = 66;', [False, False, False, True]),
    ('ct_reply_bytes = "0-33";', [True, True, False, False]),
])
def test_ct_bytes(replay, match, expected):
    config = configuration(chain(f'name = "it"; {match} action = "accept";'))

    assert [rule == 'it' for rule in replay(config, conversation()).of('rule')] == expected


def test_vlans_as_zones(replay):
    """The same addresses and ports in two VLANs and in none are three connections."""
    traffic = Traffic()
    query, answer = udp(CLIENT, SERVER, 1, 2), udp(SERVER, CLIENT, 2, 1)
    traffic.lan(*(FRAME / Dot1Q(vlan=vlan) / query for vlan in (10, 20)), query)
    traffic.wan(FRAME / Dot1AD(vlan=20) / Dot1Q(vlan=10) / answer)
    answers = replay(configuration(chain('set_zone = "vlan";', name='raw', priority=-300)), traffic)

    assert sorted((entry['zone'], entry['seen_reply']) for entry in answers.table) == [
        (0, False), (10, False), (20, True)]
