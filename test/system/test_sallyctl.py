# SPDX-License-Identifier: BSD-3-Clause
"""sallyctl against a socket that says anything: it prints what it can use and one line about what it
cannot, and neither crashes nor hangs. No firewall runs here, so neither root nor DPDK is needed."""

import contextlib
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import tempfile
import threading

import pytest

from system.stream import (GOOD_HELLO, HELLO, RECORD_BYTES, REST, SUFFIX, TUPLE, pack_last,
                           pack_record)
from util.programs import ROOT, SALLYCTL, SALLYPORT

TIME_LIMIT_SEC = 60
BANNER = {'version': 'DPDK 22.11.11', 'pid': 1, 'max_output_len': 16384}


def as_bytes(value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


class Server:
    """One client after the other gets the banner, then what answer(question) returns: bytes, what
    will be JSON, or None to close the connection."""

    KIND = socket.SOCK_SEQPACKET

    def __init__(self, path, answer, banner):
        self.answer, self.banner = answer, banner
        self.questions = []
        self.socket = socket.socket(socket.AF_UNIX, self.KIND)
        self.socket.bind(str(path))
        self.socket.listen()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.socket.accept()
                with client, contextlib.suppress(ConnectionError):
                    self.talk(client)

    def talk(self, client):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        if self.banner is None:
            return
        client.send(as_bytes(self.banner))
        while question := client.recv(1024):
            self.questions.append(question.decode())
            answer = self.answer(question.decode())
            if answer is None:
                return
            client.send(as_bytes(answer))

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


def sallyctl(*words, stdout=subprocess.PIPE, **environment):
    return subprocess.run([SALLYCTL, *map(str, words)], stdin=subprocess.DEVNULL, stdout=stdout,
                          stderr=subprocess.PIPE, text=True, timeout=TIME_LIMIT_SEC, check=False,
                          env=os.environ | environment)


@pytest.fixture(name='folder')
def fixture_folder():
    # The name of a socket has 107 characters at most; those of pytest's folders are long.
    with tempfile.TemporaryDirectory(prefix='sallyctl-') as folder:
        yield pathlib.Path(folder)


class StreamServer(Server):
    """One client after the other is sent these bytes, in pieces, and then nothing more."""

    KIND = socket.SOCK_STREAM

    def __init__(self, path, content, piece_bytes):
        self.content, self.piece_bytes = content, piece_bytes
        super().__init__(path, None, None)

    def talk(self, client):
        for begin in range(0, len(self.content), self.piece_bytes):
            client.sendall(self.content[begin:begin + self.piece_bytes])


@pytest.fixture(name='ask')
def fixture_ask(folder):
    """ask(answer, words...) runs sallyctl against a server with that answer, or that function
    from questions to answers, and a stream of these bytes beside it."""
    servers = []

    def ask(answer, *words, banner=BANNER, stdout=subprocess.PIPE, stream=None, piece_bytes=1 << 20):
        path = folder / f'socket{len(servers)}'
        function = answer if callable(answer) else lambda question: answer
        if stream is not None:
            servers.append(StreamServer(f'{path}{SUFFIX}', stream, piece_bytes))
        servers.append(Server(path, function, banner))
        result = sallyctl('--socket', path, *words, stdout=stdout)
        result.questions = servers[-1].questions
        return result

    yield ask
    for server in servers:
        server.close()


def assert_refused(result):
    """Exit status 1 and one line that says what is wrong, safe for any terminal."""
    assert result.returncode == 1
    assert result.stderr.startswith('sallyctl: ') and result.stderr.endswith('\n')
    assert result.stderr[:-1].isprintable() and len(result.stderr) < 600


def row(**changes):
    """A connection as it travels; a change to None takes a member away."""
    entry = {
        'proto': 'tcp', 'protonum': 6, 'state': 'ESTABLISHED', 'timeout': 431999,
        'orig': {'src': '10.0.0.1', 'dst': '10.0.0.2', 'sport': 1025, 'dport': 80, 'packets': 3,
                 'bytes': 180},
        'reply': {'src': '10.0.0.2', 'dst': '10.0.0.1', 'sport': 80, 'dport': 1025, 'packets': 2,
                  'bytes': 120},
        'seen_reply': 1, 'assured': 1, 'mark': 0, 'zone': 0, 'worker': 0, 'conn': 17,
    } | changes
    return {key: value for key, value in entry.items() if value is not None}


def page(*rows, cursor=0, command='ct/list', member='entries'):
    return {f'/sallyport/{command}': {member: {str(n): row for n, row in enumerate(rows)},
                                      'cursor': cursor}}


# What it prints.


def test_an_entry_is_that_of_the_contract(ask):
    result = ask(page(row()), 'ct', 'list', '--json')
    assert (result.returncode, result.stderr) == (0, '')
    # As in the contract, word for word.
    assert result.stdout.split('\n')[1].strip() == (
        '{"proto": "tcp", "protonum": 6, "state": "ESTABLISHED", "timeout": 431999, '
        '"orig": {"src": "10.0.0.1", "dst": "10.0.0.2", "sport": 1025, "dport": 80, '
        '"packets": 3, "bytes": 180}, '
        '"reply": {"src": "10.0.0.2", "dst": "10.0.0.1", "sport": 80, "dport": 1025, '
        '"packets": 2, "bytes": 120}, '
        '"seen_reply": true, "assured": true, "mark": 0, "zone": 0, "worker": 0, "conn": 17}')


def test_an_entry_has_its_order_whatever_it_came_in(ask):
    turned = dict(reversed(row(state=None, helper='ftp', seen_reply=0, assured=0, extra=1).items()))
    entry, = json.loads(ask(page(turned), 'ct', 'list', '--json').stdout)
    assert list(entry) == ['proto', 'protonum', 'state', 'timeout', 'orig', 'reply', 'seen_reply',
                           'assured', 'mark', 'zone', 'helper', 'worker', 'conn']
    assert (entry['state'], entry['seen_reply'], entry['assured']) == (None, False, False)


def test_an_entry_as_a_line(ask):
    result = ask(page(row()), 'ct', 'list')
    assert result.stdout == (
        'tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1025 dport=80 packets=3 '
        'bytes=180 src=10.0.0.2 dst=10.0.0.1 sport=80 dport=1025 packets=2 bytes=120 [ASSURED] '
        'mark=0 use=1\n')
    assert result.stderr == 'sallyctl: 1 flow entries have been shown.\n'


@pytest.mark.parametrize('words', ['ct list', 'ct unconfirmed', 'ct dying', 'ports', 'workers',
                                   'stages', 'pipeline', 'cycles', 'rules'])
def test_an_empty_list_is_an_empty_array(ask, words):
    def answer(question):
        return {question.split(',')[0]: {'entries': {}, 'ports': {}, 'workers': {}, 'stages': {},
                                         'parts': {}, 'rules': {}, 'count': 0, 'cursor': 0}}

    result = ask(answer, *words.split(), '--json')
    assert (result.returncode, result.stdout, result.stderr) == (0, '[]\n', '')
    assert ask(answer, *words.split()).returncode == 0


@pytest.mark.parametrize('words', ['ct list --json', 'ct list'])
def test_pages_are_one_list(ask, words):
    def answer(question):
        cursor = int(question.split(',')[1])
        rows = [row(conn=cursor + n) for n in range(cursor % 3)]  # the first page is empty
        return page(*rows, cursor=cursor + 1 if cursor < 30 else 0)

    result = ask(answer, *words.split())
    assert (result.returncode, result.questions[1]) == (0, '/sallyport/ct/list,1')
    expected = [cursor + n for cursor in range(31) for n in range(cursor % 3)]
    if 'json' in words:
        assert [entry['conn'] for entry in json.loads(result.stdout)] == expected
    else:
        assert len(result.stdout.splitlines()) == len(expected)


def test_objects_and_rows_are_printed_as_they_are(ask):
    stats = {'packets': 2**62, 'dropped': {'rule': 3, 'malformed': 0}, 'hash': 'aes'}
    assert json.loads(ask({'/sallyport/stats': stats}, 'stats', '--json').stdout) == stats
    table = [line.split() for line in ask({'/sallyport/stats': stats}, 'stats').stdout.splitlines()]
    assert table == [['packets', str(2**62)], ['dropped', 'rule', '3'], ['hash', 'aes']]
    ports = [{'name': 'lan', 'rx_packets': 5}, {'name': 'wan', 'link': 'up'}]
    answer = page(*ports, command='ports', member='ports')
    assert json.loads(ask(answer, 'ports', '--json').stdout) == ports
    assert [line.split() for line in ask(answer, 'ports').stdout.splitlines()][1:] == [
        ['lan', '5'], ['wan', 'up']]


def test_a_counter_may_be_called_error(ask):
    assert ask({'/sallyport/ct/stats': {'error': 0}}, 'ct', 'stats').returncode == 0


def stream_of(*rows):
    """The same connections as a stream."""
    return GOOD_HELLO + b''.join(map(pack_record, rows)) + pack_last(len(rows))


ALL_KINDS = [
    row(helper='ftp', mark=2**32 - 1, zone=65535, worker=63, conn=2**60),
    row(proto='udp', protonum=17, state=None, seen_reply=0, assured=0,
        orig={'src': '2001:db8::1', 'dst': '::1', 'sport': 0, 'dport': 65535},
        reply={'src': '::1', 'dst': '2001:db8::1', 'sport': 65535, 'dport': 0}),
    row(proto='icmpv6', protonum=58, state=None,
        orig={'src': 'fe80::1', 'dst': 'ff02::2', 'type': 128, 'code': 3, 'id': 9},
        reply={'src': 'ff02::2', 'dst': 'fe80::1', 'type': 129, 'code': 3, 'id': 9}),
    row(proto='gre', protonum=47, state=None,
        orig={'src': '10.0.0.1', 'dst': '10.0.0.2', 'srckey': 0, 'dstkey': 0xbeef},
        reply={'src': '10.0.0.2', 'dst': '10.0.0.1', 'srckey': 0xbeef, 'dstkey': 0}),
    row(proto='unknown', protonum=253, state=None,
        orig={'src': '0.0.0.0', 'dst': '255.255.255.255', 'packets': 2**62, 'bytes': 2**62},
        reply={'src': '255.255.255.255', 'dst': '0.0.0.0', 'packets': 0, 'bytes': 0}),
]


@pytest.mark.parametrize('words', ['ct list', 'ct list --json', 'ct list --proto tcp',
                                   'ct list --json --src ::/0'])
@pytest.mark.parametrize('piece_bytes', [1, 175, 10**6])
def test_a_stream_is_printed_as_pages_are(ask, words, piece_bytes):
    paged = ask(page(*ALL_KINDS), *words.split())
    streamed = ask(None, *words.split(), stream=stream_of(*ALL_KINDS), piece_bytes=piece_bytes)
    assert (paged.returncode, len(paged.questions)) == (0, 1)
    assert (streamed.returncode, streamed.questions) == (0, [])
    assert (streamed.stdout, streamed.stderr) == (paged.stdout, paged.stderr)
    assert streamed.stdout


def test_a_long_stream(ask):
    rows = [row(conn=n) for n in range(5000)]
    result = ask(None, 'ct', 'list', '--json', stream=stream_of(*rows), piece_bytes=10007)
    assert [entry['conn'] for entry in json.loads(result.stdout)] == list(range(5000))


@pytest.mark.parametrize('words, stdout', [('ct list', ''), ('ct list --json', '[]\n')])
def test_an_empty_stream(ask, words, stdout):
    result = ask(None, *words.split(), stream=stream_of())
    assert (result.returncode, result.stdout) == (0, stdout)


@pytest.mark.parametrize('words', ['ct unconfirmed', 'ct dying'])
def test_other_lists_are_not_in_the_stream(ask, words):
    result = ask(page(row(), command=words.replace(' ', '/')), *words.split(),
                 stream=stream_of())
    assert (result.returncode, len(result.questions)) == (0, 1)
    assert len(result.stdout.splitlines()) == 1


# Filters.

MANY = [
    row(conn=1),
    row(conn=2, proto='udp', protonum=17, state=None, mark=0x17,
        orig={'src': '10.0.1.1', 'dst': '192.0.2.9', 'sport': 53, 'dport': 53}),
    row(conn=3, state='SYN_SENT', mark=0xffffffff, zone=65535,
        orig={'src': '2001:db8::1', 'dst': '2001:db8:1::ff', 'sport': 1, 'dport': 443}),
    row(conn=4, proto='icmp', protonum=1, state=None,
        orig={'src': '10.128.0.1', 'dst': '10.0.0.2', 'type': 8, 'code': 0, 'id': 53},
        reply={'src': '10.0.0.2', 'dst': '10.128.0.1', 'type': 0, 'code': 0, 'id': 53}),
    row(conn=5, proto='unknown', protonum=50, state=None,
        orig={'src': '0.0.0.0', 'dst': '255.255.255.255'}),
]


@pytest.mark.parametrize('filters, shown', [
    ('', [1, 2, 3, 4, 5]),
    ('--proto tcp', [1, 3]),
    ('--proto TCP', [1, 3]),
    ('--proto 17', [2]),
    ('--proto 50', [5]),
    ('--proto esp', [5]),
    ('--proto ESP', [5]),
    ('--proto ospf', []),
    ('--proto ipv6-icmp', []),
    ('--proto 0', []),
    ('--src 10.0.0.1', [1]),
    ('--src 10.0.0.1/32', [1]),
    ('--src 10.0.0.2', []),  # the reply direction is not asked
    ('--src 10.0.0.0/23', [1, 2]),
    ('--src 10.0.1.0/24', [2]),
    ('--src 10.0.0.255/9', [1, 2]),  # bits behind the prefix do not count
    ('--src 10.0.0.0/8', [1, 2, 4]),
    ('--src 0.0.0.0/0', [1, 2, 4, 5]),
    ('--src ::/0', [3]),
    ('--src 2001:db8::/127', [3]),
    ('--src 2001:db8::/128', []),
    ('--dst 2001:db8:1::/48', [3]),
    ('--dst 192.0.2.9', [2]),
    ('--sport 53', [2]),  # not the id of ICMP
    ('--sport 0', []),
    ('--dport 80', [1]),
    ('--dport 53 --sport 53', [2]),
    ('--state established', [1]),
    ('--state SYN_SENT', [3]),
    ('--state SYN', []),
    ('--mark 0', [1, 4, 5]),
    ('--mark 23', [2]),
    ('--mark 023', [2]),
    ('--mark 019/0x1F', []),
    ('--mark 0X17', [2]),
    ('--mark 0x17', [2]),
    ('--mark 0x10/0x10', [2, 3]),
    ('--mark 7/0xf', [2]),
    ('--mark 4294967295', [3]),
    ('--mark 0/0', [1, 2, 3, 4, 5]),
    ('--zone 0', [1, 2, 4, 5]),
    ('--zone 65535', [3]),
    ('--zone 1', []),
    ('--zone 0 --proto tcp', [1]),
    ('--proto tcp --state SYN_SENT --dport 443', [3]),
    ('--proto udp --state SYN_SENT', []),
    ('-p tcp -s 10.0.0.0/8', [1]),
    ('--orig-src 10.0.1.0/24', [2]),
    ('--orig-src 10.0.0.0/8 --orig-dst 10.0.0.2', [1, 4]),
    ('--reply-src 10.0.0.2 --reply-dst 10.128.0.0/9', [4]),
    ('--orig-port-src 1025 --orig-port-dst 80', [1]),
    ('--reply-port-src 80 --orig-src 10.0.0.1', [1]),
    ('--reply-port-dst 80', []),
    ('--icmp-type 8', [4]),
    ('--icmp-type 8 --icmp-code 0 --icmp-id 53', [4]),
    ('--icmp-type 0', []),  # the reply direction is not asked
    ('--family ipv6', [3]),
    ('-f ipv4', [1, 2, 4, 5]),
    ('--status assured', [1, 2, 3, 4, 5]),
    ('--status UNREPLIED', []),
    ('--status EXPECTED', []),
    ('--srckey 0', []),
])
def test_a_filter_picks(ask, filters, shown):
    for stream in (None, stream_of(*MANY)):
        result = ask(page(*MANY), 'ct', 'list', '--json', *filters.split(), stream=stream)
        assert result.returncode == 0
        assert [entry['conn'] for entry in json.loads(result.stdout)] == shown


@pytest.mark.parametrize('words', [
    ['--proto', 'tcpp'], ['--proto', '256'], ['--proto', 'unknown'], ['--proto', ''],
    ['--proto', '-1'], ['--src', 'host'], ['--src', '10.0.0.0/33'], ['--src', '10.0.0.0/'],
    ['--src', '10.0.0'], ['--src', '::/129'], ['--src', '10.0.0.0/-1'], ['--dst', ''],
    ['--dst', '1' * 200], ['--dst', '10.0.0.0/8/8'], ['--sport', '65536'], ['--sport', 'http'],
    ['--dport', '1-2'], ['--dport', ' 1'], ['--state', ''], ['--mark', 'x'], ['--mark', '1/'],
    ['--mark', '4294967296'], ['--mark', '-1'], ['--mark', '1/2/3'], ['--mark', '0' * 100],
    ['--zone', '65536'], ['--zone', '-1'], ['--zone', ''], ['--family', '4'], ['--status', ''],
    ['--status', 'ASSURED,'], ['--status', 'SEEN'], ['--icmp-type', '256'], ['--icmp-id', 'x'],
    ['--reply-src', '10.0.0'], ['--reply-port-src', '65536'], ['--srckey', '65536'],
])
def test_a_filter_that_means_nothing_is_refused(words):
    result = sallyctl('ct', 'list', *words)
    assert result.returncode == 2
    assert 'is needed' in result.stderr


@pytest.mark.parametrize('words', [
    '--src 10.0.0.1 --dst ::1', '--family ipv6 --reply-src 10.0.0.1', '--sport 1 --icmp-type 8',
    '--icmp-id 1 --srckey 1',
])
def test_a_filter_that_nothing_can_pass_is_refused(words):
    result = sallyctl('ct', 'list', *words.split())
    assert result.returncode == 2
    assert 'was asked for before' in result.stderr


# Usage.


@pytest.mark.parametrize('words', [
    [], ['ct'], ['nothing'], ['info', 'more'], ['ct', 'list', 'all'], ['list'], ['ct list', ''],
    ['--nothing'], ['info', '--json=1'], ['info', '--proto', 'tcp'],
    ['ct', 'dying', '--mark', '1'], ['x' * 10000], ['--socket'],
])
def test_usage(words):
    result = sallyctl(*words)
    assert (result.returncode, result.stdout) == (2, '')
    assert result.stderr.startswith('sallyctl: ')


def test_help_lists_every_command():
    result = sallyctl('--help')
    assert result.returncode == 0
    for command in ('info', 'stats', 'ports', 'workers', 'stages', 'pipeline', 'cycles', 'rules',
                    'metrics',
                    'ct count', 'ct list', 'ct get', 'ct delete', 'ct flush', 'ct unconfirmed',
                    'ct dying', 'ct stats'):
        assert f'\n  {command} ' in result.stdout
    assert sallyctl('--version').stdout.startswith('sallyctl ')


@pytest.mark.parametrize('page_name, words', [
    ('sallyctl.1', [SALLYCTL, '--help']), ('sallyport.8', [SALLYPORT, 'run', '--help']),
    ('sallyport.8', [SALLYPORT, 'replay', '--help']), ('sallyport.8', [SALLYPORT, 'check', '--help']),
    ('sallyport-hugepages.8', [ROOT / 'scripts/hugepages', '--help']),
    ('sallyport-bind-nic.8', [ROOT / 'scripts/bind-nic', '--help'])])
def test_the_manual_page_has_every_option(page_name, words):
    text = (ROOT / 'doc' / page_name).read_text()
    help_text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    options = set(re.findall(r'--([a-z-]+)', help_text)) - {'usage'}
    assert len(options) > 2
    for option in options - {'config'}:
        assert f'Fl \\-{option}' in text, option
    if page_name == 'sallyctl.1':
        for command in re.findall(r'^  ([a-z][a-z ]*?)  ', help_text, re.M):
            assert f'.It Cm {command}\n' in text, command


# Questions that change something.

TUPLE_WORDS = '-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1025 --dport 80'


@pytest.mark.parametrize('words, error', [
    ('ct delete', 'ct delete needs a filter; ct flush deletes all connections'),
    ('ct delete --dry-run', 'ct delete needs a filter'),
    ('ct delete --mark 0/0', 'ct delete needs a filter'),
    ('ct flush --proto tcp', 'ct flush takes no filter'),
    ('ct list --dry-run', 'ct list takes no --dry-run'),
    ('info --dry-run', 'info takes no --dry-run'),
    ('ct get', 'a protocol, source and destination are needed'),
    ('ct get -p tcp -s 10.0.0.1 -d 10.0.0.2', 'a source and a destination port are needed'),
    ('ct get -p icmp -s 10.0.0.1 -d 10.0.0.2 --icmp-type 8', 'a type, a code and an identifier'),
    ('ct get -p esp -s 10.0.0.0/8 -d 10.0.0.2', 'a protocol, source and destination'),
    (f'ct get {TUPLE_WORDS} --state ESTABLISHED', 'named by its tuple alone'),
])
def test_what_makes_no_sense_is_not_sent(ask, words, error):
    result = ask(None, *words.split())
    assert (result.returncode, result.questions, result.stdout) == (2, [], '')
    assert error in result.stderr


def test_the_filter_travels_as_it_was_given(ask):
    result = ask({'/sallyport/ct/delete': {'deleted': 3, 'cursor': 0}}, 'ct', 'delete', '-p', 'TCP',
                 '--orig-src', '10.0.0.0/8', '--status', 'ASSURED,SEEN_REPLY')
    assert (result.returncode, result.stdout) == (0, '3 connections deleted\n')
    assert result.questions == [
        '/sallyport/ct/delete,cursor=0 proto=TCP src=10.0.0.0/8 status=ASSURED,SEEN_REPLY']


@pytest.mark.parametrize('command, prefix', [('delete --proto 6', 'cursor='), ('flush', '')])
def test_pages_are_deleted_until_the_last(ask, command, prefix):
    name = f'/sallyport/ct/{command.split()[0]}'

    def answer(question):
        cursor = int(question.split(',')[1].removeprefix(prefix).split()[0])
        return {name: {'deleted': cursor % 3, 'cursor': cursor + 1 if cursor < 30 else 0}}

    result = ask(answer, 'ct', *command.split(), '--json')
    assert (result.returncode, len(result.questions)) == (0, 31)
    assert json.loads(result.stdout) == {'deleted': sum(n % 3 for n in range(31))}


@pytest.mark.parametrize('words, status', [('delete --proto 6', 1), ('flush', 0)])
def test_nothing_to_delete(ask, words, status):
    answer = {f'/sallyport/ct/{words.split()[0]}': {'deleted': 0, 'cursor': 0}}
    result = ask(answer, 'ct', *words.split())
    assert (result.returncode, result.stdout) == (status, '0 connections deleted\n')


@pytest.mark.parametrize('page_of', [
    {}, {'deleted': 1}, {'cursor': 0}, {'deleted': -1, 'cursor': 0}, {'deleted': 1, 'cursor': -1},
    {'deleted': '1', 'cursor': 0}, {'error': 'the worker has too many requests: try again'}, None,
    [], {'deleted': 1, 'cursor': 5},  # the same again and again
])
def test_a_deletion_that_is_answered_badly(ask, page_of):
    result = ask({'/sallyport/ct/flush': page_of}, 'ct', 'flush')
    assert_refused(result)
    assert len(result.questions) <= 2


def test_a_dry_run_only_lists(ask):
    for stream in (None, stream_of(*MANY)):
        result = ask(page(*MANY), 'ct', 'delete', '--proto', 'tcp', '--dry-run', '--json',
                     stream=stream)
        assert result.returncode == 0
        assert all(question.startswith('/sallyport/ct/list,') for question in result.questions)
        answer = json.loads(result.stdout)
        assert [entry['conn'] for entry in answer['connections']] == [1, 3]
        assert answer['would_delete'] == 2
        result = ask(page(*MANY), 'ct', 'delete', '--zone', '1', '--dry-run', stream=stream)
        assert (result.returncode, result.stdout) == (1, '')
        result = ask(page(*MANY), 'ct', 'flush', '--dry-run', stream=stream)
        assert (result.returncode, len(result.stdout.splitlines())) == (0, len(MANY))
        assert result.stderr == f'sallyctl: {len(MANY)} connections would be deleted\n'


def test_getting_one(ask):
    answer = {'/sallyport/ct/get': {'entries': {'0': row()}}}
    result = ask(answer, 'ct', 'get', *TUPLE_WORDS.split())
    assert result.returncode == 0
    assert result.stdout.startswith('tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 ')
    assert result.questions == [
        '/sallyport/ct/get,proto=tcp src=10.0.0.1 dst=10.0.0.2 sport=1025 dport=80']
    assert json.loads(ask(answer, 'ct', 'get', *TUPLE_WORDS.split(), '--json').stdout)['conn'] == 17
    nothing = ask({'/sallyport/ct/get': {'entries': {}}}, 'ct', 'get', *TUPLE_WORDS.split())
    assert_refused(nothing)
    assert nothing.stdout == ''
    for bad in ({}, {'entries': []}, {'entries': {'0': 1}}, {'entries': {'0': row(proto=5)}}):
        assert_refused(ask({'/sallyport/ct/get': bad}, 'ct', 'get', *TUPLE_WORDS.split()))


# Metrics.


def metrics(*rows, cursor=0, generation=1, first=0):
    return {'/sallyport/metrics': {
        'metrics': {str(first + n): row for n, row in enumerate(rows)}, 'cursor': cursor,
        'generation': generation}}


COUNTER = {'family': 'a_bytes', 'kind': 'counter', 'unit': 'bytes', 'help': 'Bytes \\ "A"\n.'}
HISTOGRAM = {'family': 'h_seconds', 'kind': 'histogram', 'unit': 'seconds', 'help': 'Times.'}
SAMPLE = {'labels': {'rule': 'say "hi"\n\\ déjà 🐧'}, 'value': 2**62}
TIMES = {'labels': {'w': '0'}, 'buckets': {'0.5': 1, '+Inf': 3}, 'sum': 1.25}


def test_metrics_are_openmetrics_text(ask):
    result = ask(metrics(COUNTER, SAMPLE, {'labels': {}, 'value': 0}, HISTOGRAM, TIMES), 'metrics')
    assert (result.returncode, result.stderr) == (0, '')
    assert result.stdout == (
        '# HELP a_bytes Bytes \\\\ \\"A\\"\\n.\n# TYPE a_bytes counter\n# UNIT a_bytes bytes\n'
        f'a_bytes_total{{rule="say \\"hi\\"\\n\\\\ déjà 🐧"}} {2**62}\na_bytes_total 0\n'
        '# HELP h_seconds Times.\n# TYPE h_seconds histogram\n# UNIT h_seconds seconds\n'
        'h_seconds_bucket{w="0",le="0.5"} 1\nh_seconds_bucket{w="0",le="+Inf"} 3\n'
        'h_seconds_count{w="0"} 3\nh_seconds_sum{w="0"} 1.25\n# EOF\n')
    assert ask(metrics(COUNTER, SAMPLE), 'metrics', '--prometheus').stdout == (
        '# HELP a_bytes_total Bytes \\\\ "A"\\n.\n# TYPE a_bytes_total counter\n'
        f'a_bytes_total{{rule="say \\"hi\\"\\n\\\\ déjà 🐧"}} {2**62}\n')
    assert json.loads(ask(metrics(COUNTER, SAMPLE), 'metrics', '--json').stdout) == [
        {'name': 'a_bytes_total', 'unit': 'bytes'} | SAMPLE]
    assert ask(metrics(), 'metrics').stdout == '# EOF\n'


def test_pages_of_two_configurations_are_not_mixed(ask):
    """The second page comes after a reload, once: it begins anew."""
    pages = [metrics(COUNTER, SAMPLE, cursor=7), metrics(SAMPLE, generation=2, first=7),
             metrics(COUNTER, SAMPLE, cursor=7, generation=2),
             metrics({'labels': {}, 'value': 5}, generation=2, first=7)]
    result = ask(lambda question: pages.pop(0), 'metrics')
    assert (result.returncode, pages) == (0, [])
    assert [question.split(',')[1] for question in result.questions] == ['0', '7', '0', '7']
    assert result.stdout.splitlines()[3:] == [
        f'a_bytes_total{{rule="say \\"hi\\"\\n\\\\ déjà 🐧"}} {2**62}', 'a_bytes_total 5', '# EOF']


def test_a_configuration_that_changes_all_the_time(ask):
    generations = iter(range(1, 1000))

    def answer(question):
        cursor = 7 if question.endswith(',0') else 0
        return metrics(COUNTER, SAMPLE, cursor=cursor, generation=next(generations))

    result = ask(answer, 'metrics')
    assert_refused(result)
    assert result.stdout == '' and len(result.questions) < 100


BAD_METRICS = [
    [SAMPLE], [COUNTER | {'family': 'a b'}], [COUNTER | {'family': '9a'}], [COUNTER | {'family': ''}],
    [COUNTER | {'family': 'x' * 10000}], [COUNTER | {'unit': 'b\n'}], [COUNTER | {'unit': 7, 'help': 7}],
    [COUNTER | {'kind': 'summary'}], [COUNTER | {'kind': None}],
    [COUNTER, {}], [COUNTER, {'labels': {}}], [COUNTER, {'value': 7}], [COUNTER, {'labels': [], 'value': 7}],
    [COUNTER, {'labels': {'a': 7}, 'value': 7}], [COUNTER, {'labels': {'a-b': 'x'}, 'value': 7}],
    [COUNTER, {'labels': {'a\n': 'x'}, 'value': 7}], [COUNTER, {'labels': {}, 'value': '7'}],
    [COUNTER, {'labels': {f'a{n}': 'x' for n in range(17)}, 'value': 7}],
    [HISTOGRAM, SAMPLE], [HISTOGRAM, TIMES | {'buckets': {'0.5\n': 1}}],
    [HISTOGRAM, TIMES | {'buckets': {'1': 1.5}}], [HISTOGRAM, TIMES | {'buckets': []}],
    [HISTOGRAM, TIMES | {'sum': None}],
]


@pytest.mark.parametrize('number', range(len(BAD_METRICS)))
def test_a_bad_metric(ask, number):
    result = ask(metrics(*BAD_METRICS[number]), 'metrics')
    assert_refused(result)
    assert result.stdout == ''


@pytest.mark.parametrize('words', [['info', '--prometheus'], ['metrics', '--prometheus', '--json']])
def test_formats_of_metrics_are_of_metrics(words):
    result = sallyctl(*words)
    assert (result.returncode, result.stdout) == (2, '')


# Nobody there.


@pytest.mark.parametrize('words', ['info', 'ct list', 'ct list --json', 'rules'])
def test_without_a_server(folder, words):
    result = sallyctl(*words.split(), RUNTIME_DIRECTORY=str(folder))
    assert_refused(result)
    assert f'{folder}/dpdk/rte/dpdk_telemetry.v2' in result.stderr
    assert 'is sallyport running?' in result.stderr
    assert result.stdout == ''


def test_where_the_socket_is_looked_for(folder):
    prefixed = sallyctl('info', '--file-prefix', 'fw', RUNTIME_DIRECTORY=str(folder)).stderr
    assert f'{folder}/dpdk/fw/dpdk_telemetry.v2' in prefixed
    assert f'{folder}/here' in sallyctl('info', '--socket', folder / 'here').stderr
    usual = subprocess.run(
        [SALLYCTL, 'info', '--file-prefix', 'nobody-is-called-so'], capture_output=True, text=True,
        check=False, env={key: value for key, value in os.environ.items()
                          if key != 'RUNTIME_DIRECTORY'} | {'XDG_RUNTIME_DIR': str(folder)}).stderr
    start = '/var/run' if os.getuid() == 0 else folder
    assert f'{start}/dpdk/nobody-is-called-so/dpdk_telemetry.v2' in usual
    assert_refused(sallyctl('info', '--socket', 'x' * 300))
    assert_refused(sallyctl('info', '--file-prefix', 'x' * 10000))
    assert_refused(sallyctl('info', '--socket', folder))  # no socket


# A server that lies.


@pytest.mark.parametrize('banner', [
    None, b'', b'hello', b'{}', b'[]', b'{"max_output_len": "16384"}', b'{"max_output_len": 0}',
    b'{"max_output_len": -1}', b'{"max_output_len": 1e300}', b'{"max_output_len": 99999999999}',
    b'{"max_output_len": 9999999999999999999999}', b'{"max_output_len": 16384}' + b' ' * 2000,
    b'\xff\xfe', b'[' * 1000,
])
def test_a_bad_banner(ask, banner):
    assert_refused(ask(None, 'info', banner=banner))


BAD_ANSWERS = [
    None, b'', b'null', b'[]', b'"text"', b'{}', b'{"/sallyport/ct/list": ', b'\0', b'{} {}',
    b'\xff', b'{"/sallyport/ct/list": "\xff"}', b'[' * 16000, b'{"a":' * 3000, b' ' * 16385,
    b'{"/sallyport/ct/list": {"entries": {}, "cursor": 0}}' + b' ' * 20000,
    b'{"/sallyport/ct/list": {}, "/sallyport/ct/list": {}}',
    {'/sallyport/ct/list': None}, {'/sallyport/ct/list': []}, {'/sallyport/ct/list': 1},
    {'/sallyport/ct/list': {}}, {'/sallyport/info': {}},
    {'/sallyport/ct/list': {'error': 'something'}},
    {'/sallyport/ct/list': {'error': 'a\nb\x1b[31mred\x07\x7f'}},
    {'/sallyport/ct/list': {'error': 'x' * 10000}},
    {'/sallyport/ct/list': {'entries': {}}}, {'/sallyport/ct/list': {'cursor': 0}},
    {'/sallyport/ct/list': {'entries': [], 'cursor': 0}},
    {'/sallyport/ct/list': {'entries': {'0': 1}, 'cursor': 0}},
    {'/sallyport/ct/list': {'entries': {'0': {}}, 'cursor': 0}},
    {'/sallyport/ct/list': {'entries': {}, 'cursor': '0'}},
    {'/sallyport/ct/list': {'entries': {}, 'cursor': 0.5}},
    {'/sallyport/ct/list': {'entries': {}, 'cursor': -1}},
    {'/sallyport/ct/list': {'entries': {}, 'cursor': 2**63}},
]


@pytest.mark.parametrize('number', range(len(BAD_ANSWERS)))
@pytest.mark.parametrize('words', ['ct list', 'ct list --json'])
def test_a_bad_answer(ask, words, number):
    result = ask(BAD_ANSWERS[number], *words.split())
    assert_refused(result)
    assert result.stdout == ''


@pytest.mark.parametrize('answer', [
    b'{"/sallyport/info": []}', b'{"/sallyport/info": null}', b'nonsense', b'{"/sallyport/stats":{}}',
])
def test_a_bad_object(ask, answer):
    assert_refused(ask(answer, 'info'))
    assert_refused(ask(answer, 'info', '--json'))


@pytest.mark.parametrize('value', [None, True, 1.5, -7, 2**62, 'x' * 5000, '\x1b[31m\n', [], {},
                                   {'a': {'b': {}}}, {'x' * 500: 7}], ids=range(11))
@pytest.mark.parametrize('words', ['info', 'rules'])
def test_any_value_in_a_table(ask, words, value):
    fields = {'name': value, 'line': value, 'other': value}
    answer = {'/sallyport/info': fields} if words == 'info' else page(fields, command='rules',
                                                                       member='rules')
    result = ask(answer, words)
    assert (result.returncode, result.stderr) == (0, '')
    assert '\x1b' not in result.stdout
    assert json.loads(ask(answer, words, '--json').stdout) == (
        fields if words == 'info' else [fields])


BAD_ROWS = [
    dict(proto=7), dict(proto=''), dict(proto='t\x1b[31m'), dict(proto='x' * 32),
    dict(protonum='6'), dict(protonum=-1), dict(protonum=1.5), dict(state=1), dict(state=''),
    dict(state='A B'), dict(timeout=-1), dict(timeout={}), dict(orig=[]), dict(orig={}),
    dict(orig={'src': '10.0.0.1'}), dict(orig={'src': '10.0.0.1', 'dst': 'x'}),
    dict(orig={'src': '10.0.0.1\n', 'dst': '10.0.0.2'}), dict(reply=1),
    dict(reply={'src': '::1', 'dst': '::2', 'sport': '1'}),
    dict(reply={'src': '::1', 'dst': '::2', 'bytes': -1}), dict(seen_reply=2),
    dict(seen_reply=True), dict(assured='1'), dict(mark=-1), dict(zone=[]), dict(helper=0),
    dict(helper='%s%n'), dict(worker='0'), dict(conn=-1),
] + [{key: None} for key in row() if key != 'state']


@pytest.mark.parametrize('number', range(len(BAD_ROWS)))
def test_a_bad_connection(ask, number):
    answer = page(row(), row(**BAD_ROWS[number]))
    result = ask(answer, 'ct', 'list', '--json')
    assert_refused(result)
    # Half a list is no JSON, so nobody takes it for a whole one.
    with pytest.raises(json.JSONDecodeError):
        json.loads(result.stdout)
    assert_refused(ask(answer, 'ct', 'list'))


@pytest.mark.parametrize('next_cursor', [
    lambda cursor: 5,  # the same again and again
    lambda cursor: {6: 3}.get(cursor, 6),  # back
    lambda cursor: cursor or 1,  # nowhere
])
def test_a_list_that_does_not_move_on(ask, next_cursor):
    def answer(question):
        return page(row(), cursor=next_cursor(int(question.split(',')[1])))

    result = ask(answer, 'ct', 'list', '--json')
    assert_refused(result)
    assert len(result.questions) <= 3


def test_a_server_that_leaves_in_the_middle(ask):
    def answer(question):
        return page(row(), cursor=1) if question.endswith(',0') else None

    assert_refused(ask(answer, 'ct', 'list', '--json'))


def test_a_server_that_says_nothing(folder):
    path = folder / 'socket'
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(str(path))
        server.listen()
        result = sallyctl('--socket', path, 'info')
    assert_refused(result)
    assert 'within 10 seconds' in result.stderr


def test_nowhere_to_write(ask):
    answer = page(*[row(conn=n) for n in range(40)])
    with open('/dev/full', 'w', encoding='ascii') as full:
        assert_refused(ask(answer, 'ct', 'list', '--json', stdout=full))
        assert_refused(ask({'/sallyport/info': {'version': '1'}}, 'info', stdout=full))


# A stream that lies.


@pytest.mark.parametrize('hello', [
    HELLO.pack(b'sallyct', 2, RECORD_BYTES), HELLO.pack(b'sallyct', 1, RECORD_BYTES + 8),
    HELLO.pack(b'SALLYCT', 1, RECORD_BYTES), bytes(16), b'HTTP/1.1 400 Bad Request\r\n',
])
def test_a_stream_of_another_version_is_left_alone(ask, hello):
    result = ask(page(row()), 'ct', 'list', stream=hello + stream_of())
    assert (result.returncode, len(result.questions)) == (0, 1)
    assert len(result.stdout.splitlines()) == 1


def changed(offset, *numbers):
    record = bytearray(pack_record(row()))
    record[offset:offset + len(numbers)] = numbers
    return bytes(record)


GOOD = pack_record(row())
STATE = RECORD_BYTES - 24
BAD_STREAMS = [
    b'', GOOD_HELLO[:15], GOOD_HELLO, GOOD_HELLO + GOOD, GOOD_HELLO + GOOD + GOOD[:-1],
    GOOD_HELLO + GOOD + pack_last(1)[:-1], GOOD_HELLO + GOOD + pack_last(0),
    GOOD_HELLO + GOOD + pack_last(2), GOOD_HELLO + GOOD + pack_last(2**64 - 1),
    GOOD_HELLO + GOOD + pack_last(1) + GOOD, GOOD_HELLO + GOOD + b'\xff' * RECORD_BYTES,
    GOOD_HELLO + GOOD + changed(TUPLE.size - 9, 5) + pack_last(2),      # a family
    GOOD_HELLO + GOOD + changed(2 * TUPLE.size - 9, 0) + pack_last(2),  # that of the reply
    GOOD_HELLO + GOOD + changed(STATE - 2, 99) + pack_last(2),          # a helper
    GOOD_HELLO + GOOD + changed(STATE - 1, 2) + pack_last(2),           # has counters
    GOOD_HELLO + GOOD + changed(STATE, *b'A B') + pack_last(2),
    GOOD_HELLO + GOOD + changed(STATE, *b'\x1b[31m') + pack_last(2),
    GOOD_HELLO + GOOD + changed(STATE, *b'%s%n') + pack_last(2),
    GOOD_HELLO + GOOD + changed(STATE, *b'X' * 24) + pack_last(2),
]


@pytest.mark.parametrize('number', range(len(BAD_STREAMS)))
@pytest.mark.parametrize('words', ['ct list', 'ct list --json'])
def test_a_bad_stream(ask, words, number):
    assert len(GOOD) == RECORD_BYTES == 2 * TUPLE.size + REST.size
    result = ask(page(row()), *words.split(), stream=BAD_STREAMS[number])
    assert_refused(result)
    assert result.questions == [] and '\x1b' not in result.stdout
    if 'json' in words:
        with pytest.raises(json.JSONDecodeError):
            json.loads(result.stdout)


def test_random_streams(ask):
    state = random.Random(1)
    for _ in range(50):
        content = bytearray(stream_of(*[row(conn=n) for n in range(20)]))
        for _ in range(state.randrange(1, 30)):
            content[state.randrange(len(GOOD_HELLO), len(content))] = state.randrange(256)
        result = ask(page(), 'ct', 'list', stream=bytes(content), piece_bytes=1000)
        assert result.returncode in (0, 1)
        assert result.stdout.isascii() and result.stdout.replace('\n', '').isprintable()
