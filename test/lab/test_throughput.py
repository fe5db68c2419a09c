# SPDX-License-Identifier: BSD-3-Clause
"""iperf3 through a running sallyport: TCP and UDP, in both directions. That it gets through and is
counted, not how fast."""

import json
import subprocess

import pytest

from lab.lab import FAMILIES, Lab
from lab.witness import Witness, assert_covers

PORT = 5201
TIME_LIMIT_SEC = 600
MIB = 1024 * 1024

ONLY_IPERF = '''\
chains = ( { name = "filter"; policy = "drop"; rules = (
    { name = "established"; state = "established"; action = "accept"; },
    { name = "tcp"; in = "lan0"; proto = "tcp"; dport = 5201; state = "new"; action = "accept"; },
    { name = "udp"; in = "lan0"; proto = "udp"; dport = 5201; state = "new"; action = "accept"; }
    ); } );
'''
TIMEOUTS = 'timeouts: { tcp_time_wait = 3600; tcp_close = 3600; udp_stream = 3600; };'
# How much is sent; UDP at so many bits per second.
AMOUNTS = {'tcp': {False: 32 * MIB, True: 1024 * MIB}, 'udp': {False: 4 * MIB, True: 128 * MIB}}
WORDS = {'tcp': [], 'udp': ['--udp', '--bitrate', '50M', '--length', 1200]}


@pytest.fixture(name='site', scope='module')
def fixture_site(workers):
    """A lab with an iperf3 server: (lab, wire)."""
    with Lab(workers=workers) as lab:
        (wire,) = lab.wires
        wire.server.namespace.start('iperf3', '--server', stdout=subprocess.DEVNULL)
        wire.server.namespace.wait_for_port(PORT)
        yield lab, wire


@pytest.mark.quick
@pytest.mark.parametrize('family', FAMILIES)
@pytest.mark.parametrize('direction, words', [('orig', []), ('reply', ['--reverse'])],
                         ids=['up', 'down'])
@pytest.mark.parametrize('protocol', ['tcp', 'udp'])
def test_iperf3(site, full, protocol, direction, words, family):
    lab, wire = site
    amount = AMOUNTS[protocol][full]

    with (lab.running(ONLY_IPERF, TIMEOUTS), Witness(wire.server) as server,
          Witness(wire.client) as client):
        done = wire.client.namespace.run(
            'iperf3', '--json', '--client', wire.server.addresses[family], '--bytes', amount,
            *WORDS[protocol], *words, timeout=TIME_LIMIT_SEC)
        table = assert_covers(lab.machine, server, client)

    end = json.loads(done.stdout)['end']
    assert end['sum_sent']['bytes'] >= amount
    assert end['sum_received']['bytes'] > 0
    control, data = sorted(table, key=lambda entry: entry[direction]['bytes'])
    assert (control['proto'], data['proto']) == ('tcp', protocol)
    assert data[direction]['bytes'] > end['sum_received']['bytes']
