# SPDX-License-Identifier: BSD-3-Clause
"""Where Sallyport differs from Linux on purpose, as doc/kernel-differences.md lists it: what ours
does, for those differences that no other test shows as a user sees them."""

import struct

import pytest
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.layers.l2 import Dot1Q
from scapy.packet import Raw
from scapy.utils import checksum

from scenario.configuration import OPEN, TWO_WIRES, chain, configuration
from scenario.test_fragments import pieces
from scenario.test_helpers import FTP, control
from scenario.traffic import CLIENT, CLIENT6, FRAME, SERVER, SERVER6, Tcp, Traffic, ip, syn, udp, unreachable

UDP, DCCP, UDPLITE = 17, 33, 136


def l4_checksum(client, server, proto, length, covered):
    """The Internet checksum over a pseudo header and what is covered: RFC 8200, 8.1."""
    header = bytes(ip(client, server))
    addresses = header[8:40] if ':' in client else header[12:20]
    return checksum(addresses + struct.pack('>II', length, proto) + covered)


def udplite(client, server, sport, pseudo_proto):
    """A datagram that is covered whole, with that protocol in the pseudo header."""
    content = struct.pack('>HHHH', sport, 9, 0, 0) + b'hello world!'
    found = l4_checksum(client, server, pseudo_proto, len(content), content)
    header = ip(client, server, **{'nh' if ':' in client else 'proto': UDPLITE})
    return header / Raw(content[:6] + struct.pack('>H', found) + content[8:])


@pytest.mark.parametrize('client, server', [(CLIENT, SERVER), (CLIENT6, SERVER6)],
                         ids=['ipv4', 'ipv6'])
def test_udplite_has_its_own_number_in_the_pseudo_header(replay, client, server):
    """RFC 3828, 3.1: 136. Linux takes the first for invalid and the second for correct."""
    traffic = Traffic()
    traffic.lan(udplite(client, server, 5000, UDPLITE), udplite(client, server, 5001, UDP))

    assert replay(OPEN, traffic).of('state') == ['new', 'invalid']


def dccp_request(sport, spoilt=None):
    """A Request with 12 bytes of data, of which the first four are covered (CsCov is 2); spoilt:
    the number of a byte that is changed on the way."""
    header = struct.pack('>HHBBHB3sII', sport, 5001, 5, 2, 0, 0 << 1 | 1, bytes(3), 7, 0)
    content = bytearray(header + b'cov.not cov.')
    found = l4_checksum(CLIENT, SERVER, DCCP, len(content), bytes(content[:24]))
    content[6:8] = struct.pack('>H', found)
    if spoilt is not None:
        content[spoilt] ^= 1
    return ip(CLIENT, SERVER, proto=DCCP) / Raw(bytes(content))


def test_dccp_is_tracked_by_ports_and_states(replay):
    """Since 6.17, Linux would have one connection without ports."""
    traffic = Traffic()
    traffic.lan(dccp_request(6000), dccp_request(6001))

    answers = replay(OPEN, traffic)

    assert answers.of('state', 'entry.state', 'entry.timeout') == [('new', 'REQUEST', 240)] * 2
    assert [(entry['proto'], entry['orig']['sport']) for entry in answers.table] == [
        ('dccp', 6000), ('dccp', 6001)]


@pytest.mark.parametrize('dccp, state, about', [('generic', 'new', 'related'),
                                                ('tracked', 'invalid', 'invalid')])
def test_generic_dccp_needs_no_ports(replay, dccp, state, about):
    cut = ip(CLIENT, SERVER, proto=DCCP) / Raw(b'abc')
    traffic = Traffic()
    traffic.lan(cut)
    traffic.wan(unreachable(SERVER, CLIENT, cut))
    config = configuration(conntrack=f'dccp = "{dccp}";')

    answers = replay(config, traffic)

    assert answers.of('state') == [state, about]
    assert answers.verdicts[0].get('fault') == (None if state == 'new' else 'l4_short')


