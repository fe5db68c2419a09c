# SPDX-License-Identifier: BSD-3-Clause
"""What the programs have in common: packets come in at net_null0, which the packet source fills,
and what leaves at net_null1 is counted."""

import pathlib
import shutil
import tempfile
import time

import process
from telemetry import Telemetry

PATIENCE_SEC = 120
SOURCE = 'net_null0'
SINK = 'net_null1,no-rx=1'


class Failed(Exception):
    """A contender did not do what it should; the text says what, with the end of its log."""


class Place:
    """Where contenders run and with what, the same for all of them."""

    def __init__(self, build, cpus, main_cpu):
        self.build = pathlib.Path(build)
        self.source = self.build / 'test/perf/libnet_trace.so'
        self.cpus = cpus          # of the workers, in order
        self.main_cpu = main_cpu  # of every other thread

    def eal(self, lcores):
        return ['--in-memory', '--no-pci', '--lcores', lcores]


class Contender:
    """A program under test, from start to stop, for one row. Subclasses tell how."""

    source_extra = ''  # further words for the packet source

    def __init__(self, name, place):
        self.name = name
        self.place = place
        self.row = self.folder = self.telemetry = self.process = None
        self.sink_port = None
        self.threads = []

    # What a subclass tells.

    def missing(self):
        """Why it cannot run here at all; empty when it can."""
        return ''

    def can(self, row):
        """Whether a row means anything to it."""
        return row.workers == 1

    def launch(self, row, environment):
        """Starts the program; returns its process, which reads no more packets than it wants."""
        raise NotImplementedError

    def find_threads(self):
        """The numbers of the threads that handle packets; empty while there are none."""
        raise NotImplementedError

    def connections(self):
        """How many connections have been made so far."""
        return 0

    def doubts(self):
        """Counters, by name, that make a measurement doubtful when they move meanwhile."""
        return {}

    def facts(self):
        """Further figures worth keeping, as a dictionary."""
        return {}

    def release(self):
        """Ends whatever launch started besides the process."""

    # What the benchmark calls.

    def start(self, row, trace):
        self.row = row
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='bench-'))
        environment = {
            'RUNTIME_DIRECTORY': str(self.folder),
            'LD_PRELOAD': str(self.place.source),
            'NET_TRACE': trace.source(row, self.source_extra),
        }
        self.process = self.launch(row, environment)
        self.wait_until(self.is_ready, 'it forwards packets')

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
        self.release()
        process.stop(self.process)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.telemetry = self.process = self.sink_port = None
        self.threads = []
