# SPDX-License-Identifier: BSD-3-Clause
"""sallyport run."""

import pathlib
import re
import subprocess
import tempfile

import process
from contenders.contender import POOLS, SINK, SOURCE, Contender, Failed
from memory import MIB, Memory
from rows import unmatched_rules

ENDLESS_TIMEOUTS = ('udp', 'udp_stream', 'tcp_time_wait', 'tcp_close')
PAGES_OF_SAMPLE = 16
SLOT_BITS = 32  # of a cursor of connections; the worker is above


def rule(name, keys, action):
    words = [f'name = "{name}";']
    for key, value in keys.items():
        words.append(f'{key} = {value};' if isinstance(value, int) else f'{key} = "{value}";')
    return f'{{ {" ".join(words)} action = "{action}"; }}'


def rules(row):
    """The states decide, or every packet passes all rules before the last one accepts it."""
    if row.rules == 0:
        return ['{ name = "known"; state = ["established", "related"]; action = "accept"; }',
                '{ name = "new"; state = "new"; action = "accept"; }']
    listed = [rule(f'r{n}', {key: value for key, value in vars(each).items() if value}, 'drop')
              for n, each in enumerate(unmatched_rules(row.rules - 1))]
    return [*listed, '{ name = "all"; action = "accept"; }']


def config(row, table):
    timeouts = ''
    if row.timeout:
        timeouts = ''.join(f'{name} = {row.timeout}; ' for name in ENDLESS_TIMEOUTS)
    return f'''
ports = ( {{ name = "a"; device = "{SOURCE}"; }}, {{ name = "b"; device = "{SINK}"; }} );
wires = ( {{ a = "a"; b = "b"; }} );
workers = {row.workers};
conntrack: {{ max_connections = {row.capacity}; {table}timeouts: {{ {timeouts}}}; }};
chains = ( {{ name = "filter"; priority = 0; policy = "drop"; rules = (
  {(","+chr(10)+"  ").join(rules(row))} ); }} );
'''


class Sallyport(Contender):
    def __init__(self, name, place, program, nic=(), min_workers=1, table=''):
        super().__init__(name, place, nic)
        self.program = program
        self.min_workers = min_workers
        # Builds that are older than the setting have no table to choose.
        self.table = f'table = "{table}"; ' if table else ''

    def missing(self):
        return '' if self.program.exists() else f'there is no {self.program}'

    def cannot(self, row):
        if row.workers < self.min_workers:
            return 'is for several workers'
        return '' if row.workers <= len(self.place.cpus) else f'wants {row.workers} CPUs'

    def needs(self, row):
        """As sallyport check says it; builds that are older say nothing."""
        with tempfile.TemporaryDirectory(prefix='bench-') as folder:
            path = pathlib.Path(folder) / 'conf'
            path.write_text(config(row, self.table))
            told = subprocess.run([self.program, 'check', '-c', path], capture_output=True, text=True,
                                  check=False)
        said = re.search(r'(\d+) MiB of memory', told.stdout + told.stderr)
        return Memory(huge=int(said.group(1)) * MIB) if said else POOLS

    def launch(self, row, environment):
        path = self.folder / 'conf'
        path.write_text(config(row, self.table))
        workers = [f'{n + 1}@{self.place.cpus[n]}' for n in range(row.workers)]
        lcores = ','.join([f'0@{self.place.main_cpu}', *workers,
                           f'{row.workers + 1}@{self.place.main_cpu}'])
        return process.start([self.program, 'run', '-c', path, '--', *self.place.eal(lcores)],
                             self.folder / 'log', environment)

    def find_threads(self):
        lcores = '|'.join(str(n + 1) for n in range(self.row.workers))
        return process.threads(self.process.pid, f'(rte|dpdk)-worker-?({lcores})')

    def connections(self):
        return self.telemetry.ask('/sallyport/ct/stats')['confirmed']

    def unsettled(self):
        """Connections that are not assured, on pages from all over the table."""
        step = max(self.row.trace.flows // PAGES_OF_SAMPLE // self.row.workers, 1)
        cursors = [worker << SLOT_BITS | page * step for worker in range(self.row.workers)
                   for page in range(PAGES_OF_SAMPLE)]
        pages = [self.telemetry.ask(f'/sallyport/ct/list,{cursor}') for cursor in cursors]
        rows = [row for page in pages for row in page.get('entries', {}).values()]
        if not rows:
            raise Failed(f'{self.name}: no connection is listed')
        return sum(1 for row in rows if not row['assured'])

    def doubts(self):
        """Everything is to be let through."""
        stats = self.telemetry.ask('/sallyport/stats')
        return {'invalid': stats['classes']['invalid'],
                **{f'dropped: {reason}': n for reason, n in stats['dropped'].items()}}

    def facts(self):
        info = self.telemetry.ask('/sallyport/info')
        stats = self.telemetry.ask('/sallyport/stats')
        count = self.telemetry.ask('/sallyport/ct/count')
        return {'bytes_per_connection': info['bytes_per_connection'], 'hash': info['hash'],
                'connections': count['confirmed'], 'classes': stats['classes'],
                'handed_over': stats['handed_over']}
