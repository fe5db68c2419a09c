# SPDX-License-Identifier: BSD-3-Clause
"""The rows of the table: what is sent, and what the firewall has to know of it."""

import dataclasses

K, M = 1000, 1000 * 1000

SLOT_BYTES = 64          # of the packet source, and what it keeps besides for each packet
BESIDES_BYTES = 16
IMIX_BYTES = (7 * 60 + 4 * 590 + 1514) // 12
HANDSHAKE_PACKETS = 3


@dataclasses.dataclass(frozen=True)
class Trace:
    """What the program traffic is to write."""
    pattern: str
    flows: int
    packets: int = 0        # about; 0: as the pattern has it
    tcp: bool = False
    ipv6: bool = False
    zipf: float = 0
    beginning: bool = True  # a capture that is played once before makes the flows

    @property
    def name(self):
        words = [self.pattern, 'tcp' if self.tcp else 'udp', 'ipv6' if self.ipv6 else 'ipv4',
                 str(self.flows)]
        if self.packets:
            words.append(f'p{self.packets}')
        if self.zipf:
            words.append(f'z{self.zipf}')
        return '-'.join(words)

    @property
    def bytes(self):
        """About what the packet source has to hold in memory."""
        packets = max(self.packets, 2 * self.flows)
        if self.beginning:
            packets += self.flows * (HANDSHAKE_PACKETS if self.tcp else 1)
        if self.pattern == 'imix':
            slots = IMIX_BYTES // SLOT_BYTES + 1
        else:
            slots = 2 if self.ipv6 and self.tcp else 1
        return packets * (slots * SLOT_BYTES + BESIDES_BYTES)


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    trace: Trace
    is_endless: bool = False  # each lap of the trace comes from other clients
    rules: int = 0            # how many are passed through; 0: the states decide
    workers: int = 1
    timeout: int = 0          # seconds until a connection of an endless row goes; 0: the defaults
    software_sums: bool = False  # no NIC tells about checksums
    load: float = 0           # packets come at this part of the highest rate; 0: as they are taken

    @property
    def capacity(self):
        """How many connections the table has to have room for."""
        return 8 * M if self.is_endless else max(self.trace.flows * 5 // 4, 64 * K)

    @property
    def every_flow_goes_both_ways(self):
        """In each lap every flow sends in both directions."""
        return self.trace.pattern == 'established'


def established(flows, **options):
    packets = 64 * K if flows < 32 * K else 0
    return Trace('established', flows, packets=packets, **options)


UDP_100K = established(100 * K)

ROWS = [
    Row('udp-1', established(1)),
    Row('udp-1k', established(K)),
    Row('udp-1k-sums', established(K), software_sums=True),
    Row('udp-100k', UDP_100K),
    Row('udp-1m', established(M)),
    Row('udp-4m', established(4 * M)),
    Row('udp-16m', established(16 * M)),
    Row('udp-100k-zipf', Trace('drawn', 100 * K, packets=M, zipf=1.0)),
    Row('udp-1m-zipf', Trace('drawn', M, packets=M, zipf=1.0)),
    Row('tcp-1k', established(K, tcp=True)),
    Row('tcp-100k', established(100 * K, tcp=True)),
    Row('tcp-1m', established(M, tcp=True)),
    Row('imix-100k', Trace('imix', 100 * K, packets=200 * K)),
    Row('ipv6-100k', established(100 * K, ipv6=True)),
    Row('ipv6-tcp-100k', established(100 * K, ipv6=True, tcp=True)),
    Row('new-udp', Trace('single', M, beginning=False), is_endless=True, timeout=1),
    Row('short-tcp', Trace('short', 200 * K, tcp=True, beginning=False), is_endless=True,
        timeout=1),
    Row('rules-1', UDP_100K, rules=1),
    Row('rules-10', UDP_100K, rules=10),
    Row('rules-100', UDP_100K, rules=100),
    Row('rules-10k', UDP_100K, rules=10 * K),
    Row('udp-100k-2w', UDP_100K, workers=2),
    Row('tcp-100k-2w', established(100 * K, tcp=True), workers=2),
    Row('latency-50', UDP_100K, load=0.5),
    Row('latency-90', UDP_100K, load=0.9),
]


@dataclasses.dataclass(frozen=True)
class Rule:
    """One that no packet of any trace matches."""
    proto: str = ''
    src: str = ''
    dst: str = ''
    dport: int = 0


def unmatched_rules(n):
    """In four shapes by turns, so that they cannot all be looked up in one way."""
    shapes = [
        lambda i: Rule(proto='udp', dst=f'198.18.{i >> 8}.{i & 255}', dport=1 + i % K),
        lambda i: Rule(proto='tcp', dst=f'100.{64 + (i >> 8)}.{i & 255}.0/24', dport=80),
        lambda i: Rule(src=f'198.{51 + (i >> 8)}.{i & 255}.0/24'),
        lambda i: Rule(proto='udp', dport=61100 + i),  # above all ports of clients
    ]
    return [shapes[i % 4](i // 4) for i in range(n)]
