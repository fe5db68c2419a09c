# SPDX-License-Identifier: BSD-3-Clause
"""The loop of test/perf/reference: the least that a connection table of rte_hash costs."""

import process
from contenders.contender import POOLS, SINK, SOURCE, Contender
from memory import Memory

ENDLESS_CAPACITY = 16 * 1000 * 1000  # nothing is ever removed: five seconds of new flows
CONNECTION_BYTES = 64


def capacity(row):
    return ENDLESS_CAPACITY if row.is_endless else row.capacity


def table_bytes(connections, is_ipv6):
    """As rte_hash_create reserves them for what the loop asks for: buckets of eight entries in a
    cache line, a ring of the numbers of free slots, and slots with a pointer and a key."""
    entries = connections * 2 + connections // 4
    power = 1 << entries.bit_length()
    slot_bytes = 48 if is_ipv6 else 32
    return power // 8 * 64 + power * 4 + entries * slot_bytes


class RteHash(Contender):
    def __init__(self, name, place):
        super().__init__(name, place)
        self.program = place.build / 'test/perf/rte_hash_loop'

    def missing(self):
        return '' if self.program.exists() else f'there is no {self.program}'

    def cannot(self, row):
        return 'has no rules' if row.rules else super().cannot(row)

    def needs(self, row):
        n = capacity(row)
        return POOLS + Memory(huge=n * CONNECTION_BYTES + table_bytes(n, row.trace.ipv6))

    def launch(self, row, environment):
        return process.start(
            [self.program, *self.place.eal(f'0@{self.place.cpus[0]}'), f'--vdev={SOURCE}',
             f'--vdev={SINK}', '--', str(capacity(row)), '6' if row.trace.ipv6 else '4'],
            self.folder / 'log', environment)

    def find_threads(self):
        return [self.process.pid]

    def connections(self):
        return self.telemetry.ask('/reference/connections')['connections']

    def unsettled(self):
        return max(self.row.trace.flows - self.connections(), 0)

    def doubts(self):
        return {'not tracked': self.telemetry.ask('/reference/connections')['refused']}
