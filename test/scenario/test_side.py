# SPDX-License-Identifier: BSD-3-Clause
"""One capture with both directions, played on both ports of a wire."""

import pytest
from scapy.layers.l2 import ARP, Ether

from scenario.capture_files import RAW, pcap
from scenario.configuration import HEAD, OPEN, SITE, TWO_WIRES
from scenario.runner import replay_in, run_sallyport
from scenario.traffic import (CLIENT, CLIENT6, ROUTER, SERVER, SERVER6, START, Tcp, Traffic, ping, udp,
                              unreachable)

LAN_MAC, WAN_MAC = '02:00:00:00:00:0a', '02:00:00:00:00:0b'


def dialogue():
    """A connection, questions and answers of both families, as a bridge sees them: frames."""
    traffic = Traffic()
    Tcp(traffic).open()
    for client, server in ((CLIENT, SERVER), (CLIENT6, SERVER6)):
        traffic.lan(udp(client, server, 5000, 53), ping(client, server, 7))
        traffic.wan(udp(server, client, 53, 5000), ping(server, client, 7, reply=True))
    macs = {'lan': (LAN_MAC, WAN_MAC), 'wan': (WAN_MAC, LAN_MAC)}
    frames = []
    for us, port, frame in traffic.frames:
        ether = Ether(frame)
        ether.src, ether.dst = macs[port]
        frames.append((us, port, bytes(ether)))
    return frames


def sided(folder, config, frames, *sides, link=1):
    (folder / 'both').write_bytes(pcap([(us, frame) for us, _, frame in frames], link))
    return replay_in(folder, config, *(word for side in sides for word in ('--side', side)),
                     folder / 'both')


@pytest.mark.parametrize('sides', [
    [f'lan={LAN_MAC}'], [f'wan={WAN_MAC.upper()}'],
    ['lan=192.0.2.0/24', 'lan=2001:db8:1::/48'], [f'lan={CLIENT}', f'lan={CLIENT6}'],
    ['wan=198.51.100.0-198.51.100.255', f'wan={SERVER6}'],
    ['lan=192.0.2.0/29', 'lan=192.0.2.8/29', 'lan=2001:db8::/47'],
    ['lan=198.51.100.0/28', f'lan={LAN_MAC}'],
], ids=' '.join)
def test_both_directions_come_in_where_they_belong(tmp_path, sides):
    """As with a capture for each port: the rules of the site are about ports."""
    frames = dialogue()

    answers = sided(tmp_path, SITE, frames, *sides)

    answers.check(frames)
    assert answers.of('verdict') == ['accept'] * len(frames)
    assert answers.of('state') == ['new', 'established', 'established',
                                   *['new', 'new', 'established', 'established'] * 2]


def test_raw_ip_has_addresses_only(tmp_path):
    frames = [(us, port, frame[14:]) for us, port, frame in dialogue()]

    answers = sided(tmp_path, SITE, frames, f'lan={CLIENT}', f'lan={CLIENT6}', link=RAW)

    assert answers.of('port') == [port for _, port, _ in frames]
    assert answers.of('verdict') == ['accept'] * len(frames)


def test_a_prefix_ends_at_its_bit(tmp_path):
    addresses = ['192.0.2.127', '192.0.2.128', '192.0.2.191', '192.0.2.192', '193.0.2.128']
    traffic = Traffic()
    traffic.lan(*(udp(address, SERVER, 1, 2) for address in addresses))

    answers = sided(tmp_path, OPEN, traffic.frames, 'lan=192.0.2.128/26')

    assert answers.of('port') == ['wan', 'lan', 'lan', 'wan', 'wan']


@pytest.mark.parametrize('prefix, port', [('0.0.0.0/0', 'lan'), ('::/0', 'wan')])
def test_a_prefix_is_of_one_family(tmp_path, prefix, port):
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 1, 2))

    assert sided(tmp_path, OPEN, traffic.frames, f'lan={prefix}').of('port') == [port]


def test_what_has_no_source_address(tmp_path):
    """ARP says who sends it; what else is not IP has its MAC address; what is malformed too."""
    traffic = Traffic()
    traffic.lan(Ether(src=WAN_MAC) / ARP(psrc=CLIENT, pdst=SERVER), Ether(src=WAN_MAC) / ARP(
        psrc=SERVER, pdst=CLIENT), Ether(src=LAN_MAC, type=0x88B5) / bytes(50),
        bytes(Ether(src=LAN_MAC, type=0x0800) / b'\x45'), bytes(Ether(src=WAN_MAC, type=0x0800) / b'\x45'),
        b'\0' * 5)

    answers = sided(tmp_path, OPEN, traffic.frames, f'lan={CLIENT}', f'lan={LAN_MAC}')

    assert answers.of('port') == ['lan', 'wan', 'lan', 'lan', 'wan', 'wan']


def test_an_error_of_somebody_on_the_way(tmp_path):
    """It comes from where the prefix says, and is related whichever that is."""
    query = udp(CLIENT, SERVER, 5000, 53)
    traffic = Traffic()
    traffic.lan(query)
    traffic.wan(unreachable(ROUTER, CLIENT, query))

    answers = sided(tmp_path, SITE, traffic.frames, f'lan={CLIENT}')

    assert answers.of('port', 'state', 'verdict') == [('lan', 'new', 'accept'),
                                                      ('wan', 'related', 'accept')]


def test_the_wire_of_the_port(tmp_path):
    frames = dialogue()

    answers = sided(tmp_path, TWO_WIRES, frames, f'lan2={LAN_MAC}')

    assert answers.of('port') == [{'lan': 'lan2', 'wan': 'wan2'}[port] for _, port, _ in frames]


@pytest.mark.parametrize('port, word', [('dmz', 'no port "dmz"'), ('spare', 'no wire with port "spare"')])
def test_a_port_that_cannot_be(tmp_path, port, word):
    (tmp_path / 'config').write_text(HEAD.replace('{ name = "wan";', '{ name = "spare"; device = '
                                                  '"net_null2"; }, { name = "wan";'))
    (tmp_path / 'both').write_bytes(pcap([(START, bytes(60))]))

    done = run_sallyport('replay', '-c', tmp_path / 'config', '--side', f'{port}={CLIENT}',
                         tmp_path / 'both')

    assert (done.returncode, done.stdout) == (1, '')
    assert word in done.stderr and done.stderr.count('\n') == 1
