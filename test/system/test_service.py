# SPDX-License-Identifier: BSD-3-Clause
"""sallyport run as its service manager sees it: what it is told, what the log has, and what the exit
status says. The manager is a socket of the test. Needs neither root nor hugepages."""

import contextlib
import re
import resource
import signal
import socket
import subprocess
import time

import pytest

from system.running import TIME_LIMIT_SEC, appliance, wait_until
from system.standstill import stopped_lcore
from util.programs import SALLYPORT

CONFIG = '''
ports = ( { name = "lan"; device = "net_null0"; }, { name = "wan"; device = "net_null1"; } );
wires = ( { a = "lan"; b = "wan"; } );
workers = 2;
conntrack: { max_connections = 1000; };
'''
WATCHDOG_SEC = 8  # workers that share a CPU turn much more often


@pytest.fixture(name='machine')
def make_machine():
    with appliance() as machine:
        yield machine


@pytest.fixture(name='manager')
def make_manager(machine):
    """What the machine's service manager hears."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(machine.folder / 'notify'))
        manager.settimeout(TIME_LIMIT_SEC)
        machine.environment['NOTIFY_SOCKET'] = str(machine.folder / 'notify')
        yield manager


def test_ready_stopping_and_nothing_else(machine, manager):
    machine.start(CONFIG)
    assert manager.recv(100) == b'READY=1'
    assert machine.stop()[0] == 0
    assert manager.recv(100) == b'STOPPING=1'
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(100)


@pytest.mark.parametrize('lcore', [1, 2, 3])
def test_the_watchdog_hears_nothing_while_one_stands_still(machine, manager, lcore):
    """The workers are lcores 1 and 2, the service core is lcore 3."""
    machine.environment['WATCHDOG_USEC'] = '2000000'
    machine.start(CONFIG)
    assert [manager.recv(100) for _ in range(3)] == [b'READY=1', b'WATCHDOG=1', b'WATCHDOG=1']
    with stopped_lcore(machine.process, lcore):
        manager.settimeout(0.1)
        with contextlib.suppress(TimeoutError):
            while manager.recv(100):
                pass
        manager.settimeout(4)  # twice as long as the manager would wait
        with pytest.raises(TimeoutError):
            # What was sent before it stood still may come late.
            assert manager.recv(100) == b'WATCHDOG=1'
            manager.recv(100)
        wait_until(machine.answers, 'it answers: the process looks alive')
    manager.settimeout(TIME_LIMIT_SEC)
    assert manager.recv(100) == b'WATCHDOG=1'
    status, log = machine.stop()
    assert status == 0
    assert f'sallyport: lcore {lcore} stands still: the watchdog is not fed' in log


def test_usr1_logs_statistics(machine):
    machine.start(CONFIG)
    machine.process.send_signal(signal.SIGUSR1)
    wait_until(lambda: 'statistics worker worker=1' in machine.log.read_text(), 'it is logged')
    status, log = machine.stop()
    assert status == 0
    lines = re.findall(r'^sallyport: statistics (\w+) (.*)$', log, re.M)
    assert [line[0] for line in lines] == ['packets', 'answers', 'unanswered', 'dropped', 'faults',
                                           'classes', 'non_ip', 'connections', 'port', 'port',
                                           'worker', 'worker', 'leaked']
    for _, text in lines:
        assert all(re.fullmatch(r'[a-z0-9_]+=[a-z0-9]+', word) for word in text.split())
    numbers = [dict(word.split('=') for word in text.split()) for _, text in lines]
    assert numbers[7]['capacity'] == '1000'
    assert [port['name'] for port in numbers[8:10]] == ['lan', 'wan']
    # net_null makes packets all the time, and they are no IP.
    assert int(numbers[0]['packets']) > 0
    assert int(numbers[3]['not_ip']) > 0
    assert int(numbers[6]['other']) > 0


def test_a_flood_of_signals_does_no_harm(machine, manager):
    machine.environment['WATCHDOG_USEC'] = f'{WATCHDOG_SEC * 1000000}'
    machine.start(CONFIG)
    deadline = time.monotonic() + WATCHDOG_SEC
    while time.monotonic() < deadline:
        machine.process.send_signal(signal.SIGUSR1)
        time.sleep(0.001)
    status, log = machine.stop()
    assert status == 0
    assert 'stands still' not in log
    manager.setblocking(False)
    heard = []
    with contextlib.suppress(BlockingIOError):
        while True:
            heard.append(manager.recv(100))
    assert heard.count(b'WATCHDOG=1') >= 2


@pytest.mark.parametrize('config, status', [
    ('nonsense', 1),
    (CONFIG.replace('net_null0', 'net_pcap0,rx_pcap=/nowhere'), 3),
    (CONFIG.replace('net_null0', '0000:00:1f.7'), 3),
    (CONFIG.replace('1000', '4000000000'), 1),
    (CONFIG.replace('net_null1', 'net_null0,size=100'), 1),
    (CONFIG.replace('net_null1', 'vdev:net_null0'), 3),
])
def test_the_exit_status_says_why(machine, config, status):
    path = machine.folder / 'sallyport.conf'
    path.write_text(config)
    done = subprocess.run([SALLYPORT, 'run', '-c', path, '--', '--no-huge', '--no-pci', '--no-shconf',
                           '-m', '256'],
                          env=machine.environment, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    assert done.returncode == status, done.stderr
    assert f'{path}:' in done.stderr


def test_memory_that_is_missing(machine):
    path = machine.folder / 'sallyport.conf'
    path.write_text(CONFIG.replace('1000', '1000000'))
    done = subprocess.run([SALLYPORT, 'run', '-c', path, '--', '--no-huge', '--no-pci', '--no-shconf',
                           '-m', '64'],
                          env=machine.environment, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert re.fullmatch(rf'{path}: this needs \d+ MiB of memory: .*; EAL was given 64 by -m',
                        done.stderr.splitlines()[-1])


def refused(machine, config, *words, **options):
    """What a start that fails says last; status 3."""
    path = machine.configure(config)
    done = subprocess.run([SALLYPORT, 'run', '-c', path, '--', '--no-huge', '--no-pci', '--no-shconf',
                           '-m', '256', *words],
                          env=machine.environment, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False, **options)
    assert done.returncode == 3, done.stderr
    return done.stderr.splitlines()[-1]


@pytest.mark.parametrize('device, why', [
    ('net_af_packet0,iface=nowhere0', 'there is no interface "nowhere0"'),
    ('0000:00:1f.7', 'there is no PCI device 0000:00:1f.7'),
    ('net_nothing0', 'DPDK knows no such device or driver'),
    ('net_pcap0,rx_pcap=/nowhere', 'its driver refuses it; ')])
def test_a_device_that_cannot_be_opened(machine, device, why):
    last = refused(machine, CONFIG.replace('net_null0', device))
    assert last.startswith(f'{machine.folder}/sallyport.conf:')
    assert f'device "{device}": cannot be opened: {why}' in last


def test_too_few_files_may_be_open(machine):
    """EAL ends the process with a panic when it gets no pipe."""
    for n in (16, 20):
        last = refused(machine, CONFIG, preexec_fn=lambda n=n: resource.setrlimit(
            resource.RLIMIT_NOFILE, (n, n)))
        assert last.startswith('sallyport: ') and 'ulimit -n' in last and f'{n} may be' in last


def test_the_own_limit_of_files_is_raised(machine):
    path = machine.configure(CONFIG)
    machine.command = ['bash', '-c', 'ulimit -Sn 16; exec "$0" "$@"', *machine.command]
    machine.start(CONFIG, path.name)
    assert machine.stop()[0] == 0


def test_a_line_says_that_it_runs(machine):
    machine.start(CONFIG + 'chains = ( { name = "c"; rules = ( { action = "drop"; },'
                           '{ proto = "udp"; action = "accept"; } ); } );')
    status, log = machine.stop()
    assert status == 0
    assert log.count('running') == 1
    assert re.search(r'^sallyport: running on ports lan, wan: 1 chains, 2 rules, 2 workers$', log, re.M)
