# SPDX-License-Identifier: BSD-3-Clause
"""The kernel's packetdrill tests of connection tracking, each for IPv4 and IPv6, as Linux runs
them.

There, the traced host is one end of the connection and drops what is invalid in both directions.
Here, the firewall stands between the ends and has the same rule, so a packet that "the local stack
must get" is one that passes, and what the local stack sends is played as well. "Inbound" is the
port behind which the traced host's peer is. doc/kernel-differences.md has the list.
"""

import pytest

from scenario.configuration import chain, configuration
from scenario.traffic import CLIENT, CLIENT6, SERVER, SERVER6, Tcp, Traffic

WATCH = configuration(chain('name = "invalid"; state = "invalid"; action = "drop";'))
FIVE_DAYS = 432000
SYN_OPTIONS = [('MSS', 1460), ('SAckOK', b''), ('Timestamp', (1, 0)), ('NOP', None), ('WScale', 8)]

families = pytest.mark.parametrize('client, server', [(CLIENT, SERVER), (CLIENT6, SERVER6)],
                                   ids=['ipv4', 'ipv6'])


def invalid(answers):
    """At which ports the packets came in that the rule took for invalid."""
    taken = [line for line in answers.verdicts if line['rule'] == 'invalid']
    assert [line['verdict'] for line in taken] == ['drop'] * len(taken)
    assert taken == [line for line in answers.verdicts if line['state'] == 'invalid']
    return [line['port'] for line in taken]


def long_upload(client, server):
    """46 segments of 1460 bytes, each acknowledged: 67160 bytes and the SYN. Then the first one
    again, and a duplicate acknowledgement for it."""
    traffic = Traffic()
    tcp = Tcp(traffic, dport=8080, client=client, server=server, isn=0)
    tcp.client('S', window=32792)
    tcp.server('SA')
    tcp.client('A')
    for _ in range(46):
        tcp.client('PA', bytes(1460), window=257)
        tcp.server('A')
    assert tcp.next_seq['lan'] == 67161
    tcp.client('PA', bytes(1460), window=257, seq=1)
    tcp.next_seq['lan'] = 67161
    tcp.server('A')
    return traffic


@families
def test_conntrack_ack_loss_stall(replay, client, server):
    """P1. The receiver has acknowledged 67161; the very first segment comes again, far below the
    lower bound of the window. It must not be invalid, and the duplicate acknowledgement that
    answers it must get back. All of it applies."""
    answers = replay(WATCH, long_upload(client, server))

    assert invalid(answers) == []
    assert answers.of('verdict', 'state', 'dir', 'entry.state')[-2:] == [
        ('accept', 'established', 'orig', 'ESTABLISHED'),
        ('accept', 'established', 'reply', 'ESTABLISHED')]


@families
def test_conntrack_ack_loss_stall_is_about_the_lower_bound(replay, client, server):
    """P1. That the segment above is below the bound is shown by kernels before 6.0, to which it was
    invalid; set_window = "strict" keeps windows as they did."""
    strict = configuration(chain(
        'name = "strict"; proto = "tcp"; state = "new"; set_window = "strict";',
        'name = "invalid"; state = "invalid"; action = "drop";'))

    answers = replay(strict, long_upload(client, server))

    assert invalid(answers) == ['lan']
    assert answers.of('state')[-2:] == ['invalid', 'established']


@families
def test_conntrack_inexact_rst(replay, client, server):
    """P2. The client connects and gets data; the server's FIN is acknowledged: CLOSE_WAIT. The
    client closes with data unread, so it resets: CLOSE. A late RST of the server, whose sequence
    number fits nothing, must not be invalid, nor any packet before. All of it applies."""
    traffic = Traffic()
    tcp = Tcp(traffic, dport=8080, client=client, server=server)
    tcp.client('S', options=SYN_OPTIONS)
    tcp.server('SA', options=[('MSS', 1460)])
    tcp.client('A')
    for _ in range(3):
        tcp.server('A', bytes(1000))
    tcp.client('A')
    tcp.client('PA', bytes(1000))
    tcp.server('FA')
    tcp.client('A')
    traffic.wait(1)
    tcp.client('RA')
    traffic.wait(0.1)
    tcp.server('R', window=0, seq=tcp.next_seq['wan'] - 1001)

    answers = replay(WATCH, traffic)

    assert invalid(answers) == []
    assert answers.of('entry.state')[-4:] == ['FIN_WAIT', 'CLOSE_WAIT', 'CLOSE', 'CLOSE']
    assert answers.of('verdict', 'state', 'dir')[-1] == ('accept', 'established', 'reply')


