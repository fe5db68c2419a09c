# SPDX-License-Identifier: BSD-3-Clause
"""What a replay reads: one capture or one for each port, formats of captures, odd time stamps."""

import pytest

from scenario.configuration import HEAD, OPEN, SITE
from scenario.runner import replay_in, run_sallyport
from scenario.traffic import (CLIENT, FRAME, SERVER, START, Tcp, Traffic, udp, write_pcap,
                              write_pcapng)

MICROSECOND = 1_000_000


def handshake():
    traffic = Traffic()
    Tcp(traffic).open()
    return traffic


def test_one_capture_comes_in_at_the_first_port_of_the_first_wire(tmp_path):
    """Both directions are in it, so rules about ports see only one."""
    traffic = handshake()
    write_pcap(tmp_path / 'both.pcap', [(us, frame) for us, _, frame in traffic.frames])

    answers = replay_in(tmp_path, SITE, tmp_path / 'both.pcap')

    answers.check([(us, 'lan', frame) for us, _, frame in traffic.frames])
    assert answers.of('port') == ['lan'] * 3
    assert answers.of('entry.state') == ['SYN_SENT', 'SYN_RECV', 'ESTABLISHED']


def test_the_first_wire_need_not_begin_at_the_first_port(tmp_path):
    config = HEAD.replace('a = "lan"; b = "wan"', 'a = "wan"; b = "lan"')
    write_pcap(tmp_path / 'one.pcap', handshake().of('lan'))

    assert replay_in(tmp_path, config, tmp_path / 'one.pcap').of('port') == ['wan'] * 2


def test_captures_of_ports_are_merged_by_time(replay):
    assert replay(SITE, handshake()).of('port', 'entry.state') == [
        ('lan', 'SYN_SENT'), ('wan', 'SYN_RECV'), ('lan', 'ESTABLISHED')]


@pytest.mark.parametrize('first, second', [('lan', 'wan'), ('wan', 'lan')])
def test_equal_time_stamps_go_in_the_order_of_the_options(tmp_path, first, second):
    """A query and its answer at the same microsecond: who comes first decides who asks."""
    now = START * MICROSECOND
    ask, answer = (bytes.fromhex('02000000000b02000000000a0800') + bytes(packet)
                   for packet in (udp(CLIENT, SERVER, 5000, 53), udp(SERVER, CLIENT, 53, 5000)))
    frames = {'lan': [(now, ask), (now, ask)], 'wan': [(now, answer), (now, answer)]}
    for port, packets in frames.items():
        write_pcap(tmp_path / port, packets)

    answers = replay_in(tmp_path, OPEN, '--port', f'{first}={tmp_path / first}',
                        '--port', f'{second}={tmp_path / second}')

    assert answers.of('port', 'state', 'dir') == [
        (first, 'new', 'orig'), (first, 'new', 'orig'),
        (second, 'established', 'reply'), (second, 'established', 'reply')]


def test_a_port_may_have_more_than_one_capture(tmp_path):
    traffic = handshake()
    (one, two), answer = traffic.of('lan'), traffic.of('wan')
    for name, frames in (('a', [one]), ('b', answer), ('c', [two])):
        write_pcap(tmp_path / name, frames)

    answers = replay_in(tmp_path, SITE, *(
        word for port, name in (('lan', 'c'), ('lan', 'a'), ('wan', 'b'))
        for word in ('--port', f'{port}={tmp_path / name}')))

    answers.check(traffic.frames)


def test_a_port_that_is_on_no_wire(tmp_path):
    dmz = '{ name = "dmz"; device = "net_null2"; }, '
    config = HEAD.replace('{ name = "wan";', dmz + '{ name = "wan";')
    write_pcap(tmp_path / 'one.pcap', handshake().of('lan'))

    answers = replay_in(tmp_path, config, '--port', f'dmz={tmp_path}/one.pcap')

    assert answers.of('verdict', 'reason', 'state') == [('drop', 'no_wire', None)] * 2


def test_pcapng(tmp_path):
    traffic = handshake()
    for port in traffic.ports:
        write_pcapng(tmp_path / port, traffic.of(port))

    answers = replay_in(tmp_path, SITE, '--port', f'lan={tmp_path}/lan', '--port',
                        f'wan={tmp_path}/wan')

    answers.check(traffic.frames)
    assert answers.of('entry.state') == ['SYN_SENT', 'SYN_RECV', 'ESTABLISHED']


def test_nanoseconds(tmp_path):
    """Two packets 30 seconds apart but for a microsecond: the entry is still there."""
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53), udp(SERVER, CLIENT, 53, 5000))
    (_, ask), (_, answer) = traffic.of('lan')
    begin = START * 1_000_000_000 + 123_456_789
    write_pcap(tmp_path / 'ns.pcap', [(begin, ask), (begin + 29_000_000_000, answer)],
               nanoseconds=True)

    answers = replay_in(tmp_path, OPEN, tmp_path / 'ns.pcap')

    assert answers.of('state') == ['new', 'established']
    first, second = answers.of('ts')
    assert abs(first - START - 0.123456789) < 1e-6
    assert abs(second - first - 29) < 1e-6


