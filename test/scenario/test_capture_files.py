# SPDX-License-Identifier: BSD-3-Clause
"""Captures as people have them: nanoseconds, headers that claim what is not so, links that are not
Ethernet, compressed files."""

import bz2
import gzip
import json
import lzma
import os
import struct
import subprocess
import threading

import pytest

from scenario.capture_files import (ETHERNET, IPV4, IPV6, LOOP, MICROSECONDS, NANOSECONDS, NO_LIMIT,
                                    NULL, RAW, SLL, SLL2, Pcapng, pcap)
from scenario.configuration import OPEN, SITE
from scenario.runner import replay_in, run_sallyport
from scenario.traffic import (CLIENT, CLIENT6, FRAME, SERVER, SERVER6, START, Tcp, Traffic, read_pcap,
                              udp)
from util.programs import SALLYPORT

QUERY, ANSWER = (bytes(FRAME / packet) for packet in (udp(CLIENT, SERVER, 5000, 53),
                                                      udp(SERVER, CLIENT, 53, 5000)))
FORMER, LATTER = 100, 900  # nanoseconds: the same microsecond


def session(payload=400):
    """A TCP connection with a long segment: frames."""
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    tcp.client('PA', b'x' * payload)
    return [frame for _, _, frame in traffic.frames]


def verdicts_of(folder, data, config=OPEN):
    (folder / 'capture').write_bytes(bytes(data))
    return replay_in(folder, config, folder / 'capture')


# Time stamps

def nanosecond_pcap(port, frame):
    return pcap([(START * 10**9 + port, frame)], magic=NANOSECONDS)


