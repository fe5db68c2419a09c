# SPDX-License-Identifier: BSD-3-Clause
"""scripts/bind-nic on a machine that is made of files: folders and links of sysfs, and pipes where
the kernel listens. Nothing of this machine is touched."""

import os
import pathlib
import subprocess
import threading

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / 'scripts/bind-nic'
NIC, OTHER, MELLANOX, DISK = '0000:03:00.0', '0000:03:00.1', '0000:82:00.0', '0000:00:02.0'
ETHERNET, STORAGE, BRIDGE = '0x020000', '0x010000', '0x060400'
ROUTE_HEADER = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n'


class Machine:
    """Its PCI devices and drivers. The kernel's part is done by a thread for each pipe."""

    def __init__(self, root):
        self.root = root
        self.pci = root / 'sys/bus/pci'
        (self.pci / 'devices').mkdir(parents=True)
        (root / 'sys/class/net').mkdir(parents=True)
        (root / 'proc/net').mkdir(parents=True)
        (root / 'proc/net/route').write_text(ROUTE_HEADER)
        self.listen(self.pci / 'drivers_probe', self.probe)
        for driver in ('ixgbe', 'mlx5_core', 'nvme', 'vfio-pci'):
            folder = self.pci / 'drivers' / driver
            folder.mkdir(parents=True)
            self.listen(folder / 'unbind', self.unbind)
        self.native = {}  # the kernel's driver of each device

    @staticmethod
    def listen(path, act):
        os.mkfifo(path)

        def serve():
            while True:
                try:
                    with open(path, encoding='ascii') as pipe:
                        for line in pipe:
                            act(line.strip())
                except FileNotFoundError:
                    return

        threading.Thread(target=serve, daemon=True).start()

    def add(self, device, driver, interface=None, kind=ETHERNET, group=None):
        folder = self.pci / 'devices' / device
        folder.mkdir()
        (folder / 'class').write_text(f'{kind}\n')
        (folder / 'driver_override').write_text('(null)\n')
        (folder / 'numa_node').write_text('0\n')
        self.native[device] = driver
        if driver:
            (folder / 'driver').symlink_to(f'../../drivers/{driver}')
        if interface:
            (folder / 'net' / interface).mkdir(parents=True)
            (self.root / 'sys/class/net' / interface).mkdir()
            (self.root / 'sys/class/net' / interface / 'device').symlink_to(folder)
        if group is not None:
            members = self.root / 'sys/kernel/iommu_groups' / group / 'devices'
            members.mkdir(parents=True, exist_ok=True)
            (members / device).symlink_to(folder)
            (folder / 'iommu_group').symlink_to(members.parent)

    def add_route(self, interface):
        with open(self.root / 'proc/net/route', 'a', encoding='ascii') as routes:
            routes.write(f'{interface}\t00000000\t010010AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n')

    def add_route6(self, interface, prefix):
        (self.root / 'proc/net/ipv6_route').write_text(
            f'{prefix} 40 {"0" * 32} 00 {"0" * 32} 00000100 00000001 00000000 00000001 '
            f'{interface:>8}\n')

    def unbind(self, device):
        (self.pci / 'devices' / device / 'driver').unlink()

    def probe(self, device):
        override = (self.pci / 'devices' / device / 'driver_override').read_text().strip()
        driver = override if override not in ('', '(null)') else self.native[device]
        (self.pci / 'devices' / device / 'driver').symlink_to(f'../../drivers/{driver}')

    def driver(self, device):
        link = self.pci / 'devices' / device / 'driver'
        return os.readlink(link).rsplit('/', 1)[-1] if link.is_symlink() else None

    def bind_nic(self, *words, status=0):
        run = subprocess.run(
            [SCRIPT, *words], env={'PATH': '/usr/bin:/bin', 'SALLYPORT_SYSROOT': self.root},
            capture_output=True, text=True, check=False, timeout=60)
        assert run.returncode == status, run.stdout + run.stderr
        return run.stdout if status == 0 else run.stderr

    def tree(self):
        """All of it, to see what has changed."""
        return {str(path): os.readlink(path) if path.is_symlink() else path.read_text()
                for path in self.root.rglob('*') if path.is_symlink() or path.is_file()}


@pytest.fixture(name='machine')
def make_machine(tmp_path):
    machine = Machine(tmp_path)
    machine.add(NIC, 'ixgbe', 'eth1', group='12')
    machine.add(MELLANOX, 'mlx5_core', 'eth5', group='30')
    machine.add(DISK, 'nvme', kind=STORAGE, group='2')
    return machine


