# SPDX-License-Identifier: BSD-3-Clause
"""Marks of connections: a rule sets them, later packets and rules see them."""

from scenario.configuration import chain, configuration
from scenario.traffic import CLIENT, SERVER, Tcp, Traffic, udp

SET = 'name = "mark the web"; state = "new"; proto = "tcp"; dport = 80; set_mark = 7;'
MATCH = 'name = "marked"; mark = 7; action = "accept";'


def test_a_mark_stays_with_its_connection(replay):
    traffic = Traffic()
    Tcp(traffic, dport=80).open()
    Tcp(traffic, dport=81).open()

    answers = replay(configuration(chain(SET, MATCH)), traffic)

    assert answers.of('rule') == ['marked'] * 3 + [None] * 3
    assert [entry['mark'] for entry in answers.table] == [7, 0]
    assert {event['mark'] for event in answers.events if event['orig']['dport'] == 80} == {7}


def test_a_later_chain_sees_the_mark(replay):
    traffic = Traffic()
    Tcp(traffic, dport=80).client('S')

    config = configuration(chain(SET, name='first', priority=-10), chain(MATCH, policy='drop'))

    assert replay(config, traffic).of('verdict', 'rule') == [('accept', 'marked')]


def test_a_mask_leaves_the_other_bits_alone(replay):
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 1, 2))
    config = configuration(chain(
        'name = "low"; set_mark = 0x0f;', 'name = "high"; set_mark = "0x50/0xf0";',
        'name = "both"; mark = 0x5f; action = "accept";', policy='drop'))

    answers = replay(config, traffic)

    assert answers.of('rule') == ['both']
    assert answers.table[0]['mark'] == 0x5F


def test_a_mark_that_changes_is_told(replay):
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 1, 2))
    traffic.wan(udp(SERVER, CLIENT, 2, 1))
    traffic.wan(udp(SERVER, CLIENT, 2, 1))
    config = configuration(chain('name = "answered"; dir = "reply"; set_mark = 3;'))

    answers = replay(config, traffic)

    assert [(event['event'], event['mark']) for event in answers.events] == [
        ('new', 0), ('update', 3)]


def test_the_next_packet_sees_the_mark_however_close_behind_it_is(replay):
    """The second answer finds the mark that the first one got, and leaves it there."""
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 1, 2))
    for _ in range(3):
        traffic.wan(udp(SERVER, CLIENT, 2, 1))
    config = configuration(chain(
        'name = "seen"; dir = "reply"; mark = 3; action = "accept";',
        'name = "first"; dir = "reply"; set_mark = 3;'))

    answers = replay(config, traffic)

    assert answers.of('rule') == [None, None, 'seen', 'seen']
    assert answers.table[0]['mark'] == 3


def test_a_dropped_packet_leaves_its_mark_behind(replay):
    """A connection that exists keeps what a rule has written, even if a later rule drops."""
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 1, 2))
    traffic.wan(udp(SERVER, CLIENT, 2, 1))
    traffic.lan(udp(CLIENT, SERVER, 1, 2))
    config = configuration(chain(
        'name = "blocked"; mark = 9; action = "drop";',
        'name = "answered"; dir = "reply"; set_mark = 9;',
        'name = "no answers"; dir = "reply"; action = "drop";'))

    assert replay(config, traffic).of('verdict', 'rule') == [
        ('accept', None), ('drop', 'no answers'), ('drop', 'blocked')]


def test_a_chain_behind_confirm_may_mark_as_well(replay):
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 1, 2), udp(CLIENT, SERVER, 1, 2))
    config = configuration(chain(MATCH), chain('name = "late"; set_mark = 7;', name='late',
                                               priority=2147483647))

    answers = replay(config, traffic)

    assert answers.of('rule') == [None, 'marked']
    assert answers.table[0]['mark'] == 7


def test_a_packet_that_is_refused_has_no_mark(replay):
    """A SYN of the server on a live connection is invalid (specification, 4.5): it has no
    connection, so no rule finds a mark in it."""
    traffic = Traffic()
    connection = Tcp(traffic, dport=80)
    connection.open()
    connection.server('S')

    answers = replay(configuration(chain(SET, MATCH)), traffic)

    assert answers.of('state', 'rule')[3] == ('invalid', None)
