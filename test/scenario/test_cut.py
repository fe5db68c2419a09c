# SPDX-License-Identifier: BSD-3-Clause
"""Packets that the capture cut short: told as that, and judged by their headers when asked."""

import struct

import pytest

from scenario.capture_files import ETHERNET, NULL, RAW, SLL, Pcapng, pcap
from scenario.configuration import OPEN, configuration
from scenario.runner import replay_in, run_sallyport
from scenario.test_fragments import pieces
from scenario.traffic import (CLIENT, CLIENT6, FRAME, SERVER, SERVER6, START, Tcp, Traffic, ping,
                              segment, udp, unreachable)

ETHERNET_LEN, IPV4_LEN, IPV6_LEN, TCP_LEN, UDP_LEN = 14, 20, 40, 20, 8


def cut_to(lengths, frames):
    """A pcap in which no frame is longer than its length; as (time, bytes, length on the wire)."""
    return [(START * 10**6 + i * 1000, frame[:length], len(frame))
            for i, (length, frame) in enumerate(zip(lengths, frames))]


def replay_cut(folder, frames, *options, config=OPEN):
    (folder / 'cut').write_bytes(pcap(frames))
    return replay_in(folder, config, *options, folder / 'cut')


def records(path):
    """(bytes, length on the wire) of every packet of a pcap."""
    data, at, found = path.read_bytes(), 24, []
    while at < len(data):
        captured, wire = struct.unpack_from('=II', data, at + 8)
        found.append((data[at + 16:at + 16 + captured], wire))
        at += 16 + captured
    return found


def connection():
    """Handshake, data both ways, and the end."""
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    tcp.client('PA', b'q' * 300)
    tcp.server('PA', b'a' * 1400)
    tcp.client('A')
    tcp.close()
    return [frame for _, _, frame in traffic.frames]


def test_it_is_dropped_and_told_apart(tmp_path):
    frames = connection()

    answers = replay_cut(tmp_path, cut_to([96] * len(frames), frames))

    fates = [(line['verdict'], line['reason'], line.get('fault'), line['state'])
             for line in answers.verdicts]
    assert fates[3:5] == [('drop', 'cut', 'cut', None)] * 2
    assert [fate[0] for fate in fates[:3]] == ['accept'] * 3
    assert records(tmp_path / 'dropped')[:2] == [(frame[:96], len(frame)) for frame in frames[3:5]]


def test_its_headers_are_judged_when_asked(tmp_path):
    """The same answers as for the whole packets, and the table the same: lengths are in the headers."""
    frames = connection()
    whole = replay_cut(tmp_path, cut_to([2000] * len(frames), frames))
    lengths = [ETHERNET_LEN + IPV4_LEN + TCP_LEN] * len(frames)

    answers = replay_cut(tmp_path, cut_to(lengths, frames), '--cut', 'accept')

    assert answers.verdicts == whole.verdicts
    assert answers.table == whole.table
    assert answers.of('state')[:5] == ['new'] + ['established'] * 4
    assert records(tmp_path / 'accepted') == [(frame[:54], len(frame)) for frame in frames]


def test_what_was_cut_can_be_replayed_again(tmp_path):
    frames = connection()
    first = replay_cut(tmp_path, cut_to([54] * len(frames), frames), '--cut', 'accept')
    (tmp_path / 'accepted').rename(tmp_path / 'again')

    assert replay_in(tmp_path, OPEN, '--cut', 'accept', tmp_path / 'again').verdicts == first.verdicts


PACKETS = {
    'tcp': (segment(CLIENT, SERVER, 40000, 80, 'S', payload=b'x' * 50), IPV4_LEN + TCP_LEN),
    'udp': (udp(CLIENT, SERVER, 5000, 53, b'x' * 50), IPV4_LEN + UDP_LEN),
    'ping': (ping(CLIENT, SERVER, 7), IPV4_LEN + 8),
    'tcp6': (segment(CLIENT6, SERVER6, 40000, 80, 'S', payload=b'x' * 50), IPV6_LEN + TCP_LEN),
    'udp6': (udp(CLIENT6, SERVER6, 5000, 53, b'x' * 50), IPV6_LEN + UDP_LEN),
}


@pytest.mark.parametrize('name', PACKETS)
def test_as_far_as_its_headers_go(tmp_path, name):
    """Every length that a capture can have of it: too short for its headers, enough, all of it."""
    packet, headers = PACKETS[name]
    frame = bytes(FRAME / packet)
    lengths = range(len(frame) + 1)

    answers = replay_cut(tmp_path, cut_to(lengths, [frame] * len(lengths)), '--cut', 'accept')

    enough = ETHERNET_LEN + headers
    assert answers.of('verdict', 'reason') == [('drop', 'cut')] * enough + [
        ('accept', 'default')] * (len(lengths) - enough)
    answers = replay_cut(tmp_path, cut_to(lengths, [frame] * len(lengths)))
    assert answers.of('verdict', 'reason') == [('drop', 'cut')] * len(frame) + [('accept', 'default')]


def test_what_is_behind_the_packet_may_be_missing(tmp_path):
    """A short packet, and what Ethernet pads it with."""
    frame = bytes(FRAME / udp(CLIENT, SERVER, 5000, 53, b''))

    answers = replay_cut(tmp_path, [(0, frame, 60)])

    assert answers.of('verdict', 'reason') == [('accept', 'default')]
    assert records(tmp_path / 'accepted') == [(frame, 60)]


