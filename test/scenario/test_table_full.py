# SPDX-License-Identifier: BSD-3-Clause
"""When the table has no room left: a new connection takes the place of the least worthy one, and of
these of the one longest idle; assured ones are left alone, and then the new one is refused."""

import struct

import pytest

from scenario.configuration import chain, configuration
from scenario.traffic import CLIENT, FRAME, SERVER, START, Tcp, Traffic, ip, ping, segment, syn, udp

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


def test_a_new_connection_takes_the_place_of_the_one_longest_idle(replay):
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
    queries(traffic, 1)

    assert replay(FOUR, traffic).of('verdict')[12:] == ['drop', 'accept', 'accept']


def closed(traffic, n):
    for tcp in assured(traffic, n):
        tcp.close()


def test_closed_connections_refuse_nobody(replay):
    """They stay for two minutes, assured as they are."""
    traffic = Traffic()
    closed(traffic, 4)
    for port in range(1000, 1004):
        traffic.lan(udp(CLIENT, SERVER, port, 53))
        traffic.wan(udp(SERVER, CLIENT, 53, port))

    answers = replay(FOUR, traffic)

    assert set(answers.of('verdict')) == {'accept'}
    assert query_ports(answers) == [1000, 1001, 1002, 1003]


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


# ---- Floods. A table of 2,000, a tenth of it established, and 2,000 packets a second that nobody
# answers: each is there for 0.9 s, as in a table of 100,000 under 100,000 a second.

FLOODED = configuration(
    chain('name = "replies"; state = ["established", "related"]; action = "accept";',
          'name = "broken"; state = "invalid"; action = "drop";',
          'name = "new"; state = "new"; action = "accept";', policy='drop'),
    conntrack='max_connections = 2000; checksum = false;')
FLOOD_PER_SEC = 2000
FLOOD_SECONDS = 4
N_ESTABLISHED = 200
ROUND_TRIP = 0.05

FLOODS = {
    'syn': syn(CLIENT, SERVER, 1024, 80),
    'ack': segment(CLIENT, SERVER, 1024, 80, 'A', seq=1, ack=1),
    'udp': udp(CLIENT, SERVER, 1024, 9),
    'icmp': ping(CLIENT, SERVER, 1),
    'generic': ip(CLIENT, SERVER, proto=253),
}


IP_SUM, IP_SRC, IP_DST, IP_END = 24, 26, 30, 34  # offsets in a frame


def of_host(frame, address, i):
    """A frame with host i of 10.0.0.0/8 as one of its addresses."""
    frame = bytearray(frame)
    frame[address:address + 4] = bytes([10]) + i.to_bytes(3, 'big')
    frame[IP_SUM:IP_SUM + 2] = bytes(2)
    total = sum(struct.unpack('!10H', frame[14:IP_END]))
    total = (total & 0xFFFF) + (total >> 16)
    frame[IP_SUM:IP_SUM + 2] = struct.pack('!H', ~(total + (total >> 16)) & 0xFFFF)
    return bytes(frame)


def flood(kind):
    """One packet, from ever other sources."""
    frame = bytes(FRAME / FLOODS[kind])
    for i in range(FLOOD_PER_SEC * FLOOD_SECONDS):
        yield i / FLOOD_PER_SEC, 'lan', ('flood', i), of_host(frame, IP_SRC, i)


def conversation(what, begin, packets):
    """packets: (seconds since it began, port, packet)."""
    return [(begin + after, port, what, packet) for after, port, packet in packets]


def handshake(sport, data=b'GET'):
    """From the wan, where the server's answer takes a millisecond and the client's a round trip."""
    client = dict(src=SERVER, dst=CLIENT, sport=sport, dport=80)
    server = dict(src=CLIENT, dst=SERVER, sport=80, dport=sport)
    return [(0, 'wan', segment(**client, flags='S', seq=100)),
            (.001, 'lan', segment(**server, flags='SA', seq=500, ack=101)),
            (.001 + ROUND_TRIP, 'wan', segment(**client, flags='A', seq=101, ack=501)),
            (.002 + ROUND_TRIP, 'wan', segment(**client, flags='PA', seq=101, ack=501, payload=data)),
            (.003 + ROUND_TRIP, 'lan', segment(**server, flags='A', seq=501, ack=101 + len(data)))]


