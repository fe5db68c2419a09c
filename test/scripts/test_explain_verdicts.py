# SPDX-License-Identifier: BSD-3-Clause
"""scripts/explain-verdicts tells from verdict lines alone what they say."""

import json
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / 'scripts/explain-verdicts'


def verdict(number, **fields):
    return {'n': number, 'verdict': 'accept', 'reason': 'rule', 'chain': 'filter', 'rule': 'dns',
            'file': 'a.conf', 'line': 12, 'proto': 'udp', 'protonum': 17, 'src': '192.0.2.10',
            'dst': '198.51.100.53', 'sport': 40053, 'dport': 53, 'state': 'new'} | fields


def explain(*words, verdicts=b''):
    return subprocess.run([SCRIPT, *words], input=verdicts, capture_output=True, check=False)


def explained(verdicts, *words):
    """The lines printed about verdicts that come in at standard input."""
    done = explain(*words, '-', verdicts=''.join(f'{json.dumps(line)}\n' for line in verdicts).encode())
    assert (done.returncode, done.stderr) == (0, b'')
    return done.stdout.decode().splitlines()


def test_what_became_of_it_and_why():
    assert explained([
        verdict(1),
        verdict(3, verdict='drop', reason='default', rule=None, line=9),
        verdict(27, verdict='drop', reason='table_full', chain=None, rule=None, file=None, line=None,
                state=None),
        verdict(28, state='invalid', fault='l4_checksum'),
        verdict(30, verdict='reject', answer='tcp_reset'),
        verdict(31, verdict='reject', answer='none', why='icmp_error'),
        verdict(29, reason='default', chain=None, rule=None, file=None, line=None)])[1::2] == [
        '      accept  rule "dns" of chain filter (a.conf:12), new',
        '      drop    policy of chain filter (a.conf:9), new',
        '      drop    table full, no state',
        '      accept  rule "dns" of chain filter (a.conf:12), invalid for l4 checksum',
        '      reject  rule "dns" of chain filter (a.conf:12), new; answered by a TCP reset',
        '      reject  rule "dns" of chain filter (a.conf:12), new; not answered for icmp error',
        '      accept  no chain objects, new']


NO_IP = {'proto': None, 'protonum': None, 'src': None, 'dst': None, 'sport': None, 'dport': None}
NO_PORTS = {'sport': None, 'dport': None}


@pytest.mark.parametrize('fields, text', [
    ({}, '192.0.2.10:40053 > 198.51.100.53:53 udp'),
    ({'proto': 'tcp', 'protonum': 6, 'src': '2001:db8::1', 'dst': '2001:db8::2', 'tcp_flags': 'syn,ack'},
     '[2001:db8::1]:40053 > [2001:db8::2]:53 tcp syn,ack'),
    (NO_PORTS | {'proto': 'icmp', 'type': 8, 'code': 0}, '192.0.2.10 > 198.51.100.53 icmp type 8'),
    (NO_PORTS | {'proto': 'icmp', 'type': 3, 'code': 13},
     '192.0.2.10 > 198.51.100.53 icmp type 3 code 13'),
    (NO_PORTS | {'proto': 'unknown', 'protonum': 50}, '192.0.2.10 > 198.51.100.53 protocol 50'),
    (NO_IP | {'ethertype': 0x0806}, 'ARP'),
    (NO_IP | {'ethertype': 0x8863}, 'ethertype 0x8863'),
    (NO_IP, 'frame')])
def test_what_the_packet_is(fields, text):
    assert explained([verdict(1, **fields)])[0] == f'   1  {text}'


def test_first_of_each_answer():
    verdicts = [verdict(1), verdict(2), verdict(4), verdict(3, rule='web')]
    assert explained(verdicts, '--first')[1::2] == [
        '      accept  rule "dns" of chain filter (a.conf:12), new  (and 2 more)',
        '      accept  rule "web" of chain filter (a.conf:12), new']


def test_a_file_and_a_capture_that_is_not_needed(tmp_path):
    (tmp_path / 'verdicts').write_text(json.dumps(verdict(1)))
    for words in ([], [tmp_path / 'missing.pcapng']):
        done = explain(*words, tmp_path / 'verdicts')
        assert (done.returncode, done.stderr, done.stdout.count(b'\n')) == (0, b'', 2)


@pytest.mark.parametrize('line', [b'text', b'[]', b'7', b'{"n": 1}', b'null', b'\xff',
                                  json.dumps(verdict(1, ethertype='x', src=None)).encode()])
def test_what_is_no_verdict(line):
    done = explain('-', verdicts=json.dumps(verdict(1)).encode() + b'\n' + line + b'\n')
    assert done.returncode == 1
    assert done.stderr.count(b'\n') == 1 and b'<stdin>:' in done.stderr


def test_no_file(tmp_path):
    done = explain(tmp_path / 'missing')
    assert (done.returncode, done.stderr.decode()) == (
        1, f'explain-verdicts: {tmp_path}/missing: No such file or directory\n')


def test_no_room_for_what_it_prints(tmp_path):
    (tmp_path / 'verdicts').write_text(json.dumps(verdict(1)))
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([SCRIPT, tmp_path / 'verdicts'], stdout=full, stderr=subprocess.PIPE,
                              check=False)
    assert (done.returncode, done.stderr) == (
        1, b'explain-verdicts: standard output: No space left on device\n')
