# SPDX-License-Identifier: BSD-3-Clause
"""Medians, spreads, ratios of what was measured, and the targets, as tables and as JSON."""

import dataclasses
import json
import statistics

from tabulate import tabulate

import targets

CPU_SHARE_MIN = 0.5  # with less of a CPU a round says little: it is left out


@dataclasses.dataclass
class Latency:
    """How long packets that came by the clock were on their way."""
    offered_mpps: float
    packets: int  # that left
    lost: int     # for which the ring of the port had no room
    p50_ns: int
    p99_ns: int
    p999_ns: int
    max_ns: int

    @property
    def lost_percent(self):
        return 100 * self.lost / (self.packets + self.lost) if self.packets + self.lost else None


@dataclasses.dataclass
class Round:
    """One measurement of one contender on one row."""
    packets: int
    cpu_ns: int              # of all threads that handle packets, together
    wall_ns: int
    connections: int         # made in the time, which was a little longer
    connections_cpu_ns: int
    first_half: tuple        # packets and cpu_ns of it
    workers: int
    doubts: dict             # counters that should not have moved, and by how much
    facts: dict
    own_ns: float | None = None       # per packet, as the contender knows it itself
    latency: Latency | None = None    # of a row with a load

    @property
    def mpps(self):
        """Million packets per second of a worker's CPU time."""
        return self.packets / self.cpu_ns * 1e3

    @property
    def drift(self):
        """How much faster the second half was than the first, in percent: little, once warm."""
        packets, cpu_ns = self.first_half
        if 0 in (packets, cpu_ns) or self.cpu_ns == cpu_ns:
            return None
        return 100 * ((self.packets - packets) / (self.cpu_ns - cpu_ns) * cpu_ns / packets - 1)

    @property
    def wall_mpps(self):
        return self.packets / self.wall_ns * 1e3

    @property
    def cpu_share(self):
        return self.cpu_ns / self.wall_ns / self.workers

    @property
    def mega_connections(self):
        """Million new connections per second of a worker's CPU time."""
        return self.connections / self.connections_cpu_ns * 1e3


@dataclasses.dataclass(frozen=True)
class Peer:
    """Contenders of which the best is compared with, and by what."""
    names: list
    what: str = 'mpps'


class Cell:
    """The rounds of one contender on one row."""

    def __init__(self):
        self.rounds = []
        self.failures = []

    @property
    def good(self):
        return [each for each in self.rounds if each.cpu_share >= CPU_SHARE_MIN]

    def median(self, what='mpps'):
        values = [getattr(each, what) for each in self.good]
        return statistics.median(values) if values and None not in values else None

    def latency(self, what):
        values = [getattr(each.latency, what) for each in self.good if each.latency]
        return statistics.median(values) if values and None not in values else None

    @property
    def notes(self):
        left_out = len(self.rounds) - len(self.good)
        words = sorted({name for each in self.rounds for name in each.doubts})
        if left_out:
            words.append(f'{left_out} rounds left out: not enough CPU')
        return words + [text.split('\n')[0][:60] for text in self.failures]


