# SPDX-License-Identifier: BSD-3-Clause
"""Interfaces that vanish under a running sallyport and return, while another wire carries pings."""

import contextlib
import re
import signal
import subprocess

import pytest

from lab.lab import Lab
from lab.namespaces import connect
from system.running import wait_until

PORT = 'lan0'


@pytest.fixture(name='lab', scope='module')
def fixture_lab(workers):
    with Lab(n_wires=2, workers=workers) as lab:
        yield lab


class Deleted:
    """The interface is deleted, and another one of that name made."""

    @staticmethod
    def take_away(lab, wire):
        lab.namespace.run('ip', 'link', 'del', wire.lan)

    @staticmethod
    def bring_back(lab, wire):
        connect((wire.client.namespace, wire.client.interface), (lab.namespace, wire.lan), lab.mtu)
        wire.client.set_up(wire.server, lab.families)


class Moved:
    """The interface goes to another namespace and comes back, down; it keeps its number."""

    @staticmethod
    def take_away(lab, wire):
        lab.namespace.run('ip', 'link', 'set', wire.lan, 'netns', wire.client.namespace.name)

    @staticmethod
    def bring_back(lab, wire):
        wire.client.namespace.run('ip', 'link', 'set', wire.lan, 'netns', lab.namespace.name)
        lab.namespace.run('ip', 'link', 'set', wire.lan, 'up')


@contextlib.contextmanager
def pings(wire):
    """Twenty a second from a client to its server, all of which have to be answered."""
    ping = wire.client.namespace.start('ping', '-n', '-i', '0.05', wire.server.addresses['ipv4'],
                                       stdout=subprocess.PIPE, text=True)
    try:
        yield
    finally:
        ping.send_signal(signal.SIGINT)
        text = ping.communicate()[0]
    sent, received = map(int, re.search(r'(\d+) packets transmitted, (\d+) received', text).groups())
    assert sent > 20 and received >= sent - 1, text  # the last one may be under way


def answers(wire):
    return wire.client.namespace.run('ping', '-n', '-c', 1, '-W', 1, wire.server.addresses['ipv4'],
                                     check=False).returncode == 0


def link_of(lab, name):
    return {row['name']: row['link'] for row in lab.machine.json('ports')}[name]


def n_dropped(lab):
    return lab.machine.json('stats')['dropped']['port_gone']


@pytest.mark.parametrize('way', [Deleted, Moved])
def test_the_others_go_on_and_it_returns(lab, way):
    wire, other = lab.wires
    with lab.running():
        wait_until(lambda: answers(wire), 'the wire works')
        with pings(other):
            for _ in range(3):  # it may come and go
                before = n_dropped(lab)
                way.take_away(lab, wire)
                wait_until(lambda: link_of(lab, PORT) == 'gone', 'the port is shut')
                assert [link_of(lab, name) for name in ('wan0', 'lan1', 'wan1')] == ['up'] * 3
                wire.server.namespace.run('ping', '-c', 1, '-W', 1, wire.client.addresses['ipv4'],
                                          check=False)
                assert n_dropped(lab) > before

                way.bring_back(lab, wire)
                wait_until(lambda: answers(wire), 'the wire works again')
                assert link_of(lab, PORT) == 'up'
        log = lab.machine.log.read_text()
    assert len(re.findall(f'port "{PORT}": device "[^"]*" is gone; the others go on', log)) == 3
    assert len(re.findall(f'port "{PORT}": device "[^"]*" is back', log)) == 3


def test_it_ends_without_the_port(lab):
    wire, other = lab.wires
    with lab.running():
        Deleted.take_away(lab, wire)
        wait_until(lambda: link_of(lab, PORT) == 'gone', 'the port is shut')
        assert answers(other)
    Deleted.bring_back(lab, wire)
