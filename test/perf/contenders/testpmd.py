# SPDX-License-Identifier: BSD-3-Clause
"""dpdk-testpmd: moves packets and does nothing else, so it tells what source and sink cost."""

import shutil
import subprocess

import process
from contenders.contender import SINK, SOURCE, Contender

PROGRAM = 'dpdk-testpmd'


class Testpmd(Contender):
    def missing(self):
        return '' if shutil.which(PROGRAM) else f'{PROGRAM} is not installed (package dpdk-dev)'

    def cannot(self, row):
        if row.rules:
            return 'has no rules'
        return '' if row.workers <= len(self.place.cpus) else f'wants {row.workers} CPUs'

    def launch(self, row, environment):
        workers = [f'{n + 1}@{self.place.cpus[n]}' for n in range(row.workers)]
        lcores = ','.join([f'0@{self.place.main_cpu}', *workers])
        return process.start(
            [PROGRAM, *self.place.eal(lcores), '--main-lcore=0', f'--vdev={SOURCE}',
             f'--vdev={SINK}', '--', '--auto-start', '--forward-mode=io', '--burst=32',
             '--port-topology=paired', '--total-num-mbufs=16384', '--mbcache=256',
             '--no-flush-rx', '--no-lsc-interrupt', f'--rxq={row.workers}',
             f'--txq={row.workers}', f'--nb-cores={row.workers}'],
            self.folder / 'log', environment, stdin=subprocess.PIPE)  # its end would stop it

    def find_threads(self):
        lcores = '|'.join(str(n + 1) for n in range(self.row.workers))
        return process.threads(self.process.pid, f'(rte|dpdk)-worker-?({lcores})')

    def release(self):
        if self.process is not None:
            self.process.stdin.close()
