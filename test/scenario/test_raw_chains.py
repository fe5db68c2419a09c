# SPDX-License-Identifier: BSD-3-Clause
"""Chains in front of connection tracking: drop early, do not track, choose a zone."""

from scenario.configuration import TWO_WIRES, chain, configuration
from scenario.traffic import CLIENT, SERVER, Tcp, Traffic, udp

RAW = -300


def talk(*ports, dport=53):
    """A query and its answer; at one wire after the other, all with the same addresses."""
    ports = ports or ('lan', 'wan')
    traffic = Traffic(*ports)
    for lan, wan in zip(ports[::2], ports[1::2]):
        traffic.at(lan, udp(CLIENT, SERVER, 5000, dport))
        traffic.at(wan, udp(SERVER, CLIENT, dport, 5000))
    return traffic


def test_a_packet_that_is_dropped_early_has_no_state(replay):
    config = configuration(chain('name = "spoofed"; src = "192.0.2.0/24"; action = "drop";',
                                 name='raw', priority=RAW))

    answers = replay(config, talk())

    assert answers.of('verdict', 'chain', 'rule', 'state', 'dir', 'conn', 'entry') == [
        ('drop', 'raw', 'spoofed', None, None, None, None),
        ('accept', 'raw', None, 'new', 'orig', 2, answers.verdicts[1]['entry'])]
    assert len(answers.table) == 1


def test_what_is_not_tracked_leaves_nothing(replay):
    raw = chain('name = "dns"; proto = "udp"; dport = 53; action = "notrack";',
                'name = "dns answers"; proto = "udp"; sport = 53; action = "notrack";',
                name='raw', priority=RAW)
    filter_ = chain('name = "untracked"; state = "untracked"; action = "accept";', policy='drop')

    answers = replay(configuration(raw, filter_), talk())

    assert answers.of('verdict', 'rule', 'state', 'dir', 'conn', 'entry') == [
        ('accept', 'untracked', 'untracked', None, None, None)] * 2
    assert (answers.table, answers.events) == ([], [])


def test_an_untracked_question_leaves_its_answer_new(replay):
    config = configuration(chain('name = "dns"; proto = "udp"; dport = 53; action = "notrack";',
                                 name='raw', priority=RAW))

    assert replay(config, talk()).of('state', 'dir') == [('untracked', None), ('new', 'orig')]


def test_notrack_goes_before_what_is_wrong_with_the_packet(replay):
    broken = udp(CLIENT, SERVER, 5000, 53)
    broken['UDP'].chksum = 0xBAD
    traffic = Traffic()
    traffic.lan(broken)
    config = configuration(chain('name = "all"; action = "notrack";', name='raw', priority=RAW))

    assert replay(config, traffic).of('verdict', 'state') == [('accept', 'untracked')]


ZONES = chain('name = "left"; in = ["lan", "wan"]; set_zone = 1; action = "accept";',
              'name = "right"; in = ["lan2", "wan2"]; set_zone = 2; action = "accept";',
              name='raw', priority=RAW)


def test_zones_keep_equal_addresses_apart(replay):
    answers = replay(configuration(ZONES, head=TWO_WIRES), talk('lan', 'wan', 'lan2', 'wan2'))

    assert answers.of('state', 'dir') == [('new', 'orig'), ('established', 'reply')] * 2
    left, left_reply, right, right_reply = answers.of('conn')
    assert (left, right) == (left_reply, right_reply)
    assert left != right
    assert [(entry['zone'], entry['orig']['src']) for entry in answers.table] == [
        (1, CLIENT), (2, CLIENT)]


def test_without_zones_equal_addresses_are_one_connection(replay):
    answers = replay(configuration(head=TWO_WIRES), talk('lan', 'wan', 'lan2', 'wan2'))

    assert answers.of('state') == ['new', 'established', 'established', 'established']
    assert len(answers.table) == 1


def test_an_answer_in_another_zone_is_new(replay):
    zone = chain('name = "lan"; in = "lan"; set_zone = 5;', name='raw', priority=RAW)
    match = chain('name = "five"; zone = 5; action = "accept";', policy='accept')

    answers = replay(configuration(zone, match), talk())

    assert answers.of('state', 'dir', 'rule') == [('new', 'orig', 'five'), ('new', 'orig', None)]
    assert [entry['zone'] for entry in answers.table] == [5, 0]


def test_tcp_in_two_zones_at_once(replay):
    """Two tenants with the same addresses and ports, their handshakes interleaved."""
    left, right = Traffic('lan', 'wan'), Traffic('lan2', 'wan2')
    Tcp(left).open()
    right.lan, right.wan = (lambda packet: right.at('lan2', packet),
                            lambda packet: right.at('wan2', packet))
    Tcp(right, isn=77000).open()
    both = Traffic('lan', 'wan', 'lan2', 'wan2')
    for one, other in zip(left.frames, right.frames):
        both.at(one[1], one[2])
        both.at(other[1], other[2])

    answers = replay(configuration(ZONES, head=TWO_WIRES), both)

    assert answers.of('entry.state') == [
        'SYN_SENT', 'SYN_SENT', 'SYN_RECV', 'SYN_RECV', 'ESTABLISHED', 'ESTABLISHED']
