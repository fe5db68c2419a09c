# SPDX-License-Identifier: BSD-3-Clause
"""Helpers: what a control connection announces is let through as related, and nothing else is."""

import struct

import pytest

from scenario.configuration import chain, configuration
from scenario.traffic import (CLIENT, CLIENT6, FRAME, SERVER, SERVER6, Tcp, Traffic, segment, syn,
                              udp)

FTP = chain(
    'name = "helper"; proto = "tcp"; dport = 21; state = "new"; set_helper = "ftp";',
    'name = "tftp helper"; proto = "udp"; dport = 69; state = "new"; set_helper = "tftp";',
    'name = "replies"; state = ["established", "related"]; action = "accept";',
    'name = "ftp"; proto = "tcp"; dport = 21; state = "new"; action = "accept";',
    'name = "tftp"; proto = "udp"; dport = 69; state = "new"; action = "accept";', policy='drop')


def control(traffic, sport=40000):
    """A control connection, six packets long. As in the kernel, a helper believes no line before
    it has seen one of the same side end."""
    tcp = Tcp(traffic, sport=sport, dport=21)
    tcp.open()
    tcp.server('PA', b'220 ready\r\n')
    tcp.client('PA', b'USER anonymous\r\n')
    tcp.server('PA', b'230 logged in\r\n')
    return tcp


def test_passive_ftp(replay):
    traffic = Traffic()
    tcp = control(traffic)
    tcp.client('PA', b'PASV\r\n')
    tcp.server('PA', b'227 Entering Passive Mode (198,51,100,20,195,80).\r\n')  # port 50000
    Tcp(traffic, sport=45000, dport=50000).open()
    traffic.lan(syn(CLIENT, SERVER, 45001, 50000), syn(CLIENT, SERVER, 45002, 50001))

    answers = replay(configuration(FTP), traffic)

    assert answers.of('verdict', 'state')[8:] == [
        ('accept', 'related'), ('accept', 'established'), ('accept', 'established'),
        ('drop', 'new'), ('drop', 'new')]  # an expectation is for one connection
    assert [entry.get('helper') for entry in answers.table] == ['ftp', None]


def test_active_ftp(replay):
    traffic = Traffic()
    tcp = control(traffic)
    tcp.client('PA', b'PORT 192,0,2,10,175,200\r\n')  # port 45000
    tcp.server('PA', b'200 fine\r\n')
    traffic.wan(syn(SERVER, CLIENT, 20, 45000), syn(SERVER, CLIENT, 20, 45001))

    assert replay(configuration(FTP), traffic).of('verdict', 'state')[8:] == [
        ('accept', 'related'), ('drop', 'new')]


@pytest.mark.parametrize('address', ['192.0.2.10', '192.000.002.010', '192..2.00010'])
def test_extended_active_ftp_with_octets_padded_by_zeros(replay, address):
    """Octets are decimal, and one without digits is zero, as in PORT."""
    traffic = Traffic()
    tcp = control(traffic)
    tcp.client('PA', f'EPRT |1|{address}|45000|\r\n'.encode())
    tcp.server('PA', b'200 fine\r\n')
    traffic.wan(syn(SERVER, CLIENT, 20, 45000), syn(SERVER, CLIENT, 20, 45001))

    assert replay(configuration(FTP), traffic).of('verdict', 'state')[6:] == [
        ('accept', 'established'), ('accept', 'established'), ('accept', 'related'), ('drop', 'new')]


@pytest.mark.parametrize('address', ['2001:db8:1::10', '2001:0db8:0001:0000:0000:0000:0000:0010',
                                     '2001:db8:1:0:0::0.0.0.016'])
def test_extended_active_ftp_of_ipv6(replay, address):
    traffic = Traffic()
    tcp = Tcp(traffic, sport=40000, dport=21, client=CLIENT6, server=SERVER6)
    tcp.open()
    tcp.client('PA', b'USER anonymous\r\n')
    tcp.client('PA', f'EPRT |2|{address}|045000|\r\n'.encode())
    traffic.wan(syn(SERVER6, CLIENT6, 20, 45000))

    assert replay(configuration(FTP), traffic).of('verdict', 'state')[4:] == [
        ('accept', 'established'), ('accept', 'related')]


def test_without_a_helper_nothing_is_expected(replay):
    traffic = Traffic()
    tcp = control(traffic)
    tcp.server('PA', b'227 Entering Passive Mode (198,51,100,20,195,80).\r\n')
    traffic.lan(syn(CLIENT, SERVER, 45000, 50000))
    config = configuration(FTP.replace('set_helper = "ftp"', 'count = true'))

    assert replay(config, traffic).of('verdict', 'state')[-1] == ('drop', 'new')


