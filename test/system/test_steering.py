# SPDX-License-Identifier: BSD-3-Clause
"""How packets come to the worker that owns their flow: from a port that deals them as it is told, and
from one that deals them in its own way. The packet source of test/perf is both."""

import collections
import struct

import pytest

from system.running import appliance, wait_until
from system.traffic import checksum, ip_frame, udp_frame
from util.programs import BUILD, SALLYPORT

SOURCE = BUILD / 'test/perf/libnet_trace.so'
CONFIG = '''
ports = ( { name = "lan"; device = "net_null0"; }, { name = "wan"; device = "net_null1,no-rx=1"; } );
wires = ( { a = "lan"; b = "wan"; } );
workers = %d;
conntrack: { max_connections = 1000; };
chains = ( { name = "filter"; priority = 0; policy = "accept"; } );
'''
SERVER = 0xc0000201
ROUTERS = 0xc6336401
CLIENTS = 256
REPORTS = {'nic': 'steered by the NIC (symmetric RSS on addresses)',
           'worker': 'steered by the receiving worker',
           'none': 'not steered, there is one worker'}

pytestmark = pytest.mark.skipif(not SOURCE.exists(), reason=f'there is no {SOURCE}')


def client(number):
    """Neighbours: their addresses differ in the last byte."""
    return 0x0a000000 + number


def request(number):
    return udp_frame(client(number), 5000, SERVER, 53)


def answer(number):
    return udp_frame(SERVER, 53, client(number), 5000)


def error(number):
    """From a router on the way, a different one each time: port unreachable."""
    quoted = request(number)[14:]
    icmp = struct.pack('!BBHI', 3, 3, 0, 0) + quoted
    icmp = icmp[:2] + struct.pack('!H', checksum(icmp)) + icmp[4:]
    return ip_frame(ROUTERS + number, client(number), 1, icmp)


@pytest.fixture(name='machine')
def make_machine():
    with appliance() as machine:
        yield machine


def play(machine, frames, workers=2, source=''):
    """The machine receives these frames again and again. Returns when it knows all flows."""
    machine.write('frames.pcap', frames)
    trace = f'file={machine.folder / "frames.pcap"}{source}'
    # The source is no sanitizer's runtime, which wants to be the first library.
    machine.command = ['env', f'LD_PRELOAD={SOURCE}', f'NET_TRACE={trace}',
                       'ASAN_OPTIONS=verify_asan_link_order=0', SALLYPORT]
    machine.start(CONFIG % workers)
    wait_until(lambda: machine.count() == CLIENTS, 'all flows are known')


def more(machine):
    """Statistics when each frame has come again several times since the call."""
    begin = machine.json('stats')['packets']
    wait_until(lambda: machine.json('stats')['packets'] > begin + 20 * CLIENTS, 'more has come')
    return machine.json('stats')


def steering(machine):
    """What is said of the ports, by name; the log and sallyctl agree."""
    said = {port['name']: port['steering'] for port in machine.json('ports')}
    log = machine.log.read_text()
    for name, word in said.items():
        assert f'port "{name}": {REPORTS[word]}\n' in log
    return said


def conversations():
    return [frame(number) for frame in (request, answer) for number in range(CLIENTS)]


@pytest.mark.parametrize('workers', [2, 3, 4])
def test_what_the_nic_deals_is_at_home(machine, workers):
    play(machine, conversations(), workers, ',steer=1')
    assert steering(machine) == {'lan': 'nic', 'wan': 'worker'}
    assert more(machine)['handed_over'] == 0
    # Neighbours spread evenly over the table: two clients to each of its 128 entries.
    entries = collections.Counter(entry * workers // 128 for entry in range(128))
    assert [worker['connections'] for worker in machine.json('workers')] == [
        2 * entries[worker] for worker in range(workers)]


def test_only_icmp_errors_have_another_way_home(machine):
    """The NIC knows the router's address, and not the one that the error speaks of."""
    play(machine, conversations() + [error(number) for number in range(CLIENTS)],
         source=',steer=1')
    before = more(machine)
    after = more(machine)
    moved = after['handed_over'] - before['handed_over']
    assert 0 < moved <= (after['packets'] - before['packets']) / 2
    assert after['classes']['related'] > before['classes']['related']
    assert after['classes']['invalid'] == before['classes']['invalid']  # they meet their flows


def test_what_is_dealt_otherwise_is_handed_over(machine):
    play(machine, conversations())
    assert steering(machine) == {'lan': 'worker', 'wan': 'worker'}
    assert more(machine)['handed_over'] > 0


def test_one_worker_needs_no_steering(machine):
    play(machine, conversations(), workers=1)
    assert steering(machine) == {'lan': 'none', 'wan': 'none'}
    assert more(machine)['handed_over'] == 0