def pcapng_of(resolution, per_second):
    """pcapng whose stamps have the resolution of if_tsresol, so many units in a second. 64 bits of
    picoseconds do not reach back to 1970: there if_tsoffset has the seconds."""
    def write(port, frame):
        offset = START if per_second > 10**10 else 0
        file = Pcapng()
        file.interface(resolution=resolution, offset=offset)
        file.packet((START - offset) * per_second + port * per_second // 10**9, frame)
        return bytes(file)
    return write


def offset_pcapng(port, frame):
    """if_tsoffset is added: one file says it all in the stamp, the other but the last second."""
    file = Pcapng()
    offset = START - 1 if port == FORMER else 0
    file.interface(resolution=9, offset=offset)
    file.packet((START - offset) * 10**9 + port, frame)
    return bytes(file)


@pytest.mark.parametrize('first', ['lan', 'wan'])
@pytest.mark.parametrize('write', [
    nanosecond_pcap, pcapng_of(9, 10**9), pcapng_of(8, 10**8), pcapng_of(10, 10**10),
    pcapng_of(12, 10**12), pcapng_of(19, 10**19), pcapng_of(22, 10**22),
    pcapng_of(0x80 | 30, 2**30), pcapng_of(0x80 | 35, 2**35), pcapng_of(0x80 | 63, 2**63),
    pcapng_of(0x80 | 70, 2**70), offset_pcapng],
    ids=['pcap', '10^-9', '10^-8', '10^-10', '10^-12', '10^-19', '10^-22', '2^-30', '2^-35', '2^-63', '2^-70',
         'offset'])
def test_captures_are_merged_by_nanoseconds(tmp_path, write, first):
    """The query comes 800 ns before its answer, whichever file is named first."""
    (tmp_path / 'lan').write_bytes(write(FORMER, QUERY))
    (tmp_path / 'wan').write_bytes(write(LATTER, ANSWER))
    second = {'lan': 'wan', 'wan': 'lan'}[first]

    answers = replay_in(tmp_path, SITE, '--port', f'{first}={tmp_path / first}',
                        '--port', f'{second}={tmp_path / second}')

    assert answers.of('port', 'state', 'verdict') == [('lan', 'new', 'accept'),
                                                      ('wan', 'established', 'accept')]


def test_a_resolution_for_each_interface(tmp_path):
    file = Pcapng()
    file.interface(resolution=9)
    file.interface(resolution=3)
    file.interface()
    file.packet(START * 10**9, QUERY, interface=0)
    file.packet((START + 29) * 10**3, ANSWER, interface=1)
    file.packet((START + 29 + 31) * 10**6, QUERY, interface=2)

    answers = verdicts_of(tmp_path, file)

    assert answers.of('ts') == [START, START + 29, START + 60]
    assert answers.of('state') == ['new', 'established', 'new']


# Snapshot lengths

@pytest.mark.parametrize('snaplen', [1, 96, 2**31, NO_LIMIT])
@pytest.mark.parametrize('order', ['<', '>'])
@pytest.mark.parametrize('magic', [MICROSECONDS, NANOSECONDS])
def test_the_snapshot_length_of_a_header_cuts_nothing(tmp_path, magic, order, snaplen):
    frames = session()
    unit = 10**9 if magic == NANOSECONDS else 10**6

    answers = verdicts_of(tmp_path, pcap([(START * unit + i, f) for i, f in enumerate(frames)],
                                         magic=magic, order=order, snaplen=snaplen))

    assert answers.of('verdict', 'state') == [('accept', s) for s in
                                              ('new', 'established', 'established', 'established')]
    assert [frame for _, frame in answers.accepted] == frames


@pytest.mark.parametrize('snaplens', [(96,), (1,), (262144, 96), (96, 262144), (NO_LIMIT, 64, 65535)])
@pytest.mark.parametrize('order', ['<', '>'])
def test_nor_does_that_of_an_interface(tmp_path, order, snaplens):
    frames = session()
    file = Pcapng(order)
    for snaplen in snaplens:
        file.interface(snaplen=snaplen)
    for i, frame in enumerate(frames):
        file.packet(START * 10**6 + i, frame, interface=i % len(snaplens))
    file.section()
    file.interface(snaplen=60)
    file.old_packet(START * 10**6 + 9, frames[-1])

    answers = verdicts_of(tmp_path, file)

    assert [frame for _, frame in answers.accepted] == [*frames, frames[-1]]


def test_a_simple_packet_is_as_long_as_its_interface_lets_through(tmp_path):
    """Its block has only the length on the wire."""
    whole, cut = (bytes(FRAME / udp(CLIENT, SERVER, 1, 2, bytes(size))) for size in (19, 119))
    file = Pcapng()
    file.interface(snaplen=len(whole))
    file.simple_packet(whole)
    file.simple_packet(cut[:len(whole)], wire_len=len(cut))

    answers = verdicts_of(tmp_path, file)

    assert len(whole) % 4 != 0  # there are bytes behind it in the block
    assert answers.of('verdict', 'reason') == [('accept', 'default'), ('drop', 'cut')]
    assert [frame for _, frame in answers.accepted + answers.dropped] == [whole, cut[:len(whole)]]


# Link types

def test_a_link_type_that_no_packet_has(tmp_path):
    """Before, between and behind those that have some; the second section counts anew."""
    file = Pcapng()
    for link in (147, ETHERNET, 105, ETHERNET):
        file.interface(link)
    file.statistics(interface=2)
    file.packet(START * 10**6, QUERY, interface=1)
    file.packet(START * 10**6 + 1, ANSWER, interface=3)
    file.section()
    for link in (ETHERNET, 147):
        file.interface(link)
    file.packet(START * 10**6 + 2, QUERY, interface=0)

    assert verdicts_of(tmp_path, file).of('state') == ['new', 'established', 'established']


@pytest.mark.parametrize('link, word', [(105, 'IEEE802_11'), (65000, 'unknown')])
def test_a_link_type_that_cannot_be_read(tmp_path, link, word):
    """It is the packet that is complained about, and nothing is written."""
    file = Pcapng()
    file.interface()
    file.interface(link)
    file.packet(0, QUERY, interface=0)
    file.packet(0, QUERY, interface=1)
    (tmp_path / 'config').write_text(OPEN)
    for name, data, number in (('a', pcap([(0, QUERY)], link=link), 1), ('b', bytes(file), 2)):
        (tmp_path / name).write_bytes(data)
        done = run_sallyport('replay', '-c', tmp_path / 'config', '--verdicts', '-', tmp_path / name)
        assert (done.returncode, done.stdout) == (1, '')
        assert done.stderr == (f'{tmp_path / name}: link type {word} ({link}) of packet {number} '
                               'is not supported\n')


@pytest.mark.parametrize('order, other', ['<>', '><'])
def test_a_section_in_another_byte_order(tmp_path, order, other):
    """Two files, one behind the other, of machines that are not alike: nothing is damaged."""
    file = Pcapng(order)
    file.interface()
    file.packet(START * 10**6, QUERY)
    file.order = other
    file.section()
    file.interface()
    file.packet(START * 10**6, ANSWER)
    (tmp_path / 'capture').write_bytes(bytes(file))
    (tmp_path / 'config').write_text(OPEN)

    done = run_sallyport('replay', '-c', tmp_path / 'config', tmp_path / 'capture')

    assert (done.returncode, done.stderr) == (
        1, f'{tmp_path}/capture: cannot be read behind packet 1: a section in another byte order '
        'than the first\n')


def test_a_packet_of_no_interface(tmp_path):
    file = Pcapng()
    file.interface()
    file.packet(0, QUERY, interface=1)
    (tmp_path / 'config').write_text(OPEN)
    (tmp_path / 'capture').write_bytes(bytes(file))

    done = run_sallyport('replay', '-c', tmp_path / 'config', tmp_path / 'capture')

    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr.startswith(f'{tmp_path}/capture: is damaged behind packet 0: ')


SENDER = bytes.fromhex('020000000042')
NOBODY = bytes(6)


def sll(frame, sender=SENDER):
    return (struct.pack('!HHH', 0, 1, len(sender)) + sender.ljust(8, b'\0') + frame[12:14] + frame[14:])


def sll2(frame, sender=SENDER):
    return (struct.pack('!HHIHBB', int.from_bytes(frame[12:14], 'big'), 0, 2, 1, 0, len(sender))
            + sender.ljust(8, b'\0') + frame[14:])


def loopback(order, ipv6):
    def wrap(frame):
        return struct.pack(order + 'I', 2 if frame[12:14] == b'\x08\x00' else ipv6) + frame[14:]
    return wrap


def raw(frame):
    return frame[14:]


LINKS = {
    'sll': (SLL, sll, SENDER), 'sll2': (SLL2, sll2, SENDER),
    'sll without address': (SLL, lambda frame: sll(frame, b''), NOBODY),
    'sll2 of infiniband': (SLL2, lambda frame: sll2(frame, bytes(range(8))), NOBODY),
    'raw': (RAW, raw, NOBODY), 'raw 12': (12, raw, NOBODY), 'raw 14': (14, raw, NOBODY),
    'null freebsd': (NULL, loopback('<', 28), NOBODY), 'null macos': (NULL, loopback('<', 30), NOBODY),
    'null big-endian': (NULL, loopback('>', 24), NOBODY), 'loop': (LOOP, loopback('>', 24), NOBODY),
}


@pytest.mark.parametrize('form', ['pcap', 'pcapng'])
@pytest.mark.parametrize('name', LINKS)
def test_links_that_are_not_ethernet(tmp_path, name, form):
    """The packets are judged as if they had come over Ethernet, and leave with an Ethernet header."""
    link, wrap, sender = LINKS[name]
    packets = [FRAME / udp(*ends) for ends in (
        (CLIENT, SERVER, 5000, 53), (SERVER, CLIENT, 53, 5000),
        (CLIENT6, SERVER6, 5000, 53), (SERVER6, CLIENT6, 53, 5000))]
    frames = [(START * 10**6 + i, wrap(bytes(packet))) for i, packet in enumerate(packets)]
    file = Pcapng()
    file.interface(link)
    for us, frame in frames:
        file.packet(us, frame)

    answers = verdicts_of(tmp_path, pcap(frames, link) if form == 'pcap' else file)

    assert answers.of('state', 'dir') == [('new', 'orig'), ('established', 'reply')] * 2
    assert [frame for _, frame in answers.accepted] == [
        NOBODY + sender + bytes(packet)[12:] for packet in packets]


@pytest.mark.parametrize('link, client, server', [(IPV4, CLIENT, SERVER), (IPV6, CLIENT6, SERVER6)])
def test_links_of_one_family(tmp_path, link, client, server):
    frames = [(START * 10**6, bytes(udp(client, server, 1, 2)))]

    assert verdicts_of(tmp_path, pcap(frames, link)).of('state') == ['new']


def test_packets_of_several_links_in_one_file(tmp_path):
    """What tcpdump -i any and a tunnel's interface bring, merged into one file."""
    file = Pcapng()
    for link in (RAW, ETHERNET, SLL):
        file.interface(link)
    file.packet(START * 10**6, QUERY[14:], interface=0)
    file.packet(START * 10**6 + 1, sll(ANSWER), interface=2)
    file.packet(START * 10**6 + 2, QUERY, interface=1)

    assert verdicts_of(tmp_path, file).of('state') == ['new', 'established', 'established']


@pytest.mark.parametrize('link, packet, reason, fault', [
    (SLL, sll(QUERY)[:15], 'malformed', 'ethernet_short'),
    (SLL2, sll2(QUERY)[:19], 'malformed', 'ethernet_short'),
    (NULL, b'\2\0\0', 'malformed', 'ethernet_short'),
    (NULL, b'\7\0\0\0' + QUERY[14:], 'not_ip', None),
    (NULL, b'\2\1\0\0' + QUERY[14:], 'not_ip', None),
    (RAW, b'', 'malformed', 'ipv4_short'),
    (RAW, b'\x75' + QUERY[15:], 'malformed', 'ipv4_version'),
    (SLL, sll(QUERY)[:14] + b'\0\4' + bytes(38), 'not_ip', None),
    (SLL, sll(QUERY)[:14] + b'\0\x0c' + bytes(38), 'not_ip', None),
    (ETHERNET, b'', 'malformed', 'ethernet_short'),
], ids=str)
def test_what_a_link_carries_that_is_not_ip(tmp_path, link, packet, reason, fault):
    config = OPEN + 'non_ip: { other = "drop"; };\n'

    answers = verdicts_of(tmp_path, pcap([(START * 10**6, packet)], link), config)

    assert answers.of('verdict', 'reason') == [('drop', reason)]
    assert answers.verdicts[0].get('fault') == fault


# Compressed files

def zstd(data):
    return subprocess.run(['zstd', '-q', '-c'], input=data, capture_output=True, check=True).stdout


def lz4(data):
    return subprocess.run(['lz4', '-q', '-c'], input=data, capture_output=True, check=True).stdout


COMPRESSIONS = {'gz': gzip.compress, 'xz': lzma.compress, 'bz2': bz2.compress, 'zst': zstd, 'lz4': lz4,
                'gz in two pieces': lambda data: gzip.compress(data[:70]) + gzip.compress(data[70:])}


@pytest.mark.parametrize('form', ['pcap', 'pcapng'])
@pytest.mark.parametrize('name', COMPRESSIONS)
def test_compressed(tmp_path, name, form):
    frames = session()
    file = Pcapng()
    file.interface()
    for i, frame in enumerate(frames):
        file.packet(START * 10**6 + i, frame)
    plain = pcap([(START * 10**6 + i, f) for i, f in enumerate(frames)]) if form == 'pcap' else file
    try:
        data = COMPRESSIONS[name](bytes(plain))
    except FileNotFoundError as missing:
        pytest.skip(f'{missing.filename} is not installed')

    assert [frame for _, frame in verdicts_of(tmp_path, data).accepted] == frames


@pytest.mark.parametrize('data, word', [
    (gzip.compress(pcap([(0, bytes(range(256)) * 200)] * 3))[:-40], 'truncated gzip input'),
    (gzip.compress(b''), 'capture'),
    (gzip.compress(b'no capture at all' * 10), 'capture'),
    (gzip.compress(pcap([(0, QUERY)]))[:12] + b'garbage' * 9, 'capture'),
    (lzma.compress(pcap([(0, QUERY)]))[:40], 'capture'),
], ids=['cut', 'of nothing', 'of a text', 'garbage', 'xz cut'])
def test_compressed_and_damaged(tmp_path, data, word):
    (tmp_path / 'config').write_text(OPEN)
    (tmp_path / 'capture.gz').write_bytes(data)

    done = run_sallyport('replay', '-c', tmp_path / 'config', '--table', tmp_path / 'table',
                         tmp_path / 'capture.gz')

    assert (done.returncode, done.stdout) == (1, '')
    (line,) = done.stderr.splitlines()
    assert line.startswith(f'{tmp_path}/capture.gz: ') and word in line.split(': ', 1)[1]
    assert not (tmp_path / 'table').exists()


def test_more_packets_than_are_read_ahead(tmp_path):
    """Of all sizes, so that some come alone and some by the dozen."""
    frames = [bytes(FRAME / udp(CLIENT, SERVER, 5000, 53, bytes(size)))
              for size in [*range(200), *range(1000, 60000, 997), *range(100)]]

    answers = verdicts_of(tmp_path, pcap([(START * 10**6 + i, f) for i, f in enumerate(frames)]))

    assert answers.accepted == [(START * 10**6 + i, f) for i, f in enumerate(frames)]
    assert read_pcap(tmp_path / 'accepted') == answers.accepted


# What is not a file

def run_on(stdin, *words):
    """Runs replay with a standard input of its own; text comes out."""
    given = {'input': stdin} if isinstance(stdin, bytes) else {'stdin': stdin}
    return subprocess.run([SALLYPORT, 'replay', *map(str, words)], **given, capture_output=True,
                          timeout=60, check=False)


def states(done):
    assert (done.returncode, done.stderr) == (0, b'')
    return [json.loads(line)['state'] for line in done.stdout.splitlines()]


@pytest.fixture
def config(tmp_path):
    (tmp_path / 'config').write_text(OPEN)
    return tmp_path / 'config'


DIALOGUE = pcap([(START * 10**6, QUERY), (START * 10**6 + 1, ANSWER)])


@pytest.mark.parametrize('data', [DIALOGUE, gzip.compress(DIALOGUE), lzma.compress(DIALOGUE)],
                         ids=['pcap', 'gz', 'xz'])
def test_standard_input(tmp_path, config, data):
    """A pipe, a file, and as the capture of a port."""
    (tmp_path / 'capture').write_bytes(data)

    for words in ('-',), ('--port', 'lan=-'):
        assert states(run_on(data, '-c', config, '--verdicts', '-', *words)) == ['new', 'established']
        with open(tmp_path / 'capture', 'rb') as file:
            assert states(run_on(file, '-c', config, '--verdicts', '-', *words)) == ['new',
                                                                                     'established']


def test_a_larger_capture_on_standard_input(tmp_path, config):
    """More than a pipe holds."""
    frames = [(START * 10**6 + i, bytes(FRAME / udp(CLIENT, SERVER, 5000 + i, 53, bytes(1400))))
              for i in range(500)]

    done = run_on(pcap(frames), '-c', config, '--accepted', tmp_path / 'accepted', '-')

    assert (done.returncode, done.stderr) == (0, b'')
    assert read_pcap(tmp_path / 'accepted') == frames


def test_what_is_copied_leaves_nothing_behind(tmp_path, config, monkeypatch):
    (tmp_path / 'tmp').mkdir()
    monkeypatch.setenv('TMPDIR', str(tmp_path / 'tmp'))
    assert states(run_on(DIALOGUE, '-c', config, '--verdicts', '-', '-')) == ['new', 'established']
    assert list((tmp_path / 'tmp').iterdir()) == []

    monkeypatch.setenv('TMPDIR', str(tmp_path / 'missing'))
    done = run_on(DIALOGUE, '-c', config, '--verdicts', '-', '-')
    assert (done.returncode, done.stdout) == (1, b'')
    assert done.stderr.startswith(b'standard input: cannot be copied')


def test_standard_input_that_is_no_capture(config):
    """Nobody reads it to its end, which does not come."""
    yes = subprocess.Popen(['yes'], stdout=subprocess.PIPE)
    with yes:
        done = run_on(yes.stdout, '-c', config, '-')
        yes.kill()

    assert (done.returncode, done.stdout) == (1, b'')
    assert done.stderr.startswith(b'standard input: cannot be read as a capture')


@pytest.mark.parametrize('data, word', [(b'', b'is empty'), (DIALOGUE[:-1], b'behind packet 1'),
                                        (gzip.compress(DIALOGUE)[:-20], b'truncated gzip')],
                         ids=['empty', 'cut', 'gz cut'])
def test_standard_input_that_ends_early(config, data, word):
    done = run_on(data, '-c', config, '-')

    assert (done.returncode, done.stdout) == (1, b'')
    assert done.stderr.startswith(b'standard input: ') and word in done.stderr


@pytest.mark.parametrize('path', ['/dev/null', '/dev/zero', '/dev/full'])
def test_a_device(config, path):
    done = run_sallyport('replay', '-c', config, path)
    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr == f'{path}: is a device, not a capture\n'

    with open(path, 'rb') as file:
        done = run_on(file, '-c', config, '-')
    assert (done.returncode, done.stderr) == (1, b'standard input: is a device, not a capture\n')


def test_a_fifo(tmp_path, config):
    os.mkfifo(tmp_path / 'fifo')
    writer = threading.Thread(target=(tmp_path / 'fifo').write_bytes, args=[DIALOGUE])
    writer.start()

    done = run_on(b'', '-c', config, '--verdicts', '-', tmp_path / 'fifo')

    writer.join()
    assert states(done) == ['new', 'established']


@pytest.mark.parametrize('begin', [None, b'', DIALOGUE[:30]], ids=['nobody', 'silent', 'stops'])
def test_a_fifo_that_brings_nothing(tmp_path, config, begin):
    """Nobody writes, or somebody holds it open. It is refused, however long they do so."""
    os.mkfifo(tmp_path / 'fifo')
    holder = None if begin is None else os.open(tmp_path / 'fifo', os.O_RDWR)
    if begin:
        os.write(holder, begin)

    done = run_on(b'', '-c', config, tmp_path / 'fifo')

    if holder is not None:
        os.close(holder)
    assert (done.returncode, done.stdout) == (1, b'')
    assert done.stderr.startswith(f'{tmp_path}/fifo: cannot be read: nothing came for '.encode())