def test_an_announcement_for_another_host_is_not_believed(replay):
    """Or a server could have any port of any host opened for it."""
    traffic = Traffic()
    tcp = control(traffic)
    tcp.client('PA', b'PASV\r\n')
    tcp.server('PA', b'227 Entering Passive Mode (198,51,100,99,195,80).\r\n')
    traffic.lan(syn(CLIENT, '198.51.100.99', 45000, 50000), syn(CLIENT, SERVER, 45000, 50000))

    assert replay(configuration(FTP), traffic).of('verdict')[8:] == ['drop', 'drop']


def test_tftp_answers_from_another_port(replay):
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 69, b'\0\1file\0octet\0'))
    traffic.wan(udp(SERVER, CLIENT, 3456, 5000, b'\0\3\0\1data'))
    traffic.lan(udp(CLIENT, SERVER, 5000, 3456, b'\0\4\0\1'))

    assert replay(configuration(FTP), traffic).of('verdict', 'state') == [
        ('accept', 'new'), ('accept', 'related'), ('accept', 'established')]


ROOM = configuration(FTP, conntrack='max_connections = 20000; checksum = false;')
MANY = 5000  # more than a shard has room for expectations


def many(packet, port_at):
    """Copies of a packet, as frames, each with another port at this place in its layer 4 header."""
    frame = bytes(FRAME / packet)
    at = 14 + 20 + port_at
    for port in range(10000, 10000 + MANY):
        yield frame[:at] + struct.pack('>H', port) + frame[at + 2:]


def passive(traffic, control_port, server_port):
    """A transfer in passive mode; its data connection begins with the last packet."""
    tcp = control(traffic, control_port)
    tcp.client('PA', b'PASV\r\n')
    tcp.server('PA', b'227 (198,51,100,20,%d,%d).\r\n' % divmod(server_port, 256))
    traffic.lan(syn(CLIENT, SERVER, 45000, server_port))


def test_half_open_connections_take_no_help_from_others(replay):
    traffic = Traffic()
    traffic.lan(*many(syn(CLIENT, SERVER, 0, 21), 0))
    passive(traffic, 40000, 50000)

    assert replay(ROOM, traffic).of('verdict', 'state')[-1] == ('accept', 'related')


def test_open_connections_take_no_help_from_others(replay):
    """All have been greeted; the first and the last of them transfer."""
    traffic = Traffic()
    tcp = control(traffic, 40000)
    traffic.lan(*many(syn(CLIENT, SERVER, 0, 21), 0))
    traffic.wan(*many(segment(SERVER, CLIENT, 21, 0, 'SA', seq=5000, ack=1001), 2))
    traffic.lan(*many(segment(CLIENT, SERVER, 0, 21, 'A', seq=1001, ack=5001), 0))
    traffic.wan(*many(segment(SERVER, CLIENT, 21, 0, 'PA', seq=5001, ack=1001,
                              payload=b'220 ready\r\n'), 2))
    passive(traffic, 40001, 50000)
    tcp.client('PA', b'PASV\r\n')
    tcp.server('PA', b'227 (198,51,100,20,195,81).\r\n')
    traffic.lan(syn(CLIENT, SERVER, 45001, 50001))

    answers = replay(ROOM, traffic)

    assert answers.of('verdict', 'state')[-4] == ('accept', 'related')
    assert answers.of('verdict', 'state')[-1] == ('accept', 'related')


def test_whatever_is_announced_without_an_answer_gives_way(replay):
    """A TFTP request announces with its first packet, which anybody can send."""
    traffic = Traffic()
    requests = list(many(udp(CLIENT, SERVER, 0, 69, b'\0\1file\0octet\0'), 0))
    traffic.lan(*requests)
    passive(traffic, 40000, 50000)
    in_time = len(traffic.frames) - 1
    tcp = control(traffic, 40001)
    tcp.client('PA', b'PASV\r\n')
    tcp.server('PA', b'227 (198,51,100,20,195,81).\r\n')
    traffic.lan(*requests)
    traffic.lan(syn(CLIENT, SERVER, 45001, 50001))
    traffic.wan(udp(SERVER, CLIENT, 3456, 10000 + MANY - 1, b'\0\3\0\1data'))

    answers = replay(ROOM, traffic)

    assert answers.of('verdict', 'state')[in_time] == ('accept', 'related')
    assert answers.of('verdict', 'state')[-2:] == [('accept', 'related')] * 2
    assert 'drop' not in answers.of('verdict')
    for burst in (1, 7, 64):
        assert replay(ROOM, traffic, '--burst', burst).verdicts == answers.verdicts
