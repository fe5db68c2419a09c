# SPDX-License-Identifier: BSD-3-Clause
"""As many independent sallyports as a row has workers, each with one worker, all its threads on a CPU
of its own, and its share of the flows: what several workers could reach if they shared nothing."""

import collections
import dataclasses

from contenders.contender import Contender, Place
from contenders.sallyport import Sallyport
from memory import Memory


def share(row):
    """What each of them has of a row."""
    trace = dataclasses.replace(row.trace, flows=row.trace.flows // row.workers)
    return dataclasses.replace(row, workers=1, trace=trace)


class Independent(Contender):
    def __init__(self, name, place, program):
        super().__init__(name, place)
        self.program = program
        self.members = []

    def make_members(self, row):
        places = [Place(self.place.build, [cpu], cpu) for cpu in self.place.cpus[:row.workers]]
        return [Sallyport(self.name, place, self.program) for place in places]

    def missing(self):
        return '' if self.program.exists() else f'there is no {self.program}'

    def cannot(self, row):
        if row.workers == 1:
            return 'is for several workers'
        return '' if row.workers <= len(self.place.cpus) else f'wants {row.workers} CPUs'

    def needs(self, row):
        return sum((member.needs(share(row)) for member in self.make_members(row)), Memory())

    def trace(self, row, make):
        made = make(share(row).trace)
        return dataclasses.replace(made, beginning=made.beginning * row.workers,
                                   packets=made.packets * row.workers)

    def start(self, row, trace):
        self.members = self.make_members(row)
        for member in self.members:
            member.start(share(row), trace)

    def stop(self):
        for member in self.members:
            member.stop()
        self.members = []

    def wait_until(self, condition, what):
        self.members[0].wait_until(condition, what)

    def packets(self):
        return sum(member.packets() for member in self.members)

    def cpu_ns(self):
        return sum(member.cpu_ns() for member in self.members)

    def connections(self):
        return sum(member.connections() for member in self.members)

    def unsettled(self):
        return sum(member.unsettled() for member in self.members)

    def doubts(self):
        return sum((collections.Counter(member.doubts()) for member in self.members),
                   collections.Counter())

    def facts(self):
        return {'each': [member.facts() for member in self.members]}
