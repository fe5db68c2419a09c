# SPDX-License-Identifier: BSD-3-Clause
"""Mirrored links on interfaces that the kernel makes for sallyport: needs root."""

import os
import pathlib
import subprocess

import pytest

from system.running import appliance, wait_until

CONFIG = '''
ports = ( {{ name = "lan"; device = "net_tap0,iface={lan}"; }},
          {{ name = "wan"; device = "net_tap1,iface={wan}"; }},
          {{ name = "lan2"; device = "net_null0"; }}, {{ name = "wan2"; device = "net_null1"; }} );
wires = ( {{ a = "lan"; b = "wan"; mirror_link = {mirrors}; }},
          {{ a = "lan2"; b = "wan2"; mirror_link = {mirrors}; }} );
conntrack: {{ max_connections = 1000; }};
'''
UP = 1  # IFF_UP of if.h

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not os.access('/dev/net/tun', os.W_OK),
                                reason='interfaces can be made by root only')


def is_up(interface):
    return int(pathlib.Path(f'/sys/class/net/{interface}/flags').read_text(), 0) & UP


def set_link(interface, state):
    subprocess.run(['ip', 'link', 'set', interface, state], check=True)


@pytest.fixture(name='interfaces')
def fixture_interfaces():
    return [f'sp{os.getpid()}{end}' for end in 'lw']


@pytest.mark.parametrize('leader', [0, 1])
def test_the_other_end_follows(interfaces, leader):
    first, second = interfaces[leader], interfaces[1 - leader]
    ports = ['lan', 'wan'][leader], ['wan', 'lan'][leader]
    with appliance() as machine:
        machine.start(CONFIG.format(lan=interfaces[0], wan=interfaces[1], mirrors='true'))
        assert is_up(first) and is_up(second)

        set_link(first, 'down')
        wait_until(lambda: not is_up(second), 'the other end follows')
        assert {row['name']: row.get('link') for row in machine.json('ports')
                if row['name'] in ports} == dict.fromkeys(ports, 'down')

        set_link(first, 'up')
        wait_until(lambda: is_up(second), 'the other end follows')
        status, log = machine.stop()
    assert status == 0
    assert f'port "{ports[0]}": link down; that of "{ports[1]}" is taken down' in log
    assert f'port "{ports[0]}": link up; that of "{ports[1]}" may come up again' in log
    # A driver that cannot is told, and the others work.
    assert 'port "wan2": its link cannot follow that of "lan2"' in log


def test_nothing_follows_unasked(interfaces):
    with appliance() as machine:
        machine.start(CONFIG.format(lan=interfaces[0], wan=interfaces[1], mirrors='false'))
        set_link(interfaces[0], 'down')
        wait_until(lambda: machine.json('ports')[0]['link'] == 'down', 'it is seen')
        assert is_up(interfaces[1])
        status, log = machine.stop()
    assert status == 0
    assert 'follow' not in log
