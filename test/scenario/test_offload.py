# SPDX-License-Identifier: BSD-3-Clause
"""The hint about captures that were taken before the NIC filled in the checksums."""

import ipaddress
import struct

import pytest
from scapy.layers.inet import IP
from scapy.layers.l2 import Ether

from scenario.capture_files import pcap
from scenario.configuration import OPEN, configuration
from scenario.runner import run_sallyport
from scenario.traffic import CLIENT, CLIENT6, FRAME, SERVER, SERVER6, START, segment, udp

OFF = {6: 16, 17: 6, 132: 8}  # where layer 4 has its checksum


def layer4(frame):
    """Offset of layer 4, its protocol, and the addresses of layer 3."""
    if frame[12:14] == b'\x08\x00':
        return 34, frame[23], frame[26:34]
    return 54, frame[20], frame[22:54]


def with_checksum(frame, value):
    off, proto, _ = layer4(frame)
    at = off + OFF[proto]
    return frame[:at] + struct.pack('!H', value) + frame[at + 2:]


def partial(frame):
    """As Linux leaves it to the NIC: the sum of the pseudo header (RFC 9293, 3.1), not inverted."""
    off, proto, addresses = layer4(frame)
    pseudo = addresses + struct.pack('!HH', proto, len(frame) - off)
    total = sum(struct.unpack(f'!{len(pseudo) // 2}H', pseudo))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return with_checksum(frame, total)


def zero(frame):
    return with_checksum(frame, 0)


def nonsense(frame):
    return with_checksum(frame, 0x0BAD)


def hints(folder, frames, config=OPEN):
    """What is on standard error of a replay that somebody looks at. One whose outputs all go to files
    has none: programs that run it take what is there for trouble."""
    (folder / 'capture').write_bytes(pcap([(START * 10**6 + i, f) for i, f in enumerate(frames)]))
    (folder / 'config').write_text(config)
    done = [run_sallyport('replay', '-c', folder / 'config', *words, folder / 'capture')
            for words in ([], ['--verdicts', '-'], ['--verdicts', folder / 'verdicts'])]
    assert [run.returncode for run in done] == [0] * 3
    assert (done[1].stderr, done[2].stderr) == (done[0].stderr, '')
    return done[0].stderr.splitlines()


def tcp(client, server, n):
    return [bytes(FRAME / segment(client, server, 40000 + i, 80, 'S')) for i in range(n)]


@pytest.mark.parametrize('client, server', [(CLIENT, SERVER), (CLIENT6, SERVER6)], ids=['ipv4', 'ipv6'])
@pytest.mark.parametrize('spoil', [partial, zero])
def test_one_packet_gives_it_away(tmp_path, client, server, spoil):
    frames = tcp(client, server, 20) + [spoil(tcp(client, server, 1)[0])]

    (line,) = hints(tmp_path, frames)

    assert line.startswith(f'hint: packets with wrong checksums: 1, from {client};')
    assert 'conntrack.checksum = false' in line


def test_udp_too(tmp_path):
    (line,) = hints(tmp_path, [partial(bytes(FRAME / udp(CLIENT, SERVER, 5000, 53)))] * 4)

    assert 'wrong checksums: 4, ' in line


def test_many_from_one_side(tmp_path):
    """Some systems leave anything there."""
    answers = tcp(SERVER, CLIENT, 3)

    (line,) = hints(tmp_path, answers + [nonsense(frame) for frame in tcp(CLIENT, SERVER, 3)])

    assert f'wrong checksums: 3, from {ipaddress.ip_address(CLIENT)};' in line


@pytest.mark.parametrize('frames', [
    tcp(CLIENT, SERVER, 5),
    [nonsense(frame) for frame in tcp(CLIENT, SERVER, 2)],
    tcp(SERVER, CLIENT, 40) + [nonsense(frame) for frame in tcp(CLIENT, SERVER, 3)],
    [nonsense(frame) for frame in tcp(CLIENT, SERVER, 3) + tcp(SERVER, CLIENT, 3)],
], ids=['none', 'two', 'few of many', 'from both sides'])
def test_wrong_ones_that_mean_nothing(tmp_path, frames):
    assert hints(tmp_path, frames) == []


def test_no_hint_where_nobody_looks_at_checksums(tmp_path):
    frames = [partial(frame) for frame in tcp(CLIENT, SERVER, 5)]

    assert hints(tmp_path, frames, configuration(conntrack='checksum = false;')) == []


def test_the_checksum_of_ipv4(tmp_path):
    """Without it the packet is malformed, and the configuration has nothing that helps."""
    frame = Ether(tcp(CLIENT, SERVER, 1)[0])
    frame[IP].chksum = 0

    (line,) = hints(tmp_path, [bytes(frame)])

    assert line.startswith('hint: packets without IPv4 header checksum: 1;')


def test_a_datagram_in_fragments(tmp_path):
    """It has a wrong checksum, and none of its frames has the pseudo header's sum."""
    whole = zero(bytes(FRAME / segment(CLIENT, SERVER, 40000, 80, 'S', payload=bytes(2000))))
    parts = [FRAME / IP(src=CLIENT, dst=SERVER, proto=6, id=7, flags=more, frag=off // 8)
             / whole[34 + off:34 + off + size]
             for off, size, more in ((0, 1000, 'MF'), (1000, 1020, 0))]

    assert hints(tmp_path, [bytes(part) for part in parts]) == []
