# SPDX-License-Identifier: BSD-3-Clause
"""The package is installed, upgraded and purged on a machine where no systemd runs, as in an image or
a container, and the firewall is started there as its unit would start it."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess

import pytest

from package.machine import Machine

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIG = '/etc/sallyport/sallyport.conf'
UNIT = '/lib/systemd/system/sallyport.service'
TIME_LIMIT_SEC = 120

# What the package manager and its tools keep for themselves.
KEPT_BY_OTHERS = ('/var/lib/dpkg/', '/var/cache/', '/var/log/', '/packages/', '/tmp/')
ACCOUNTS = {'/etc/passwd', '/etc/group', '/etc/shadow', '/etc/gshadow', '/etc/subuid',
            '/etc/subgid'}
ACCOUNT_LOCKS = {'/etc/.pwd.lock'} | {name + '-' for name in ACCOUNTS}


def left_by(machine, base):
    """Names of the files that a package left on a machine, or changed."""
    left = {name for name in machine.changed() if not name.startswith(KEPT_BY_OTHERS)}
    left -= ACCOUNT_LOCKS
    return {name for name in left if name not in ACCOUNTS
            or machine.path(name).read_bytes() != base.path(name).read_bytes()}


def unit_of(machine):
    """The [Service] of the unit; an assignment that is repeated is a list."""
    values = {}
    for line in machine.path(UNIT).read_text().split('[Service]')[1].splitlines():
        key, equals, value = line.partition('=')
        if equals and not line.startswith('#'):
            values.setdefault(key, []).append(value)
    return values


def test_everything_is_where_it_belongs(machine):
    assert machine.run('sallyport --version') == machine.run('sallyctl --version').replace(
        'sallyctl', 'sallyport')
    machine.run('! ldd /usr/bin/sallyport /usr/bin/sallyctl | grep "not found"')
    for page in ('man1/sallyctl.1', 'man1/sallyport-explain-verdicts.1', 'man5/sallyport.conf.5', 'man8/sallyport.8',
                 'man8/sallyport-bind-nic.8', 'man8/sallyport-hugepages.8'):
        assert machine.path(f'/usr/share/man/{page}.gz').exists()
    for name in ('bare-metal.md', 'copyright', 'changelog.gz', 'examples/sallyport.conf'):
        assert machine.path(f'/usr/share/doc/sallyport/{name}').exists()
    assert 'usage: sallyport-hugepages' in machine.run('sallyport-hugepages --help')
    assert 'usage: sallyport-bind-nic' in machine.run('sallyport-bind-nic --help')


def test_what_is_installed_is_what_was_packed(machine):
    assert machine.run('dpkg --verify sallyport') == ''


def test_the_configuration_is_good(machine):
    assert machine.run(f'setpriv --reuid sallyport --clear-groups sallyport check -c {CONFIG}') == ''


def test_it_works(machine):
    shutil.copy(ROOT / 'test/data/demo.pcap', machine.path('/demo.pcap'))
    printed = machine.run('setpriv --reuid sallyport --clear-groups sallyport replay '
                          '-c /usr/share/doc/sallyport/examples/demo.conf --verdicts - /demo.pcap')
    assert printed.count('"verdict": "accept"') > 10
    machine.write('/verdicts', printed)
    assert 'demo.conf:' in machine.run('sallyport-explain-verdicts --first /verdicts')


def test_the_unit_makes_sense_to_systemd(machine):
    assert machine.run(f'systemd-analyze --man=no verify {UNIT}') == ''


def test_the_user_has_nothing(machine):
    name, _, uid, gid, _, home, shell = machine.run('getent passwd sallyport').strip().split(':')
    assert (name, home, shell) == ('sallyport', '/', '/usr/sbin/nologin')
    assert uid != '0' and machine.run('getent group sallyport').split(':')[2] == gid
    assert machine.run('find / -xdev -user sallyport -o -xdev -group sallyport') == ''


def test_purging_leaves_nothing(bare, debian):
    bare.run('dpkg -i /packages/1.deb')
    bare.run('systemctl --quiet enable sallyport.service')
    bare.run('dpkg -i /packages/2.deb')
    assert bare.path('/etc/systemd/system/multi-user.target.wants/sallyport.service').is_symlink()
    bare.run('dpkg --purge sallyport')
    assert left_by(bare, Machine(debian / 'base')) == set()
    assert bare.run('getent passwd sallyport; getent group sallyport', status=2) == ''


def test_what_the_administrator_wrote_survives(machine):
    text = machine.path(CONFIG).read_text() + '# mine\n'
    machine.path(CONFIG).write_text(text)
    machine.run('dpkg -i --force-confdef /packages/2.deb')
    assert machine.path(CONFIG).read_text() == text
    machine.run('dpkg --remove sallyport')
    assert machine.path(CONFIG).read_text() == text
    machine.run('dpkg -i /packages/1.deb')
    assert machine.path(CONFIG).read_text() == text
    machine.run('dpkg --purge sallyport')
    assert not machine.path('/etc/sallyport').exists()


def test_the_packages_are_the_same_but_for_the_revision(packages):
    listings = [subprocess.run(['dpkg-deb', '-c', package], capture_output=True, text=True,
                               check=True).stdout.splitlines() for package in packages]
    assert [[line for line in listing if 'changelog.Debian' not in line]
            for listing in listings][0] == [line for line in listings[1]
                                            if 'changelog.Debian' not in line]


@pytest.fixture(name='manager')
def make_manager(machine):
    """Where a service manager would listen."""
    machine.path('/run').mkdir(exist_ok=True)
    # The name of a socket has 107 characters at most: the folder is shorter than its name.
    folder = os.open(machine.path('/run'), os.O_PATH)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f'/proc/self/fd/{folder}/notify')
        os.chmod(machine.path('/run/notify'), 0o777)
        listener.settimeout(TIME_LIMIT_SEC)
        yield listener
    os.close(folder)


def test_it_starts_as_the_unit_starts_it(machine, manager):
    unit = unit_of(machine)
    machine.write(CONFIG, 'ports = ( { name = "lan"; device = "net_null0"; },'
                          '{ name = "wan"; device = "net_null1"; } );'
                          'wires = ( { a = "lan"; b = "wan"; } );'
                          'conntrack: { max_connections = 1000; };')
    (start,) = unit['ExecStart']
    (user,) = unit['User']
    capabilities = unit['AmbientCapabilities'][0].lower().replace('cap_', '+').replace(' ', ',')
    assert {'RUNTIME_DIRECTORY=/run', 'EAL_ARGUMENTS=--in-memory'} == set(unit['Environment'])
    (folder,) = unit['RuntimeDirectory']
    script = (f'install -d -o {user} -g {user} -m {unit["RuntimeDirectoryMode"][0]} /run/{folder}\n'
              f'export RUNTIME_DIRECTORY=/run EAL_ARGUMENTS="--no-huge --no-pci"\n'
              f'export NOTIFY_SOCKET=/run/notify WATCHDOG_USEC=2000000\n'
              f'umask {unit["UMask"][0]}\n'
              f'exec setpriv --reuid {user} --regid {user} --init-groups --no-new-privs '
              f'--inh-caps=-all,{capabilities} --ambient-caps=-all,{capabilities} '
              f'--bounding-set=-all,{capabilities} -- {start}')
    process = subprocess.Popen(machine.command(script), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert manager.recv(100) == b'READY=1'
        assert manager.recv(100) == b'WATCHDOG=1'
        assert 'net_null0' in machine.run('sallyctl ports --json')
        # The commands run in a namespace of processes whose first one is sallyport.
        (child,) = pathlib.Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()
        status = pathlib.Path(f'/proc/{child}/status').read_text()
        assert f'CapEff:\t{1 << 12 | 1 << 13:016x}' in status  # CAP_NET_ADMIN, CAP_NET_RAW
        assert 'NoNewPrivs:\t1' in status
        os.kill(int(child), signal.SIGTERM)
        while (heard := manager.recv(100)) == b'WATCHDOG=1':
            pass
        assert heard == b'STOPPING=1'
        printed, _ = process.communicate(timeout=TIME_LIMIT_SEC)
        assert 'sallyport: Terminated, stopping' in printed
    finally:
        process.kill()
        process.wait()
