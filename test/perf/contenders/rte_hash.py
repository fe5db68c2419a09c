# SPDX-License-Identifier: BSD-3-Clause
"""The loop of test/perf/reference: the least that a connection table of rte_hash costs."""

import process
from contenders.contender import SINK, SOURCE, Contender

ENDLESS_CAPACITY = 16 * 1000 * 1000  # nothing is ever removed: five seconds of new flows


class RteHash(Contender):
    def __init__(self, name, place):
        super().__init__(name, place)
        self.program = place.build / 'test/perf/rte_hash_loop'

    def missing(self):
        return '' if self.program.exists() else f'there is no {self.program}'

    def can(self, row):
        return row.rules == 0 and row.workers == 1

    def launch(self, row, environment):
        capacity = ENDLESS_CAPACITY if row.is_endless else row.capacity
        return process.start(
            [self.program, *self.place.eal(f'0@{self.place.cpus[0]}'), f'--vdev={SOURCE}',
             f'--vdev={SINK}', '--', str(capacity), '6' if row.trace.ipv6 else '4'],
            self.folder / 'log', environment)

    def find_threads(self):
        return [self.process.pid]

    def connections(self):
        return self.telemetry.ask('/reference/connections')['connections']

    def doubts(self):
        return {'not tracked': self.telemetry.ask('/reference/connections')['refused']}