@pytest.mark.parametrize('word', [NIC, '03:00.0', 'eth1'])
def test_binds(machine, word):
    printed = machine.bind_nic('bind', word)
    assert machine.driver(NIC) == 'vfio-pci'
    assert printed.splitlines() == [
        f'echo vfio-pci > /sys/bus/pci/devices/{NIC}/driver_override',
        f'echo {NIC} > /sys/bus/pci/drivers/ixgbe/unbind',
        f'echo {NIC} > /sys/bus/pci/drivers_probe']
    assert (machine.driver(MELLANOX), machine.driver(DISK)) == ('mlx5_core', 'nvme')


def test_a_device_without_a_driver(machine):
    machine.add(OTHER, None, group='13')
    machine.bind_nic('bind', OTHER)
    assert machine.driver(OTHER) == 'vfio-pci'
    machine.bind_nic('undo')
    assert machine.driver(OTHER) is None


def test_twice_is_once(machine):
    machine.bind_nic('bind', NIC)
    before = machine.tree()
    assert 'has vfio-pci already' in machine.bind_nic('bind', NIC)
    assert machine.tree() == before


def test_undo_gives_back(machine):
    machine.add(OTHER, 'ixgbe', 'eth2', group='13')
    machine.bind_nic('bind', NIC, OTHER)
    machine.bind_nic('undo', OTHER)
    assert (machine.driver(NIC), machine.driver(OTHER)) == ('vfio-pci', 'ixgbe')
    machine.bind_nic('undo')
    assert machine.driver(NIC) == 'ixgbe'
    # No override stays: whatever probes the device later finds its own driver.
    assert (machine.pci / 'devices' / NIC / 'driver_override').read_text().strip() == ''
    assert 'nothing was bound' in machine.bind_nic('undo')
    assert 'was not bound' in machine.bind_nic('undo', NIC)


def test_undo_of_a_device_that_is_gone(machine):
    machine.bind_nic('bind', NIC)
    os.rename(machine.pci / 'devices' / NIC, machine.root / 'unplugged')
    assert 'is gone' in machine.bind_nic('undo', NIC)
    assert 'nothing was bound' in machine.bind_nic('undo')


def test_a_dry_run_writes_nothing(machine):
    before = machine.tree()
    dry = machine.bind_nic('--dry-run', 'bind', NIC)
    assert machine.tree() == before
    assert dry == machine.bind_nic('bind', NIC)
    before = machine.tree()
    dry = machine.bind_nic('--dry-run', 'undo')
    assert machine.tree() == before
    assert dry == machine.bind_nic('undo')


def test_bifurcated_drivers_stay(machine):
    before = machine.tree()
    assert 'stays with mlx5_core' in machine.bind_nic('bind', MELLANOX)
    assert machine.tree() == before


@pytest.mark.parametrize('family', ['ipv4', 'ipv6'])
def test_a_device_the_machine_talks_over_is_refused(machine, family):
    if family == 'ipv4':
        machine.add_route('eth1')
    else:
        machine.add_route6('eth1', '20010db8' + '0' * 24)
    before = machine.tree()
    assert 'routes over its interface eth1' in machine.bind_nic('bind', NIC, status=1)
    assert machine.tree() == before
    machine.bind_nic('--force', 'bind', NIC)
    assert machine.driver(NIC) == 'vfio-pci'


@pytest.mark.parametrize('prefix', ['fe80' + '0' * 28, 'ff00' + '0' * 28])
def test_an_interface_that_is_only_up_is_no_reason(machine, prefix):
    machine.add_route('eth10')
    machine.add_route6('eth1', prefix)
    machine.bind_nic('bind', NIC)
    assert machine.driver(NIC) == 'vfio-pci'


def test_what_is_no_network_device_is_refused(machine):
    before = machine.tree()
    assert 'is no network device' in machine.bind_nic('bind', NIC, DISK, status=1)
    assert machine.tree() == before


def test_a_group_is_bound_together(machine):
    machine.add(OTHER, 'ixgbe', 'eth2', group='12')
    machine.add('0000:00:01.0', 'pcieport', kind=BRIDGE, group='12')
    before = machine.tree()
    assert f'group with {OTHER}, which ixgbe has' in machine.bind_nic('bind', NIC, status=1)
    assert machine.tree() == before
    machine.bind_nic('bind', NIC, OTHER)
    assert (machine.driver(NIC), machine.driver(OTHER)) == ('vfio-pci', 'vfio-pci')


