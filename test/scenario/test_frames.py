# SPDX-License-Identifier: BSD-3-Clause
"""What is not a good IP packet: never judged by rules, never tracked, always named."""

import pytest
from scapy.contrib.lldp import LLDP_NEAREST_BRIDGE_MAC, LLDPDU, LLDPDUEndOfLLDPDU
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, LLC, STP, Dot1AD, Dot1Q, Dot3, Ether
from scapy.packet import Raw

from scenario.configuration import OPEN, SITE, chain, configuration
from scenario.traffic import CLIENT, CLIENT6, FRAME, SERVER, SERVER6, Traffic, ip, segment, udp

MAC = '02:00:00:00:00:0a'
MACS = bytes.fromhex('02000000000b02000000000a')
GOOD4 = bytes(udp(CLIENT, SERVER, 5000, 53))
GOOD6 = bytes(udp(CLIENT6, SERVER6, 5000, 53))


def frame(packet, ethertype='0800'):
    return MACS + bytes.fromhex(ethertype) + packet


def changed(packet, offset, *values):
    return packet[:offset] + bytes(values) + packet[offset + len(values):]


def one(packet):
    traffic = Traffic()
    traffic.lan(packet)
    return traffic


MALFORMED = [
    ('ethernet_short', MACS + b'\x08'),
    ('ethernet_short', frame(b'\x00', '8100')),
    ('ipv4_short', frame(GOOD4[:19])),
    ('ipv4_version', frame(changed(GOOD4, 0, 0x65))),
    ('ipv4_header_len', frame(changed(GOOD4, 0, 0x44))),
    ('ipv4_total_len', frame(changed(GOOD4, 2, 0, 19))),
    ('ipv4_total_len', frame(changed(GOOD4, 0, 0x4f))),
    ('ipv4_truncated', frame(GOOD4[:-1])),
    ('ipv4_checksum', frame(changed(GOOD4, 10, 0xba, 0xd0))),
    ('ipv6_short', frame(GOOD6[:39], '86dd')),
    ('ipv6_version', frame(changed(GOOD6, 0, 0x50), '86dd')),
    ('ipv6_truncated', frame(GOOD6[:-1], '86dd')),
    ('ipv6_hop_by_hop', FRAME / ip(CLIENT6, SERVER6, nh=0) / Raw(b'\x11')),
]


def test_a_malformed_packet_is_dropped_whatever_the_rules_say(replay):
    traffic = Traffic()
    traffic.lan(*[packet for _, packet in MALFORMED])

    answers = replay(OPEN, traffic)

    assert [line.get('fault') for line in answers.verdicts] == [fault for fault, _ in MALFORMED]
    assert answers.of('verdict', 'reason', 'chain', 'rule', 'state', 'entry') == [
        ('drop', 'malformed', None, None, None, None)] * len(MALFORMED)
    assert (answers.table, answers.events) == ([], [])


INVALID = [
    ('l4_short', ip(CLIENT, SERVER, proto=6) / Raw(b'123')),
    ('l4_short', ip(CLIENT, SERVER, proto=17) / Raw(b'\x13\x88\x00\x35\x00\x08')),
    ('l4_length', ip(CLIENT, SERVER) / UDP(sport=5000, dport=53, len=9)),
    ('l4_length', ip(CLIENT, SERVER) / UDP(sport=5000, dport=53, len=7)),
    ('l4_checksum', segment(CLIENT, SERVER, 40000, 80, 'S', chksum=0xBAD)),
    ('tcp_offset', segment(CLIENT, SERVER, 40000, 80, 'S', dataofs=4)),
    ('tcp_offset', segment(CLIENT, SERVER, 40000, 80, 'S', dataofs=6)),
    ('wrong_family', ip(CLIENT, SERVER, proto=58) / Raw(bytes(8))),
    ('wrong_family', ip(CLIENT6, SERVER6, nh=1) / Raw(bytes(8))),
    ('no_next_header', ip(CLIENT6, SERVER6, nh=59)),
    ('ipv6_extension', ip(CLIENT6, SERVER6, nh=60) / Raw(b'\x11')),
]


def test_what_cannot_be_tracked_is_invalid_and_the_rules_decide(replay):
    traffic = Traffic()
    traffic.lan(*[packet for _, packet in INVALID])

    answers = replay(OPEN, traffic)

    assert [line.get('fault') for line in answers.verdicts] == [fault for fault, _ in INVALID]
    assert answers.of('verdict', 'state', 'dir', 'entry') == [
        ('accept', 'invalid', None, None)] * len(INVALID)
    assert answers.table == []
    assert replay(SITE, traffic).of('verdict', 'rule') == [('drop', 'broken')] * len(INVALID)


