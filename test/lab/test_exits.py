# SPDX-License-Identifier: BSD-3-Clause
"""sallyport is ended in the middle of its work, with connections that are open, talk or have just
begun, and packets it holds. Whatever the way, it ends well and has given everything back: Lab.stop
and Appliance.end look at the count."""

import contextlib
import signal
import subprocess
import sys
import time

import pytest

from lab.lab import Lab
from lab.sessions import ONLY_SESSIONS, Sessions, start_server
from system.running import wait_until
from system.standstill import stopped_lcore

N_OPEN = {False: 500, True: 10000}  # connections; so many when all is of full size
N_TALKING = 50
PILE_UP_SEC = 1

# The first half of a datagram of IPv6, whose other half never comes.
HALF = '''
import socket, sys
header = bytes([17, 0, 0, 1, 0, 0, 0, 1])  # UDP, offset 0, more to come
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, 44) as end:
    end.sendto(header + bytes(64), (sys.argv[1], 0))
'''


def holds_a_fragment(machine):
    machine.process.send_signal(signal.SIGUSR1)
    return ' held=1 ' in machine.log.read_text(errors='replace')


@pytest.fixture(name='busy')
def fixture_busy(workers, full):
    """A lab with a sallyport that has work: (lab, wire, sessions that talk)."""
    with Lab(workers=workers) as lab, contextlib.ExitStack() as stack:
        (wire,) = lab.wires
        start_server(wire.server)
        lab.start(ONLY_SESSIONS)
        idle, talking = (stack.enter_context(Sessions(wire.client, wire.server.addresses['ipv6']))
                         for _ in range(2))
        assert idle.open(N_OPEN[full]) == N_OPEN[full]
        assert talking.open(N_TALKING) == N_TALKING
        talking.talk()
        talking.wait_until_they_go_on()
        assert lab.machine.count() == N_OPEN[full] + N_TALKING
        wire.client.namespace.run(sys.executable, '-c', HALF, wire.server.addresses['ipv6'])
        wait_until(lambda: holds_a_fragment(lab.machine), 'the fragment is held')
        yield lab, wire, talking


@pytest.mark.quick
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT], ids=['SIGTERM', 'SIGINT'])
def test_a_signal(busy, number):
    lab, *_ = busy
    lab.stop(number)


def test_a_signal_while_a_worker_stands_still(busy):
    """It is waited for; what has piled up before it belongs to nobody else."""
    lab, *_ = busy
    with stopped_lcore(lab.machine.process, 1):
        time.sleep(PILE_UP_SEC)
        lab.machine.process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            lab.machine.process.wait(PILE_UP_SEC)
    status, log = lab.machine.end()
    assert status == 0, log


def test_a_worker_has_stood_still(busy):
    """And goes on, with all connections, until it is ended."""
    lab, _, talking = busy
    with stopped_lcore(lab.machine.process, 1):
        time.sleep(PILE_UP_SEC)
    talking.wait_until_they_go_on()
    lab.stop()


def test_a_port_is_gone(busy):
    """The interface is removed; what it held, and what is sent to it, is not lost track of."""
    lab, wire, _ = busy
    known = lab.machine.count()
    lab.namespace.run('ip', 'link', 'del', wire.wan)
    wire.client.namespace.run('ping', '-c', 3, '-i', '0.2', '-W', 1,
                              wire.server.addresses['ipv4'], check=False)
    assert lab.machine.count() == known
    lab.stop()