def dns(sport):
    return [(0, 'lan', udp(CLIENT, SERVER, sport, 53)),
            (ROUND_TRIP, 'wan', udp(SERVER, CLIENT, 53, sport))]


def echo(number):
    return [(0, 'lan', ping(CLIENT, SERVER, number)),
            (ROUND_TRIP, 'wan', ping(SERVER, CLIENT, number, reply=True))]


def established(sport):
    """Opened before the flood begins; a byte and its acknowledgement at its end."""
    later = 5 + FLOOD_SECONDS
    return handshake(sport) + [
        (later, 'wan', segment(SERVER, CLIENT, sport, 80, 'PA', seq=104, ack=501, payload=b'q')),
        (later + .001, 'lan', segment(CLIENT, SERVER, 80, sport, 'A', seq=501, ack=105))]


def merged(*schedules):
    """Traffic of all of them, in order of time, and whose packet each is."""
    traffic, owners = Traffic(), []
    for second, port, owner, packet in sorted((row for schedule in schedules for row in schedule),
                                              key=lambda row: row[0]):
        traffic.next_us = max(traffic.next_us, round((START + second) * 1_000_000))
        traffic.at(port, packet)
        traffic.next_us += 1 - 1000
        owners.append(owner)
    return traffic, owners


def refused(answers, owners, kind):
    """Those of a kind that had a packet dropped."""
    return {owner for owner, verdict in zip(owners, answers.of('verdict'))
            if owner[0] == kind and verdict != 'accept'}


@pytest.mark.parametrize('kind', FLOODS)
def test_a_flood_takes_its_own_places(replay, kind):
    old = [row for i in range(N_ESTABLISHED)
           for row in conversation(('established', i), 4 * i / N_ESTABLISHED, established(20000 + i))]
    new = [row for i in range(20 * (FLOOD_SECONDS - 1)) for row in
           conversation(('tcp', i), 6 + i / 20, handshake(40000 + i))
           + conversation(('udp', i), 6.01 + i / 20, dns(40000 + i))
           + conversation(('ping', i), 6.02 + i / 20, echo(1 + i))]
    attack = [(5 + second, *rest) for second, *rest in flood(kind)]
    traffic, owners = merged(old, new, attack)

    answers = replay(FLOODED, traffic)

    for who in ('established', 'tcp', 'udp', 'ping'):
        assert refused(answers, owners, who) == set()
    assert 1900 <= len(answers.table) <= 2000


def test_a_flood_that_is_answered_leaves_newcomers_time(replay):
    """Each SYN of the flood gets its SYN-ACK after a millisecond, and is worth more then than a
    newcomer's that has not got it yet."""
    attack = []
    question = bytes(FRAME / syn(SERVER, CLIENT, 1024, 80))
    answer = bytes(FRAME / segment(CLIENT, SERVER, 80, 1024, 'SA', ack=1001))
    for i in range(FLOOD_PER_SEC * 2):
        attack += conversation(('flood', i), i / FLOOD_PER_SEC, [
            (0, 'wan', of_host(question, IP_SRC, i)), (.001, 'lan', of_host(answer, IP_DST, i))])
    new = [row for i in range(20) for row in
           conversation(('tcp', i), 1.2 + i / 40, handshake(40000 + i))
           + conversation(('udp', i), 1.21 + i / 40, dns(40000 + i))]
    traffic, owners = merged(new, attack)

    answers = replay(FLOODED, traffic)

    assert refused(answers, owners, 'tcp') == set()
    assert refused(answers, owners, 'udp') == set()


def test_the_table_is_relieved_before_it_is_full(replay):
    """Once a second, above 95 %: of a hundred, five places are free for who comes next."""
    traffic = Traffic()
    for port in range(100):
        traffic.lan(udp(CLIENT, SERVER, 1000 + port, 53))
    traffic.wait(2)
    traffic.lan(udp(CLIENT, SERVER, 2000, 53))

    answers = replay(configuration(conntrack='max_connections = 100;'), traffic)

    assert query_ports(answers) == [*range(1005, 1100), 2000]
