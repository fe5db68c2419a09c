# SPDX-License-Identifier: BSD-3-Clause
"""ping through a running sallyport, with fragments and without, and path MTU discovery: a router
behind sallyport refuses what is too large, and its ICMP error has to get to the client."""

import contextlib
import itertools
import json
import sys

import pytest

from lab.lab import FAMILIES, Lab

N_ECHOES = 5
PATIENCE_SEC = 60
PATH_MTU = 1300  # IPv6 has to have 1280
SINK_PORT = 7000
HEADERS = {'ipv4': 20, 'ipv6': 40}
ICMP_HEADER, FRAGMENT_HEADER = 8, {'ipv4': 0, 'ipv6': 8}
# What the kernel of a host counts.
ECHOES_SEEN = {'ipv4': 'IcmpInEchos', 'ipv6': 'Icmp6InEchos'}
FRAGMENTS_SEEN = {'ipv4': 'IpReasmReqds', 'ipv6': 'Ip6ReasmReqds'}
families = pytest.mark.parametrize('family', FAMILIES)

ONLY_ECHO = '''\
chains = ( { name = "filter"; policy = "drop"; rules = (
    { name = "established"; state = "established"; action = "accept"; },
    { name = "echo"; in = "lan0"; proto = "icmp"; icmp_type = 8; action = "accept"; },
    { name = "echo6"; in = "lan0"; proto = "icmpv6"; icmp_type = 128; action = "accept"; } ); } );
'''
FROM_CLIENT = '''\
chains = ( {{ name = "filter"; policy = "drop"; rules = (
    {{ name = "established"; state = "established"; action = "accept"; }},
    {{ name = "related"; state = "related"; action = "{related}"; }},
    {{ name = "client"; in = "lan0"; state = "new"; action = "accept"; }} ); }} );
'''

# Answers with the digest of what it was sent, until that ends.
SINK = f'''
import hashlib, socket
server = socket.create_server(("::", {SINK_PORT}), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    end, digest = server.accept()[0], hashlib.sha256()
    while part := end.recv(65536):
        digest.update(part)
    end.sendall(digest.digest())
    end.close()
'''
UPLOAD = f'''
import hashlib, os, socket, sys
content = os.urandom(4 * 1024 * 1024)
with socket.create_connection((sys.argv[1], {SINK_PORT}), {PATIENCE_SEC}) as end:
    end.sendall(content)
    end.shutdown(socket.SHUT_WR)
    assert end.recv(64, socket.MSG_WAITALL) == hashlib.sha256(content).digest()
'''


def count_of(host, name):
    """A counter of the host's kernel."""
    counters = json.loads(host.namespace.run('nstat', '-jasz', name).stdout)
    return counters['kernel'][name]


def ping(host, address, *words):
    """Returns what ping prints, and whether every request was answered."""
    done = host.namespace.run('ping', '-n', '-i', '0.2', '-W', PATIENCE_SEC, *words, address,
                              check=False, timeout=2 * PATIENCE_SEC)
    return done.stdout, done.returncode == 0


@pytest.fixture(name='site', scope='module')
def fixture_site(workers):
    """A lab with the first policy above, in which fragments arrive: (lab, wire)."""
    with Lab(workers=workers, device='net_pcap') as lab, lab.running(ONLY_ECHO):
        yield lab, lab.wires[0]


