# SPDX-License-Identifier: BSD-3-Clause
"""The stream of connections of a running sallyport, and clients of it that do not behave. Needs
neither root nor hugepages."""

import contextlib
import json
import os
import re
import signal
import socket
import threading
import time

import pytest

from system.running import TIME_LIMIT_SEC, appliance, wait_until
from system.stream import GOOD_HELLO, RECORD_BYTES, SUFFIX, Stream
from system.traffic import dotted, flow, udp_frame

PLACES = 32  # for clients at once
THREADS = 8
SERVER = 0xc6336414
N_FLOWS, N_ANSWERED = 100000, 1000
CONFIG = '''
ports = ( { name = "lan"; device = "net_pcap0,rx_pcap={folder}/lan"; },
          { name = "wan"; device = "net_pcap1,rx_pcap={folder}/wan,infinite_rx=1"; } );
wires = ( { a = "lan"; b = "wan"; } );
conntrack: { max_connections = 131072; timeouts: { udp = 3600; udp_stream = 3600; }; };
'''
SMALL_CONFIG = CONFIG.replace(',infinite_rx=1', '')


def write_traffic(machine, n_flows=N_FLOWS, n_answered=N_ANSWERED):
    machine.write('lan', (udp_frame(*flow(n), SERVER, 53) for n in range(n_flows)))
    machine.write('wan', (udp_frame(SERVER, 53, *flow(n)) for n in range(n_answered)))


@pytest.fixture(name='many', scope='module')
def fixture_many():
    with appliance() as machine:
        write_traffic(machine)
        machine.start(CONFIG)
        wait_until(lambda: machine.count() == N_FLOWS, 'all flows are in the table')
        yield machine
        assert machine.stop()[0] == 0


def stream(machine):
    return Stream(machine.socket, TIME_LIMIT_SEC)


def n_files(machine):
    return len(os.listdir(f'/proc/{machine.process.pid}/fd'))


def assert_whole(listing):
    found, n_told = listing
    assert n_told == N_FLOWS
    assert len({conn for conn, _, _ in found}) == N_FLOWS
    assert sorted((src, sport) for _, src, sport in found) == sorted(
        (dotted(src), sport) for src, sport in map(flow, range(N_FLOWS)))


def assert_alive(machine):
    """Packets flow, questions are answered, and the next client gets its list."""
    packets = machine.json('stats')['packets']
    wait_until(lambda: machine.json('stats')['packets'] > packets, 'packets flow')
    assert_whole(stream(machine).listing())


def test_every_connection_is_listed_once_while_packets_flow(many):
    packets = many.json('stats')['packets']
    assert_whole(stream(many).listing())
    wait_until(lambda: many.json('stats')['packets'] > packets + N_ANSWERED, 'packets flow')


def test_it_has_what_sallyctl_prints(many):
    printed = [(entry['conn'], entry['orig']['src'], entry['orig']['sport'])
               for entry in many.json('ct', 'list')]
    assert (printed, N_FLOWS) == stream(many).listing()


def test_it_belongs_to_whom_telemetry_belongs_to(many):
    ours, theirs = os.stat(f'{many.socket}{SUFFIX}'), os.stat(many.socket)
    assert (ours.st_mode, ours.st_uid, ours.st_gid) == (
        theirs.st_mode, theirs.st_uid, theirs.st_gid)