@pytest.mark.parametrize('spoilt, state', [(None, 'new'), (19, 'invalid'), (23, 'invalid'),
                                           (24, 'new'), (31, 'new')])
def test_dccp_coverage_is_header_options_and_the_covered_data(replay, spoilt, state):
    """RFC 4340, 9.2: with CsCov 2, the first four bytes of data, which are bytes 20 to 23 here."""
    traffic = Traffic()
    traffic.lan(dccp_request(6000, spoilt))

    assert replay(OPEN, traffic).of('state') == [state]


@pytest.mark.parametrize('numbers, port', [('198,51,100,20,300,138', 300 * 256 + 138 - 65536),
                                           ('198,51,100,276,195,80', 50000)])
def test_ftp_octets_above_255_are_no_announcement(replay, numbers, port):
    """The reply is dropped, and nothing that Linux up to 6.18 would have read into it is open."""
    traffic = Traffic()
    tcp = control(traffic)
    tcp.client('PA', b'PASV\r\n')
    tcp.server('PA', f'227 Entering Passive Mode ({numbers}).\r\n'.encode())
    traffic.lan(syn(CLIENT, SERVER, 45000, port))

    answers = replay(configuration(FTP), traffic)

    assert answers.of('verdict', 'state')[7:] == [('drop', 'established'), ('drop', 'new')]


@pytest.mark.parametrize('from_client', [True, False])
def test_port_and_227_over_ipv6_announce_nothing(replay, from_client):
    """They are of IPv4. Linux puts the octets in the place of the first four of the sender's address
    and follows those that are the same."""
    traffic = Traffic()
    tcp = Tcp(traffic, sport=40000, dport=21, client=CLIENT6, server=SERVER6)
    tcp.open()
    tcp.server('PA', b'220 ready\r\n')
    tcp.client('PA', b'USER anonymous\r\n')
    if from_client:
        tcp.client('PA', b'PORT 32,1,13,184,195,80\r\n')
        traffic.wan(syn(SERVER6, CLIENT6, 20, 50000))
    else:
        tcp.server('PA', b'227 Entering Passive Mode (32,1,13,184,195,80).\r\n')
        traffic.lan(syn(CLIENT6, SERVER6, 45000, 50000))

    answers = replay(configuration(FTP), traffic)

    assert answers.of('verdict', 'state')[5:] == [('accept', 'established'), ('drop', 'new')]


def test_packets_and_bytes_are_counted_unless_that_is_turned_off(replay):
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53, b'hello'))

    (counted,) = replay(OPEN, traffic).table
    (plain,) = replay(configuration(conntrack='accounting = false;'), traffic).table

    assert (counted['orig']['packets'], counted['orig']['bytes']) == (1, 20 + 8 + 5)
    assert 'packets' not in plain['orig']


def test_fragments_leave_in_the_order_they_came_in(replay):
    """Linux would put the datagram together and cut it anew, in order."""
    traffic = Traffic()
    traffic.lan(*reversed(pieces()))

    answers = replay(OPEN, traffic)

    assert [frame for _, frame in answers.accepted] == [frame for *_, frame in traffic.frames]


def test_incomplete_datagrams_of_a_source_are_counted(replay):
    """Linux counts memory, and a datagram is given up when 64 others have come in between; here it
    is a number of datagrams, and it is the oldest that gives way."""
    head = OPEN + 'fragments: { max_per_source = 2; };\n'
    begun = [pieces(ident=ident) for ident in (1, 2, 3)]
    traffic = Traffic()
    for first, *_ in begun:
        traffic.lan(first)
    for _, *rest in reversed(begun):
        traffic.lan(*rest)

    answers = replay(head, traffic)

    assert answers.of('verdict', 'reason')[0] == ('drop', 'frag_full')
    assert answers.of('verdict')[1:7] == ['accept'] * 6
    assert set(answers.of('verdict')[7:]) == {'drop'}


