# SPDX-License-Identifier: BSD-3-Clause
"""What may come over the telemetry socket, from whoever may use it: no request ends the firewall,
and no client keeps others from asking. Needs neither root nor hugepages."""

import contextlib
import json
import random
import socket
import time

import pytest

from system.running import ANSWER_BYTES_MAX, Telemetry, appliance, wait_until

CONFIG = '''
ports = ( { name = "lan"; device = "net_pcap0,rx_pcap={folder}/lan"; },
          { name = "wan"; device = "net_pcap1,rx_pcap={folder}/wan"; } );
wires = ( { a = "lan"; b = "wan"; } );
conntrack: { max_connections = 1000; };
'''
PLACES = 32

# Those that DPDK 22.11 has in the process of a firewall.
DPDKS = [
    '/', '/help', '/info', '/cnxk/ethdev/info', '/cnxk/ipsec/info', '/cnxk/mempool/info',
    '/cnxk/nix/info', '/cnxk/nix/rq/ctx', '/cnxk/npa/aura/info', '/cnxk/npa/info',
    '/cnxk/npa/pool/info', '/cnxk/sso/info', '/cryptodev/caps', '/cryptodev/info',
    '/cryptodev/list', '/cryptodev/stats', '/dmadev/dump', '/dmadev/info', '/dmadev/list',
    '/dmadev/stats', '/eal/app_params', '/eal/heap_info', '/eal/heap_list', '/eal/memzone_info',
    '/eal/memzone_list', '/eal/params', '/ethdev/dump_priv', '/ethdev/info',
    '/ethdev/link_status', '/ethdev/list', '/ethdev/module_eeprom', '/ethdev/stats',
    '/ethdev/xstats', '/eventdev/dev_dump', '/eventdev/dev_list', '/eventdev/dev_xstats',
    '/eventdev/port_list', '/eventdev/port_xstats', '/eventdev/queue_links',
    '/eventdev/queue_list', '/eventdev/queue_xstats', '/eventdev/rxa_queue_conf',
    '/eventdev/rxa_queue_stats', '/eventdev/rxa_queue_stats_reset',
    '/eventdev/rxa_rxq_instance_get', '/eventdev/rxa_stats', '/eventdev/rxa_stats_reset',
    '/eventdev/ta_info', '/eventdev/ta_stats', '/mempool/info', '/mempool/list', '/rawdev/dump',
    '/rawdev/list', '/rawdev/xstats', '/security/cryptodev/crypto_caps',
    '/security/cryptodev/list', '/security/cryptodev/sec_caps',
]
OURS = [f'/sallyport/{name}' for name in (
    'info', 'stats', 'ports', 'workers', 'stages', 'pipeline', 'cycles', 'turns', 'rules',
    'metrics', 'ct/count', 'ct/list', 'ct/get', 'ct/delete', 'ct/flush', 'ct/unconfirmed',
    'ct/dying', 'ct/stats')]
PARAMETERS = [
    None, '', '0', '1', '2', '-1', '-5', '7', '31', '32', '63', '64', '127', '128', '255', '256',
    '1023', '2559', '2560', '32767', '32768', '65535', '65536', '65537', '131072', '-32768',
    '-65536', '2147483647', '2147483648', '-2147483648', '4294967295', '4294967296',
    '4294967297', '9223372036854775807', '18446744073709551615', '18446744073709551616',
    '9' * 900, 'x', '0x10000', '1e9', ' 1', '1 ', '0,0', '0,0,0', '0,-1', '-1,0', '0,65536',
    '65536,0', '0,x', ',', ',,,,', '%s%n', '"', '\\', '/info', 'MP_x', 'x' * 900,
]


@pytest.fixture(name='machine', scope='module')
def fixture_machine():
    with appliance() as machine:
        machine.write('lan', [])
        machine.write('wan', [])
        machine.start(CONFIG)
        yield machine
        status, log = machine.stop()
        assert status == 0, log


@pytest.fixture(name='client')
def fixture_client(machine):
    client = Telemetry(machine.socket)
    yield client
    client.close()


def assert_alive(machine):
    assert machine.process.poll() is None, machine.log.read_text()
    assert machine.json('info')['ports'] == 2


@pytest.mark.parametrize('question', [
    '/eal/heap_info,-5', '/eal/heap_info,32', '/eal/memzone_info,-1', '/eal/memzone_info,2560',
    '/ethdev/info,65536', '/ethdev/info,65536,0', '/eventdev/rxa_rxq_instance_get,65536,0'])
def test_a_request_that_ended_it(machine, client, question):
    assert client.ask(question) is None
    assert_alive(machine)


@pytest.mark.parametrize('command', DPDKS + OURS)
def test_any_parameter(machine, client, command):
    for parameter in PARAMETERS:
        question = command if parameter is None else f'{command},{parameter}'
        answer = client.ask_raw(question.encode())
        assert len(answer) <= ANSWER_BYTES_MAX
        assert list(json.loads(answer)) == [command]
    assert machine.process.poll() is None


def test_any_bytes(machine, client):
    choose = random.Random(1)
    alphabet = b'/,0159-x\x00\xff"\\{}%n \x1b'
    for _ in range(3000):
        words = [choose.choice(DPDKS + OURS).encode() * choose.choice([0, 1, 1, 1, 20]),
                 bytes(choose.choices(alphabet, k=choose.choice([0, 1, 2, 5, 60, 2000])))]
        request = choose.choice([b'', b',']).join(words)
        if request:
            answer = client.ask_raw(request)
            assert len(json.loads(answer)) == 1 and len(answer) <= ANSWER_BYTES_MAX
    assert_alive(machine)


