# SPDX-License-Identifier: BSD-3-Clause
"""A datagram in fragments is judged as one, and each fragment has the verdict of its datagram."""

import pytest
from scapy.layers.inet import TCP, UDP, fragment
from scapy.layers.inet6 import IPv6ExtHdrFragment, fragment6
from scapy.packet import Raw

from scenario.configuration import OPEN, SITE, chain, configuration
from scenario.traffic import CLIENT, CLIENT6, SERVER, SERVER6, Traffic, ip, udp

PAYLOAD = bytes(range(256)) * 12


def pieces(dport=53, client=CLIENT, server=SERVER, ident=7):
    """A query that takes three fragments."""
    if ':' in client:
        packet = (ip(client, server) / IPv6ExtHdrFragment(id=ident)
                  / UDP(sport=5000, dport=dport) / Raw(PAYLOAD))
        found = fragment6(packet, 1280)
    else:
        packet = ip(client, server, id=ident) / UDP(sport=5000, dport=dport) / Raw(PAYLOAD)
        found = fragment(packet, 1200)
    assert len(found) == 3
    return found


FAMILIES = pytest.mark.parametrize('client, server', [(CLIENT, SERVER), (CLIENT6, SERVER6)],
                                   ids=['ipv4', 'ipv6'])


@FAMILIES
def test_rules_see_the_ports_of_every_fragment(replay, client, server):
    traffic = Traffic()
    traffic.lan(*pieces(53, client, server, ident=1), *pieces(99, client, server, ident=2))

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'rule') == [('accept', 'dns')] * 3 + [('drop', None)] * 3
    assert answers.of('state') == ['new'] * 6
    (entry,) = answers.table
    # One packet: that of the whole datagram, its header once.
    header = 40 if ':' in client else 20
    assert (entry['orig']['packets'], entry['orig']['bytes']) == (1, header + 8 + len(PAYLOAD))


@FAMILIES
@pytest.mark.parametrize('order', [(2, 1, 0), (1, 0, 2), (0, 2, 1)])
def test_in_any_order(replay, client, server, order):
    whole = pieces(53, client, server)
    traffic = Traffic()
    traffic.lan(*(whole[i] for i in order))

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'rule', 'state') == [('accept', 'dns', 'new')] * 3


def test_two_datagrams_at_once(replay):
    traffic = Traffic()
    for pair in zip(pieces(53, ident=1), pieces(99, ident=2)):
        traffic.lan(*pair)

    assert replay(SITE, traffic).of('verdict') == ['accept', 'drop'] * 3


@FAMILIES
def test_what_is_never_complete_is_dropped_when_its_time_is_over(replay, client, server):
    first, _, last = pieces(53, client, server)
    traffic = Traffic()
    traffic.lan(first, last)
    traffic.wait(100)
    traffic.lan(udp(client, server, 5001, 53))

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'reason', 'state', 'entry')[:2] == [
        ('drop', 'frag_timeout', None, None)] * 2
    assert answers.of('verdict')[2] == 'accept'
    assert len(answers.table) == 1


def test_the_end_of_the_capture_leaves_nothing_unanswered(replay):
    first, second, _ = pieces()
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5001, 53), first, second)

    answers = replay(OPEN, traffic)

    assert answers.of('verdict') == ['accept', 'drop', 'drop']


def test_an_overlap_throws_the_datagram_away(replay):
    """Nobody can tell which of the two versions its receiver would take."""
    first, second, last = pieces()
    forged = second.copy()
    forged.frag -= 1
    traffic = Traffic()
    traffic.lan(first, forged, second, last)

    answers = replay(OPEN, traffic)

    assert answers.of('verdict') == ['drop'] * 4
    assert answers.table == []


def test_a_fragment_that_comes_twice_is_harmless(replay):
    first, second, last = pieces()
    traffic = Traffic()
    traffic.lan(first, second, second, last)

    answers = replay(SITE, traffic)

    assert [answers.of('verdict')[i] for i in (0, 1, 3)] == ['accept'] * 3
    assert len(answers.table) == 1


# Nobody may open a connection; what has been open since before the start goes on.
NO_SYN = configuration(
    chain('name = "nosyn"; proto = "tcp"; tcp_flags = "syn/syn,ack"; action = "drop";',
          'name = "web"; state = "new"; proto = "tcp"; dport = 80; action = "accept";',
          policy='drop'), conntrack='checksum = false;')


@pytest.mark.parametrize('length', range(8, 17))
@pytest.mark.parametrize('in_order', [True, False])
def test_what_leaves_is_what_was_judged(replay, length, in_order):
    """The first fragment has the bytes of a SYN, which the second has again, as those of an ACK. Whoever
    cuts the first one to whole blocks sees an ACK; a receiver that keeps what came first, a SYN."""
    header = {'sport': 40000, 'dport': 80, 'seq': 1}
    syn, ack = bytes(TCP(flags='S', **header)), bytes(TCP(flags='A', **header))
    found = [ip(CLIENT, SERVER, id=7, proto=6, flags='MF') / Raw(syn[:length]),
             ip(CLIENT, SERVER, id=7, proto=6, frag=1) / Raw(ack[8:])]
    traffic = Traffic()
    traffic.lan(*(found if in_order else reversed(found)))

    answers = replay(NO_SYN, traffic, '--settle', 31)

    if length == 8:  # nothing twice: an ACK for everybody
        assert answers.of('verdict', 'rule') == [('accept', 'web')] * 2
        return
    assert answers.accepted == answers.table == []
    if length == 16:
        assert answers.of('reason') == ['frag_overlap'] * 2
    elif in_order:
        assert answers.of('reason') == ['frag_length', 'frag_timeout']
    else:
        assert answers.of('reason') == ['frag_length'] * 2


def test_a_fragment_of_ipv6_that_is_not_held_is_tracked_by_what_is_there(replay):
    """More is to follow, and its length is no multiple of 8, or not all of its UDP header is there:
    nobody would put that together. Linux tracks the first two, and takes the third for cut short."""
    def alone(proto, content):
        return ip(CLIENT6, SERVER6) / IPv6ExtHdrFragment(id=9, m=1, nh=proto) / Raw(content)

    whole = bytes(ip(CLIENT6, SERVER6) / UDP(sport=5000, dport=53) / Raw(bytes(5)))[40:]
    traffic = Traffic()
    traffic.lan(alone(17, whole), alone(50, b''), alone(17, whole[:5]))

    answers = replay(OPEN, traffic)

    assert answers.of('verdict', 'state') == [('accept', 'new'), ('accept', 'new'), ('accept', 'invalid')]
    assert [entry['protonum'] for entry in answers.table] == [17, 50]
