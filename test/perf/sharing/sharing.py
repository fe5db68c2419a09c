#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Where many workers stop scaling, from the cache lines that move between them.

`sharing` runs a firewall of any number of workers in one thread and counts the moves. This holds them
against what is claimed (--check): a packet that comes in at its home moves no line, neither does a turn
of the service core that rests, and nobody who looks disturbs a worker by what lies beside what he uses. Without --check it prints them, and a model of the packets per
second that they allow: README.md has its assumptions.
"""

import argparse
import collections
import dataclasses
import pathlib
import subprocess
import sys

import tabulate

TOP = pathlib.Path(__file__).resolve().parents[3]
TRAFFIC = ('udp', 'tcp', 'udp-ipv6')

# How often the others have their turns, per second: lib/runtime/service_core.c and upkeep.c.
TURNS = 1000         # while it looks at connections
RESTS = 100          # while it rests
UPKEEPS = 1
READS = 1 / 15       # a usual interval of Prometheus
REST_SEC = 0.5       # between two rounds over all connections, when one can expire at any time
BUDGET = 8192        # connections of a shard in a turn

# Moves that are the purpose: a packet from the device to its worker.
DEVICE = 'device'


@dataclasses.dataclass(frozen=True)
class Move:
    cpu: str      # worker, service, main, reader, device
    op: str       # read, write
    other: str    # likewise
    sharing: str  # true, false
    where: str    # object, and the place in it where that matters


@dataclasses.dataclass
class Phase:
    name: str
    workers: int
    flows: int    # of each worker
    packets: int
    handed: int   # over to their home
    times: int    # that the others had a turn
    moves: dict = dataclasses.field(default_factory=collections.Counter)

    def of(self, cpu, **wanted):
        """Moves by a kind of CPU, device's apart."""
        return sum(n for move, n in self.moves.items()
                   if move.cpu == cpu and move.other != DEVICE
                   and all(getattr(move, key) == value for key, value in wanted.items()))


def simulate(program, workers, flows, traffic):
    run = subprocess.run([program, str(workers), str(flows), traffic], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f'sharing: {workers} workers, {traffic}: failed\n{run.stdout}{run.stderr}')
    phases = {}
    for line in run.stdout.splitlines():
        kind, name, *fields = line.split()
        if kind == 'phase':
            phases[name] = Phase(name, *map(int, fields))
        else:
            *key, n = fields
            phases[name].moves[Move(*key)] = int(n)
    return phases


def faults(phases):
    """What should not be: (phase, move, how often)."""
    for phase in phases.values():
        for move, n in phase.moves.items():
            if DEVICE in (move.cpu, move.other):
                continue
            if phase.name in ('home', 'turn') or (move.sharing == 'false' and phase.name != 'away'):
                yield phase.name, move, n
    if phases['home'].packets == 0 or phases['home'].handed > 0:
        yield 'home', 'no packet came home', 0
    if phases['home'].workers > 1 and phases['away'].handed == 0:
        yield 'away', 'no packet was handed over', 0
    if phases['scan'].of('service') == 0:
        yield 'scan', 'the service core has read nothing', 0


def check(program, flows, sizes):
    n_failed = 0
    for workers in sizes:
        for traffic in TRAFFIC:
            found = list(faults(simulate(program, workers, flows, traffic)))
            for phase, move, n in found:
                print(f'{workers} workers, {traffic}, {phase}: {move}, {n} times')
            n_failed += bool(found)
    n = len(sizes) * len(TRAFFIC)
    print(f'{n - n_failed} passed, {n_failed} failed, 0 skipped')
    return n_failed


def per(phase):
    """What the moves of a phase are told per: (how many, of what)."""
    if phase.name == 'home':
        return phase.packets, 'packet'
    if phase.name == 'away':
        return phase.handed, 'packet handed over'
    if phase.name == 'scan':
        return phase.times * phase.workers * phase.flows, 'connection'
    return phase.times * phase.workers, f'worker and {phase.name}'


def print_moves(phases):
    rows = []
    for phase in phases.values():
        n_of, unit = per(phase)
        merged = collections.Counter()
        for move, n in phase.moves.items():
            if DEVICE not in (move.cpu, move.other):
                merged[(move.where, move.cpu, move.op, move.other, move.sharing)] += n
        for key, n in merged.most_common():
            rows.append((phase.name, *key, n / n_of if n_of else 0, unit))
    print(tabulate.tabulate(rows, headers=('phase', 'where', 'by', 'to', 'because of', 'true sharing',
                                           'moves', 'per'), floatfmt='.3f'))


