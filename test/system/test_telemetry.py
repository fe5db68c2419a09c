# SPDX-License-Identifier: BSD-3-Clause
"""sallyport run, seen through its telemetry socket: with sallyctl, with DPDK's own client, and with
a client that does not behave. Needs neither root nor hugepages."""

import contextlib
import json
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest

from system.running import ANSWER_BYTES_MAX, Telemetry, appliance, wait_until
from system.small import (CLIENT, CLIENT6, N_LAN, N_REFUSED, N_WAN, PORTS, SERVER, SERVER6,
                          SMALL)
from system.traffic import dotted, flow, udp_frame

ENTRY_KEYS = ['proto', 'protonum', 'state', 'timeout', 'orig', 'reply', 'seen_reply', 'assured',
              'mark', 'zone', 'worker', 'conn']
COUNTERS = ['packets', 'bytes']


@pytest.fixture(name='telemetry')
def fixture_telemetry(small):
    client = Telemetry(small.socket)
    yield client
    client.close()


def by_proto(entries):
    return {(entry['proto'], ':' in entry['orig']['src']): entry for entry in entries}


# What a connection looks like.


def test_entries_have_the_members_of_the_contract_in_their_order(small):
    entries = small.json('ct', 'list')
    assert len(entries) == N_LAN - N_REFUSED
    for entry in entries:
        assert list(entry) == ENTRY_KEYS
        assert type(entry['seen_reply']) is bool and type(entry['assured']) is bool
        assert all(type(entry[key]) is int for key in
                   ('protonum', 'timeout', 'mark', 'zone', 'worker', 'conn'))
        assert entry['worker'] in (0, 1)
    assert len({entry['conn'] for entry in entries}) == len(entries)


@pytest.mark.parametrize('proto, is_ipv6, number, keys', [
    ('udp', False, 17, ['sport', 'dport']),
    ('tcp', False, 6, ['sport', 'dport']),
    ('tcp', True, 6, ['sport', 'dport']),
    ('icmp', False, 1, ['type', 'code', 'id']),
    ('icmpv6', True, 58, ['type', 'code', 'id']),
    ('gre', False, 47, ['srckey', 'dstkey']),
    ('unknown', False, 50, []),
])
def test_directions_have_what_their_protocol_has(small, proto, is_ipv6, number, keys):
    entry = by_proto(small.json('ct', 'list'))[proto, is_ipv6]
    assert entry['protonum'] == number
    assert list(entry['orig']) == ['src', 'dst', *keys, *COUNTERS]
    assert list(entry['reply']) == ['src', 'dst', *keys, *COUNTERS]
    client, server = (CLIENT6, SERVER6) if is_ipv6 else (CLIENT, SERVER)
    assert (entry['orig']['src'], entry['orig']['dst']) == (client, server)
    assert (entry['reply']['src'], entry['reply']['dst']) == (server, client)


def test_an_answered_connection(small):
    entry = by_proto(small.json('ct', 'list'))['udp', False]
    assert entry['state'] is None
    assert 500 < entry['timeout'] < 600
    assert entry['orig'] == {'src': CLIENT, 'dst': SERVER, 'sport': 1000, 'dport': 53,
                             'packets': 1, 'bytes': 20 + 8 + len('query')}
    assert entry['reply'] == {'src': SERVER, 'dst': CLIENT, 'sport': 53, 'dport': 1000,
                              'packets': 1, 'bytes': 20 + 8 + len('answer')}
    assert (entry['seen_reply'], entry['assured'], entry['mark']) == (True, False, 7)


def test_an_unanswered_connection(small):
    entry = by_proto(small.json('ct', 'list'))['icmp', False]
    assert {key: entry['orig'][key] for key in ('type', 'code', 'id', 'packets', 'bytes')} == {
        'type': 8, 'code': 0, 'id': 1002, 'packets': 1, 'bytes': 20 + 8 + len('ping')}
    assert {key: entry['reply'][key] for key in ('type', 'code', 'id', 'packets', 'bytes')} == {
        'type': 0, 'code': 0, 'id': 1002, 'packets': 0, 'bytes': 0}
    assert (entry['seen_reply'], entry['mark']) == (False, 0)
    assert by_proto(small.json('ct', 'list'))['tcp', True]['state'] == 'SYN_SENT'