def test_a_packet_that_was_wrong_on_the_wire_stays_so(tmp_path):
    """Its own length is more than was ever sent of it."""
    frame = bytearray(bytes(FRAME / udp(CLIENT, SERVER, 5000, 53, bytes(100))))

    answers = replay_cut(tmp_path, [(0, bytes(frame[:60]), 80)], '--cut', 'accept')

    assert answers.of('reason') == ['malformed']
    assert answers.verdicts[0]['fault'] == 'ipv4_truncated'


def test_a_wrong_checksum_of_a_whole_packet_is_still_wrong(tmp_path):
    bad = bytes(FRAME / segment(CLIENT, SERVER, 40000, 80, 'S', chksum=0xBAD, payload=b'x' * 50))

    answers = replay_cut(tmp_path, cut_to([len(bad), 54], [bad, bad]), '--cut', 'accept')

    assert [line.get('fault') for line in answers.verdicts] == ['l4_checksum', None]


@pytest.mark.parametrize('client, server, header', [(CLIENT, SERVER, IPV4_LEN),
                                                    (CLIENT6, SERVER6, IPV6_LEN + 8)])
def test_the_first_fragment_needs_the_header_of_layer_4(tmp_path, client, server, header):
    """The others need nothing behind the header that says they are fragments."""
    frames = [bytes(FRAME / piece) for piece in pieces(53, client, server)]
    shortest = ETHERNET_LEN + header
    config = configuration(conntrack='checksum = false;')

    for length in range(shortest, shortest + UDP_LEN + 2):
        lengths = [length] + [shortest] * (len(frames) - 1)
        answers = replay_cut(tmp_path, cut_to(lengths, frames), '--cut', 'accept', config=config)

        if length < shortest + UDP_LEN:
            assert answers.of('reason')[0] == 'cut'
            assert answers.table == []
        else:
            assert answers.of('verdict', 'sport') == [('accept', 5000)] * len(frames)


@pytest.mark.parametrize('quoted, state', [(8 + IPV4_LEN + 8, 'related'), (8 + IPV4_LEN + 7, None)])
def test_an_icmp_error_needs_what_it_quotes(tmp_path, quoted, state):
    query = udp(CLIENT, SERVER, 5000, 53, b'x' * 100)
    frames = [bytes(FRAME / query), bytes(FRAME / unreachable(SERVER, CLIENT, query))]

    answers = replay_cut(tmp_path, cut_to([2000, ETHERNET_LEN + IPV4_LEN + quoted], frames),
                         '--cut', 'accept')

    assert answers.of('state') == ['new', state]


@pytest.mark.parametrize('link, header', [
    (ETHERNET, bytes(FRAME)[:12] + b'\x08\x00'), (RAW, b''), (NULL, bytes([2, 0, 0, 0])),
    (SLL, bytes([0, 0, 0, 1, 0, 6]) + bytes(8) + b'\x08\x00')])
def test_the_length_on_the_wire_may_be_anything(tmp_path, link, header):
    """Lengths to which no more can be added, too: a link without a header of its own gets one."""
    packet = header + bytes(udp(CLIENT, SERVER, 5000, 53))
    lengths = [0, 1, len(packet), 2**16, 2**31, *range(2**32 - 20, 2**32)]
    (tmp_path / 'odd').write_bytes(pcap([(0, packet, wire) for wire in lengths], link=link))

    answers = replay_in(tmp_path, OPEN, tmp_path / 'odd')

    assert answers.of('verdict') == ['accept'] * len(lengths)
    assert all(wire >= len(frame) for frame, wire in records(tmp_path / 'accepted'))


@pytest.mark.parametrize('burst', [1, 2, 7, 64])
@pytest.mark.parametrize('workers', [1, 3])
def test_verdicts_are_in_order_whatever_the_burst(tmp_path, burst, workers):
    """Cut ones are judged before those that came with them."""
    frames = connection() * 6
    lengths = [(2000, 54, 40, 2000, 30)[i % 5] for i in range(len(frames))]
    first = replay_cut(tmp_path, cut_to(lengths, frames), '--cut', 'accept')

    answers = replay_cut(tmp_path, cut_to(lengths, frames), '--cut', 'accept', '--burst', burst,
                         '--workers', workers)

    assert answers.verdicts == first.verdicts
    assert answers.of('n') == list(range(1, len(frames) + 1))


def test_simple_packets_of_pcapng_are_told_too(tmp_path):
    frame = bytes(FRAME / udp(CLIENT, SERVER, 5000, 53, bytes(100)))
    file = Pcapng()
    file.interface(snaplen=60)
    file.simple_packet(frame[:60], wire_len=len(frame))
    file.packet(0, frame[:60], wire_len=len(frame))
    (tmp_path / 'cut').write_bytes(bytes(file))

    assert replay_in(tmp_path, OPEN, tmp_path / 'cut').of('reason') == ['cut'] * 2


def test_the_summary_counts_them_apart(tmp_path):
    frames = connection()
    (tmp_path / 'cut').write_bytes(pcap(cut_to([96] * len(frames), frames)))
    (tmp_path / 'config').write_text(configuration())

    text = run_sallyport('replay', '-c', tmp_path / 'config', tmp_path / 'cut').stdout
    assert text.startswith(f'{len(frames)} packets, {sum(map(len, frames))} bytes: ')
    assert '  dropped for cut: 2\n' in text and '--cut accept' in text

    text = run_sallyport('replay', '-c', tmp_path / 'config', '--cut', 'accept', tmp_path / 'cut').stdout
    assert '  cut short by the capture, judged by their headers: 2\n' in text
    assert 'dropped for' not in text
