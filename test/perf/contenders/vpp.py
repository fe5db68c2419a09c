# SPDX-License-Identifier: BSD-3-Clause
"""VPP with its acl plugin: two interfaces cross-connected at layer 2, and at the first of them an
access list that permits and reflects, so that every flow has a session. One worker, vectors of 256.

VPP has a DPDK of its own inside, which the packet source cannot be loaded into, so its own packet
generator replays the same captures. What that costs VPP knows by itself: it counts the clocks of each
node of its graph, and own_ns has those of all nodes but the generator's. Compare by own ns only.
"""

import pathlib
import re
import shutil
import subprocess

import process
from contenders.contender import Contender, Failed
from memory import Memory

SOURCE, SINK = 'pg0', 'pg1'
# Of the graph's nodes, those that make and free packets.
NODES_OF_GENERATOR = {'pg-input', f'{SINK}-output', f'{SINK}-tx'}
PACKET_BYTES = 192    # of a packet of the generator: a vector of its own in the heap
SESSION_BYTES = 256   # 128 of the session, and an entry for each direction in a bihash
SESSIONS_PER_FLOW = 2  # should the answer have one of its own
HEAP_BYTES = 1 << 30  # of everything else
BUFFERS = 32768
FOREVER = 10 ** 15    # packets
COMMAND_PATIENCE_SEC = 60
NODE = re.compile(r'^(\S+) +.*?(\d+) +(\d+) +(\d+) +([\d.e+-]+) +([\d.]+)$')


def heap_bytes(row):
    packets = row.trace.bytes // 80  # a packet of one slot, and what belongs to it
    sessions = row.capacity * SESSIONS_PER_FLOW
    return HEAP_BYTES + packets * PACKET_BYTES + sessions * SESSION_BYTES