def test_several_clients_at_once(many):
    listings = []
    clients = [threading.Thread(target=lambda: listings.append(stream(many).listing()))
               for _ in range(2 * THREADS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert len(listings) == len(clients)
    for listing in listings:
        assert_whole(listing)


def test_clients_that_never_read_hinder_nobody(many):
    silent = [stream(many) for _ in range(PLACES)]
    begin = time.monotonic()
    assert_whole(stream(many).listing())  # which needs the place of one of them
    assert_alive(many)
    # Those that still have a place go on where they were.
    listings = [client.listing() for client in silent]
    assert 1 <= sum(n_told is None for _, n_told in listings) <= 3
    for found, n_told in listings:
        assert n_told in (None, N_FLOWS)
        assert n_told is None or len(found) == N_FLOWS
    assert time.monotonic() - begin < TIME_LIMIT_SEC
    assert_alive(many)


class SlowReaders:
    """Clients that never stop reading, each a few records at a time, and come again when they have
    lost their place."""

    def __init__(self, machine, n):
        self.machine = machine
        self.clients = [stream(machine) for _ in range(n)]
        self.n_bytes = 0
        self.is_stopping = False
        self.thread = threading.Thread(target=self.read)

    def read(self):
        while not self.is_stopping:
            for i, client in enumerate(self.clients):
                chunk = b''
                with contextlib.suppress(ConnectionError):
                    chunk = client.socket.recv(32768)
                self.n_bytes += len(chunk)
                if not chunk:
                    client.close()
                    self.clients[i] = stream(self.machine)
            time.sleep(0.2)

    def __enter__(self):
        self.thread.start()
        wait_until(lambda: self.n_bytes > 0, 'they read')
        return self

    def __exit__(self, *_):
        self.is_stopping = True
        self.thread.join()
        for client in self.clients:
            client.close()


@pytest.mark.parametrize('n', [8, PLACES + 8])
def test_slow_readers_hinder_nobody(many, n):
    with SlowReaders(many, n) as readers:
        for _ in range(3):
            before = readers.n_bytes
            result = many.ctl('ct', 'list', '--json')
            assert (result.returncode, result.stderr) == (0, '')
            assert len(json.loads(result.stdout)) == N_FLOWS
            wait_until(lambda: readers.n_bytes > before, 'they still read')
    assert_alive(many)


def test_clients_that_leave_halfway(many):
    before = n_files(many)
    for n in range(100):
        client = stream(many)
        client.read(n * 997)
        client.close()
    assert_alive(many)
    wait_until(lambda: n_files(many) <= before, 'their sockets are closed')


def test_a_client_that_says_something(many):
    client = stream(many)
    client.socket.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            client.socket.send(b'\0\xff%n{"' * 10000)
    client.socket.settimeout(TIME_LIMIT_SEC)
    assert client.hello() == GOOD_HELLO
    assert len(client.read((N_FLOWS + 1) * RECORD_BYTES)) == (N_FLOWS + 1) * RECORD_BYTES
    with pytest.raises(ConnectionResetError):  # what it said has not been read
        client.read(1)
    assert_alive(many)


def test_a_client_that_has_nothing_more_to_say(many):
    client = stream(many)
    client.socket.shutdown(socket.SHUT_WR)
    assert_whole(client.listing())


def test_a_reader_that_pauses_gets_all(many):
    client = stream(many)
    assert client.hello() == GOOD_HELLO
    first = client.read(RECORD_BYTES * 10)
    time.sleep(6)  # longer than what costs it its place when others want that
    assert len(first) + len(client.read(1 << 40)) == (N_FLOWS + 1) * RECORD_BYTES


# The beginning and the end.


def test_it_is_gone_at_the_end_and_listings_break_off():
    with appliance() as machine:
        write_traffic(machine, n_answered=0)
        machine.start(SMALL_CONFIG)
        wait_until(lambda: machine.count() == N_FLOWS, 'all flows are in the table')
        clients = [stream(machine) for _ in range(PLACES + 2)]
        assert clients[0].hello() == GOOD_HELLO
        assert clients[0].read(RECORD_BYTES * 100)
        begin = time.monotonic()
        status, log = machine.stop()
        assert (status, time.monotonic() - begin < 30) == (0, True), log
        assert not os.path.lexists(f'{machine.socket}{SUFFIX}')
        assert clients[0].rest()[1] is None
        for client in clients[1:]:
            with contextlib.suppress(ConnectionResetError):  # it still waited for a place
                assert client.hello() in (GOOD_HELLO, b'') and client.rest()[1] is None


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_while_clients_list(number):
    def list_until_nobody_is_there(machine, listings):
        with contextlib.suppress(OSError):
            while True:
                client = Stream(machine.socket, TIME_LIMIT_SEC)
                if client.hello():
                    listings.append(sum(1 for _ in client.records()))

    with appliance() as machine:
        write_traffic(machine, n_flows=5000, n_answered=0)
        machine.start(SMALL_CONFIG)
        wait_until(lambda: machine.count() == 5000, 'the table is filled')
        listings = []
        clients = [threading.Thread(target=list_until_nobody_is_there, args=(machine, listings))
                   for _ in range(4)]
        for client in clients:
            client.start()
        wait_until(lambda: len(listings) > 20, 'clients are busy')
        status, log = machine.stop(number)
        for client in clients:
            client.join()
        assert status == 0, log
        assert max(listings) == 5001 and listings[0] == 5001


def test_what_was_left_behind_is_replaced():
    with appliance() as machine:
        write_traffic(machine, n_flows=10, n_answered=0)
        machine.start(SMALL_CONFIG)
        machine.process.kill()
        machine.process.wait()
        assert os.path.exists(f'{machine.socket}{SUFFIX}')
        machine.start(SMALL_CONFIG)
        wait_until(lambda: machine.count() == 10, 'all flows are in the table')
        assert stream(machine).listing()[1] == 10
        assert machine.stop()[0] == 0
        assert not os.path.lexists(f'{machine.socket}{SUFFIX}')


def find_sockets(folder):
    return sorted(path.name for path in folder.rglob('*') if path.is_socket())


def has_workers(process):
    """sallyport runs, as far as can be seen without asking it."""
    assert process.poll() is None
    names = ''
    for task in os.listdir(f'/proc/{process.pid}/task'):
        with contextlib.suppress(OSError), open(f'/proc/{process.pid}/task/{task}/comm',
                                                encoding='utf-8') as file:
            names += file.read()
    return len(re.findall('^(?:rte|dpdk)-worker', names, re.M)) == 2


def test_without_telemetry_there_is_none():
    with appliance() as machine:
        write_traffic(machine, n_flows=10, n_answered=0)
        machine.launch(SMALL_CONFIG, '--no-telemetry')
        wait_until(lambda: has_workers(machine.process), 'workers are there')
        time.sleep(1)
        assert not [name for name in find_sockets(machine.folder) if 'telemetry' in name]
        assert machine.ctl('ct', 'list').returncode == 1
        status, log = machine.stop()
        assert status == 0, log


def test_without_a_folder_for_sockets_it_runs():
    with appliance() as machine:
        write_traffic(machine, n_flows=10, n_answered=0)
        (machine.folder / 'dpdk').write_text('This is no folder.')
        machine.launch(SMALL_CONFIG, '--no-telemetry', '--no-shconf')
        wait_until(lambda: has_workers(machine.process), 'workers are there')
        time.sleep(1)
        status, log = machine.stop()
        assert status == 0, log


def test_a_name_that_is_too_long_leaves_pages():
    with appliance() as machine:
        write_traffic(machine, n_flows=10, n_answered=0)
        machine.file_prefix += 'x' * (106 - len(str(machine.socket)))
        assert len(str(machine.socket)) == 106  # of 107
        machine.start(SMALL_CONFIG)
        wait_until(lambda: machine.count() == 10, 'all flows are in the table')
        assert len(machine.json('ct', 'list')) == 10
        status, log = machine.stop()
        assert status == 0
        assert 'sallyport: connections are listed by pages only: ' in log
