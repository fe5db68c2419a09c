#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What a deletion costs the packets: one worker with all the packets it can take deletes connections
by filter, and its rate in that time is held against the rate just before and just after.

usage: test/perf/deletion.py [BUILD] [--rounds N] [--connections N] [--others N]

Wants two CPUs and hugepages (HUGEPAGES pages of 2 MiB, 512 if not said). The rate is that per second of
CPU time that the worker really got, so that a busy machine does not count. Prints a line per round:
packets a second otherwise and meanwhile, how long it took, and the longest that requests took in a turn.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / 'test'), str(ROOT / 'test/perf')]

import process  # noqa: E402
from system.running import Telemetry, write_capture  # noqa: E402
from system.traffic import flow, udp_frame  # noqa: E402

KEPT, MEANT = 0x0b000001, 0x0b000002  # the destinations of what stays, and of what is deleted
BESIDE_SEC = 1
STEP_SEC = 0.02
CONFIG = '''
ports = ( { name = "in"; device = "net_null0"; }, { name = "out"; device = "net_null1,no-rx=1"; } );
wires = ( { a = "in"; b = "out"; } );
conntrack: { max_connections = 2097152; timeouts: { udp = 6000; udp_stream = 6000; }; };
'''


class Machine:
    def __init__(self, build, folder, options):
        self.folder, self.build = folder, build
        first = [udp_frame(*flow(n), MEANT, 53) for n in range(options.connections)]
        first += [udp_frame(*flow(n), KEPT, 99) for n in range(options.others)]
        write_capture(folder / 'first', first)
        write_capture(folder / 'loop', [udp_frame(*flow(n), KEPT, 53) for n in range(1000)])
        (folder / 'conf').write_text(CONFIG)
        self.n_all = len(first) + 1000
        self.process = process.start(
            [str(build / 'app/sallyport'), 'run', '-c', str(folder / 'conf'), '--', '--no-pci',
             '--in-memory', '-m', str(2 * int(os.environ.get('HUGEPAGES', '512')))],
            folder / 'log',
            {'RUNTIME_DIRECTORY': str(folder),
             'LD_PRELOAD': str(build / 'test/perf/libnet_trace.so'),
             'NET_TRACE': f'file={folder / "loop"},first={folder / "first"}'})
        self.socket = folder / 'dpdk/rte/dpdk_telemetry.v2'
        while not self.socket.exists():
            if self.process.poll() is not None:
                raise SystemExit((folder / 'log').read_text())
            time.sleep(0.05)
        self.telemetry = Telemetry(self.socket)
        while self.ask('ct/count')['confirmed'] < self.n_all:
            time.sleep(0.05)
        lcore = self.ask('workers')['workers']['0']['lcore']
        self.thread, = process.threads(self.process.pid, rf'(rte|dpdk)-worker-?{lcore}')

    def ask(self, question):
        return self.telemetry.ask(f'/sallyport/{question}')

    def now(self):
        """Packets that were accepted, and the worker's CPU time."""
        return self.ask('stats')['accepted'], process.cpu_ns(self.process.pid, self.thread)

    def dropped(self):
        return sum(self.ask('stats')['dropped'].values())

    def longest_ns(self):
        rows = self.ask('turns')['turns'].values()
        return max((row['below_ns'] for row in rows if row['requests'] > 0), default=0)

    def delete(self):
        """sallyctl while it deletes."""
        return subprocess.Popen(
            [self.build / 'app/sallyctl', '--socket', self.socket, 'ct', 'delete', '--dst',
             '11.0.0.2', '--json'], stdout=subprocess.PIPE, text=True)


def rate(begin, end):
    """Million packets per second of CPU time."""
    return (end[0] - begin[0]) / (end[1] - begin[1]) * 1000


def measure(machine, options):
    time.sleep(BESIDE_SEC)
    begin = machine.now()
    time.sleep(BESIDE_SEC)
    middle = machine.now()
    before = time.monotonic()
    client = machine.delete()
    while client.poll() is None:
        time.sleep(STEP_SEC)
    took = time.monotonic() - before
    end = machine.now()
    time.sleep(BESIDE_SEC)
    last = machine.now()
    deleted = json.loads(client.stdout.read())['deleted']
    if deleted != options.connections or machine.dropped() != 0:
        raise SystemExit(f'{deleted} deleted, {machine.dropped()} packets dropped')
    turns = machine.ask('turns')['turns'].values()
    histogram = ' '.join(f'<{row["below_ns"]}ns:{row["requests"]}' for row in turns
                         if row['requests'])
    otherwise = (rate(begin, middle) + rate(end, last)) / 2
    return otherwise, rate(middle, end), took, machine.longest_ns(), histogram


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build', nargs='?', default=ROOT / 'build', type=pathlib.Path)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--connections', type=int, default=100000)
    parser.add_argument('--others', type=int, default=0)
    options = parser.parse_args()
    losses = []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix='deletion-') as folder:
            machine = Machine(options.build.resolve(), pathlib.Path(folder), options)
            try:
                otherwise, meanwhile, took, longest_ns, histogram = measure(machine, options)
            finally:
                process.stop(machine.process)
        losses.append(1 - meanwhile / otherwise)
        print(f'{otherwise:.2f} Mpps, {meanwhile:.2f} meanwhile ({-100 * losses[-1]:+.1f} %), '
              f'{took:.2f} s, no turn of requests above {longest_ns / 1000:.0f} us; {histogram}',
              flush=True)
    print(f'median {-100 * statistics.median(losses):+.1f} %')


if __name__ == '__main__':
    main()
