# SPDX-License-Identifier: BSD-3-Clause
"""Mirrored links. net_tap's can be taken down, those of net_null and net_af_packet cannot."""

import json

import pytest

from lab.namespaces import Namespace, sweep
from system.running import appliance, wait_until
from util.programs import SALLYPORT

CONFIG = '''
ports = ( {{ name = "lan"; device = "{lan}"; }},
          {{ name = "wan"; device = "net_tap1,iface=wan0"; }},
          {{ name = "lan2"; device = "net_null0"; }}, {{ name = "wan2"; device = "net_null1"; }} );
wires = ( {{ a = "lan"; b = "wan"; mirror_link = {mirrors}; }},
          {{ a = "lan2"; b = "wan2"; mirror_link = {mirrors}; }} );
conntrack: {{ max_connections = 1000; }};
'''


class Taps:
    """A sallyport in a namespace of its own, which has its interfaces."""

    def __init__(self, namespace, machine):
        self.namespace, self.machine = namespace, machine
        machine.command = namespace.command(SALLYPORT)

    def start(self, mirrors, lan='net_tap0,iface=lan0'):
        self.machine.start(CONFIG.format(mirrors=mirrors, lan=lan))

    def is_up(self, interface):
        link, = json.loads(self.namespace.run('ip', '-j', 'link', 'show', interface).stdout)
        return 'UP' in link['flags']

    def set_link(self, interface, state):
        self.namespace.run('ip', 'link', 'set', interface, state)

    def links(self):
        """The first two, as sallyctl shows them."""
        return [row['link'] for row in self.machine.json('ports')[:2]]


@pytest.fixture(name='taps')
def fixture_taps():
    sweep()
    namespace = Namespace('taps')
    try:
        with appliance() as machine:
            yield Taps(namespace, machine)
    finally:
        namespace.remove()


@pytest.mark.parametrize('first, second', [('lan', 'wan'), ('wan', 'lan')])
def test_the_other_end_follows(taps, first, second):
    taps.start(mirrors='true')
    assert taps.is_up('lan0') and taps.is_up('wan0')

    taps.set_link(f'{first}0', 'down')
    wait_until(lambda: not taps.is_up(f'{second}0'), 'the other end follows')
    assert taps.links() == ['down', 'down']

    taps.set_link(f'{first}0', 'up')
    wait_until(lambda: taps.is_up(f'{second}0'), 'the other end follows')
    wait_until(lambda: taps.links() == ['up', 'up'], 'all is well')
    status, log = taps.machine.stop()
    assert status == 0
    assert f'port "{first}": link down; that of "{second}" is taken down' in log
    assert f'port "{first}": link up; that of "{second}" may come up again' in log
    # A driver that cannot is told, and the others work.
    assert 'port "wan2": its link cannot follow that of "lan2"' in log


def test_nothing_follows_unasked(taps):
    taps.start(mirrors='false')
    taps.set_link('lan0', 'down')
    wait_until(lambda: taps.links() == ['down', 'up'], 'it is seen')
    assert taps.is_up('wan0')
    status, log = taps.machine.stop()
    assert status == 0
    assert 'follow' not in log


def test_a_port_that_is_gone_has_no_link(taps):
    def make_lan():
        taps.namespace.run('ip', 'link', 'add', 'lan0', 'type', 'veth', 'peer', 'cable')
        for interface in ('lan0', 'cable'):
            taps.set_link(interface, 'up')

    make_lan()
    taps.start(mirrors='true', lan='net_af_packet0,iface=lan0')
    wait_until(lambda: taps.links() == ['up', 'up'], 'all is well')
    taps.namespace.run('ip', 'link', 'del', 'lan0')
    wait_until(lambda: not taps.is_up('wan0'), 'the other end follows')
    assert taps.links() == ['gone', 'down']

    make_lan()
    wait_until(lambda: taps.links() == ['up', 'up'], 'all is well')
    assert taps.machine.stop()[0] == 0