def busiest(phase):
    """Moves per packet handed over of the one line of each worker that moves most: it can only be in
    one place at a time."""
    lines = collections.Counter()
    for move, n in phase.moves.items():
        if '+' in move.where and DEVICE not in (move.cpu, move.other):
            lines[move.where] += n
    where, n = lines.most_common(1)[0] if lines else ('', 0)
    return where, n / phase.handed if phase.handed else 0


@dataclasses.dataclass
class Model:
    own_ns: float
    hop_ns: float   # what a hand-over takes besides moves: parsed twice, a ring
    line_ns: float  # a move takes
    scan_ns: float  # less for one of a connection: their lines are read in a row
    connections: int

    def scans(self, n):
        """Looks at a connection per second, by n workers' service core."""
        turns = self.connections / n / BUDGET
        return 1 / (REST_SEC + turns * (1 / TURNS + n * BUDGET * self.scan_ns * 1e-9))

    def taken(self, phases, cpu):
        """Seconds per second that moves between service core, main thread, readers and workers take."""
        n = phases['home'].workers
        seconds = 0
        for name, rate in {'turn': RESTS, 'upkeep': UPKEEPS, 'read': READS}.items():
            seconds += rate * phases[name].of(cpu) / phases[name].times * self.line_ns * 1e-9
        per_connection = phases['scan'].of(cpu, where='ct_conns') / per(phases['scan'])[0]
        return seconds + self.connections * self.scans(n) * per_connection * self.scan_ns * 1e-9

    def disturbed(self, phases):
        """The part of a worker's time that others take."""
        return self.taken(phases, 'worker') / phases['home'].workers

    def serviced(self, phases):
        """The part of the service core's time that its turns take."""
        return self.taken(phases, 'service')

    def home(self, phases):
        """Packets per second of all workers when all come home."""
        phase = phases['home']
        ns = self.own_ns + phase.of('worker') / phase.packets * self.line_ns
        return phase.workers * (1 - self.disturbed(phases)) / ns * 1e9

    def away(self, phases):
        """The same when flows are dealt by chance."""
        phase = phases['away']
        if phase.handed == 0:
            return self.home(phases), ''
        part = phase.handed / phase.packets
        ns = self.own_ns + part * (self.hop_ns + phase.of('worker') / phase.handed * self.line_ns)
        rate = (1 - self.disturbed(phases)) / ns * 1e9
        where, moves = busiest(phase)
        most = 1e9 / (moves * self.line_ns) / part if moves else rate
        return phase.workers * min(rate, most), where if most < rate else 'time'


def print_model(model, runs):
    rows = []
    one = None
    for phases in runs:
        n = phases['home'].workers
        home = model.home(phases)
        away, limit = model.away(phases)
        one = one or home
        phase = phases['away']
        rows.append((n, home / 1e6, home / one, away / 1e6, away / one,
                     phase.of('worker') / phase.handed if phase.handed else 0, limit,
                     100 * model.disturbed(phases), 100 * model.serviced(phases)))
    print(tabulate.tabulate(rows, floatfmt='.2f', headers=(
        'workers', 'home, Mpps', 'of one', 'dealt by chance, Mpps', 'of one', 'moves per hand-over',
        'limited by', 'workers lose to others, %', 'service core busy, %')))


def main():
    parser = argparse.ArgumentParser(description='Cache lines that move between workers.')
    parser.add_argument('--build', type=pathlib.Path, default=TOP / 'build-sharing',
                        help='build folder (default: build-sharing)')
    parser.add_argument('--check', action='store_true', help='hold the counts against what is claimed')
    parser.add_argument('--workers', default='1,2,4,8,16,32', help='numbers of workers')
    parser.add_argument('--flows', type=int, default=256, help='of each worker')
    parser.add_argument('--traffic', choices=TRAFFIC, default='udp')
    parser.add_argument('--moves', action='store_true', help='print each move, by where and by whom')
    parser.add_argument('--own-ns', type=float, default=25, help='of a packet at home')
    parser.add_argument('--hop-ns', type=float, default=25, help='more for one handed over, but moves')
    parser.add_argument('--line-ns', type=float, default=100, help='that a move takes')
    parser.add_argument('--scan-ns', type=float, default=25,
                        help='that one takes of a connection which the service core looks at')
    parser.add_argument('--connections', type=int, default=1000000, help='in all tables together')
    arguments = parser.parse_args()
    program = arguments.build / 'test/perf/sharing/sharing'
    if arguments.check:
        return 1 if check(program, arguments.flows, (2, 8)) else 0
    runs = [simulate(program, int(n), arguments.flows, arguments.traffic)
            for n in arguments.workers.split(',')]
    if arguments.moves:
        print_moves(runs[-1])
        print()
    print_model(Model(arguments.own_ns, arguments.hop_ns, arguments.line_ns, arguments.scan_ns,
                      arguments.connections), runs)
    return 0


if __name__ == '__main__':
    sys.exit(main())
