# SPDX-License-Identifier: BSD-3-Clause
"""A running sallyport between real clients and servers, all on this machine.

    client0 -- lan0 [                    ] wan0 -- server0
    client1 -- lan1 [ sallyport, n wires ] wan1 -- server1

Each client and each server is a network namespace with one interface, eth0; so is the appliance,
whose interfaces sallyport works on with net_af_packet. Needs root, iproute2 and ethtool. The
addresses of a wire are on one subnet, since the appliance is no router; IPv6 knows its neighbours
from the start, so that a policy need not let neighbour discovery through.
"""

import contextlib
import itertools
import signal
import sys

from lab.namespaces import Namespace, connect, sweep
from system.running import Appliance
from util.programs import SALLYPORT

FAMILIES = ('ipv4', 'ipv6')
PREFIX_LENGTHS = {'ipv4': 24, 'ipv6': 64}
# How sallyport's configuration names the ends of wire 0: lan0 and wan0.
CLIENT_SIDE, SERVER_SIDE = 'lan', 'wan'
numbers = itertools.count()  # tells the labs of one process apart


class Host:
    """One end of a wire: a namespace, and addresses by family."""

    def __init__(self, namespace, number, wire):
        self.namespace = namespace
        self.mac = f'02:00:00:00:{wire:02x}:{number:02x}'
        self.addresses = {'ipv4': f'198.18.{wire}.{number}',
                          'ipv6': f'2001:db8:{wire + 1:x}::{number}'}  # as programs print it

    def set_up(self, peer, families):
        """Gives eth0 its addresses, once it is there."""
        run = self.namespace.run
        run('ip', 'link', 'set', 'eth0', 'address', self.mac)
        for family in families:
            # An address of IPv6 that is being checked for duplicates cannot be used for a second.
            unchecked = ['nodad'] if family == 'ipv6' else []
            run('ip', 'address', 'add', f'{self.addresses[family]}/{PREFIX_LENGTHS[family]}',
                'dev', 'eth0', *unchecked)
        if 'ipv6' in families:
            run('ip', 'neighbour', 'add', peer.addresses['ipv6'], 'lladdr', peer.mac,
                'dev', 'eth0', 'nud', 'permanent')


class Wire:
    """client and server, and the names of the ports between them."""

    def __init__(self, number, client, server):
        self.client, self.server = client, server
        self.lan, self.wan = f'{CLIENT_SIDE}{number}', f'{SERVER_SIDE}{number}'


class Lab:
    """Namespaces and wires from the start; an appliance once it is started. Use it in a with
    statement, so that nothing is left of it whatever happens."""

    def __init__(self, n_wires=1, workers=1, families=FAMILIES, mtu=1500):
        self.workers, self.families, self.mtu = workers, families, mtu
        self.n_wires, self.wires = n_wires, []
        self.number = next(numbers)
        self.machine = None
        self.cleanup = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.cleanup = stack
            self._heed_signals()
            sweep()
            machine = self._namespace('appliance')
            # Its kernel must not answer what passes through.
            machine.run('sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1',
                        'net.ipv6.conf.default.disable_ipv6=1')
            for i in range(self.n_wires):
                self.wires.append(self._wire(i, machine))
            self.machine = Appliance()
            stack.callback(self.machine.remove)
            self.machine.command = machine.command(SALLYPORT)
            self.cleanup = stack.pop_all()
        return self

    def __exit__(self, *reason):
        self.cleanup.close()

    def _heed_signals(self):
        """Makes of the signals that would end the process at once an exit that cleans up."""
        def leave(number, _):
            sys.exit(128 + number)

        for number in (signal.SIGTERM, signal.SIGHUP):
            self.cleanup.callback(signal.signal, number, signal.signal(number, leave))

    def _namespace(self, name):
        namespace = Namespace(f'{self.number}-{name}')
        self.cleanup.callback(namespace.remove)
        return namespace

    def _wire(self, i, machine):
        client = Host(self._namespace(f'client{i}'), 1, i)
        server = Host(self._namespace(f'server{i}'), 2, i)
        wire = Wire(i, client, server)
        for host, port, peer in ((client, wire.lan, server), (server, wire.wan, client)):
            connect((host.namespace, 'eth0'), (machine, port), self.mtu)
            host.set_up(peer, self.families)
        return wire

    def configuration(self, rest):
        """A whole configuration: ports, wires and workers of this lab, and the rest."""
        queues = f',qpairs={self.workers}' if self.workers > 1 else ''
        names = [name for wire in self.wires for name in (wire.lan, wire.wan)]
        ports = ',\n'.join(
            f'  {{ name = "{name}"; device = "net_af_packet{i},iface={name}{queues}"; }}'
            for i, name in enumerate(names))
        wires = ',\n'.join(f'  {{ a = "{wire.lan}"; b = "{wire.wan}"; }}' for wire in self.wires)
        return (f'ports = (\n{ports} );\nwires = (\n{wires} );\nworkers = {self.workers};\n'
                f'conntrack: {{ max_connections = 65536; }};\n{rest}')

    def start(self, rest=''):
        """Starts sallyport, and returns when it answers. rest: sets and chains."""
        self.machine.start(self.configuration(rest))

    def stop(self):
        """Ends sallyport as an operator does, which has to work."""
        status, log = self.machine.stop()
        assert status == 0, log

    def packets(self):
        """How many packets each rule and each policy has matched, by "chain/rule" and "chain"."""
        return {'/'.join(filter(None, (row['chain'], row.get('name')))): row['packets']
                for row in self.machine.json('rules')}
