# SPDX-License-Identifier: BSD-3-Clause
"""A web server and curl through a running sallyport that lets nothing through but TCP to port 80."""

import hashlib
import os

import pytest

from lab.lab import FAMILIES, Lab
from lab.web import Nginx, url
from lab.witness import Witness, assert_agrees, assert_covers

MIB = 1024 * 1024
N_REQUESTS = 1000
TRANSFER_SEC = 600
families = pytest.mark.parametrize('family', FAMILIES)

ONLY_WEB = '''\
chains = ( { name = "filter"; policy = "drop"; rules = (
    { name = "established"; state = "established"; action = "accept"; },
    { name = "web"; in = "lan0"; proto = "tcp"; dport = 80; state = "new"; action = "accept"; }
    ); } );
'''
# What has ended stays in the table for longer than a test takes.
TIMEOUTS = 'timeouts: { tcp_time_wait = 3600; tcp_last_ack = 3600; tcp_close = 3600; };'


@pytest.fixture(name='site', scope='module')
def fixture_site(workers):
    """A lab with a web server and the policy above: (lab, wire, server)."""
    with Lab(workers=workers) as lab:
        (wire,) = lab.wires
        with Nginx(wire.server.namespace) as server:
            yield lab, wire, server


@pytest.fixture(name='witnesses')
def fixture_witnesses(site):
    """sallyport with an empty table, and those who count from now on: (server, client)."""
    lab, wire, _ = site
    with (lab.running(ONLY_WEB, TIMEOUTS), Witness(wire.server) as server,
          Witness(wire.client) as client):
        yield server, client


@pytest.fixture(name='content')
def fixture_content(site, full):
    """A file on the server that nothing can guess: its name, size and digest."""
    *_, server = site
    digest, size = hashlib.sha256(), (1024 if full else 32) * MIB
    with open(server.files / 'large', 'wb') as file:
        for _ in range(size // MIB):
            part = os.urandom(MIB)
            digest.update(part)
            file.write(part)
    yield 'large', size, digest.hexdigest()
    (server.files / 'large').unlink()


def ask_a_thousand_times(namespace, address, folder, first_port):
    """Has curl put the answers to 1, 2, 3 and so on into files of these names, each over a connection
    of its own, from a port that no other has."""
    transfers = (f'url = "{url(address, f"answer/{n}")}"\noutput = "{folder}/{n}"\n'
                 f'local-port = {first_port + n}\nheader = "Connection: close"\nfail\n'
                 for n in range(1, N_REQUESTS + 1))
    namespace.run('curl', '--no-progress-meter', '--fail-early', '--parallel', '--config', '-',
                  input='next\n'.join(transfers), timeout=TRANSFER_SEC)


@pytest.mark.quick
@pytest.mark.parametrize('family, first_port', [('ipv4', 20000), ('ipv6', 30000)], ids=FAMILIES)
def test_a_thousand_requests(site, witnesses, tmp_path, family, first_port):
    lab, wire, server = site
    before = len(server.requests())

    ask_a_thousand_times(wire.client.namespace, wire.server.addresses[family], tmp_path, first_port)

    asked = server.requests()[before:]
    assert {uri for *_, uri, _ in asked} == {f'/answer/{n}' for n in range(1, N_REQUESTS + 1)}
    for _, port, uri, status in asked:
        assert status == 200
        assert (tmp_path / uri.rpartition('/')[2]).read_text() == f'{uri} from {port}\n'
    table = assert_agrees(lab.machine, *witnesses)
    assert {entry['orig']['sport'] for entry in table} == {port for _, port, *_ in asked}
    assert len(table) == len(asked) == N_REQUESTS
    assert all(entry['assured'] and entry['orig']['dport'] == 80 for entry in table)


@pytest.mark.quick
@families
def test_a_large_file(site, witnesses, content, family):
    lab, wire, _ = site
    name, size, digest = content

    done = wire.client.namespace.run(
        'sh', '-c', 'set -e; curl --no-progress-meter --fail "$0" | sha256sum',
        url(wire.server.addresses[family], name), timeout=TRANSFER_SEC)

    assert done.stdout.split()[0] == digest
    (entry,) = assert_covers(lab.machine, *witnesses)
    assert entry['assured']
    assert entry['reply']['bytes'] > size