def test_a_request_that_is_too_long_has_no_answer(client):
    assert client.ask_raw(b'/info'.ljust(1023, b'\0')) == client.ask_raw(b'/info')
    assert client.ask_raw(b'/info'.ljust(1024, b'\0')) == b'{"/info":null}'
    assert client.ask_raw(b'/info,' + b'x' * 100000) == b'{"/info":null}'


# What DPDK's own library says, of devices that are there.


def test_the_greeting_is_the_protocols(machine, client):
    assert client.banner == {'version': client.ask('/info')['version'],
                             'pid': machine.process.pid, 'max_output_len': ANSWER_BYTES_MAX}
    assert client.banner['version'].startswith('DPDK ')


def test_every_command_is_listed_and_has_a_help(client):
    commands = client.ask('/')
    assert set(OURS) < set(commands) and len(set(commands)) == len(commands)
    for command in commands:
        assert client.ask(f'/help,{command}')[command]


def test_devices(client):
    assert client.ask('/ethdev/list') == [0, 1]
    assert [client.ask(f'/ethdev/info,{n}')['name'] for n in (0, 1)] == ['net_pcap0', 'net_pcap1']
    assert client.ask('/ethdev/info,0')['mtu'] == 1500
    assert client.ask('/ethdev/link_status,1') == {
        'status': 'UP', 'speed': 10000, 'duplex': 'full-duplex'}
    stats = client.ask('/ethdev/stats,0')
    assert (stats['ipackets'], stats['q_errors']) == (0, [0] * 16)
    assert client.ask('/ethdev/xstats,0')['rx_good_packets'] == 0


def test_heaps(client):
    assert client.ask('/eal/heap_list')[0] == 0
    heap = client.ask('/eal/heap_info,0')
    assert (heap['Heap_id'], heap['Name']) == (0, 'socket_0')
    assert 0 < heap['Alloc_size'] < heap['Heap_size'] == heap['Alloc_size'] + heap['Free_size']
    assert heap['Alloc_count'] > 0 < heap['Greatest_free_size'] <= heap['Free_size']


@pytest.mark.parametrize('command', ['info', 'link_status', 'stats', 'xstats'])
def test_a_device_that_is_not_there(client, command):
    for number in ('', '2', '31', '32', '65535', '65536', '65537', '-1', 'x', '4294967296'):
        assert client.ask(f'/ethdev/{command},{number}') is None


# Clients that do not behave.


def connect(machine):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.connect(str(machine.socket))
    client.settimeout(60)
    return client


def test_clients_that_say_nothing_hinder_nobody(machine):
    idle = [connect(machine) for _ in range(2 * PLACES)]
    for _ in range(10):
        assert machine.ctl('info').returncode == 0
    for client in idle:
        client.close()


def test_clients_that_never_read_hinder_nobody(machine):
    deaf = [connect(machine) for _ in range(2 * PLACES)]
    for client in deaf:
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                client.send(b'/sallyport/pipeline')
    for _ in range(10):
        assert machine.ctl('info').returncode == 0
    for client in deaf:
        client.close()


def test_clients_that_leave_at_once(machine):
    for n in range(300):
        client = connect(machine)
        if n % 2:
            client.send(b'/sallyport/info')
        client.close()
    assert_alive(machine)


def test_many_ask_at_once(machine):
    clients = [Telemetry(machine.socket) for _ in range(PLACES // 2)]
    for _ in range(20):
        for client in clients:
            client.socket.send(b'/sallyport/info')
        for client in clients:
            answer = json.loads(client.socket.recv(ANSWER_BYTES_MAX))
            assert answer['/sallyport/info']['ports'] == 2
    for client in clients:
        client.close()


# Where the socket lies.


def test_where_another_process_listens_the_next_name_is_taken():
    with appliance() as machine:
        machine.write('lan', [])
        machine.write('wan', [])
        path = f'{machine.socket}:1'
        machine.socket.parent.mkdir(parents=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as other:
            other.bind(str(machine.socket))
            other.listen()
            machine.launch(CONFIG)
            wait_until(lambda: machine.ctl('--socket', path, 'info').returncode == 0, 'it answers')
            client = Telemetry(path)
            assert client.banner['pid'] == machine.process.pid
            client.close()
            assert machine.ctl('--socket', path, 'ct', 'list').returncode == 0
            assert machine.stop()[0] == 0
        left = [entry.name for entry in machine.socket.parent.iterdir() if entry.is_socket()]
        assert [name for name in left if 'telemetry' in name] == [machine.socket.name]


def test_a_socket_that_cannot_be_had_is_told_and_it_runs():
    with appliance() as machine:
        machine.write('lan', [])
        machine.write('wan', [])
        machine.file_prefix += 'x' * (110 - len(str(machine.socket)))
        machine.launch(CONFIG)
        wait_until(lambda: 'sallyport: sallyctl cannot ask this process: ' in
                   machine.log.read_text(errors='replace') or machine.process.poll() is not None,
                   'it says so')
        time.sleep(1)
        status, log = machine.stop()
        assert status == 0, log


@pytest.mark.parametrize('option', ['--no-telemetry', '--no-tele'])
def test_without_telemetry_nobody_can_ask(option):
    with appliance() as machine:
        machine.write('lan', [])
        machine.write('wan', [])
        machine.launch(CONFIG, option)
        wait_until(lambda: 'sallyport' in machine.log.read_text(errors='replace') or
                   machine.process.poll() is not None, 'it starts')
        time.sleep(2)
        assert not [entry for entry in machine.folder.rglob('*telemetry*')]
        assert machine.stop()[0] == 0