@families
def test_conntrack_rst_invalid(replay, client, server):
    """P3. In ESTABLISHED, four RSTs of the server are invalid and change nothing: with sequence
    number 0, with 1000000, within data that is acknowledged, and, with an ACK, one byte short of
    the exact number. The exact one closes. Four are invalid inbound, none outbound. All of it
    applies."""
    traffic = Traffic()
    tcp = Tcp(traffic, dport=8080, client=client, server=server)
    tcp.next_seq['wan'] = 0  # so that numbers of the server are those of the test
    tcp.client('S', options=SYN_OPTIONS)
    tcp.server('SA', options=[('MSS', 1460)])
    tcp.client('A')
    for _ in range(3):
        tcp.server('A', bytes(1000))
        tcp.client('A')
    assert tcp.next_seq['wan'] == 3001
    for seq in (0, 1000000, 42):
        tcp.server('R', seq=seq, ack=0, window=0)
    tcp.client('PA', bytes(1000))
    tcp.server('A')
    tcp.server('RA', seq=3000, window=0)
    tcp.server('RA', seq=3001, window=0)

    answers = replay(WATCH, traffic)

    assert invalid(answers) == ['wan'] * 4
    assert answers.of('state')[9:] == ['invalid'] * 3 + [
        'established', 'established', 'invalid', 'established']
    # What is invalid has no entry of its own; the packets behind show what became of it.
    assert answers.of('entry.state', 'entry.timeout')[12:14] == [
        ('ESTABLISHED', 300), ('ESTABLISHED', FIVE_DAYS)]
    assert answers.story()[3:] == [('update', 'CLOSE', 'assured')]
    assert [entry['state'] for entry in answers.table] == ['CLOSE']


@families
def test_conntrack_syn_challenge_ack(replay, client, server):
    """P4. A SYN is answered by the challenge ACK of an old connection, for which the client sends a
    RST. When it has repeated its SYN, the connection is in SYN_SENT and unreplied again; SYN-ACK
    and ACK then open it. No packet is invalid. All of it applies."""
    traffic = Traffic()
    tcp = Tcp(traffic, dport=8080, client=client, server=server, isn=0)
    tcp.client('S', options=SYN_OPTIONS)
    tcp.server('A', seq=145824453, ack=643160523, window=240)
    tcp.client('R', seq=643160523, window=0)
    tcp.client('S', seq=0, options=SYN_OPTIONS)
    tcp.server('SA', seq=4000, window=250, options=[('MSS', 1460)])
    tcp.client('A', window=256)

    answers = replay(WATCH, traffic)

    assert invalid(answers) == []
    assert answers.of('verdict') == ['accept'] * 6
    assert answers.of('entry.state', 'entry.seen_reply', 'entry.assured')[3:] == [
        ('SYN_SENT', False, False), ('SYN_RECV', True, False), ('ESTABLISHED', True, True)]


@families
def test_conntrack_synack_old(replay, client, server):
    """P5. A stale SYN-ACK with a wrong acknowledgement is invalid, the only one, and inbound; the
    connection stays in SYN_SENT, unreplied. The SYN is repeated, and the right SYN-ACK, whose
    sequence number is lower than that of the stale one, opens it. All of it applies."""
    traffic = Traffic()
    tcp = Tcp(traffic, dport=8080, client=client, server=server, isn=0)
    tcp.client('S', options=SYN_OPTIONS)
    tcp.server('SA', seq=145824453, ack=643160523, window=240, options=[('MSS', 1440)])
    traffic.wait(1.01)
    tcp.client('S', seq=0, options=SYN_OPTIONS)
    tcp.server('SA', seq=145758918, window=250, options=[('MSS', 1460)])
    tcp.client('A', window=256)
    tcp.client('PA', b'x', window=256)

    answers = replay(WATCH, traffic)

    assert invalid(answers) == ['wan']
    assert answers.of('state') == [
        'new', 'invalid', 'new', 'established', 'established', 'established']
    assert answers.of('entry.state', 'entry.seen_reply', 'entry.assured')[2:5] == [
        ('SYN_SENT', False, False), ('SYN_RECV', True, False), ('ESTABLISHED', True, True)]
    assert len(set(answers.of('conn')) - {None}) == 1


@families
def test_conntrack_synack_reuse(replay, client, server):
    """P6. A SYN with another sequence number comes in on an open connection and passes, as does the
    challenge ACK of the server. The client's exact RST closes; the SYN again begins a connection
    anew, in SYN_SENT, and the SYN-ACK brings it to SYN_RECV. No SYN-ACK is invalid, nor is anything
    else. All of it applies; the traced host is the server here."""
    options = [('MSS', 1000), ('NOP', None), ('WScale', 7)]
    traffic = Traffic()
    tcp = Tcp(traffic, dport=8080, client=client, server=server, isn=0)
    tcp.client('S', window=32792, options=options)
    tcp.server('SA', options=[('MSS', 1460), ('NOP', None), ('WScale', 8)])
    tcp.client('A', window=257)
    tcp.client('PA', bytes(100), window=257)
    tcp.server('A', window=256)
    traffic.wait(1)
    tcp.client('S', seq=2000, window=32792, options=options)
    tcp.server('A', ack=101, window=256)
    tcp.client('RA', seq=101, window=257)
    traffic.wait(1.5)
    tcp.client('S', seq=2000, window=32792, options=options)
    tcp.server('SA', seq=90000, options=[('MSS', 1460)])

    answers = replay(WATCH, traffic)

    assert invalid(answers) == []
    assert answers.of('verdict') == ['accept'] * 10
    assert answers.of('entry.state')[5:] == [
        'ESTABLISHED', 'ESTABLISHED', 'CLOSE', 'SYN_SENT', 'SYN_RECV']
    first, second = answers.of('conn')[7:9]
    assert first != second
    assert [entry['conn'] for entry in answers.table] == [second]
