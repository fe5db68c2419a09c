# SPDX-License-Identifier: BSD-3-Clause
"""What the log says when there is no room. Needs neither root nor hugepages."""

from system.running import appliance, wait_until
from system.traffic import flow, udp_frame

CONFIG = '''
ports = ( { name = "lan"; device = "net_pcap0,rx_pcap={folder}/lan"; },
          { name = "wan"; device = "net_pcap1,rx_pcap={folder}/wan"; } );
wires = ( { a = "lan"; b = "wan"; } );
workers = 2;
conntrack: { max_connections = 1024; };
'''
FULL = 'sallyport: the connection table is full, '
N_FLOWS = 10000


def run(n_flows, until):
    """The lines about a full table, and the log."""
    with appliance() as machine:
        machine.write('lan', (udp_frame(*flow(n), 0xc6336414, 53) for n in range(n_flows)))
        machine.write('wan', [])
        machine.start(CONFIG)
        wait_until(lambda: machine.json('stats')['packets'] == n_flows, 'all packets are through')
        wait_until(lambda: until(machine.log.read_text()), 'the log has it')
        status, log = machine.stop()
        assert status == 0, log
        return [line for line in log.splitlines() if line.startswith(FULL)]


def test_a_full_table_is_told_once():
    lines = run(N_FLOWS, lambda log: FULL in log)
    assert 1 <= len(lines) <= 2  # of each kind
    assert len({line.split(':')[1] for line in lines}) == len(lines)
    for line in lines:
        what, number = line.removeprefix(FULL).split(': ')
        assert what in ('or nearly full, connections are dropped early for new ones',
                        'new connections are refused')
        assert 0 < int(number.removesuffix(' so far')) <= N_FLOWS


def test_a_table_with_room_is_not():
    assert run(100, lambda log: True) == []