def test_fragments_that_come_in_at_several_ports_make_no_datagram(replay):
    first, second, last = pieces()
    traffic = Traffic('lan', 'wan', 'lan2', 'wan2')
    traffic.at('lan', first)
    traffic.at('lan2', second)
    traffic.at('lan', last)

    answers = replay(configuration(head=TWO_WIRES), traffic, '--settle', 31)

    assert answers.of('verdict', 'reason') == [('drop', 'frag_timeout')] * 3
    assert answers.table == []


@pytest.mark.parametrize('first, second, is_one', [
    (Dot1Q(vlan=10), Dot1Q(vlan=20), False), (Dot1Q(vlan=10), None, False),
    (Dot1Q(vlan=10, prio=1), Dot1Q(vlan=10, prio=2), True),
    (Dot1Q(vlan=10) / Dot1Q(vlan=1), Dot1Q(vlan=10) / Dot1Q(vlan=2), False),
    (Dot1Q(vlan=10) / Dot1Q(vlan=1), Dot1Q(vlan=10) / Dot1Q(vlan=1), True)])
def test_fragments_in_several_vlans_make_no_datagram(replay, first, second, is_one):
    """Who is in one of the VLANs would see a datagram that no rule has seen."""
    def frame(tags, packet):
        return FRAME / packet if tags is None else FRAME / tags / packet

    begin, *rest = pieces()
    traffic = Traffic()
    traffic.lan(frame(first, begin), *(frame(second, packet) for packet in rest))

    answers = replay(OPEN, traffic, '--settle', 31)

    assert answers.of('verdict', 'reason') == [('accept', 'default') if is_one
                                               else ('drop', 'frag_timeout')] * 3


def test_an_icmpv6_error_in_a_fragment_that_is_not_held_is_invalid(replay):
    """More is to follow, and its length is no multiple of 8; all of the quotation is there."""
    error = unreachable(SERVER6, CLIENT6, udp(CLIENT6, SERVER6, 5000, 53, bytes(5)))
    header = IPv6(src=SERVER6, dst=CLIENT6) / IPv6ExtHdrFragment(id=9, m=1, nh=58)
    traffic = Traffic()
    traffic.lan(udp(CLIENT6, SERVER6, 5000, 53, bytes(5)))
    traffic.wan(error, header / Raw(bytes(error)[40:]))

    assert replay(OPEN, traffic).of('verdict', 'state') == [
        ('accept', 'new'), ('accept', 'related'), ('accept', 'invalid')]


@pytest.mark.parametrize('proto, verdict', [('tcp', 'accept'), ('ah', 'drop')])
def test_rules_look_behind_an_authentication_header(replay, proto, verdict):
    """Linux tracks TCP, too, but its rules see protocol 51."""
    header = bytes([6, 4]) + bytes(22)
    traffic = Traffic()
    traffic.lan(IPv6(src=CLIENT6, dst=SERVER6, nh=51)
                / Raw(header + bytes(syn(CLIENT6, SERVER6, 40000, 80))[40:]))
    config = configuration(chain(f'proto = "{proto}"; action = "accept";', policy='drop'))

    answers = replay(config, traffic)

    assert answers.of('verdict', 'state') == [(verdict, 'new')]
    assert len(answers.table) == (verdict == 'accept')


def test_the_limit_is_divided_among_the_workers(replay):
    """Two hosts have one home, so of eight places of four workers they have two."""
    traffic = Traffic()
    for i in range(3):
        Tcp(traffic, sport=40000 + i).open()
    config = configuration(conntrack='max_connections = 8;')

    assert len(replay(config, traffic).table) == 3
    answers = replay(config, traffic, '--workers', 4)
    assert answers.of('verdict', 'reason')[6] == ('drop', 'table_full')
    assert len(answers.table) == 2


@pytest.mark.parametrize('enable, entries', [('', 1), ('enable = "always";', 1),
                                             ('enable = "auto";', 0)])
def test_connections_are_tracked_before_a_rule_needs_them(replay, enable, entries):
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53))

    assert len(replay(configuration(conntrack=enable), traffic).table) == entries
