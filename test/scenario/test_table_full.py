# SPDX-License-Identifier: BSD-3-Clause
"""When the table has no room left: a new connection takes the place of one that is not assured, the
one closest to its end; assured ones are left alone, and then the new one is refused."""

from scenario.configuration import configuration
from scenario.traffic import CLIENT, SERVER, Tcp, Traffic, segment, udp

FOUR = configuration(conntrack='max_connections = 4;')


def queries(traffic, n):
    """Connections that are not assured, a second apart."""
    for port in range(n):
        traffic.lan(udp(CLIENT, SERVER, 1000 + port, 53))
        traffic.wait(1)


def assured(traffic, n):
    connections = [Tcp(traffic, sport=40000 + i) for i in range(n)]
    for tcp in connections:
        tcp.open()
    return connections


def query_ports(answers):
    return [entry['orig']['sport'] for entry in answers.table]


def test_up_to_its_size_nothing_is_evicted(replay):
    traffic = Traffic()
    queries(traffic, 4)

    answers = replay(FOUR, traffic)

    assert [event['event'] for event in answers.events] == ['new'] * 4
    assert query_ports(answers) == [1000, 1001, 1002, 1003]


def test_a_new_connection_takes_the_place_of_the_one_closest_to_its_end(replay):
    traffic = Traffic()
    queries(traffic, 6)

    answers = replay(FOUR, traffic)

    assert answers.of('verdict', 'state') == [('accept', 'new')] * 6
    assert [(event['event'], event['orig']['sport']) for event in answers.events[4:]] == [
        ('destroy', 1000), ('new', 1004), ('destroy', 1001), ('new', 1005)]
    assert query_ports(answers) == [1002, 1003, 1004, 1005]


def test_assured_connections_are_left_alone(replay):
    traffic = Traffic()
    assured(traffic, 4)
    queries(traffic, 2)

    answers = replay(FOUR, traffic)

    assert answers.of('verdict', 'reason', 'chain', 'rule', 'state', 'entry')[12:] == [
        ('drop', 'table_full', None, None, None, None)] * 2
    assert len(answers.table) == 4
    assert all(entry['assured'] for entry in answers.table)


def test_those_that_are_there_go_on(replay):
    traffic = Traffic()
    first, *_ = assured(traffic, 4)
    queries(traffic, 1)
    first.client('PA', b'still here')
    first.server('A')

    assert replay(FOUR, traffic).of('verdict')[12:] == ['drop', 'accept', 'accept']


def test_a_flood_leaves_the_assured_ones_and_the_last_of_its_own(replay):
    traffic = Traffic()
    first, *_ = assured(traffic, 2)
    queries(traffic, 20)
    first.client('PA', b'still here')

    answers = replay(FOUR, traffic)

    assert set(answers.of('verdict')) == {'accept'}
    assert query_ports(answers) == [40000, 40001, 1018, 1019]


def test_room_comes_back_when_a_connection_ends(replay):
    traffic = Traffic()
    first, *_ = assured(traffic, 4)
    queries(traffic, 1)
    first.client('R')
    queries(traffic, 1)  # for ten seconds the reset connection keeps its place
    traffic.wait(10)
    queries(traffic, 1)

    assert replay(FOUR, traffic).of('verdict')[12:] == ['drop', 'accept', 'drop', 'accept']


def test_what_a_rule_drops_gets_no_place(replay):
    """It takes one for as long as it is judged: somebody has left for it, as in the kernel."""
    traffic = Traffic()
    queries(traffic, 4)
    traffic.lan(udp(CLIENT, SERVER, 2000, 99))
    config = FOUR + '''chains = ( { name = "filter"; rules = (
        { name = "no"; proto = "udp"; dport = 99; action = "drop"; } ); } );'''

    answers = replay(config, traffic)

    assert answers.of('verdict') == ['accept'] * 4 + ['drop']
    assert query_ports(answers) == [1001, 1002, 1003]


def test_a_stray_segment_is_refused_before_it_is_looked_at(replay):
    """As in the kernel: with room, it would be invalid."""
    traffic = Traffic()
    traffic.lan(segment(CLIENT, SERVER, 50000, 80, 'FA'))
    assured(traffic, 4)
    traffic.lan(segment(CLIENT, SERVER, 50000, 80, 'FA'))

    answers = replay(FOUR, traffic)

    assert answers.of('verdict', 'reason', 'state')[0] == ('accept', 'default', 'invalid')
    assert answers.of('verdict', 'reason', 'state')[-1] == ('drop', 'table_full', None)
