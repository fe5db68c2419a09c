# SPDX-License-Identifier: BSD-3-Clause
"""Ten thousand TCP connections at once through a running sallyport: all of them work, the table has
the same ones as the server, it is empty when they have ended, and nothing is left over."""

import pytest

from lab.lab import FAMILIES, Lab
from lab.sessions import ONLY_SESSIONS, PORT, Sessions, start_server
from system.running import wait_until

N_CONNECTIONS = 10000
# A pair of hosts has one worker: with so many, a worker's part is within a fifth of its share.
N_ADDRESSES = 1000
MAX_CONNECTIONS = 12288

TIMEOUTS = ('timeouts: { tcp_time_wait = 2; tcp_last_ack = 10; tcp_close_wait = 20; '
            'tcp_fin_wait = 20; tcp_syn_sent = 20; tcp_syn_recv = 20; };')


@pytest.fixture(name='site', scope='module')
def fixture_site(workers):
    """A lab with a server of sessions at many addresses: (lab, wire, addresses by family)."""
    with Lab(workers=workers, max_connections=MAX_CONNECTIONS) as lab:
        (wire,) = lab.wires
        # As many may wait to be accepted.
        wire.server.namespace.run('sysctl', '-qw', 'net.core.somaxconn=4096')
        start_server(wire.server)
        yield lab, wire, wire.server.take_addresses(N_ADDRESSES, wire.client)


def known_to_the_server(wire):
    """Port of the client and address of the server of each open connection."""
    lines = wire.server.namespace.run('ss', '-Htn', 'state', 'established',
                                      f'sport = :{PORT}').stdout.splitlines()
    ends = ([end.rpartition(':') for end in line.split()[2:4]] for line in lines)
    return {(int(port), address.strip('[]').removeprefix('::ffff:'))
            for (address, *_), (*_, port) in ends}


def known_to_the_table(lab):
    return {(entry['orig']['sport'], entry['orig']['dst'])
            for entry in lab.machine.json('ct', 'list', '--state', 'ESTABLISHED')
            if entry['assured'] and entry['orig']['dport'] == PORT}


@pytest.mark.quick
@pytest.mark.parametrize('family', FAMILIES)
def test_ten_thousand_at_once(site, family):
    lab, wire, addresses = site

    with lab.running(ONLY_SESSIONS, TIMEOUTS):
        with Sessions(wire.client, *addresses[family]) as sessions:
            assert sessions.open(N_CONNECTIONS) == N_CONNECTIONS
            assert sessions.use() == N_CONNECTIONS
            clients = known_to_the_server(wire)
            assert len(clients) == N_CONNECTIONS
            wait_until(lambda: known_to_the_table(lab) == clients, 'the table agrees')
            assert sessions.use() == N_CONNECTIONS
            assert sessions.close() == N_CONNECTIONS

        wait_until(lambda: set(lab.machine.json('ct', 'count').items()) >= {
            ('confirmed', 0), ('unconfirmed', 0), ('dying', 0)}, 'the table is empty')
        stats = lab.machine.json('ct', 'stats')
        assert stats['destroyed'] == stats['confirmed'] >= N_CONNECTIONS
        assert stats['created'] == stats['confirmed'] + stats['discarded']
        assert (stats['table_full'], stats['early_drop'], stats['insert_failed']) == (0, 0, 0)