def test_without_an_iommu(machine):
    machine.add(OTHER, 'ixgbe', 'eth2')
    parameter = machine.root / 'sys/module/vfio/parameters/enable_unsafe_noiommu_mode'
    parameter.parent.mkdir(parents=True)
    parameter.write_text('N\n')
    before = machine.tree()
    assert 'no IOMMU' in machine.bind_nic('bind', OTHER, status=1)
    assert machine.tree() == before
    machine.bind_nic('--no-iommu', 'bind', OTHER)
    assert (machine.driver(OTHER), parameter.read_text()) == ('vfio-pci', '1\n')


def test_virtio_is_one_step_away(machine):
    machine.add(OTHER, 'ixgbe', group='13')
    port = machine.pci / 'devices' / OTHER / 'virtio1'
    (port / 'net/eth9').mkdir(parents=True)
    (machine.root / 'sys/class/net/eth9').mkdir()
    (machine.root / 'sys/class/net/eth9/device').symlink_to(port)
    machine.add_route('eth9')
    assert 'interface eth9' in machine.bind_nic('bind', 'eth9', status=1)
    machine.bind_nic('--force', 'bind', 'eth9')
    assert machine.driver(OTHER) == 'vfio-pci'


@pytest.mark.parametrize('word', ['0000:04:00.0', 'eth7', '../eth1', '', '03:00.9', '$(id)'])
def test_a_device_that_is_not_there(machine, word):
    before = machine.tree()
    machine.bind_nic('bind', NIC, word, status=1)
    assert machine.tree() == before


@pytest.mark.parametrize('words', [[], ['bind'], ['take', NIC], ['--nothing'], ['--dry-run']])
def test_usage(machine, words):
    before = machine.tree()
    assert 'usage:' in machine.bind_nic(*words, status=2)
    assert machine.tree() == before


def test_show(machine):
    machine.bind_nic('bind', NIC)
    lines = [line.split(None, 4) for line in machine.bind_nic('show').splitlines()]
    assert lines[0] == ['device', 'driver', 'node', 'interface', 'use']
    assert lines[1:] == [
        [NIC, 'vfio-pci', '0', 'eth1', 'DPDK has it'],
        [MELLANOX, 'mlx5_core', '0', 'eth5', 'DPDK can use it as it is']]


def use(machine, device, *options):
    """What show says of a device."""
    (line,) = [line for line in machine.bind_nic(*options, 'show').splitlines()
               if line.startswith(device)]
    return line.split(None, 4)[4]


def test_show_offers_what_can_be_bound(machine):
    assert use(machine, NIC) == 'bind it'
    machine.add_route('eth1')
    assert use(machine, NIC) == ('not to be bound: the machine has routes over its interface eth1; '
                                 '--force binds it anyhow')
    assert use(machine, NIC, '--force') == 'bind it'


def test_show_tells_of_groups_and_of_a_missing_iommu(machine):
    machine.add(OTHER, 'ixgbe', 'eth2', group='12')
    assert use(machine, NIC) == (
        f'not to be bound: shares its IOMMU group with {OTHER}, which ixgbe has: bind both')
    machine.add('0000:04:00.0', 'ixgbe', 'eth3')
    assert 'this machine has no IOMMU' in use(machine, '0000:04:00.0')
    assert use(machine, '0000:04:00.0', '--no-iommu') == 'bind it'


@pytest.mark.parametrize('options', [[], ['--force'], ['--no-iommu']])
def test_show_and_bind_agree(machine, options):
    machine.add(OTHER, 'ixgbe', 'eth2', group='13')
    machine.add('0000:04:00.0', 'ixgbe', 'eth3')
    machine.add('0000:05:00.0', 'ixgbe', 'eth4', group='14')
    machine.add('0000:05:00.1', 'nvme', group='14', kind=STORAGE)
    machine.add_route('eth1')
    for device in (NIC, OTHER, '0000:04:00.0', '0000:05:00.0'):
        said = use(machine, device, *options)
        is_offered = said == 'bind it'
        printed = machine.bind_nic('--dry-run', *options, 'bind', device, status=not is_offered)
        assert is_offered or said == f'not to be bound: {printed.split(": ", 2)[2].strip()}'
