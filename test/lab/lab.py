# SPDX-License-Identifier: BSD-3-Clause
"""A running sallyport between real clients and servers, all on this machine.

    client0 -- lan0 [                    ] wan0 -- server0
    client1 -- lan1 [ sallyport, n wires ] wan1 -- server1

Each client and each server is a network namespace with one interface, eth0; so is the appliance,
whose interfaces sallyport works on with net_af_packet. Needs root, iproute2 and ethtool. The
addresses of a wire are on one subnet, since the appliance is no router; IPv6 knows its neighbours
from the start, so that a policy need not let neighbour discovery through.

With gateways=True there is a router of the kernel between the appliance and each server, whose
subnet is another then:

    client0 -- lan0 [ sallyport ] wan0 -- eth0 [ gateway0 ] eth1 -- server0
"""

import contextlib
import ipaddress
import itertools
import signal
import sys

from lab.namespaces import Namespace, connect, sweep
from system.running import Appliance
from util.programs import SALLYPORT

# What the configurations of labs have beside what they are given.
OWN_KEYS = ('ports', 'wires', 'workers', 'conntrack')
FAMILIES = ('ipv4', 'ipv6')
PREFIX_LENGTHS = {'ipv4': 24, 'ipv6': 64}
# How sallyport's configuration names the ends of wire 0: lan0 and wan0.
CLIENT_SIDE, SERVER_SIDE = 'lan', 'wan'
DEVICES = {'net_af_packet': 'net_af_packet{i},iface={name},qpairs={queues}',
           'net_pcap': 'net_pcap{i},rx_iface_in={name},tx_iface={name}'}
numbers = itertools.count()  # tells the labs of one process apart


class Host:
    """One interface in a namespace, and its addresses by family. far: on the subnet behind the
    gateway."""

    def __init__(self, namespace, number, wire, interface='eth0', far=False):
        self.namespace, self.interface = namespace, interface
        self.mac = f'02:00:00:{far:02x}:{wire:02x}:{number:02x}'
        self.networks = {'ipv4': f'198.{18 + far}.{wire}.',  # the addresses as programs print them
                         'ipv6': f'2001:db8:{0x100 * far + wire + 1:x}::'}
        self.addresses = {'ipv4': f'{self.networks["ipv4"]}{number}',
                          'ipv6': f'{self.networks["ipv6"]}{number:x}'}

    def set_up(self, neighbour, families):
        """Gives the interface its addresses, once it is there."""
        run = self.namespace.run
        run('ip', 'link', 'set', self.interface, 'address', self.mac)
        for family in families:
            # An address of IPv6 that is being checked for duplicates cannot be used for a second.
            unchecked = ['nodad'] if family == 'ipv6' else []
            run('ip', 'address', 'add', f'{self.addresses[family]}/{PREFIX_LENGTHS[family]}',
                'dev', self.interface, *unchecked)
        if 'ipv6' in families:
            run('ip', 'neighbour', 'add', neighbour.addresses['ipv6'], 'lladdr', neighbour.mac,
                'dev', self.interface, 'nud', 'permanent')

    def take_addresses(self, number, neighbour):
        """Has it answer to so many more addresses of each family, and returns them."""
        subnets = {'ipv4': '198.18.64.0/18', 'ipv6': '2001:db8:ffff::/64'}
        for family, subnet in subnets.items():
            self.namespace.run('ip', 'route', 'add', 'local', subnet, 'dev', 'lo')
            neighbour.reach(subnet, self.addresses[family])
        return {family: [str(ipaddress.ip_network(subnet)[1 + n]) for n in range(number)]
                for family, subnet in subnets.items()}

    def subnet(self, family):
        return f'{self.networks[family]}{"0" * (family == "ipv4")}/{PREFIX_LENGTHS[family]}'

    def reach(self, subnet, via):
        """Sends what is for a subnet by way of a neighbour's address."""
        self.namespace.run('ip', 'route', 'add', subnet, 'via', via, 'dev', self.interface)


