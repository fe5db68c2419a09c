# SPDX-License-Identifier: BSD-3-Clause
"""The lab itself: what is sent over a wire gets through, and nothing of it stays."""

import os
import pathlib
import signal
import subprocess
import sys

import pytest

from lab.lab import FAMILIES, Lab
from lab.namespaces import FOLDER, PREFIX
from system.running import wait_until
from util.programs import ROOT

TIME_LIMIT_SEC = 60

# A process with a lab: it says when that runs, and waits for somebody to end it.
HOLDER = '''
import sys
from lab.lab import Lab
with Lab() as lab:
    lab.start(sys.argv[1])
    lab.wires[0].server.namespace.start('sleep', '1000')
    print(lab.machine.process.pid, lab.machine.folder, flush=True)
    sys.stdin.read()
    1 / 0
'''


def holder(rules=''):
    return subprocess.Popen([sys.executable, '-c', HOLDER, rules], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                            env=os.environ | {'PYTHONPATH': str(ROOT / 'test')})


def namespaces_of(pid):
    return sorted(path.name for path in FOLDER.glob(f'{PREFIX}{pid}-*'))


def is_running(pid):
    """Whether a process exists that is more than a zombie."""
    try:
        return ') Z ' not in pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='utf-8')
    except FileNotFoundError:
        return False


@pytest.mark.quick
@pytest.mark.parametrize('family', FAMILIES)
def test_each_wire_joins_its_own_two_hosts(family):
    with Lab(n_wires=2) as lab:
        lab.start()
        for wire in lab.wires:
            wire.server.namespace.start(
                sys.executable, '-c', 'import socket\n'
                'server = socket.create_server(("::", 80), family=socket.AF_INET6, '
                'dualstack_ipv6=True)\nwhile True: server.accept()[0].send(b"hello")')
            wire.server.namespace.wait_for_port(80)
        for wire in lab.wires:
            answer = wire.client.namespace.run(
                sys.executable, '-c', 'import socket, sys\nprint(socket.create_connection('
                '(sys.argv[1], 80), timeout=20).recv(9))', wire.server.addresses[family])
            assert answer.stdout == "b'hello'\n"
        counts = {row['name']: (row['rx_packets'], row['tx_packets'])
                  for row in lab.machine.json('ports')}
        assert set(counts) == {'lan0', 'wan0', 'lan1', 'wan1'}
        assert all(rx >= 3 and tx >= 3 for rx, tx in counts.values())
        lab.stop()


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, None],
                         ids=['SIGTERM', 'SIGHUP', 'SIGINT', 'exception'])
def test_nothing_is_left_however_it_ends(number):
    with holder() as process:
        pid, folder = process.stdout.readline().split()
        assert len(namespaces_of(process.pid)) == 3
        assert is_running(pid)
        if number is None:
            process.stdin.close()
        else:
            process.send_signal(number)
        assert process.wait(TIME_LIMIT_SEC) != 0

    assert namespaces_of(process.pid) == []
    assert not is_running(pid)
    assert not pathlib.Path(folder).exists()


def test_nothing_is_left_when_it_cannot_start():
    with holder('this is no configuration') as process:
        assert process.wait(TIME_LIMIT_SEC) != 0

    assert namespaces_of(process.pid) == []


def test_the_next_one_removes_what_a_killed_one_has_left():
    with holder() as process:
        pid, folder = process.stdout.readline().split()
        process.kill()
        process.wait(TIME_LIMIT_SEC)
    assert len(namespaces_of(process.pid)) == 3
    assert is_running(pid)

    with Lab():
        assert namespaces_of(process.pid) == []
        wait_until(lambda: not is_running(pid), 'it has ended')
        assert len(namespaces_of(os.getpid())) == 3
    assert namespaces_of(os.getpid()) == []
    subprocess.run(['rm', '-r', folder], check=True)