def startup(row, folder, main_cpu, cpu):
    """The configuration that VPP starts with."""
    sessions = row.capacity * SESSIONS_PER_FLOW
    buckets = 1 << (sessions // 4).bit_length()
    return f'''\
unix {{ nodaemon cli-listen {folder}/cli.sock runtime-dir {folder} startup-config {folder}/commands }}
cpu {{ main-core {main_cpu} corelist-workers {cpu} }}
memory {{ main-heap-size {heap_bytes(row) >> 20}M }}
buffers {{ buffers-per-numa {BUFFERS} }}
statseg {{ socket-name {folder}/stats.sock }}
plugins {{ plugin default {{ disable }} plugin acl_plugin.so {{ enable }} }}
acl-plugin {{ connection hash buckets {buckets} connection count max {sessions} }}
'''


def stream(name, file, packets):
    return (f'packet-generator new {{ name {name} limit {packets} node ethernet-input '
            f'interface {SOURCE} worker 0 pcap {file} }}')


def commands(row, trace):
    """What it does first: interfaces, access list, and the captures, which do not play yet."""
    hash_bytes = max(row.capacity * SESSIONS_PER_FLOW * SESSION_BYTES, 1 << 30)
    lines = [f'set acl-plugin session table hash-table-memory {hash_bytes >> 20}M']
    lines += [f'create packet-generator interface {name}' for name in (SOURCE, SINK)]
    lines += [f'set interface state {name} up' for name in (SOURCE, SINK)]
    lines += [f'set interface l2 xconnect {SOURCE} {SINK}',
              f'set interface l2 xconnect {SINK} {SOURCE}',
              'set acl-plugin acl permit+reflect src 0.0.0.0/0 dst 0.0.0.0/0, '
              'permit+reflect src ::/0 dst ::/0',
              f'set acl-plugin interface {SOURCE} input acl 0']
    if trace.first:
        lines.append(stream('first', trace.first, trace.beginning))
    lines.append(stream('laps', trace.file, FOREVER))
    return '\n'.join(lines) + '\n'


def counter(told, name):
    """The sum of a counter over the interfaces that show interface tells of."""
    return sum(int(n) for n in re.findall(rf'{name}\s+(\d+)', told))


def clocks_per_packet(told):
    """From show runtime: clocks per packet of all the worker's nodes but the generator's; None when
    there are none. The main thread's are in the block before."""
    _, _, worker = told.partition('vpp_wk_0')
    nodes = [match.groups() for line in worker.splitlines() if (match := NODE.match(line.rstrip()))]
    packets = sum(int(vectors) for name, _, vectors, *_ in nodes if name == 'pg-input')
    clocks = sum(int(vectors) * float(each) for name, _, vectors, _, each, _ in nodes
                 if name not in NODES_OF_GENERATOR)
    return clocks / packets if packets else None


class Vpp(Contender):
    def __init__(self, name, place, folder=None):
        super().__init__(name, place)
        self.build = pathlib.Path(folder) if folder else None

    def program(self, name):
        """Where one of its programs is; None if it is not."""
        if self.build is None:
            return shutil.which(name)
        return next((path for path in (self.build / 'bin' / name, self.build / name)
                     if path.is_file()), None)

    def missing(self):
        absent = [name for name in ('vpp', 'vppctl') if not self.program(name)]
        where = f'no {", ".join(absent)} in {self.build}' if self.build else 'not installed'
        return f'{where}: skipped (--vpp FOLDER names a build)' if absent else ''

    def cannot(self, row):
        if row.is_endless:
            return 'its generator cannot make new flows'
        if row.rules:
            return 'packets of a session pass no rules'
        if row.load:
            return 'its packets carry no time'
        return super().cannot(row)

    def needs(self, row):
        return Memory(ordinary=heap_bytes(row) + BUFFERS * 2560)

    def ctl(self, *words):
        told = subprocess.run([self.program('vppctl'), '-s', self.folder / 'cli.sock', *words],
                              capture_output=True, text=True, timeout=COMMAND_PATIENCE_SEC,
                              check=False)
        if told.returncode != 0:
            raise Failed(f'{self.name}: {" ".join(words)}: {told.stderr.strip()}')
        return told.stdout

    def launch(self, row, environment):
        (self.folder / 'commands').write_text(commands(row, self.made))
        path = self.folder / 'startup.conf'
        path.write_text(startup(row, self.folder, self.place.main_cpu, self.place.cpus[0]))
        self.process = process.start([self.program('vpp'), '-c', path], self.folder / 'log', {})
        self.wait_until(self.answers, 'it has read the captures')
        # Flows begin with the capture that is played once.
        if self.made.first:
            self.ctl('packet-generator', 'enable-stream', 'first')
            self.wait_until(lambda: self.packets() >= self.made.beginning, 'all flows are there')
        self.ctl('packet-generator', 'enable-stream', 'laps')
        return self.process

    def answers(self):
        try:
            return 'laps' in self.ctl('show', 'packet-generator')
        except (Failed, subprocess.TimeoutExpired):
            return False

    def is_ready(self):
        self.threads = self.find_threads()
        return len(self.threads) == 1 and self.packets() > 0

    def find_threads(self):
        return process.threads(self.process.pid, 'vpp_wk_0')

    def packets(self):
        return counter(self.ctl('show', 'interface', SINK), 'tx packets')

    def connections(self):
        added = re.findall(r'add (\d+) - del', self.ctl('show', 'acl-plugin', 'sessions'))
        return sum(map(int, added))

    def unsettled(self):
        """Flows without a session; one may have two."""
        return max(self.row.trace.flows - self.connections(), 0)

    def begin(self):
        self.ctl('clear', 'runtime')

    def own_ns(self):
        clocks = clocks_per_packet(self.ctl('show', 'runtime'))
        ghz = re.search(r'Base frequency:\s*([\d.]+) GHz', self.ctl('show', 'cpu'))
        if clocks is None or ghz is None:
            raise Failed(f'{self.name}: it does not say what its nodes take')
        return clocks / float(ghz.group(1))

    def doubts(self):
        """Everything is to be let through."""
        return {'drops': counter(self.ctl('show', 'interface'), 'drops')}
