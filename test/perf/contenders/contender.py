# SPDX-License-Identifier: BSD-3-Clause
"""What the programs have in common: packets come in at net_null0, which the packet source fills,
and what leaves at net_null1 is counted."""

import pathlib
import shutil
import tempfile
import time

import memory
import process
from meter import Meter
from telemetry import Telemetry

PATIENCE_SEC = 120
SOURCE = 'net_null0'
SINK = 'net_null1,no-rx=1'
POOLS = memory.Memory(huge=64 * memory.MIB)  # packets, rings and EAL itself


class Failed(Exception):
    """A contender did not do what it should; the text says what, with the end of its log."""


class Place:
    """Where contenders run and with what, the same for all of them."""

    def __init__(self, build, cpus, main_cpu, eal_options=('--in-memory',), environment=None):
        self.build = pathlib.Path(build)
        self.source = self.build / 'test/perf/libnet_trace.so'
        self.cpus = cpus          # of the workers, in order
        self.main_cpu = main_cpu  # of every other thread
        self.eal_options = eal_options
        self.environment = environment or {}

    def eal(self, lcores):
        return [*self.eal_options, '--no-pci', '--lcores', lcores]


class Contender:
    """A program under test, from start to stop, for one row. Subclasses tell how."""

    def __init__(self, name, place, nic=()):
        self.name = name
        self.place = place
        self.nic = nic  # what the packet source does as a NIC would: settings of it
        self.row = self.made = self.folder = None
        self.telemetry = self.process = self.meter = None
        self.sink_port = None
        self.threads = []

    # What a subclass tells.

    def missing(self):
        """Why it cannot run here at all; empty when it can."""
        return ''

    def cannot(self, row):
        """Why a row is not for it, or its figures would not be comparable; empty when they are."""
        return '' if row.workers == 1 else 'has one worker'

    def needs(self, row):
        """The memory for a row, without the packet source's."""
        return POOLS

    def launch(self, row, environment):
        """Starts the program; returns its process, which reads no more packets than it wants."""
        raise NotImplementedError

    def find_threads(self):
        """The numbers of the threads that handle packets; empty while there are none."""
        raise NotImplementedError

    def connections(self):
        """How many connections have been made so far."""
        return 0

    def trace(self, row, make):
        """What is played to it; make makes a trace of rows.py."""
        return make(row.trace)

    def unsettled(self):
        """How many flows are not established for good, perhaps of a sample. Asked when all of them
        have been sending both ways for a while."""
        return 0

    def begin(self):
        """Called just before a measurement."""

    def own_ns(self):
        """Nanoseconds per packet since begin, source and sink taken out, if it knows itself; None:
        the contender that only moves packets tells what they cost."""
        return None

    def doubts(self):
        """Counters, by name, that make a measurement doubtful when they move meanwhile."""
        return {}

    def facts(self):
        """Further figures worth keeping, as a dictionary."""
        return {}

    def release(self):
        """Ends whatever launch started besides the process."""

    # What the benchmark calls.

    def why_not(self, row, there):
        """Why it does not measure a row with that much memory free; empty when it does."""
        source = memory.Memory(ordinary=row.trace.bytes)
        return self.cannot(row) or memory.lack(self.needs(row) + source, there)

    def source_words(self, row):
        """The settings of the packet source that do not come from the trace."""
        words = [f'{word}=1' for word in self.nic if not (word == 'csum' and row.software_sums)]
        return words + ([f'meter={self.folder / "meter"}'] if row.load else [])

    def start(self, row, trace):
        self.row = row
        self.made = trace
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='bench-'))
        environment = self.place.environment | {
            'RUNTIME_DIRECTORY': str(self.folder),
            'LD_PRELOAD': str(self.place.source),
            'NET_TRACE': trace.source(row, self.source_words(row)),
        }
        self.process = self.launch(row, environment)
        self.wait_until(self.is_ready, 'it forwards packets')
        if row.load:
            self.meter = Meter(self.folder / 'meter')

    def is_ready(self):
        try:
            if self.telemetry is None:
                self.telemetry = Telemetry(self.folder / 'dpdk/rte/dpdk_telemetry.v2')
            if self.sink_port is None:
                self.sink_port = self.telemetry.port(SINK.split(',')[0])
            if self.sink_port is None or self.packets() == 0:
                return False
        except (OSError, TypeError, KeyError):  # starting still
            return False
        self.threads = self.find_threads()
        return len(self.threads) == self.row.workers

    def packets(self):
        """How many packets it has let through."""
        return self.telemetry.sent(self.sink_port)

    def cpu_ns(self):
        return sum(process.cpu_ns(self.process.pid, tid) for tid in self.threads)

    def wait_until(self, condition, what):
        deadline = time.monotonic() + PATIENCE_SEC
        while not condition():
            if self.process.poll() is not None:
                raise Failed(f'{self.name} ended: {self.last_words()}')
            if time.monotonic() > deadline:
                raise Failed(f'{self.name}: waited {PATIENCE_SEC} s until {what}: '
                             f'{self.last_words()}')
            time.sleep(0.05)

    def last_words(self):
        log = self.folder / 'log'
        return log.read_text(errors='replace')[-1500:] if log.exists() else ''

    def stop(self):
        if self.telemetry is not None:
            self.telemetry.close()
        if self.meter is not None:
            self.meter.close()
        self.release()
        process.stop(self.process)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.telemetry = self.process = self.sink_port = self.meter = None
        self.threads = []