class Results:
    """Cells by row and contender."""

    def __init__(self, peers, idle):
        self.cells = {}
        self.peers = peers  # heading -> Peer
        self.idle = idle    # the contender that only moves packets
        self.left_out = {}  # (contender, why) -> rows

    def cell(self, row, contender):
        return self.cells.setdefault(row, {}).setdefault(contender, Cell())

    def leave_out(self, row, contender, why):
        self.left_out.setdefault((contender, why), []).append(row)

    def best(self, row, names, what='mpps'):
        """The median of the best of some contenders; None when none has one."""
        medians = [self.cells[row][name].median(what) for name in names if name in self.cells[row]]
        return max((median for median in medians if median), default=None)

    def ratio(self, row, contender, heading):
        peer = self.peers[heading]
        mine, theirs = (self.cell(row, contender).median(peer.what),
                        self.best(row, peer.names, peer.what))
        if contender in peer.names or not mine or not theirs:
            return None
        return mine / theirs

    def own_ns(self, row, contender):
        """Nanoseconds per packet without what source and sink cost."""
        own = self.cell(row, contender).median('own_ns')
        if own is not None:
            return own
        mine, idle = self.cell(row, contender).median(), self.best(row, [self.idle])
        return 1e3 / mine - 1e3 / idle if mine and idle and contender != self.idle else None

    def line(self, row, contender):
        cell = self.cell(row, contender)
        mine = cell.median()
        rates = [each.mpps for each in cell.good]
        line = {
            'row': row,
            'contender': contender,
            'Mpps/core': mine,
            'min': min(rates, default=None),
            'max': max(rates, default=None),
            'drift %': cell.median('drift'),
            'wall': cell.median('wall_mpps'),
            'cpu %': 100 * cell.median('cpu_share') if mine else None,
            'ns/packet': 1e3 / mine if mine else None,
            'own ns': self.own_ns(row, contender),
            'Mconn/s': cell.median('mega_connections') or None,
            **{f'x {heading}': self.ratio(row, contender, heading) for heading in self.peers},
            'n': len(cell.good),
            'notes': '; '.join(cell.notes),
        }
        return line | {'target': targets.verdict(row, contender, line)}

    def latency_line(self, row, contender):
        cell = self.cell(row, contender)
        times = {heading: cell.latency(what) for heading, what in (
            ('p50 us', 'p50_ns'), ('p99 us', 'p99_ns'), ('p99.9 us', 'p999_ns'),
            ('max us', 'max_ns'))}
        return {
            'row': row,
            'contender': contender,
            'Mpps': cell.latency('offered_mpps'),
            **{heading: ns / 1e3 if ns is not None else None for heading, ns in times.items()},
            'lost %': cell.latency('lost_percent'),
            'cpu %': 100 * cell.median('cpu_share') if cell.good else None,
            'n': len(cell.good),
            'notes': '; '.join(cell.notes),
        }

    def is_timed(self, row):
        """Whether packets came by the clock."""
        return any(each.latency for cell in self.cells[row].values() for each in cell.rounds)

    def lines(self, timed=False):
        line = self.latency_line if timed else self.line
        return [line(row, contender) for row in self.cells if self.is_timed(row) == timed
                for contender in self.cells[row]]

    def text(self):
        """The tables, and what is not in them."""
        parts = [self.table(timed) for timed in (False, True) if self.lines(timed)]
        left_out = [f'not measured: {contender}: {", ".join(rows)}: {why}'
                    for (contender, why), rows in self.left_out.items()]
        return '\n\n'.join(parts + ['\n'.join(left_out)] if left_out else parts)

    def table(self, timed=False):
        formats = {'drift %': '+.1f', 'own ns': '.1f', 'ns/packet': '.1f', 'cpu %': '.0f', 'n': 'd'}
        lines = self.lines(timed)
        headings = list(lines[0]) if lines else []
        last_row = None
        for line in lines:
            line['row'], last_row = (line['row'] if line['row'] != last_row else ''), line['row']
        return tabulate(
            [[line[heading] for heading in headings] for line in lines], headings,
            floatfmt=[formats.get(heading, '.2f') for heading in headings], missingval='',
            disable_numparse=[headings.index('row'), headings.index('contender')])

    def write_json(self, path, about):
        rounds = {row: {name: {'rounds': [dataclasses.asdict(each) for each in cell.rounds],
                               'failures': cell.failures} for name, cell in cells.items()}
                  for row, cells in self.cells.items()}
        with open(path, 'w', encoding='utf-8') as file:
            json.dump({'about': about, 'lines': self.lines(), 'latency': self.lines(timed=True),
                       'left_out': [{'contender': contender, 'why': why, 'rows': names}
                                    for (contender, why), names in self.left_out.items()],
                       'rounds': rounds}, file, indent=1)
            file.write('\n')
