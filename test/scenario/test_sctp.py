# SPDX-License-Identifier: BSD-3-Clause
"""SCTP: how an association opens when packets are lost, cross each other or are cut short.

States and classes are those of Linux 6.18 to the same packets.
"""

import struct

import pytest
from scapy.layers.inet import IP
from scapy.layers.sctp import SCTP
from scapy.packet import Raw

from scenario.configuration import chain, configuration
from scenario.traffic import CLIENT, SERVER, Traffic

RULES = chain(
    'name = "replies"; state = ["established", "related"]; action = "accept";',
    'name = "broken"; state = "invalid"; action = "drop";',
    'name = "sctp"; state = "new"; proto = "sctp"; dport = 9899; action = "accept";', policy='drop')

INIT, INIT_ACK, COOKIE_ECHO, COOKIE_ACK = 1, 2, 10, 11
TAG = 0x1111  # of the client


def packet(port, header_tag, kind, value=b''):
    """A packet with one chunk, from that side."""
    lan = IP(src=CLIENT, dst=SERVER) / SCTP(sport=5000, dport=9899, tag=header_tag)
    wan = IP(src=SERVER, dst=CLIENT) / SCTP(sport=9899, dport=5000, tag=header_tag)
    return (lan if port == 'lan' else wan) / Raw(struct.pack('!BBH', kind, 0, 4 + len(value)) + value)


def fixed(tag):
    """The fixed part of an INIT or INIT ACK: RFC 9260, 3.3.2."""
    return struct.pack('!IIHHI', tag, 65535, 10, 10, 1)


class Handshake:
    """Packets of both sides, in order."""

    def __init__(self):
        self.traffic = Traffic()

    def init(self, tag=TAG, port='lan'):
        self.traffic.at(port, packet(port, 0, INIT, fixed(tag)))

    def answer(self, tag, to=TAG, port='wan'):
        self.traffic.at(port, packet(port, to, INIT_ACK, fixed(tag)))

    def finish(self, server_tag, client_tag=TAG):
        self.traffic.lan(packet('lan', server_tag, COOKIE_ECHO, b'cookie!!'))
        self.traffic.wan(packet('wan', client_tag, COOKIE_ACK))


def test_the_answer_to_a_repeated_init_may_have_another_tag(replay):
    """The first INIT ACK is lost behind the firewall. A server keeps no state for an INIT (RFC 9260,
    5.1), so that it answers the next one with another tag."""
    shake = Handshake()
    shake.init()
    shake.answer(0xaaaa)
    shake.init()
    shake.answer(0xbbbb)
    shake.finish(0xbbbb)

    assert replay(configuration(RULES), shake.traffic).of('state', 'entry.state') == [
        ('new', 'CLOSED'), ('established', 'COOKIE_WAIT'), ('established', 'COOKIE_WAIT'),
        ('established', 'COOKIE_WAIT'), ('established', 'COOKIE_ECHOED'),
        ('established', 'ESTABLISHED')]


@pytest.mark.parametrize('n_lost', [0, 1, 2, 3])
def test_an_association_stands_after_the_first_answer_that_arrives(replay, n_lost):
    """INITs at 0, 1, 3 and 7 seconds (RTO.Initial and its doubling, RFC 9260, 16 and 6.3.3). Each
    answer passes, whatever came before."""
    shake = Handshake()
    for number in range(n_lost + 1):
        if number > 0:
            shake.traffic.wait(2 ** (number - 1) - 0.001)
        shake.init()
        shake.answer(0xa000 + number)
    shake.finish(0xa000 + n_lost)
    answers = replay(configuration(RULES), shake.traffic)

    assert set(answers.of('verdict')) == {'accept'}
    assert [(entry['state'], entry['assured']) for entry in answers.table] == [('ESTABLISHED', True)]


def test_a_stale_answer_is_refused_when_inits_cross(replay):
    """RFC 9260, 5.2.1: who has sent an INIT answers another's with the tag of its own."""
    shake = Handshake()
    shake.init()
    shake.init(0x2222, port='wan')
    shake.answer(0x3333)
    shake.answer(0x2222)
    shake.answer(0x4444, to=0x2222, port='lan')
    shake.finish(0x2222)

    assert replay(configuration(RULES), shake.traffic).of('verdict', 'state', 'entry.state') == [
        ('accept', 'new', 'CLOSED'), ('accept', 'established', 'CLOSED'),
        ('drop', 'invalid', None), ('accept', 'established', 'COOKIE_WAIT'),
        ('drop', 'invalid', None), ('accept', 'established', 'COOKIE_ECHOED'),
        ('accept', 'established', 'ESTABLISHED')]


@pytest.mark.parametrize('length', range(0, 20, 4))
def test_an_init_cut_short_opens_nothing(replay, length):
    """An INIT has 16 octets behind its header, whatever length its chunk tells."""
    traffic = Traffic()
    traffic.lan(packet('lan', 0, INIT, fixed(TAG)[:length]))
    answers = replay(configuration(RULES), traffic)

    assert answers.of('verdict', 'state') == [
        ('accept', 'new') if length == 16 else ('drop', 'invalid')]
    assert len(answers.table) == (length == 16)
