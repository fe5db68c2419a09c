# SPDX-License-Identifier: BSD-3-Clause
"""Workers that are asked: for one connection, to delete some, to delete all. Needs neither root nor
hugepages."""

import json

import pytest

from system.running import Telemetry, appliance, wait_until
from system.traffic import dotted, flow, udp_frame

N_FLOWS, N_LOOPING = 3000, 64
SERVER = 0x0b000001
OTHER = 0x0b000002

# Flows that come once between lan and wan, others that never end between dmz and core.
CONFIG = '''
ports = ( { name = "lan"; device = "net_pcap0,rx_pcap={folder}/lan"; },
          { name = "wan"; device = "net_pcap1,rx_pcap={folder}/wan"; },
          { name = "dmz"; device = "net_pcap2,rx_pcap={folder}/dmz,infinite_rx=1"; },
          { name = "core"; device = "net_pcap3,rx_pcap={folder}/core"; } );
wires = ( { a = "lan"; b = "wan"; }, { a = "dmz"; b = "core"; } );
workers = 2;
conntrack: { max_connections = 20000; timeouts: { udp = 6000; udp_stream = 6000; }; };
chains = ( { name = "mark"; priority = 0; rules = ( { in = "dmz"; set_mark = 9; } ); } );
'''


@pytest.fixture(name='machine')
def fixture_machine():
    with appliance() as machine:
        machine.write('lan', [udp_frame(*flow(n), SERVER, 53) for n in range(N_FLOWS)])
        machine.write('wan', [udp_frame(SERVER, 53, *flow(0))])
        machine.write('dmz', [udp_frame(*flow(n), OTHER, 99) for n in range(N_LOOPING)])
        machine.write('core', [])
        machine.start(CONFIG)
        wait_until(lambda: machine.count() == N_FLOWS + N_LOOPING, 'all flows are known')
        yield machine
        assert machine.stop()[0] == 0


def words_of(number, server=SERVER, port=53):
    address, sport = flow(number)
    return ['--proto', 'udp', '--src', dotted(address), '--dst', dotted(server), '--sport',
            str(sport), '--dport', str(port)]


def counted(machine, name):
    return machine.json('ct', 'stats')[name]


def test_one_connection(machine):
    for number in (0, 1, 2, 500, N_FLOWS - 1):
        result = machine.ctl('ct', 'get', *words_of(number), '--json')
        assert (result.returncode, result.stderr) == (0, '')
        entry = json.loads(result.stdout)
        assert entry['orig']['src'] == dotted(flow(number)[0])
        assert entry['orig']['sport'] == flow(number)[1]
        assert entry['seen_reply'] == (number == 0)
    # The same line as in the list, but for the seconds that are left.
    lines = [machine.ctl('ct', words, *words_of(7)).stdout.split() for words in ('get', 'list')]
    assert lines[0][:2] + lines[0][3:] == lines[1][:2] + lines[1][3:]
    assert (lines[0][0], lines[0][-1]) == ('udp', 'use=1')
    # Its reply names it as well, and another zone none.
    address, sport = flow(0)
    answered = machine.ctl('ct', 'get', '-p', 'udp', '--src', dotted(SERVER), '--dst',
                           dotted(address), '--sport', '53', '--dport', str(sport), '--json')
    assert json.loads(answered.stdout)['orig']['src'] == dotted(address)
    for words in (words_of(N_FLOWS), [*words_of(0), '--zone', '1']):
        result = machine.ctl('ct', 'get', *words)
        assert (result.returncode, result.stdout) == (1, '')
        assert result.stderr == 'sallyctl: there is no such connection\n'


