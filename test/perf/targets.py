# SPDX-License-Identifier: BSD-3-Clause
"""What Sallyport is to reach, row by row, and whether it does. Figures are those of the table of
results, by the same headings."""

import dataclasses

CONTENDER = 'sallyport-nic'  # whose figures these are, with one worker
SEVERAL = 'sallyport-steered'  # and with several
ROUNDS_MIN = 7               # with fewer a median says little


@dataclasses.dataclass(frozen=True)
class Target:
    heading: str
    limit: float
    is_most: bool = False  # at most, not at least

    def missed(self, figure):
        return figure > self.limit if self.is_most else figure < self.limit

    def told(self, figure):
        return f'{self.heading} {figure:.2f} {">" if self.is_most else "<"} {self.limit:g}'


def targets(own_ns=None, rte_hash=None, ovs=None, mega_connections=None, pair=None):
    each = [Target('own ns', own_ns, is_most=True), Target('x rte_hash', rte_hash),
            Target('x OVS', ovs), Target('Mconn/s', mega_connections), Target('x pair', pair)]
    return [target for target in each if target.limit is not None]


TARGETS = {
    'udp-1k': targets(own_ns=16, rte_hash=1.0, ovs=9),
    'udp-100k': targets(own_ns=25, rte_hash=1.0, ovs=15),
    'udp-1m': targets(own_ns=45, rte_hash=1.2, ovs=15),
    'tcp-1k': targets(own_ns=22, rte_hash=0.85, ovs=8),
    'tcp-100k': targets(own_ns=32, rte_hash=0.85, ovs=14),
    'tcp-1m': targets(own_ns=54, rte_hash=1.1, ovs=14),
    'ipv6-100k': targets(own_ns=35),
    'ipv6-tcp-100k': targets(own_ns=42),
    'udp-1k-sums': targets(own_ns=28),
    'udp-4m': targets(own_ns=85, rte_hash=1.0),
    'new-udp': targets(mega_connections=7.5, rte_hash=2.6),
    'short-tcp': targets(mega_connections=1.7, rte_hash=1.3, ovs=6),
    'udp-100k-2w': targets(pair=0.95),
    'tcp-100k-2w': targets(pair=0.95),
}


def verdict(row, contender, line):
    """'met', or what is missed or not measured; empty where there is no target."""
    whose = SEVERAL if row.endswith('-2w') else CONTENDER
    wanted = TARGETS.get(row, []) if contender == whose else []
    if not wanted:
        return ''
    words = []
    for target in wanted:
        figure = line[target.heading]
        if figure is None:
            words.append(f'{target.heading} not measured')
        elif target.missed(figure):
            words.append(target.told(figure))
    told = '; '.join(words) or 'met'
    return told if line['n'] >= ROUNDS_MIN else f'{told} (fewer than {ROUNDS_MIN} rounds)'
