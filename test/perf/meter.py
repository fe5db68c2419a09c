# SPDX-License-Identifier: BSD-3-Clause
"""The file that packet source and sink share with whoever measures: source/meter.h says what is in
it. It sets how fast packets come, and has how long they took."""

import itertools
import mmap
import struct

WORD = struct.Struct('=Q')
N_BUCKETS, RATE, LOST, TABLES = range(4)  # words of the file; two tables of n_buckets follow


class Meter:
    def __init__(self, path):
        with open(path, 'r+b') as file:
            self.map = mmap.mmap(file.fileno(), 0)
        self.n_buckets = self.word(N_BUCKETS)
        if self.n_buckets == 0:
            raise OSError(f'{path}: nobody has filled it')
        self.longest_ns = self.table(0)

    def word(self, index):
        return WORD.unpack_from(self.map, index * WORD.size)[0]

    def table(self, index):
        return struct.unpack_from(f'={self.n_buckets}Q', self.map,
                                  (TABLES + index * self.n_buckets) * WORD.size)

    def set_rate(self, packets_per_sec):
        """0: packets come as fast as they are taken, and no time is counted."""
        WORD.pack_into(self.map, RATE * WORD.size, int(packets_per_sec))

    def read(self):
        """What has been counted so far."""
        return Reading(self.longest_ns, self.table(1), self.word(LOST))

    def close(self):
        self.map.close()


class Reading:
    def __init__(self, longest_ns, counts, lost):
        self.longest_ns, self.counts, self.lost = longest_ns, counts, lost
        self.packets = sum(counts)

    def since(self, before):
        return Reading(self.longest_ns, [now - then for now, then in
                                         zip(self.counts, before.counts)], self.lost - before.lost)

    def quantile_ns(self, per_mille):
        """The time that so many of a thousand packets did not exceed; None without packets."""
        if self.packets == 0:
            return None
        rank = -(-self.packets * per_mille // 1000)
        passed = itertools.accumulate(self.counts)
        return next(self.longest_ns[bucket] for bucket, n in enumerate(passed) if n >= rank)