@pytest.mark.quick
@families
@pytest.mark.parametrize('size', [56, 1400, 3000, 20000, 65000])
def test_echoes(site, family, size):
    """In fragments, if they are larger than a packet."""
    lab, wire = site
    server, before = wire.server, {entry['conn'] for entry in lab.machine.json('ct', 'list')}
    seen = count_of(server, ECHOES_SEEN[family]), count_of(server, FRAGMENTS_SEEN[family])

    text, is_good = ping(wire.client, server.addresses[family], '-c', N_ECHOES, '-s', size)

    assert is_good and f'{N_ECHOES} received' in text, text
    assert count_of(server, ECHOES_SEEN[family]) == seen[0] + N_ECHOES
    room = (1500 - HEADERS[family] - FRAGMENT_HEADER[family]) // 8 * 8
    n_fragments = -(-(ICMP_HEADER + size) // room) if size > 1472 else 0
    assert count_of(server, FRAGMENTS_SEEN[family]) == seen[1] + N_ECHOES * n_fragments
    # A datagram is counted as one packet, as it is when it is whole.
    (entry,) = (entry for entry in lab.machine.json('ct', 'list') if entry['conn'] not in before)
    counted = N_ECHOES, N_ECHOES * (HEADERS[family] + ICMP_HEADER + size)
    for direction in ('orig', 'reply'):
        assert (entry[direction]['packets'], entry[direction]['bytes']) == counted


@families
@pytest.mark.parametrize('size', [56, 3000])
def test_the_server_may_not_ping(site, family, size):
    lab, wire = site
    dropped, seen = lab.packets()['filter'], count_of(wire.client, ECHOES_SEEN[family])

    text, is_good = ping(wire.server, wire.client.addresses[family], '-c', 1, '-W', 3, '-s', size)

    assert not is_good, text
    assert lab.packets()['filter'] > dropped
    assert count_of(wire.client, ECHOES_SEEN[family]) == seen


@pytest.fixture(name='jumbo', scope='module')
def fixture_jumbo(workers):
    """A lab whose packets may be larger than a buffer, so that they come in pieces: (lab, wire)."""
    with Lab(workers=workers, mtu=9000, device='net_pcap') as lab, lab.running(ONLY_ECHO):
        yield lab, lab.wires[0]


@families
@pytest.mark.parametrize('size', [2000, 8000, 20000])
def test_echoes_in_jumbo_frames(jumbo, family, size):
    _, wire = jumbo
    seen = count_of(wire.server, FRAGMENTS_SEEN[family])

    text, is_good = ping(wire.client, wire.server.addresses[family], '-c', N_ECHOES, '-s', size)

    assert is_good and f'{N_ECHOES} received' in text, text
    n_fragments = count_of(wire.server, FRAGMENTS_SEEN[family]) - seen
    assert n_fragments == (0 if size <= 8000 else 3 * N_ECHOES)


@pytest.mark.quick
@pytest.mark.parametrize('port, interface_mtu', [('', 9000), ('mtu = 9000;', 1500)],
                         ids=['interface', 'configuration'])
def test_jumbo_frames_pass_at_a_device_that_has_one_buffer_for_each(workers, port, interface_mtu):
    with Lab(workers=workers, mtu=9000) as lab:
        (wire,) = lab.wires
        for name in (wire.lan, wire.wan):
            lab.namespace.run('ip', 'link', 'set', name, 'mtu', interface_mtu)
        lab.start(ONLY_ECHO, port=port)
        for family, size in itertools.product(FAMILIES, (2000, 8900)):
            seen = count_of(wire.server, FRAGMENTS_SEEN[family])
            text, is_good = ping(wire.client, wire.server.addresses[family], '-c', N_ECHOES,
                                 '-s', size)
            assert is_good and f'{N_ECHOES} received' in text, text
            assert count_of(wire.server, FRAGMENTS_SEEN[family]) == seen
        lab.stop()


@pytest.mark.quick
def test_frames_that_are_cut_are_told_at_the_start():
    with Lab(mtu=9000) as lab:
        lab.machine.start(lab.configuration(ONLY_ECHO).replace('qpairs=1', 'qpairs=1,framesz=4096'))
        log = lab.machine.log.read_text()
        for name in ('lan0', 'wan0'):
            assert (f'port "{name}": its interface takes packets of 9000 bytes, and those of more '
                    'than 4008 do not pass: framesz is too small') in log
        lab.stop()


@pytest.fixture(name='narrow', scope='module')
def fixture_narrow(workers):
    """A lab with the second policy, and a narrow link behind sallyport: (lab, wire)."""
    with Lab(workers=workers, gateways=True) as lab:
        (wire,) = lab.wires
        wire.gateway.limit_path_mtu(PATH_MTU)
        wire.server.namespace.start(sys.executable, '-c', SINK)
        wire.server.namespace.wait_for_port(SINK_PORT)
        yield lab, wire


@contextlib.contextmanager
def knowing_no_path(lab, wire, related):
    """sallyport with that action for what is related, and a client that knows of no path."""
    for family in ('-4', '-6'):
        wire.client.namespace.run('ip', family, 'route', 'flush', 'cache')
    with lab.running(FROM_CLIENT.format(related=related)):
        yield


def known_mtu(wire, family):
    """That of the path, as far as the client's kernel knows."""
    route = wire.client.namespace.run('ip', '-j', 'route', 'get', wire.server.addresses[family])
    return sum(metric.get('mtu', 0) for metric in json.loads(route.stdout)[0].get('metrics', ()))


@pytest.mark.quick
@families
def test_an_error_about_the_size_of_an_echo_arrives(narrow, family):
    lab, wire = narrow
    with knowing_no_path(lab, wire, related='accept'):
        assert known_mtu(wire, family) == 0
        text, is_good = ping(wire.client, wire.server.addresses[family], '-c', 1, '-M', 'do',
                             '-s', 1400, '-W', 10)

        assert not is_good
        assert f'From {wire.gateway.near.addresses[family]} icmp_seq=1' in text
        assert f'mtu = {PATH_MTU}' in text or f'mtu={PATH_MTU}' in text
        assert known_mtu(wire, family) == PATH_MTU
        assert lab.packets()['filter/related'] == 1
        (entry,) = lab.machine.json('ct', 'list')
        assert not entry['seen_reply']


@families
def test_a_tcp_connection_finds_the_path_mtu(narrow, family):
    lab, wire = narrow
    with knowing_no_path(lab, wire, related='accept'):
        wire.client.namespace.run(sys.executable, '-c', UPLOAD, wire.server.addresses[family],
                                  timeout=10 * PATIENCE_SEC)

        assert known_mtu(wire, family) == PATH_MTU
        assert lab.packets()['filter/related'] >= 1


@families
def test_without_what_is_related_the_path_mtu_stays_unknown(narrow, family):
    lab, wire = narrow
    with knowing_no_path(lab, wire, related='drop'):
        text, is_good = ping(wire.client, wire.server.addresses[family], '-c', 1, '-M', 'do',
                             '-s', 1400, '-W', 3)

        assert not is_good and 'mtu' not in text
        assert known_mtu(wire, family) == 0
        assert lab.packets()['filter/related'] == 1
