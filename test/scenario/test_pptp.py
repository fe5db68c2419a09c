# SPDX-License-Identifier: BSD-3-Clause
"""PPTP (RFC 2637): the GRE tunnel that two hosts agree upon over TCP, known by the ids of its call.

Unless a test says otherwise, the answers are those of Linux 6.18 to the same packets.
"""

import struct

from scapy.layers.inet import IP
from scapy.packet import Raw

from scenario.configuration import chain, configuration
from scenario.traffic import CLIENT, CLIENT6, SERVER, SERVER6, Tcp, Traffic, ip, unreachable

RULES = chain(
    'name = "helper"; proto = "tcp"; dport = 1723; state = "new"; set_helper = "pptp";',
    'name = "replies"; state = ["established", "related"]; action = "accept";',
    'name = "pptp"; in = "lan"; proto = "tcp"; dport = 1723; state = "new"; action = "accept";',
    policy='drop')
CONFIG = configuration(RULES)
OPEN_CONFIG = configuration(RULES.replace('policy = "drop"', 'policy = "accept"'))
PPP = 0x880B
GRANTED = 1

# Control message types with the lengths of their messages.
START_REQUEST, START_REPLY, OUT_REQUEST, OUT_REPLY = (1, 156), (2, 156), (7, 168), (8, 32)
IN_REQUEST, IN_REPLY, IN_CONNECTED = (9, 220), (10, 24), (11, 28)
CLEAR_REQUEST, DISCONNECTED = (12, 16), (13, 148)


def message(kind, *ids, result=None):
    number, length = kind
    body = b''.join(struct.pack('!H', number) for number in ids)
    if result is not None:
        body += bytes([result])
    return (struct.pack('!HHIHH', length, 1, 0x1A2B3C4D, number, 0) + body).ljust(length, b'\0')


def tunnel(src, dst, call_id):
    """A packet of the tunnel has the call id of its receiver."""
    header = struct.pack('!HHHHI', 0x3001, PPP, 4, call_id, 1)
    number = {'nh': 47} if ':' in src else {'proto': 47}
    return ip(src, dst, **number) / Raw(header + b'data')


class Pptp(Tcp):
    """A control connection; both ends have said hello: five packets."""

    def __init__(self, traffic, **fields):
        super().__init__(traffic, dport=1723, **fields)
        self.hosts = [self.ends['lan'][0], self.ends['wan'][0]]
        self.open()
        self.client('PA', message(START_REQUEST))
        self.server('PA', message(START_REPLY, 0x100, result=GRANTED))

    def call(self, client_id, server_id):
        """Two packets."""
        self.client('PA', message(OUT_REQUEST, client_id))
        self.server('PA', message(OUT_REPLY, server_id, client_id, result=GRANTED))

    def disconnect(self, server_id):
        self.server('PA', message(DISCONNECTED, server_id))

    def up(self, call_id):
        self.traffic.lan(tunnel(*self.hosts, call_id))

    def down(self, call_id):
        self.traffic.wan(tunnel(*reversed(self.hosts), call_id))


def tunnels(entries):
    """Whose tunnels and calls: (source, its id, the other's id)."""
    return [(entry['orig']['src'], entry['orig']['srckey'], entry['orig']['dstkey'])
            for entry in entries if entry['proto'] == 'gre']


def test_the_client_calls(replay):
    traffic = Traffic()
    pptp = Pptp(traffic)
    pptp.up(200)  # nobody has agreed upon that yet
    pptp.call(100, 200)
    pptp.up(200)
    pptp.down(100)
    pptp.up(200)
    pptp.down(200)  # another one's
    pptp.up(100)

    answers = replay(CONFIG, traffic)

    assert answers.of('verdict', 'state', 'dir')[5:] == [
        ('drop', 'new', 'orig'), ('accept', 'established', 'orig'),
        ('accept', 'established', 'reply'), ('accept', 'related', 'orig'),
        ('accept', 'established', 'reply'), ('accept', 'established', 'orig'),
        ('drop', 'new', 'orig'), ('drop', 'new', 'orig')]
    assert answers.of('entry.timeout', 'entry.assured')[8:11] == [
        (30, False), (30, False), (180, True)]
    assert tunnels(answers.table) == [(CLIENT, 100, 200)]
    assert [entry.get('helper') for entry in answers.table if entry['proto'] == 'tcp'] == ['pptp']


def test_the_server_calls_and_sends_first(replay):
    traffic = Traffic()
    pptp = Pptp(traffic)
    pptp.server('PA', message(IN_REQUEST, 200))
    pptp.client('PA', message(IN_REPLY, 100, 200, result=GRANTED))
    pptp.down(100)  # not connected yet
    pptp.server('PA', message(IN_CONNECTED, 100))
    pptp.down(100)
    pptp.up(200)

    answers = replay(CONFIG, traffic)

    assert answers.of('verdict', 'state', 'dir')[7:] == [
        ('drop', 'new', 'orig'), ('accept', 'established', 'reply'),
        ('accept', 'related', 'orig'), ('accept', 'established', 'reply')]
    assert tunnels(answers.table) == [(SERVER, 200, 100)]