def test_deleting_by_filter_while_packets_flow(machine):
    subnet = f'{dotted(flow(0)[0])}/30'  # four addresses
    n_meant = sum(flow(n)[0] - flow(0)[0] < 4 for n in range(N_FLOWS))
    filters = ['--src', subnet, '--dst', dotted(SERVER)]
    before = machine.json('stats')['packets']

    dry = machine.ctl('ct', 'delete', *filters, '--dry-run')
    assert (dry.returncode, len(dry.stdout.splitlines())) == (0, n_meant)
    assert dry.stderr == f'sallyctl: {n_meant} connections would be deleted\n'
    dry = json.loads(machine.ctl('ct', 'delete', *filters, '--dry-run', '--json').stdout)
    assert (len(dry['connections']), dry['would_delete']) == (n_meant, n_meant)
    assert machine.count() == N_FLOWS + N_LOOPING

    deleted = machine.ctl('ct', 'delete', *filters)
    assert (deleted.returncode, deleted.stdout, deleted.stderr) == (
        0, f'{n_meant} connections deleted\n', '')
    assert machine.count() == N_FLOWS + N_LOOPING - n_meant
    assert machine.json('ct', 'list', *filters) == []
    assert counted(machine, 'deleted') == n_meant
    assert machine.ctl('ct', 'get', *words_of(1)).returncode == 1
    assert machine.ctl('ct', 'get', *words_of(N_FLOWS - 1)).returncode == 0

    again = machine.ctl('ct', 'delete', *filters)
    assert (again.returncode, again.stdout) == (1, '0 connections deleted\n')
    again = machine.ctl('ct', 'delete', *filters, '--json')
    assert (again.returncode, json.loads(again.stdout)) == (1, {'deleted': 0})

    # Packets went on, and none was lost but what the source sends faster than it is handed over.
    wait_until(lambda: machine.json('stats')['packets'] > before, 'packets flow')
    stats = machine.json('stats')
    assert not any(n for reason, n in stats['dropped'].items() if reason != 'handoff_full')
    assert sum(row['requests'] for row in machine.json('turns')) > 0


def test_deleting_what_comes_again(machine):
    result = machine.ctl('ct', 'delete', '--mark', '9', '--json')
    assert json.loads(result.stdout)['deleted'] >= N_LOOPING
    wait_until(lambda: machine.count() == N_FLOWS + N_LOOPING, 'they are back')


def test_flushing(machine):
    dry = machine.ctl('ct', 'flush', '--dry-run', '--json')
    assert json.loads(dry.stdout)['would_delete'] == N_FLOWS + N_LOOPING
    result = machine.ctl('ct', 'flush', '--json')
    assert (result.returncode, result.stderr) == (0, '')
    assert json.loads(result.stdout)['deleted'] >= N_FLOWS + N_LOOPING
    wait_until(lambda: machine.count() == N_LOOPING, 'those that never end are back')
    assert machine.json('ct', 'list', '--dst', dotted(SERVER)) == []


def test_what_may_be_asked(machine):
    client = Telemetry(machine.socket)
    try:
        for question, error in [
                ('ct/delete', 'a filter is needed; ct/flush deletes all connections'),
                ('ct/delete,cursor=0', 'a filter is needed; ct/flush deletes all connections'),
                ('ct/delete,mark=0/0', 'a filter is needed; ct/flush deletes all connections'),
                ('ct/delete,cursor=x proto=tcp', 'the cursor is not a number'),
                ('ct/delete,cursor=8589934592 proto=tcp', 'the cursor is beyond the list'),
                ('ct/delete,colour=red', 'colour: there is no such filter'),
                ('ct/delete,proto=udp src=::1 dst=10.0.0.1',
                 'dst: another family was asked for before'),
                ('ct/flush,x', 'the cursor is not a number'),
                ('ct/get', 'a protocol, source and destination are needed'),
                ('ct/get,proto=udp src=10.0.0.1 dst=11.0.0.1',
                 'a source and a destination port are needed as well')]:
            assert client.ask(f'/sallyport/{question}') == {'error': error}
        assert machine.count() == N_FLOWS + N_LOOPING
        page = client.ask('/sallyport/ct/delete,proto=udp dport=53')
        assert page['cursor'] == 1 << 32  # the other worker's
        rest = client.ask(f'/sallyport/ct/delete,cursor={page["cursor"]} proto=udp dport=53')
        assert (page['deleted'] + rest['deleted'], rest['cursor']) == (N_FLOWS, 0)
    finally:
        client.close()
