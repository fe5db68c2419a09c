# SPDX-License-Identifier: BSD-3-Clause
"""A DNS server, dnsmasq, and dig through a running sallyport that lets nothing through but DNS."""

import contextlib

import pytest

from lab.lab import FAMILIES, Lab
from lab.witness import Witness, assert_agrees
from system.running import wait_until

N_QUERIES = 100
PATIENCE_SEC = 30
LARGE = ['x' * 250] * 12  # an answer of more than 3,000 bytes: three fragments
families = pytest.mark.parametrize('family', FAMILIES)

ONLY_DNS = '''\
chains = ( { name = "filter"; policy = "drop"; rules = (
    { name = "established"; state = "established"; action = "accept"; },
    { name = "udp"; in = "lan0"; proto = "udp"; dport = 53; state = "new"; action = "accept"; },
    { name = "tcp"; in = "lan0"; proto = "tcp"; dport = 53; state = "new"; action = "accept"; }
    ); } );
'''
TIMEOUTS = 'timeouts: { udp = 3600; udp_stream = 3600; tcp_time_wait = 3600; };'


@contextlib.contextmanager
def dns_server(namespace):
    """Knows the names n1, n2 and so on of example, and large.example."""
    with namespace.start(
            'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--pid-file=',
            '--user=root', '--no-resolv', '--no-hosts', '--edns-packet-max=4096',
            *(f'--host-record=n{n}.example,198.51.100.{n},2001:db8:f::{n:x}'
              for n in range(1, N_QUERIES + 1)),
            f'--txt-record=large.example,{",".join(LARGE)}') as process:
        try:
            namespace.wait_for_port(53)
            yield
        finally:
            process.kill()


def dig(wire, family, *words):
    """Asks once, and returns what dig prints."""
    return wire.client.namespace.run(
        'dig', f'@{wire.server.addresses[family]}', '+tries=1', f'+time={PATIENCE_SEC}', *words,
        timeout=N_QUERIES * PATIENCE_SEC).stdout


@pytest.fixture(name='site', scope='module')
def fixture_site(workers):
    """A lab with a DNS server: (lab, wire)."""
    with Lab(workers=workers) as lab:
        (wire,) = lab.wires
        with dns_server(wire.server.namespace):
            yield lab, wire


@pytest.fixture(name='witnesses')
def fixture_witnesses(site):
    """sallyport with an empty table, and those who count from now on: (server, client)."""
    lab, wire = site
    with (lab.running(ONLY_DNS, TIMEOUTS), Witness(wire.server) as server,
          Witness(wire.client) as client):
        yield server, client


@pytest.mark.quick
@families
@pytest.mark.parametrize('kind, answer', [('A', '198.51.100.{n}'), ('AAAA', '2001:db8:f::{n:x}')],
                         ids=['A', 'AAAA'])
def test_every_query_has_its_answer(site, witnesses, tmp_path, family, kind, answer):
    lab, wire = site
    numbers = range(1, N_QUERIES + 1)
    (tmp_path / 'queries').write_text(''.join(f'n{n}.example {kind} +short\n' for n in numbers))

    answers = dig(wire, family, '-f', tmp_path / 'queries').splitlines()

    assert answers == [answer.format(n=n) for n in numbers]
    table = assert_agrees(lab.machine, *witnesses)
    assert {entry['proto'] for entry in table} == {'udp'}
    # A port may be used again, and is the same connection then.
    assert sum(entry['orig']['packets'] for entry in table) == N_QUERIES
    assert all(entry['orig']['packets'] == entry['reply']['packets'] for entry in table)


@families
def test_what_is_too_large_for_udp_comes_by_tcp(site, witnesses, family):
    lab, wire = site

    answer = dig(wire, family, 'large.example', 'TXT', '+bufsize=512', '+short')

    assert answer.split() == [f'"{text}"' for text in LARGE]
    table = assert_agrees(lab.machine, *witnesses)
    assert sorted(entry['proto'] for entry in table) == ['tcp', 'udp']


def test_what_is_no_dns_gets_nowhere(site, witnesses):
    lab, wire = site
    dropped = lab.packets()['filter']

    said = wire.client.namespace.run(
        'dig', f'@{wire.server.addresses["ipv4"]}', '-p', '54', '+tries=1', '+time=1',
        'n1.example', check=False)

    assert said.returncode != 0
    assert lab.packets()['filter'] > dropped
    assert assert_agrees(lab.machine, *witnesses) == []


@families
def test_an_answer_in_fragments(workers, family):
    with Lab(workers=workers, device='net_pcap') as lab:
        (wire,) = lab.wires
        with lab.running(ONLY_DNS), dns_server(wire.server.namespace):
            answer = dig(wire, family, 'large.example', 'TXT', '+bufsize=4096', '+ignore', '+short')

            (entry,) = wait_until(lambda: lab.machine.json('ct', 'list'), 'it is in the table')

    assert answer.split() == [f'"{text}"' for text in LARGE]
    assert (entry['proto'], entry['reply']['packets']) == ('udp', 1)
    assert entry['reply']['bytes'] > sum(map(len, LARGE))