def test_the_line_is_that_of_conntrack(small):
    result = small.ctl('ct', 'list', '--proto', 'udp')
    assert re.sub(' 17 [0-9]+ ', ' 17 T ', result.stdout) == (
        f'udp      17 T src={CLIENT} dst={SERVER} sport=1000 dport=53 packets=1 bytes=33 '
        f'src={SERVER} dst={CLIENT} sport=53 dport=1000 packets=1 bytes=34 mark=7 use=1\n')
    assert result.stderr == 'sallyctl: 1 flow entries have been shown.\n'


@pytest.mark.parametrize('filters, n', [
    (['--src', '192.0.2.0/24'], 5),
    (['--src', CLIENT, '--proto', 'TCP'], 1),
    (['--src', '2001:db8::/32'], 2),
    (['--dst', '2001:db8:2::20'], 2),
    (['--dst', CLIENT], 0),  # the original direction
    (['--dport', '53'], 1),
    (['--state', 'syn_sent'], 2),
    (['--mark', '7'], 1),
    (['--mark', '0/7'], 6),
    (['--proto', '50'], 1),
])
def test_filters_pick(small, filters, n):
    assert len(small.json('ct', 'list', *filters)) == n
    result = small.ctl('ct', 'list', *filters)
    assert len(result.stdout.splitlines()) == n
    assert result.stderr == f'sallyctl: {n} flow entries have been shown.\n'


def test_lines_and_json_tell_the_same(small):
    lines = small.ctl('ct', 'list').stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        entry['proto'] for entry in small.json('ct', 'list')]


# Every other command.


