# SPDX-License-Identifier: BSD-3-Clause
"""Helpers: what a control connection announces is let through as related, and nothing else is."""

import pytest

from scenario.configuration import chain, configuration
from scenario.traffic import CLIENT, CLIENT6, SERVER, SERVER6, Tcp, Traffic, syn, udp

FTP = chain(
    'name = "helper"; proto = "tcp"; dport = 21; state = "new"; set_helper = "ftp";',
    'name = "tftp helper"; proto = "udp"; dport = 69; state = "new"; set_helper = "tftp";',
    'name = "replies"; state = ["established", "related"]; action = "accept";',
    'name = "ftp"; proto = "tcp"; dport = 21; state = "new"; action = "accept";',
    'name = "tftp"; proto = "udp"; dport = 69; state = "new"; action = "accept";', policy='drop')


def control(traffic):
    """A control connection, six packets long. As in the kernel, a helper believes no line before
    it has seen one of the same side end."""
    tcp = Tcp(traffic, sport=40000, dport=21)
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
