# SPDX-License-Identifier: BSD-3-Clause
"""What a replay writes, where, and in which form. That --accepted and --dropped hold exactly the
packets with their time stamps is checked in every scenario (runner.py)."""

import json
import os
import shutil

import pytest
from scapy.layers.inet import IP
from scapy.layers.l2 import ARP

from scenario.configuration import HEAD, OPEN, SITE
from scenario.runner import run_sallyport
from scenario.traffic import (CLIENT, CLIENT6, SERVER, SERVER6, Tcp, Traffic, ip, ping, read_pcap,
                              segment, syn, udp, unreachable, write_pcap)


@pytest.fixture
def capture(tmp_path):
    """A handshake, a DNS query, and a SYN that the site drops."""
    traffic = Traffic()
    Tcp(traffic).open()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53), syn(CLIENT, SERVER, 40000, 25))
    write_pcap(tmp_path / 'capture', [(us, frame) for us, _, frame in traffic.frames])
    (tmp_path / 'config').write_text(SITE)
    (tmp_path / 'open').write_text(OPEN)
    return tmp_path / 'capture'


def run(capture, *words, config='config', **options):
    done = run_sallyport('replay', '-c', capture.parent / config, *words, capture, **options)
    assert (done.returncode, done.stderr) == (0, done.stderr[:0])
    return done.stdout


def test_verdicts_on_standard_output_are_json_lines(capture):
    lines = [json.loads(line) for line in run(capture, '--verdicts', '-').splitlines()]

    assert [line['n'] for line in lines] == [1, 2, 3, 4, 5]
    assert [line['verdict'] for line in lines] == ['accept'] * 4 + ['drop']
    assert lines[0] == {
        'n': 1, 'ts': 1700000000.0, 'port': 'lan', 'verdict': 'accept', 'reason': 'rule',
        'chain': 'filter', 'rule': 'web', 'file': f'{capture.parent}/config', 'line': 9,
        'proto': 'tcp', 'protonum': 6, 'src': CLIENT, 'dst': SERVER, 'sport': 40000, 'dport': 80,
        'tcp_flags': 'syn', 'state': 'new', 'dir': 'orig', 'conn': 1,
        'entry': {'state': 'SYN_SENT', 'timeout': 120, 'seen_reply': False, 'assured': False}}
    assert lines[4]['entry'] is None


def test_a_policy_has_the_place_of_its_chain(capture):
    last = json.loads(run(capture, '--verdicts', '-').splitlines()[-1])

    assert (last['reason'], last['rule']) == ('default', None)
    assert (last['file'], last['line']) == (f'{capture.parent}/config', 6)


def test_a_rule_has_the_file_it_stands_in(capture):
    folder = capture.parent
    (folder / 'head.inc').write_text('#\n' + HEAD)
    (folder / 'rules.inc').write_text(
        '\n{ name = "web"; proto = "tcp"; dport = 80; action = "accept"; },\n'
        '{ name = "replies"; state = "established"; action = "drop"; }\n')
    (folder / 'config').write_text('@include "head.inc"\n'
                                   'chains = ( { name = "filter"; policy = "drop"; rules = (\n'
                                   '@include "rules.inc"\n) } );\n')
    lines = [json.loads(line) for line in run(capture, '--verdicts', '-').splitlines()]

    assert [(line['rule'], line['file'].removeprefix(f'{folder}/'), line['line'])
            for line in lines] == [('web', 'rules.inc', 2), ('replies', 'rules.inc', 3),
                                   ('web', 'rules.inc', 2), (None, 'config', 2), (None, 'config', 2)]
    summary = [line.split() for line in run(capture).splitlines()]
    assert ['filter', 'web', 'accept', f'{folder}/rules.inc', '2', '2', '80'] in summary
    assert ['filter', 'replies', 'drop', f'{folder}/rules.inc', '3', '1', '40'] in summary
    assert ['filter', '(policy)', 'drop', f'{folder}/config', '2', '2', '73'] in summary


def test_a_file_of_any_name_is_in_the_verdicts(capture):
    name = os.fsencode(capture.parent) + b'/\xff\n.conf'
    shutil.copy(capture.parent / 'config', name)
    lines = run(capture, '--verdicts', '-', config=os.fsdecode(b'\xff\n.conf')).splitlines()

    assert {json.loads(line)['file'] for line in lines} == {f'{capture.parent}/\\xff\\n.conf'}