def test_info(small):
    info = small.json('info')
    assert list(info) == ['version', 'dpdk', 'config', 'started_sec', 'uptime_sec', 'ports',
                          'workers', 'generation', 'connections', 'capacity', 'bytes_reserved',
                          'bytes_per_connection', 'table', 'hash', 'reload']
    assert info['config'] == str(small.folder / 'sallyport.conf')
    assert abs(info['started_sec'] + info['uptime_sec'] - time.time()) < 5
    assert (info['ports'], info['workers'], info['generation']) == (2, 2, 1)
    assert info['capacity'] == 2 * (20001 // 2)
    assert info['connections'] == N_LAN - N_REFUSED
    assert info['bytes_per_connection'] == info['bytes_reserved'] // info['capacity'] > 0
    assert info['table'] == 'lines'
    assert info['hash'] in ('aes', 'siphash')
    assert info['dpdk'].startswith('DPDK ')


def test_stats(small):
    stats = small.json('stats')
    assert stats['packets'] == N_LAN + N_WAN
    assert stats['accepted'] == N_LAN + N_WAN - N_REFUSED
    assert stats['rejected'] == 0
    assert stats['dropped']['rule'] == N_REFUSED
    assert sum(stats['dropped'].values()) == N_REFUSED
    assert {'malformed', 'not_ip', 'table_full', 'tx_full', 'no_wire'} < set(stats['dropped'])
    assert sum(stats['faults'].values()) == 0
    assert stats['classes'] == {'new': N_LAN - N_REFUSED, 'established': N_WAN, 'related': 0,
                                'invalid': 0, 'untracked': 0}
    assert stats['non_ip'] == {'arp': 0, 'lldp': 0, 'stp': 0, 'other': 0}
    assert stats['handed_over'] == sum(row['handed_over'] for row in small.json('workers'))


def test_ports(small):
    lan, wan = small.json('ports')
    assert (lan['name'], lan['peer'], wan['name'], wan['peer']) == ('lan', 'wan', 'wan', 'lan')
    assert lan['device'].startswith('net_pcap0,') and wan['device'].startswith('net_pcap1,')
    assert {lan['ethdev'], wan['ethdev']} == {0, 1}
    assert lan['link'] == wan['link'] == 'up'
    assert (lan['rx_packets'], lan['tx_packets']) == (N_LAN, N_WAN)
    assert (wan['rx_packets'], wan['tx_packets']) == (N_WAN, N_LAN - N_REFUSED)
    assert lan['tx_bytes'] == wan['rx_bytes'] == 14 + 20 + 8 + len('answer')
    assert all(port[key] == 0 for port in (lan, wan)
               for key in ('rx_missed', 'rx_errors', 'rx_no_mbuf', 'tx_errors'))


def test_workers(small):
    workers = small.json('workers')
    assert [row['worker'] for row in workers] == [0, 1]
    assert len({row['lcore'] for row in workers}) == 2
    assert sum(row['received'] for row in workers) == N_LAN + N_WAN
    assert sum(row['sent'] for row in workers) == N_LAN + N_WAN - N_REFUSED
    assert sum(row['connections'] for row in workers) == N_LAN - N_REFUSED
    assert all(row['turns'] >= row['busy_turns'] for row in workers)
    entries = small.json('ct', 'list')
    for row in workers:
        assert row['connections'] == sum(entry['worker'] == row['worker'] for entry in entries)


def test_cycles(small):
    parts = small.json('cycles')
    assert [row['part'] for row in parts] == [
        'receive', 'lane', 'parse', 'stateless', 'conntrack', 'rules', 'confirm', 'count', 'send',
        'reap']
    spent = {row['part']: row['cycles'] for row in parts}
    assert spent.pop('lane') == 0  # which is closed where a chain runs before conntrack
    assert all(spent[part] > 0 for part in spent)
    for row in parts:
        # The worker that hands a packet over works on it, too.
        assert row['packets'] == N_LAN + N_WAN + sum(
            worker['handed_over'] for worker in small.json('workers'))
        # The loop goes on meanwhile, and with it what it spends on looking for the expired.
        if row['part'] != 'reap':
            assert abs(row['cycles_per_packet'] * row['packets'] - row['cycles']) <= row['packets']


def test_turns(small):
    turns = small.json('turns')
    assert [row['below_ns'] for row in turns] == [2**n for n in range(len(turns))]
    assert sum(row['busy'] for row in turns) == sum(
        row['busy_turns'] for row in small.json('workers'))
    assert all(row['reaping'] == 0 for row in turns)  # nothing has expired yet


def test_stages(small):
    assert small.json('stages') == small.json('pipeline') == [
        {'name': 'lane', 'kind': 'idle', 'priority': -2**31},
        {'name': 'parse', 'kind': 'builtin', 'priority': -2**31},
        {'name': 'steer', 'kind': 'builtin', 'priority': -2**31},
        {'name': 'defrag', 'kind': 'builtin', 'priority': -400},
        {'name': 'raw', 'kind': 'chain', 'priority': -300, 'policy': 'accept', 'rules': 1},
        {'name': 'conntrack', 'kind': 'builtin', 'priority': -200},
        {'name': 'filter', 'kind': 'chain', 'priority': 0, 'policy': 'drop', 'rules': 3},
        {'name': 'confirm', 'kind': 'builtin', 'priority': 2**31 - 1},
        {'name': 'forward', 'kind': 'builtin', 'priority': 2**31 - 1},
    ]


def test_rules(small):
    rules = small.json('rules')
    assert [(row['chain'], row['kind'], row.get('name'), row['action'], row['packets'])
            for row in rules] == [
        ('raw', 'rule', 'no telnet', 'drop', N_REFUSED),
        ('raw', 'policy', None, 'accept', N_LAN + N_WAN - N_REFUSED),
        ('filter', 'rule', 'marked', 'none', 1),
        ('filter', 'rule', 'lan', 'accept', N_LAN - N_REFUSED),
        ('filter', 'rule', 'replies', 'accept', N_WAN),
        ('filter', 'policy', None, 'drop', 0)]
    assert [row['bytes'] for row in rules[2:5:2]] == [33, 34]
    config = SMALL.splitlines()
    assert all(f'"{row["name"] if row["kind"] == "rule" else row["chain"]}"' in
               config[row['line'] - 1] for row in rules)
    assert {row['file'] for row in rules} == {f'{small.folder}/sallyport.conf'}
    heading, *table = [line.split() for line in small.ctl('rules').stdout.splitlines()]
    assert heading[3:5] == ['FILE', 'LINE']
    assert [f'{small.folder}/sallyport.conf', str(rules[0]['line'])] == table[0][4:6]  # after the two words of its name


def test_counts_of_connections(small):
    assert small.json('ct', 'count') == {'confirmed': N_LAN - N_REFUSED, 'unconfirmed': 0,
                                         'dying': 0, 'capacity': 20000}
    assert small.json('ct', 'unconfirmed') == small.json('ct', 'dying') == []
    stats = small.json('ct', 'stats')
    assert stats['created'] == stats['confirmed'] == N_LAN - N_REFUSED
    assert (stats['found'], stats['discarded'], stats['destroyed']) == (N_WAN, 0, 0)
    assert {'expired', 'invalid', 'error', 'table_full', 'insert_failed', 'expect_drop'} < set(stats)


@pytest.mark.parametrize('words', ['info', 'stats', 'ports', 'workers', 'stages', 'pipeline',
                                   'cycles', 'rules', 'ct count', 'ct stats'])
def test_tables_are_for_people(small, words):
    result = small.ctl(*words.split())
    assert (result.returncode, result.stderr) == (0, '')
    lines = result.stdout.splitlines()
    assert len(lines) >= 2 and all(line.isprintable() for line in lines)
    assert '{' not in result.stdout


def test_tables_say_what_the_json_says(small):
    assert ['confirmed', str(N_LAN - N_REFUSED)] in [
        line.split() for line in small.ctl('ct', 'count').stdout.splitlines()]
    heading, lan, wan = [line.split() for line in small.ctl('ports').stdout.splitlines()]
    assert lan[heading.index('RX-PACKETS')] == str(N_LAN)
    assert wan[heading.index('RX-PACKETS')] == str(N_WAN)


def without_timeouts(text):
    """What is printed of connections, less the seconds that have passed meanwhile."""
    return re.sub(r'^( \{.*"timeout": |\w+ +\d+ )\d+', r'\1', text, flags=re.M)


@pytest.mark.parametrize('words', ['ct list', 'ct list --json', 'ct list --proto tcp',
                                   'ct list --json --mark 7'])
def test_the_stream_and_the_pages_say_the_same(small, words):
    link = small.folder / 'link'  # beside which there is no stream
    link.symlink_to(small.socket)
    streamed = small.ctl(*words.split())
    paged = small.ctl(*words.split(), '--socket', str(link))
    link.unlink()
    assert (streamed.returncode, streamed.stderr) == (paged.returncode, paged.stderr)
    assert without_timeouts(streamed.stdout) == without_timeouts(paged.stdout)
    assert streamed.returncode == 0 and len(streamed.stdout) > 100


# Clients other than sallyctl.


def test_every_command_has_a_help_and_fits(small, telemetry):
    listed = [command for command in telemetry.ask('/') if command.startswith('/sallyport/')]
    assert len(listed) == 18
    for command in listed:
        assert telemetry.ask(f'/help,{command}')[command]
        if command != '/sallyport/ct/flush':  # later tests want the connections
            assert len(telemetry.ask_raw(command.encode())) <= ANSWER_BYTES_MAX
    assert small.process.poll() is None


def test_dpdks_own_client_reads_it(small):
    client = shutil.which('dpdk-telemetry.py')
    if client is None:
        pytest.skip('dpdk-telemetry.py is not installed')
    result = subprocess.run([client, '-f', 'test'], env=small.environment, text=True, timeout=60,
                            input='/sallyport/info\n/sallyport/ct/list\n/sallyport/ports\nquit\n',
                            capture_output=True, check=True)
    info, entries, ports = map(json.loads, result.stdout.splitlines())
    assert info['/sallyport/info']['workers'] == 2
    assert len(entries['/sallyport/ct/list']['entries']) == N_LAN - N_REFUSED
    assert ports['/sallyport/ports']['ports']['0']['name'] == 'lan'


BAD_CURSORS = [b'x', b'-1', b'+1', b' 1', b'1 ', b'1,1', b',1', b'0x1', b'1e3', b'1.0',
               b'18446744073709551616', b'9' * 900, b'%s%n%s%n', b'\xff\xfe', b'"', b'\\', b'{}',
               b'\x1b[2J', str(2 << 32).encode(), str(2**64 - 1).encode()]


@pytest.mark.parametrize('command', ['ct/list', 'ct/unconfirmed', 'ct/dying', 'rules', 'ports',
                                     'workers', 'stages', 'pipeline', 'cycles',
                                     'turns'])
def test_a_bad_cursor_is_an_error(telemetry, command):
    for cursor in BAD_CURSORS:
        answer = json.loads(telemetry.ask_raw(f'/sallyport/{command},'.encode() + cursor))
        assert re.match('^the cursor is ', answer[f'/sallyport/{command}']['error'])
    assert 'error' not in telemetry.ask(f'/sallyport/{command},0')
    assert 'error' not in telemetry.ask(f'/sallyport/{command},')


def test_what_takes_no_parameter_says_so(telemetry):
    for command in ('info', 'stats', 'ct/count', 'ct/stats'):
        assert telemetry.ask(f'/sallyport/{command},1') == {
            'error': 'this command takes no parameter'}


def test_a_cursor_inside_the_table_goes_on_there(telemetry):
    rows = telemetry.ask('/sallyport/rules,4')['rules']
    assert [(name, row['kind']) for name, row in rows.items()] == [('4', 'rule'), ('5', 'policy')]
    entries = telemetry.ask(f'/sallyport/ct/list,{1 << 32}')['entries'].values()
    assert {entry['worker'] for entry in entries} <= {1}


# Long lists.


def test_rules_come_page_by_page_in_their_order():
    names = [f'{n:03}' + '\\"' * 30 for n in range(600)]
    quoted = [name.replace('\\', '\\\\').replace('"', '\\"') for name in names]
    rules = ',\n'.join(f'{{ name = "{name}"; proto = "tcp"; dport = "{n + 1}"; action = "drop"; }}'
                       for n, name in enumerate(quoted))
    config = PORTS + f'''
conntrack: {{ max_connections = 1000; }};
chains = ( {{ name = "first"; rules = ({rules}); }}, {{ name = "empty"; rules = (); }},
           {{ name = "last"; policy = "drop"; rules = ({rules}); }} );'''
    with appliance() as machine:
        machine.write('lan', [])
        machine.write('wan', [])
        machine.start(config, name='gäste.conf')
        rows = machine.json('rules')
        expected = [[(chain, name) for name in chain_names] + [(chain, None)]
                    for chain, chain_names in (('first', names), ('empty', []), ('last', names))]
        assert [(row['chain'], row.get('name')) for row in rows] == sum(expected, [])
        # What is not ASCII cannot be in an answer.
        assert machine.json('info')['config'] == str(machine.folder / 'g??ste.conf')
        assert machine.ctl('rules').returncode == 0
        assert machine.stop()[0] == 0


N_FLOWS, N_ANSWERED = 100000, 1000
MANY = '''
ports = ( { name = "lan"; device = "net_pcap0,rx_pcap={folder}/lan"; },
          { name = "wan"; device = "net_pcap1,rx_pcap={folder}/wan,infinite_rx=1"; } );
wires = ( { a = "lan"; b = "wan"; } );
conntrack: { max_connections = 131072; timeouts: { udp = 3600; udp_stream = 3600; }; };
'''


@pytest.fixture(name='many', scope='module')
def fixture_many():
    server = 0xc6336414
    with appliance() as machine:
        machine.write('lan', (udp_frame(*flow(n), server, 53) for n in range(N_FLOWS)))
        machine.write('wan', (udp_frame(server, 53, *flow(n)) for n in range(N_ANSWERED)))
        machine.start(MANY)
        wait_until(lambda: machine.count() == N_FLOWS, 'all flows are in the table')
        yield machine
        assert machine.stop()[0] == 0


@pytest.fixture(name='link')
def fixture_link(many):
    """Another name of the telemetry socket, beside which there is no stream."""
    link = many.folder / 'link'
    link.symlink_to(many.socket)
    yield link
    link.unlink()


@pytest.mark.parametrize('way', ['stream', 'pages'])
def test_every_connection_is_listed_once_while_packets_flow(many, link, way):
    packets = many.json('stats')['packets']
    entries = many.json('ct', 'list', *(['--socket', str(link)] if way == 'pages' else []))
    assert many.json('stats')['packets'] > packets + N_ANSWERED
    listed = sorted((entry['orig']['src'], entry['orig']['sport']) for entry in entries)
    assert listed == sorted((dotted(src), sport) for src, sport in map(flow, range(N_FLOWS)))
    answered = {(entry['orig']['src'], entry['orig']['sport']) for entry in entries
                if entry['seen_reply']}
    assert answered == {(dotted(src), sport) for src, sport in map(flow, range(N_ANSWERED))}
    assert len({entry['conn'] for entry in entries}) == N_FLOWS


def test_pages_fit_and_move_on(many):
    client = Telemetry(many.socket)
    cursor, n_pages, n_entries = 0, 0, 0
    assert client.banner['max_output_len'] == ANSWER_BYTES_MAX
    while cursor > 0 or n_pages == 0:
        text = client.ask_raw(f'/sallyport/ct/list,{cursor}'.encode())
        assert len(text) <= ANSWER_BYTES_MAX
        page = json.loads(text)['/sallyport/ct/list']
        assert page['cursor'] == 0 or page['cursor'] > cursor
        assert page['cursor'] == 0 or len(page['entries']) > 20
        cursor, n_pages, n_entries = page['cursor'], n_pages + 1, n_entries + len(page['entries'])
    assert n_entries == N_FLOWS
    client.close()


# The end.


def ask_until_closed(client, answers):
    """Asks again and again, until nobody answers any more."""
    with contextlib.suppress(ConnectionError):
        while answer := client.ask_raw(b'/sallyport/ct/list'):
            answers.append(json.loads(answer)['/sallyport/ct/list'])
    client.close()


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_while_clients_ask(number):
    with appliance() as machine:
        machine.write('lan', (udp_frame(*flow(n), 0xc6336414, 53) for n in range(2000)))
        machine.write('wan', [])
        machine.start(PORTS + 'conntrack: { max_connections = 10000; };')
        wait_until(lambda: machine.count() == 2000, 'the table is filled')
        answers = []
        clients = [threading.Thread(target=ask_until_closed,
                                    args=(Telemetry(machine.socket), answers)) for _ in range(4)]
        for client in clients:
            client.start()
        wait_until(lambda: len(answers) > 100, 'clients are busy')
        status, log = machine.stop(number)
        for client in clients:
            client.join()
        assert status == 0, log
        # Either the table as it was, or nothing: never a table that is being taken down.
        pages = [[entry['conn'] for entry in answer['entries'].values()]
                 for answer in answers if answer is not None]
        assert pages[0] and all(page == pages[0] for page in pages)
        assert machine.ctl('info').returncode == 1
