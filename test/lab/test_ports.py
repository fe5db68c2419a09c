# SPDX-License-Identifier: BSD-3-Clause
"""Ports that are open, that the host refuses and that sallyport drops: what the client is told, what
the server gets to see, and what of it is in the table."""

import sys

import pytest

from lab.attempt import assert_attempt
from lab.lab import FAMILIES, Lab
from lab.witness import Witness, assert_agrees
from system.running import wait_until

OPEN, REFUSED, DROPPED = 7000, 7001, 7002
both = pytest.mark.parametrize('protocol', ['tcp', 'udp'])
families = pytest.mark.parametrize('family', FAMILIES)

TWO_PORTS = '''\
sets: { ports = [ "7000", "7001" ]; };
chains = ( { name = "filter"; policy = "drop"; rules = (
    { name = "established"; state = "established"; action = "accept"; },
    { name = "related"; state = "related"; action = "accept"; },
    { name = "tcp"; in = "lan0"; proto = "tcp"; dport = "@ports"; action = "accept"; },
    { name = "udp"; in = "lan0"; proto = "udp"; dport = "@ports"; action = "accept"; } ); } );
'''

# Answers over TCP and UDP.
SERVER = '''
import socket, sys, threading
def answer():
    end = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    end.bind(("::", int(sys.argv[1])))
    while True:
        end.sendto(b"here", end.recvfrom(100)[1])
threading.Thread(target=answer, daemon=True).start()
server = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6,
                              dualstack_ipv6=True)
while True:
    server.accept()[0].close()
'''


@pytest.fixture(name='site', scope='module')
def fixture_site(workers):
    """A lab with a server at one of the two ports that are let through: (lab, wire)."""
    with Lab(workers=workers) as lab:
        (wire,) = lab.wires
        lab.start(TWO_PORTS)
        wire.server.namespace.start(sys.executable, '-c', SERVER, OPEN)
        wire.server.namespace.wait_for_port(OPEN)
        yield lab, wire
        lab.stop()


def entries(lab, protocol, family, port):
    """Those of the table with a port of the server."""
    (wire,) = lab.wires
    return [entry for entry in lab.machine.json('ct', 'list', '--proto', protocol)
            if (entry['orig']['dst'], entry['orig']['dport']) == (
                wire.server.addresses[family], port)]


def witnessed(seen, port):
    """How many packets to a port were seen."""
    return sum(packets for (*_, dport), (packets, _) in seen.items() if dport == port)


@pytest.mark.quick
@families
@both
def test_an_open_port(site, family, protocol):
    lab, wire = site

    with Witness(wire.server) as server:
        assert_attempt(wire.client.namespace, wire.server.addresses[family], OPEN, 'open', protocol)
        seen = server.seen()

    (entry,) = entries(lab, protocol, family, OPEN)
    assert entry['seen_reply']
    assert witnessed(seen, OPEN) > 0


@pytest.mark.quick
@families
def test_a_refused_port_of_tcp(site, family):
    """A RST that is the only reply ends the connection at once."""
    lab, wire = site
    before = lab.machine.json('ct', 'stats')

    with Witness(wire.server) as server, Witness(wire.client) as client:
        assert_attempt(wire.client.namespace, wire.server.addresses[family], REFUSED, 'refused')
        assert witnessed(server.seen(), REFUSED) == 1
        assert [packets for packets, _ in client.seen().values()] == [1]

    wait_until(lambda: not entries(lab, 'tcp', family, REFUSED), 'the entry is gone')
    after = lab.machine.json('ct', 'stats')
    assert after['confirmed'] == before['confirmed'] + 1


@pytest.mark.quick
@families
def test_a_refused_port_of_udp(site, family):
    """The ICMP error is related to the connection, which goes on to wait for a reply."""
    lab, wire = site
    related = lab.packets()['filter/related']

    with Witness(wire.server) as server:
        assert_attempt(wire.client.namespace, wire.server.addresses[family], REFUSED, 'refused',
                       'udp')
        assert witnessed(server.seen(), REFUSED) == 1

    assert lab.packets()['filter/related'] == related + 1
    (entry,) = entries(lab, 'udp', family, REFUSED)
    assert (entry['orig']['packets'], entry['reply']['packets']) == (1, 0)
    assert not entry['seen_reply']


@pytest.mark.quick
@families
@both
def test_a_dropped_port(site, family, protocol):
    lab, wire = site
    dropped = lab.packets()['filter']

    with Witness(wire.server) as server, Witness(wire.client) as client:
        assert_attempt(wire.client.namespace, wire.server.addresses[family], DROPPED, 'dropped',
                       protocol)
        assert (server.seen(), client.seen()) == ({}, {})

    assert lab.packets()['filter'] > dropped
    assert entries(lab, protocol, family, DROPPED) == []
    wait_until(lambda: lab.machine.json('ct', 'count')['unconfirmed'] == 0, 'nothing is kept of it')


@families
@both
def test_the_server_cannot_open_what_the_client_can(site, family, protocol):
    lab, wire = site

    with Witness(wire.client) as client:
        assert_attempt(wire.server.namespace, wire.client.addresses[family], OPEN, 'dropped',
                       protocol)
        assert client.seen() == {}


def test_the_table_agrees_over_all_of_them(site):
    lab, wire = site
    lab.stop()
    lab.start(TWO_PORTS)

    with Witness(wire.server) as server, Witness(wire.client) as client:
        for family in FAMILIES:
            address = wire.server.addresses[family]
            for protocol in ('tcp', 'udp'):
                assert_attempt(wire.client.namespace, address, OPEN, 'open', protocol)
                assert_attempt(wire.client.namespace, address, DROPPED, 'dropped', protocol)
            assert_attempt(wire.client.namespace, address, REFUSED, 'refused', 'udp')
        assert len(assert_agrees(lab.machine, server, client)) == 6
