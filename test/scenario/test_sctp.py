# SPDX-License-Identifier: BSD-3-Clause
"""SCTP: how an association opens.

Classes are those of Linux 6.18 to the same packets.
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

INIT = 1
TAG = 0x1111  # of the client


def packet(port, header_tag, kind, value=b''):
    """A packet with one chunk, from that side."""
    lan = IP(src=CLIENT, dst=SERVER) / SCTP(sport=5000, dport=9899, tag=header_tag)
    wan = IP(src=SERVER, dst=CLIENT) / SCTP(sport=9899, dport=5000, tag=header_tag)
    return (lan if port == 'lan' else wan) / Raw(struct.pack('!BBH', kind, 0, 4 + len(value)) + value)


def fixed(tag):
    """The fixed part of an INIT or INIT ACK: RFC 9260, 3.3.2."""
    return struct.pack('!IIHHI', tag, 65535, 10, 10, 1)


@pytest.mark.parametrize('length', range(0, 20, 4))
def test_an_init_cut_short_opens_nothing(replay, length):
    """An INIT has 16 octets behind its header, whatever length its chunk tells."""
    traffic = Traffic()
    traffic.lan(packet('lan', 0, INIT, fixed(TAG)[:length]))
    answers = replay(configuration(RULES), traffic)

    assert answers.of('verdict', 'state') == [
        ('accept', 'new') if length == 16 else ('drop', 'invalid')]
    assert len(answers.table) == (length == 16)