def test_a_good_packet_has_no_fault(replay):
    assert 'fault' not in replay(OPEN, one(udp(CLIENT, SERVER, 5000, 53))).verdicts[0]


def test_arp_passes_whatever_the_rules_say(replay):
    config = configuration(chain(name='raw', priority=-300, policy='drop'), chain(policy='drop'))
    traffic = one(FRAME / ARP(psrc=CLIENT, pdst='192.0.2.1'))
    traffic.wan(FRAME / Dot1Q(vlan=5) / ARP(psrc=CLIENT, pdst='192.0.2.1'))

    answers = replay(config, traffic)

    assert answers.of('verdict', 'chain', 'rule', 'state', 'dir', 'conn', 'entry') == [
        ('accept', None, None, None, None, None, None)] * 2


def test_what_is_not_ip_passes_as_configured(replay):
    kinds = {'arp': FRAME / ARP(psrc=CLIENT, pdst='192.0.2.1'),
             'lldp': Ether(dst=LLDP_NEAREST_BRIDGE_MAC, src=MAC) / LLDPDU() / LLDPDUEndOfLLDPDU(),
             'stp': bytes(Dot3(dst='01:80:c2:00:00:00', src=MAC) / LLC() / STP()),
             'other': Ether(dst='01:00:0c:cc:cc:cc', src=MAC, type=0x2000) / Raw(bytes(46))}
    traffic = Traffic()
    traffic.lan(*kinds.values())

    for passing in kinds:
        policy = ' '.join(f'{kind} = "{"accept" if kind == passing else "drop"}";' for kind in kinds)
        answers = replay(configuration(chain(policy='drop'), non_ip=policy), traffic)

        assert answers.of('verdict', 'reason') == [
            ('accept', 'default') if kind == passing else ('drop', 'not_ip') for kind in kinds]


def test_what_is_neither_ip_nor_arp_is_dropped(replay):
    traffic = Traffic()
    for ethertype in ('88cc', '8863', '8847', '0026', 'ffff'):
        traffic.lan(frame(bytes(50), ethertype))

    answers = replay(OPEN, traffic)

    assert answers.of('verdict', 'reason', 'chain', 'state') == [
        ('drop', 'not_ip', None, None)] * 5


def test_ethernet_padding_belongs_to_no_packet(replay):
    """A frame of 60 bytes around an IP packet of 29."""
    traffic = one(frame(bytes(udp(CLIENT, SERVER, 5000, 53, b'x')) + bytes(17)))

    answers = replay(OPEN, traffic)

    assert answers.of('state') == ['new']
    assert answers.table[0]['orig']['bytes'] == 29


@pytest.mark.parametrize('tags', [
    Dot1Q(vlan=7), Dot1Q(vlan=7) / Dot1Q(vlan=8), Dot1AD(vlan=7) / Dot1Q(vlan=8)])
def test_behind_vlan_tags_packets_are_tracked_like_any_other(replay, tags):
    traffic = one(FRAME / tags / udp(CLIENT, SERVER, 5000, 53))
    traffic.wan(FRAME / tags / udp(SERVER, CLIENT, 53, 5000))

    assert replay(SITE, traffic).of('verdict', 'state') == [
        ('accept', 'new'), ('accept', 'established')]


def test_ip_options_are_skipped(replay):
    traffic = one(IP(src=CLIENT, dst=SERVER, options=b'\x94\x04\x00\x00')
                  / UDP(sport=5000, dport=53) / Raw(b'hello'))

    answers = replay(SITE, traffic)

    assert answers.of('rule') == ['dns']
    assert answers.table[0]['orig']['dport'] == 53


def test_a_protocol_without_ports_is_one_connection_per_pair_of_hosts(replay):
    traffic = Traffic()
    traffic.lan(ip(CLIENT, SERVER, proto=50) / Raw(b'\x00\x00\x00\x01payload'))
    traffic.wan(ip(SERVER, CLIENT, proto=50) / Raw(b'\x00\x00\x00\x02payload'))

    answers = replay(OPEN, traffic)

    assert answers.of('state', 'entry.state', 'entry.timeout') == [
        ('new', None, 600), ('established', None, 600)]
    (entry,) = answers.table
    assert entry['protonum'] == 50
    assert 'sport' not in entry['orig']