@pytest.mark.parametrize('frame, expected', [
    (udp(CLIENT6, SERVER6, 5000, 53),
     {'proto': 'udp', 'protonum': 17, 'src': CLIENT6, 'dst': SERVER6, 'sport': 5000, 'dport': 53}),
    (segment(CLIENT, SERVER, 1, 2, 'FPU'), {'tcp_flags': 'fin,psh,urg', 'fault': 'tcp_flags'}),
    (segment(CLIENT, SERVER, 1, 2, ''), {'tcp_flags': 'none', 'sport': 1, 'dport': 2}),
    (ping(CLIENT, SERVER, 7), {'proto': 'icmp', 'protonum': 1, 'type': 8, 'code': 0, 'sport': None,
                               'dport': None}),
    (unreachable(SERVER6, CLIENT6, udp(CLIENT6, SERVER6, 1, 2), code=4),
     {'proto': 'icmpv6', 'src': SERVER6, 'type': 1, 'code': 4}),
    (ip(CLIENT, SERVER, proto=50), {'proto': 'unknown', 'protonum': 50, 'sport': None}),
    (ARP(), {'proto': None, 'protonum': None, 'src': None, 'dst': None, 'sport': None, 'dport': None,
             'ethertype': 0x0806}),
    (IP(src=CLIENT, dst=SERVER, ihl=4), {'src': None, 'fault': 'ipv4_header_len',
                                         'ethertype': 0x0800})])
def test_a_verdict_says_what_the_packet_is(replay, frame, expected):
    traffic = Traffic()
    traffic.lan(frame)
    (line,) = replay(OPEN, traffic).verdicts

    assert {name: line[name] for name in expected} == expected


def test_events_on_standard_output_are_json_lines(capture):
    lines = [json.loads(line) for line in run(capture, '--events', '-').splitlines()]

    assert [line['event'] for line in lines] == ['new', 'update', 'update', 'new']


def test_the_table_on_standard_output_is_one_json_array(capture):
    tcp, udp_ = json.loads(run(capture, '--table', '-'))

    assert tcp == {
        'proto': 'tcp', 'protonum': 6, 'state': 'ESTABLISHED', 'timeout': 431999,
        'orig': {'src': CLIENT, 'dst': SERVER, 'sport': 40000, 'dport': 80, 'packets': 2,
                 'bytes': 80},
        'reply': {'src': SERVER, 'dst': CLIENT, 'sport': 80, 'dport': 40000, 'packets': 1,
                  'bytes': 40},
        'seen_reply': True, 'assured': True, 'mark': 0, 'zone': 0, 'worker': 0, 'conn': 1}
    assert (udp_['proto'], udp_['state'], udp_['conn']) == ('udp', None, 4)


@pytest.mark.parametrize('option, n', [('--accepted', 4), ('--dropped', 1)])
def test_packets_on_standard_output_are_a_capture(capture, option, n):
    (capture.parent / 'out').write_bytes(run(capture, option, '-', text=False))

    assert len(read_pcap(capture.parent / 'out')) == n


def test_every_output_is_a_file_of_its_own(capture):
    words = [word for name in ('verdicts', 'events', 'table', 'accepted', 'dropped')
             for word in (f'--{name}', capture.parent / name)]

    assert run(capture, *words) == ''
    assert len((capture.parent / 'verdicts').read_text().splitlines()) == 5
    assert len(read_pcap(capture.parent / 'dropped')) == 1


def test_an_older_file_is_replaced(capture):
    (capture.parent / 'table').write_text('x' * 100000)

    run(capture, '--table', capture.parent / 'table')

    assert len(json.loads((capture.parent / 'table').read_text())) == 2


def test_an_accepted_capture_can_be_replayed_again(capture):
    """What passed once passes again, with the same answers."""
    run(capture, '--accepted', capture.parent / 'again')
    first = run(capture, '--verdicts', '-').splitlines()[:4]

    assert run(capture.parent / 'again', '--verdicts', '-').splitlines() == first


def test_without_any_output_there_is_a_summary_to_read(capture):
    text = run(capture)

    assert '5 packets' in text and '4 accepted' in text and '1 dropped' in text
    assert 'web' in text and 'filter' in text
    assert 'tcp      6 ' in text and '[ASSURED] mark=0 use=1' in text
    assert 'sport=5000 dport=53' in text


def test_the_table_at_the_end_is_that_of_the_last_packet(capture):
    table = json.loads(run(capture, '--table', '-', '--settle', '31', config='open'))

    assert [entry['proto'] for entry in table] == ['tcp', 'tcp']
