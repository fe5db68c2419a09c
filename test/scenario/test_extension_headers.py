# SPDX-License-Identifier: BSD-3-Clause
"""Extension headers of IPv6 that are cut short or contradict themselves, as Linux takes them.

Of a header there has to be what leads on: the number of the next header and its own length, of a fragment
header also the offset. Only hop-by-hop options have to be whole: Linux refuses them before any hook.
"""

import struct

import pytest
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from scenario.configuration import OPEN
from scenario.traffic import CLIENT6, ROUTER6, SERVER6, Traffic, unreachable

HOP_BY_HOP, ROUTING, FRAGMENT, ESP, AH, OPTIONS = 0, 43, 44, 50, 51, 60
PADDING = b'\1\4\0\0\0\0'


def extension(kind, after):
    """A header of 8 bytes; of AH, the smallest."""
    return bytes([after, 0]) + (bytes(6) if kind in (AH, FRAGMENT) else PADDING)


def packet(first, content, length=None, src=CLIENT6, dst=SERVER6):
    return IPv6(src=src, dst=dst, nh=first, plen=length) / Raw(content)


# What is needed of each for a protocol without ports to have its connection.
NEEDED = {ROUTING: 2, AH: 2, OPTIONS: 2, FRAGMENT: 4}


@pytest.mark.parametrize('kind', NEEDED)
def test_a_header_cut_short_leads_on_as_long_as_it_can(replay, kind):
    whole = extension(kind, ESP) + bytes(8)
    # With less of a fragment header than that, defragmentation drops it.
    lengths = [n for n in range(len(whole) + 1) if kind != FRAGMENT or n not in range(1, 4)]
    traffic = Traffic()
    for n in lengths:
        traffic.lan(packet(kind, whole[:n]))

    answers = replay(OPEN, traffic)

    assert answers.of('verdict', 'state') == [
        ('accept', 'new' if n >= NEEDED[kind] else 'invalid') for n in lengths]
    (entry,) = answers.table
    assert (entry['protonum'], entry['orig']['packets']) == (
        ESP, sum(n >= NEEDED[kind] for n in lengths))


def test_hop_by_hop_options_have_to_be_whole(replay):
    whole = extension(HOP_BY_HOP, ESP) + bytes(8)
    traffic = Traffic()
    for n in range(len(whole) + 1):
        traffic.lan(packet(HOP_BY_HOP, whole[:n]))

    answers = replay(OPEN, traffic)

    assert answers.of('reason', 'state') == [
        ('malformed', None) if n < 8 else ('default', 'new') for n in range(len(whole) + 1)]


@pytest.mark.parametrize('kind, needed', [(HOP_BY_HOP, 2), *NEEDED.items()])
def test_a_quotation_may_end_within_a_header(replay, kind, needed):
    traffic = Traffic()
    traffic.lan(packet(ESP, bytes(8)))
    quoted = bytes(packet(kind, extension(kind, ESP) + bytes(8)))
    for n in range(17):
        traffic.wan(unreachable(ROUTER6, CLIENT6, Raw(quoted[:40 + n])))

    answers = replay(OPEN, traffic)

    assert answers.of('state')[1:] == ['related' if n >= needed else 'invalid' for n in range(17)]


def test_without_a_length_a_packet_with_hop_by_hop_options_ends_with_its_frame(replay):
    """RFC 2675, 3, would have a Jumbo option there. A length of 0 without such options is 0."""
    content = extension(HOP_BY_HOP, ESP) + bytes(8)
    traffic = Traffic()
    traffic.lan(packet(HOP_BY_HOP, content, length=0), packet(HOP_BY_HOP, content),
                packet(OPTIONS, extension(OPTIONS, ESP) + bytes(8), length=0),
                packet(ESP, bytes(16), length=0))

    answers = replay(OPEN, traffic)

    assert answers.of('state') == ['new', 'new', 'invalid', 'new']
    (entry,) = answers.table
    assert (entry['orig']['packets'], entry['orig']['bytes']) == (3, 2 * 56 + 40)


@pytest.mark.parametrize('length', [0, None])
@pytest.mark.parametrize('jumbo', [0, 16, 65535, 65536, 70000])
def test_a_jumbo_option_says_nothing_that_is_true(replay, length, jumbo):
    """Up to 65535 it may not be there, beyond that it is longer than its frame; RFC 2675, 3."""
    option = struct.pack('>BBI', 0xC2, 4, jumbo)
    traffic = Traffic()
    traffic.lan(packet(HOP_BY_HOP, bytes([ESP, 0]) + option + bytes(8), length))

    answers = replay(OPEN, traffic)

    assert answers.of('verdict', 'reason') == [('drop', 'malformed')]
    assert answers.verdicts[0]['fault'] == 'ipv6_hop_by_hop'


def test_a_packet_that_says_to_have_no_payload_is_no_fragment(replay):
    """It is not held, be there a fragment header behind it or not, and judged by what is there."""
    header = struct.pack('>BBHI', 17, 0, 1, 5)
    whole = struct.pack('>HHHH', 40000, 53, 16, 0) + bytes(8)
    traffic = Traffic()
    traffic.lan(packet(FRAGMENT, b'', length=0), packet(FRAGMENT, header + whole, length=0),
                packet(HOP_BY_HOP, extension(HOP_BY_HOP, FRAGMENT) + header + whole, length=0))

    answers = replay(OPEN, traffic)

    assert answers.of('verdict', 'reason') == [('accept', 'default')] * 3
    assert answers.of('state') == ['invalid', 'invalid', 'new']


def test_options_that_come_first_in_a_datagram_are_the_receivers(replay):
    """Hop-by-hop options that stand behind a fragment header do not stand at the begin of any packet."""
    fragment = struct.pack('>BBHI', HOP_BY_HOP, 0, 0, 5)
    traffic = Traffic()
    traffic.lan(packet(FRAGMENT, fragment + bytes([ESP, 255]) + PADDING + bytes(8)),
                packet(FRAGMENT, fragment + bytes([ESP, 0, 0xC2, 4, 0, 0, 0, 0]) + bytes(8)))

    assert replay(OPEN, traffic).of('verdict', 'state') == [('accept', 'new')] * 2
