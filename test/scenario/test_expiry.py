# SPDX-License-Identifier: BSD-3-Clause
"""Time runs out for connections. Time is virtual: five days take no longer than a second."""

import json
import struct
import time

import pytest

from scenario.configuration import OPEN, configuration
from scenario.runner import run_sallyport
from scenario.traffic import CLIENT, FRAME, SERVER, START, Tcp, Traffic, ping, udp

FIVE_DAYS = 432000


def established():
    traffic = Traffic()
    Tcp(traffic).open()
    return traffic


def test_five_days(replay):
    began = time.monotonic()

    answers = replay(OPEN, established(), '--settle', FIVE_DAYS + 1)

    assert answers.table == []
    destroy = answers.events[-1]
    assert (destroy['event'], destroy['state']) == ('destroy', 'ESTABLISHED')
    assert 0 <= destroy['ts'] - (START + FIVE_DAYS) <= 1.01
    assert time.monotonic() - began < 30


def test_a_second_less_than_five_days(replay):
    (entry,) = replay(OPEN, established(), '--settle', FIVE_DAYS - 1).table

    assert (entry['state'], entry['timeout']) == ('ESTABLISHED', 1)


def test_a_million_connections_expire_in_one_second(tmp_path):
    """More than any ring between the service core and a worker holds."""
    n = 1_000_000
    frame = bytes(FRAME / udp(CLIENT, SERVER, 0, 0, payload=b''))
    with (tmp_path / 'capture').open('wb') as file:
        file.write(struct.pack('<IHHiIII', 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i in range(n):
            file.write(struct.pack('<IIII', START, i, len(frame), len(frame)) + frame[:34]
                       + struct.pack('!HH', 1 + i // 1000, 1 + i % 1000) + frame[38:])
    (tmp_path / 'config').write_text(
        configuration(conntrack=f'max_connections = {n}; checksum = false;'))

    done = run_sallyport('replay', '-c', tmp_path / 'config', '--table', tmp_path / 'table',
                         '--settle', 32, tmp_path / 'capture')

    assert (done.returncode, done.stderr) == (0, '')
    assert json.loads((tmp_path / 'table').read_text()) == []


def test_without_settling_time_stands_at_the_last_packet(replay):
    (entry,) = replay(OPEN, established()).table

    assert entry['timeout'] == FIVE_DAYS


def test_expiry_ends_with_one_event_that_has_the_counters(replay):
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53, b'12345'))
    traffic.wan(udp(SERVER, CLIENT, 53, 5000, b'1234567'))

    answers = replay(OPEN, traffic, '--settle', 100)

    assert answers.table == []
    destroys = [event for event in answers.events if event['event'] == 'destroy']
    (destroy,) = destroys
    assert (destroy['orig']['packets'], destroy['orig']['bytes']) == (1, 33)
    assert (destroy['reply']['packets'], destroy['reply']['bytes']) == (1, 35)
    assert (destroy['seen_reply'], destroy['timeout'], destroy['conn']) == (True, 0, 1)


def test_without_accounting_there_are_no_counters(replay):
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53))

    answers = replay(configuration(conntrack='accounting = false;'), traffic, '--settle', 31)

    for event in answers.events:
        assert 'packets' not in event['orig']


def test_the_same_flow_is_another_connection_after_it_has_expired(replay):
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53))
    traffic.wait(31)
    traffic.lan(udp(CLIENT, SERVER, 5000, 53))
    traffic.wait(29)
    traffic.wan(udp(SERVER, CLIENT, 53, 5000))

    answers = replay(OPEN, traffic)

    assert answers.of('state') == ['new', 'new', 'established']
    first, second, third = answers.of('conn')
    assert (first != second, second == third) == (True, True)
    assert [(event['event'], event['conn']) for event in answers.events] == [
        ('new', first), ('destroy', first), ('new', second), ('update', second)]


def test_an_answer_that_comes_too_late_is_new(replay):
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53))
    traffic.wait(30.5)
    traffic.wan(udp(SERVER, CLIENT, 53, 5000))

    assert replay(OPEN, traffic).of('state', 'dir') == [('new', 'orig'), ('new', 'orig')]


@pytest.mark.parametrize('gap, state', [(29.99, 'established'), (30.01, 'invalid')])
def test_a_connection_lives_as_long_as_its_timeout_and_no_longer(replay, gap, state):
    """Whoever sweeps the table comes by only once a second; a packet notices before."""
    traffic = Traffic()
    traffic.lan(ping(CLIENT, SERVER, 7))
    traffic.wait(gap)
    traffic.wan(ping(SERVER, CLIENT, 7, reply=True))

    assert replay(OPEN, traffic).of('state')[1] == state


@pytest.mark.parametrize('settings, packet, timeout', [
    ('udp = 5;', udp(CLIENT, SERVER, 1, 2), 5),
    ('icmp = 6;', ping(CLIENT, SERVER, 1), 6),
    ('generic = 9; udp = 11;', udp(CLIENT, SERVER, 1, 2), 11),
])
def test_timeouts_are_those_of_the_configuration(replay, settings, packet, timeout):
    traffic = Traffic()
    traffic.lan(packet)
    config = configuration(conntrack=f'timeouts: {{ {settings} }};')

    assert replay(config, traffic).of('entry.timeout') == [timeout]
    assert replay(config, traffic, '--settle', timeout + 1).table == []


def test_many_that_expire_at_different_times_are_told_in_order(replay):
    traffic = Traffic()
    for port in range(100):
        traffic.lan(udp(CLIENT, SERVER, 1000 + port, 53))
        traffic.wait(0.7)

    answers = replay(OPEN, traffic, '--settle', 40)

    destroys = [event for event in answers.events if event['event'] == 'destroy']
    assert [event['conn'] for event in destroys] == list(range(1, 101))
    assert answers.table == []
