# SPDX-License-Identifier: BSD-3-Clause
"""Open vSwitch with its DPDK datapath and userspace connection tracking: a database, a switch and a
bridge of its own, in a folder of its own."""

import functools
import os
import pathlib
import re
import shutil
import subprocess

import process
from contenders.contender import SINK, SOURCE, Contender, Failed
from memory import MIB, Memory
from rows import unmatched_rules

PROGRAMS = ('ovsdb-tool', 'ovsdb-server', 'ovs-vsctl', 'ovs-ofctl', 'ovs-appctl')
SWITCHES = ('/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk', '/usr/sbin/ovs-vswitchd')
SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'
CONNECTIONS_MAX = 20 * 1000 * 1000
CONNECTION_BYTES = 360  # what its process grows by, measured with a million of them
SOCKET_MIB = 1024
COMMAND_PATIENCE_SEC = 60


@functools.cache
def switch():
    """The switch that was built with DPDK; None when there is none."""
    for program in SWITCHES:
        if pathlib.Path(program).exists():
            told = subprocess.run([program, '--version'], capture_output=True, text=True,
                                  check=False)
            if 'DPDK' in told.stdout:
                return program
    return None


def flow(each):
    """A rule that no packet matches, in the words of ovs-ofctl."""
    words = [each.proto or 'ip']
    if each.src:
        words.append(f'nw_src={each.src}')
    if each.dst:
        words.append(f'nw_dst={each.dst}')
    if each.dport:
        words.append(f'tp_dst={each.dport}')
    return ','.join(words)


def flows(row):
    """What Sallyport's rules say: the states decide, or all packets pass all rules."""
    tracked = 'table=1,priority=10,ct_state=+trk'
    family = 'ipv6' if row.trace.ipv6 else 'ip'
    listed = [f'table=0,priority=10,{family},ct_state=-trk,actions=ct(table=1)',
              f'{tracked}+new,{family},actions=ct(commit),output:2',
              f'{tracked}+est,{family},actions=output:2',
              f'{tracked}+rel,{family},actions=output:2']
    return listed + [f'table=1,priority={20 + n},{flow(each)},actions=drop'
                     for n, each in enumerate(unmatched_rules(row.rules - 1))]


class Ovs(Contender):
    def __init__(self, name, place, nic=(), has_emc=True):
        super().__init__(name, place, nic)
        self.has_emc = has_emc
        self.database = None

    def missing(self):
        absent = [program for program in PROGRAMS if not shutil.which(program)]
        if absent or not pathlib.Path(SCHEMA).exists():
            return f'not installed: {", ".join(absent) or SCHEMA}'
        return '' if switch() else 'Open vSwitch is not the one with DPDK ' \
                                   '(package openvswitch-switch-dpdk)'

    def cannot(self, row):
        return '' if row.workers <= len(self.place.cpus) else f'wants {row.workers} CPUs'

    def needs(self, row):
        return Memory(SOCKET_MIB * MIB, row.trace.flows * CONNECTION_BYTES)

    def run(self, *words):
        """Runs one of its tools and returns what it says."""
        environment = os.environ | {name: str(self.folder) for name in (
            'OVS_RUNDIR', 'OVS_LOGDIR', 'OVS_DBDIR', 'OVS_SYSCONFDIR')}
        told = subprocess.run(words, env=environment, capture_output=True, text=True,
                              timeout=COMMAND_PATIENCE_SEC, check=False)
        if told.returncode != 0:
            raise Failed(f'{self.name}: {words[0]}: {told.stderr.strip()}')
        return told.stdout

    def appctl(self, *words):
        return self.run('ovs-appctl', '-t', self.folder / 'switch.ctl', *words)

    def vsctl(self, *words):
        return self.run('ovs-vsctl', '--timeout=30', f'--db=unix:{self.folder}/db.sock', *words)

    def ofctl(self, *words):
        return self.run('ovs-ofctl', *words)

    def launch(self, row, environment):
        environment |= {name: str(self.folder) for name in (
            'OVS_RUNDIR', 'OVS_LOGDIR', 'OVS_DBDIR', 'OVS_SYSCONFDIR')}
        self.start_database(row)
        started = process.start(
            [switch(), f'unix:{self.folder}/db.sock', f'--unixctl={self.folder}/switch.ctl',
             '--pidfile', '--no-chdir', f'--log-file={self.folder}/log'],
            self.folder / 'output', environment)
        self.process = started
        self.vsctl('add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath_type=netdev',
                   'fail-mode=secure')
        self.set_flows(row)
        self.appctl('dpctl/ct-set-maxconns', str(CONNECTIONS_MAX))
        self.add_port('out', 2, SINK)
        self.add_port('in', 1, SOURCE, f'options:n_rxq={row.workers}')
        return started

    def start_database(self, row):
        lock = self.folder / 'db.sock'
        self.run('ovsdb-tool', 'create', self.folder / 'conf.db', SCHEMA)
        self.database = process.start(
            ['ovsdb-server', self.folder / 'conf.db', f'--remote=punix:{lock}',
             f'--unixctl={self.folder}/db.ctl'], self.folder / 'output', {})
        self.process = self.database  # what wait_until watches, so far
        self.wait_until(lock.exists, 'its database answers')
        mask = sum(1 << self.place.cpus[n] for n in range(row.workers))
        options = {
            'dpdk-init': 'true',
            'dpdk-lcore-mask': hex(1 << self.place.main_cpu),
            'pmd-cpu-mask': hex(mask),
            'dpdk-socket-mem': str(SOCKET_MIB),
            'dpdk-extra': '"--no-pci --in-memory"',
        }
        if not self.has_emc:
            options['emc-insert-inv-prob'] = '0'
        self.vsctl('--no-wait', 'init')
        self.vsctl('--no-wait', 'set', 'Open_vSwitch', '.',
                   *[f'other_config:{key}={value}' for key, value in options.items()])

    def set_flows(self, row):
        path = self.folder / 'flows'
        path.write_text('\n'.join(flows(row)) + '\n')
        bridge = f'unix:{self.folder}/br0.mgmt'
        self.ofctl('del-flows', bridge)
        self.ofctl('add-flows', bridge, path)

    def add_port(self, name, number, device, *words):
        self.vsctl('add-port', 'br0', name, '--', 'set', 'Interface', name, 'type=dpdk',
                   f'ofport_request={number}', f'options:dpdk-devargs="{device}"', *words)
        error = self.vsctl('get', 'Interface', name, 'error').strip()
        if error != '[]':
            raise Failed(f'{self.name}: port {name}: {error}')

    def find_threads(self):
        return process.threads(self.process.pid, r'pmd-c\d+/.*')

    def connections(self):
        return int(self.appctl('dpctl/ct-get-nconns'))

    def unsettled(self):
        """Flows without a connection: where a lap takes too long, they time out between packets."""
        return max(self.row.trace.flows - self.connections(), 0)

    def doubts(self):
        """Everything is to be let through."""
        told = self.appctl('dpif-netdev/pmd-stats-show')
        failed = re.findall(r'miss with failed upcall: (\d+)', told)
        dropped = re.findall(r'packets:(\d+),.*actions:drop', self.appctl('dpctl/dump-flows'))
        return {'failed upcalls': sum(map(int, failed)), 'dropped': sum(map(int, dropped))}

    def release(self):
        if self.process is not self.database:
            process.stop(self.process)
        process.stop(self.database)
        self.database = None