class Gateway:
    """A router: an interface on the subnet of a wire, and one on the subnet behind it."""

    def __init__(self, namespace, wire):
        self.namespace = namespace
        self.near = Host(namespace, 254, wire)
        self.far = Host(namespace, 254, wire, 'eth1', far=True)
        namespace.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1',
                      'net.ipv6.conf.default.forwarding=1')

    def limit_path_mtu(self, mtu, families=FAMILIES):
        """Refuses what is for the server and larger, as if a narrower link followed."""
        for family in families:
            route = [self.far.subnet(family), 'dev', self.far.interface]
            self.namespace.run('ip', 'route', 'del', *route)
            self.namespace.run('ip', 'route', 'add', *route, 'mtu', 'lock', mtu)


class Wire:
    """client and server, the names of the ports between them, and the gateway if there is one."""

    def __init__(self, number, client, server, gateway=None):
        self.client, self.server, self.gateway = client, server, gateway
        self.lan, self.wan = f'{CLIENT_SIDE}{number}', f'{SERVER_SIDE}{number}'


class Lab:
    """Namespaces and wires from the start; an appliance once it is started. Use it in a with
    statement, so that nothing is left of it whatever happens.

    device: net_af_packet with a queue for each worker, unless there are fragments. Those of IPv4 it
    has the kernel put together, to choose a queue, and cuts off what is longer than a frame. With
    net_pcap they arrive, half a second late, at a single queue.
    """

    def __init__(self, n_wires=1, workers=1, families=FAMILIES, mtu=1500, *, gateways=False,
                 device='net_af_packet', max_connections=65536):
        self.workers, self.families, self.mtu = workers, families, mtu
        self.has_gateways, self.device = gateways, device
        self.max_connections = max_connections
        self.n_wires, self.wires = n_wires, []
        self.number = next(numbers)
        self.namespace, self.machine = None, None  # of the appliance, and the appliance itself
        self.cleanup = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.cleanup = stack
            self._heed_signals()
            sweep()
            self.namespace = machine = self._namespace('appliance')
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
        server = Host(self._namespace(f'server{i}'), 2, i, far=self.has_gateways)
        gateway = Gateway(self._namespace(f'gateway{i}'), i) if self.has_gateways else None
        wire = Wire(i, client, server, gateway)
        beyond = gateway.near if gateway else server
        for host, port, neighbour in ((client, wire.lan, beyond), (beyond, wire.wan, client)):
            connect((host.namespace, host.interface), (machine, port), self.mtu)
            host.set_up(neighbour, self.families)
        if gateway:
            far = gateway.far
            connect((far.namespace, far.interface), (server.namespace, 'eth0'), self.mtu)
            far.set_up(server, self.families)
            server.set_up(far, self.families)
            for family in self.families:
                client.reach(server.subnet(family), beyond.addresses[family])
                server.reach(client.subnet(family), far.addresses[family])
        return wire

    def configuration(self, rest='', conntrack='', port=''):
        """A whole configuration: ports, wires and workers of this lab; the rest of conntrack and of
        each port; and the rest."""
        names = [name for wire in self.wires for name in (wire.lan, wire.wan)]
        ports = ',\n'.join(
            f'  {{ name = "{name}"; '
            f'device = "{DEVICES[self.device].format(i=i, name=name, queues=self.workers)}"; '
            f'{port} }}'
            for i, name in enumerate(names))
        wires = ',\n'.join(f'  {{ a = "{wire.lan}"; b = "{wire.wan}"; }}' for wire in self.wires)
        return (f'ports = (\n{ports} );\nwires = (\n{wires} );\nworkers = {self.workers};\n'
                f'conntrack: {{ max_connections = {self.max_connections}; {conntrack} }};\n{rest}')

    def start(self, rest='', conntrack='', port=''):
        """Starts sallyport, and returns when it answers. rest: sets and chains."""
        self.machine.start(self.configuration(rest, conntrack, port))

    def reload(self, rest='', conntrack=''):
        """Has it load another configuration: the same, but for what is given."""
        self.machine.reload(self.configuration(rest, conntrack))

    def stop(self, number=signal.SIGTERM):
        """Ends sallyport as an operator does, which has to work and to leave nothing over."""
        status, log = self.machine.stop(number)
        assert status == 0, log

    @contextlib.contextmanager
    def running(self, rest='', conntrack=''):
        """sallyport from start to stop."""
        self.start(rest, conntrack)
        try:
            yield
        finally:
            self.stop()

    def packets(self):
        """How many packets each rule and each policy has matched, by "chain/rule" and "chain"."""
        return {'/'.join(filter(None, (row['chain'], row.get('name')))): row['packets']
                for row in self.machine.json('rules')}