def test_without_the_helper_a_tunnel_is_unknown(replay):
    traffic = Traffic()
    pptp = Pptp(traffic)
    pptp.call(100, 200)
    pptp.up(200)
    pptp.down(100)
    config = configuration(RULES.replace('set_helper = "pptp"', 'count = true'))

    assert replay(config, traffic).of('verdict', 'state')[7:] == [('drop', 'new')] * 2


def test_the_server_ends_a_call(replay):
    traffic = Traffic()
    pptp = Pptp(traffic)
    pptp.call(100, 200)
    pptp.up(200)
    pptp.client('PA', message(CLEAR_REQUEST, 100))
    pptp.down(100)
    pptp.disconnect(200)
    pptp.down(100)
    pptp.call(101, 201)
    pptp.down(101)

    answers = replay(CONFIG, traffic)

    assert answers.of('verdict', 'state')[7:] == [
        ('accept', 'related'), ('accept', 'established'), ('accept', 'established'),
        ('accept', 'established'), ('drop', 'new'), ('accept', 'established'),
        ('accept', 'established'), ('accept', 'related')]
    assert [event['event'] for event in answers.events if event['proto'] == 'gre'] == [
        'new', 'update', 'destroy', 'new']


def test_a_tunnel_ends_with_its_control_connection(replay):
    """Within a second; Linux takes up to a minute to notice that a connection has expired."""
    traffic = Traffic()
    pptp = Pptp(traffic)
    pptp.call(100, 200)
    pptp.up(200)
    pptp.down(100)
    pptp.server('RA')
    pptp.up(200)
    traffic.wait(11)  # CLOSE lasts for 10 seconds
    pptp.up(200)

    answers = replay(CONFIG, traffic)

    assert answers.of('verdict', 'state')[9:] == [
        ('accept', 'established'), ('accept', 'established'), ('drop', 'new')]
    assert answers.table == []


def test_two_tunnels_between_the_same_hosts(replay):
    traffic = Traffic()
    first, second = Pptp(traffic), Pptp(traffic, sport=40001)
    first.call(100, 200)
    second.call(101, 201)
    for pptp, client_id, server_id in ((first, 100, 200), (second, 101, 201)):
        pptp.down(client_id)
        pptp.up(server_id)
    first.disconnect(200)
    first.up(200)
    second.up(201)

    answers = replay(CONFIG, traffic)

    assert answers.of('verdict', 'state')[14:] == [
        ('accept', 'related'), ('accept', 'established'), ('accept', 'related'),
        ('accept', 'established'), ('accept', 'established'), ('drop', 'new'),
        ('accept', 'established')]
    assert tunnels(answers.table) == [(SERVER, 201, 101)]


def test_an_error_about_a_tunnel_is_related(replay):
    traffic = Traffic()
    pptp = Pptp(traffic)
    pptp.call(100, 200)
    pptp.up(200)
    traffic.wan(unreachable(SERVER, CLIENT, tunnel(CLIENT, SERVER, 200)),
                unreachable(SERVER, CLIENT, tunnel(CLIENT, SERVER, 100)))

    assert replay(CONFIG, traffic).of('verdict', 'state')[8:] == [
        ('accept', 'related'), ('drop', 'invalid')]


def test_pptp_over_ipv6_is_followed(replay):
    """Linux has the helper for IPv4 only."""
    traffic = Traffic()
    pptp = Pptp(traffic, client=CLIENT6, server=SERVER6)
    pptp.call(100, 200)
    pptp.up(200)
    pptp.down(100)

    assert replay(CONFIG, traffic).of('verdict', 'state')[7:] == [
        ('accept', 'related'), ('accept', 'established')]


def test_a_second_call_does_not_disturb_the_first(replay):
    """In Linux the second one, which is not followed either, takes the expectations of the first
    with it, and the first one's tunnel stays in the table when the call ends."""
    traffic = Traffic()
    pptp = Pptp(traffic)
    pptp.call(100, 200)
    pptp.call(101, 201)
    pptp.up(201)
    pptp.up(200)
    pptp.down(100)
    pptp.disconnect(200)

    answers = replay(CONFIG, traffic)

    assert answers.of('verdict', 'state')[9:] == [
        ('drop', 'new'), ('accept', 'related'), ('accept', 'established'),
        ('accept', 'established')]
    assert not tunnels(answers.table)


def test_a_disconnected_call_that_was_never_made_ends_nothing(replay):
    """In Linux it ends the entry of plain GRE between the two hosts."""
    traffic = Traffic()
    pptp = Pptp(traffic)
    plain = IP(src=CLIENT, dst=SERVER, proto=47) / Raw(b'\0\0\x08\0' + b'data')
    traffic.lan(plain)
    pptp.disconnect(200)

    assert tunnels(replay(OPEN_CONFIG, traffic).table) == [(CLIENT, 0, 0)]