def test_time_stamps_that_go_back_do_not_turn_the_clock_back(tmp_path):
    """Packets are judged in file order; each keeps its own time stamp. Nothing expires twice, and
    nothing comes alive again."""
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53), udp(CLIENT, SERVER, 5001, 53),
                udp(SERVER, CLIENT, 53, 5000))
    begin = START * MICROSECOND
    stamps = [begin, begin + 40 * MICROSECOND, begin + 10 * MICROSECOND]
    frames = [(us, 'lan', frame) for us, (_, frame) in zip(stamps, traffic.of('lan'))]
    write_pcap(tmp_path / 'back.pcap', [(us, frame) for us, _, frame in frames])

    answers = replay_in(tmp_path, OPEN, tmp_path / 'back.pcap')

    answers.check(frames)
    # The query of second 0 expired at second 30, so the answer of "second 10" comes too late.
    assert answers.of('state') == ['new', 'new', 'new']


@pytest.mark.parametrize('begin', [0, 1, 2**31 - 1, 2**31, 2**32 - 100])
def test_any_date_of_a_capture(tmp_path, begin):
    """From the first day of 1970 to the last one that a capture can tell."""
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53), udp(SERVER, CLIENT, 53, 5000),
                udp(SERVER, CLIENT, 53, 5000))
    stamps = [begin * MICROSECOND, (begin + 20) * MICROSECOND, (begin + 60) * MICROSECOND]
    frames = [(us, frame) for us, (_, frame) in zip(stamps, traffic.of('lan'))]
    write_pcap(tmp_path / 'one.pcap', frames)

    answers = replay_in(tmp_path, OPEN, tmp_path / 'one.pcap')

    assert answers.of('state') == ['new', 'established', 'new']
    assert [round(ts * MICROSECOND) for ts in answers.of('ts')] == stamps


def test_years_between_two_packets(tmp_path):
    """Longer than the tracker's own clock can tell apart."""
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53), udp(SERVER, CLIENT, 53, 5000),
                udp(CLIENT, SERVER, 5000, 53))
    stamps = [(START + days * 86400) * MICROSECOND for days in (0, 150, 3650)]
    frames = [(us, frame) for us, (_, frame) in zip(stamps, traffic.of('lan'))]
    write_pcap(tmp_path / 'one.pcap', frames)

    answers = replay_in(tmp_path, OPEN, tmp_path / 'one.pcap')

    assert answers.of('state', 'dir') == [('new', 'orig')] * 3


@pytest.mark.parametrize('us', [2**63 - 1, 2**63, 2**64 - 1])
def test_a_time_that_nobody_will_see(tmp_path, us):
    """pcapng has 64 bits for it. The packets are judged all the same, and before long."""
    traffic = handshake()
    frames = [(stamp, frame) for stamp, (_, _, frame) in zip((0, us, us), traffic.frames)]
    write_pcapng(tmp_path / 'late.pcapng', frames)

    answers = replay_in(tmp_path, OPEN, tmp_path / 'late.pcapng', '--settle', 2**32 - 1)

    assert answers.of('verdict') == ['accept'] * 3
    assert answers.table == []


def test_a_path_with_commas_blanks_and_quotes(tmp_path):
    folder = tmp_path / "it's, a \"folder\", really=true"
    folder.mkdir()
    traffic = handshake()
    write_pcap(folder / 'a, b.pcap', traffic.of('lan'))

    assert len(replay_in(tmp_path, OPEN, folder / 'a, b.pcap').verdicts) == 2
    assert len(replay_in(tmp_path, OPEN, '--port', f'lan={folder}/a, b.pcap').verdicts) == 2


def test_a_capture_without_packets(tmp_path):
    write_pcap(tmp_path / 'none.pcap', [])

    answers = replay_in(tmp_path, OPEN, tmp_path / 'none.pcap', '--settle', 10)

    assert (answers.verdicts, answers.events, answers.table) == ([], [], [])
    (tmp_path / 'config').write_text(OPEN)
    done = run_sallyport('replay', '-c', tmp_path / 'config', tmp_path / 'none.pcap')
    assert done.returncode == 0
    assert done.stdout.startswith('0 packets')
    assert done.stderr == f'{tmp_path}/none.pcap: holds no packets\n'


def test_a_large_packet(tmp_path):
    """65535 bytes of IP: more than one buffer holds."""
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53, bytes(range(256)) * 255 + bytes(227)))
    assert len(traffic.frames[0][2]) == 65549
    write_pcap(tmp_path / 'large.pcap', traffic.of('lan'))

    answers = replay_in(tmp_path, OPEN, tmp_path / 'large.pcap')

    answers.check(traffic.frames)
    assert answers.of('state') == ['new']
    assert answers.table[0]['orig']['bytes'] == 65535


@pytest.mark.parametrize('frame_len', [66000, 67583, 67584, 70000, 131072, 262144])
def test_a_frame_that_is_longer_than_any_packet(tmp_path, frame_len):
    """What is behind the packet is padding, and need not be kept."""
    frame = bytes(FRAME / udp(CLIENT, SERVER, 5000, 53, b'x'))
    write_pcap(tmp_path / 'large.pcap', [(0, frame + bytes(frame_len - len(frame)))])

    answers = replay_in(tmp_path, OPEN, tmp_path / 'large.pcap')

    assert answers.of('verdict', 'reason') == [('accept', 'default')]
    assert answers.table[0]['orig']['bytes'] == len(frame) - 14
    assert [kept[:len(frame)] for _, kept in answers.accepted] == [frame]
