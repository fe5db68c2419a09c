# SPDX-License-Identifier: BSD-3-Clause
"""Network namespaces and the cables between them.

A namespace belongs to the process that made it and has its number in its name. Whatever runs in it
ends with it. What a process leaves behind that had no chance to clean up, the next one removes.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import time

FOLDER = pathlib.Path('/run/netns')
PREFIX = 'sallyport-'
TIME_LIMIT_SEC = 300  # on a machine that is busy
# Frames on a cable have to be as a NIC sends them: no larger than the MTU, checksums filled in.
OFFLOADS = ('tx', 'rx', 'sg', 'tso', 'gso', 'gro', 'rxvlan', 'txvlan')


def run(*words, check=True, **options):
    """Runs a program to its end, with no input unless there is one in the options; standard output
    and standard error as text."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          check=False, **{'timeout': TIME_LIMIT_SEC, 'input': ''} | options)
    if check and done.returncode != 0:
        raise RuntimeError(f'{" ".join(map(str, words))}: {done.stdout}{done.stderr}')
    return done


class Namespace:
    """A network namespace with its loopback up."""

    def __init__(self, name):
        self.name = f'{PREFIX}{os.getpid()}-{name}'
        run('ip', 'netns', 'add', self.name)
        self.run('ip', 'link', 'set', 'lo', 'up')

    def command(self, *words):
        """The command line that runs another one in here, in the same process."""
        return ['ip', 'netns', 'exec', self.name, *map(str, words)]

    def run(self, *words, **options):
        return run(*self.command(*words), **options)

    def start(self, *words, **options):
        """Starts a program that goes on until the namespace is removed, unless it ends before."""
        return subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, **options)

    def wait_for_port(self, port):
        """Waits until somebody in here listens at a TCP port."""
        deadline = time.monotonic() + TIME_LIMIT_SEC
        while not self.run('ss', '-Hltn', f'sport = :{port}').stdout:
            assert time.monotonic() < deadline, f'nobody listens at port {port} of {self.name}'
            time.sleep(0.05)

    def remove(self):
        remove(self.name)


def remove(name):
    """Ends what runs in a namespace, and the namespace with its cables."""
    deadline = time.monotonic() + TIME_LIMIT_SEC
    while time.monotonic() < deadline:
        found = run('ip', 'netns', 'pids', name, check=False).stdout.split()
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        if not found:
            break
        time.sleep(0.02)
    run('ip', 'netns', 'del', name, check=False)


def sweep():
    """Removes the namespaces of processes that are gone."""
    for path in FOLDER.glob(f'{PREFIX}*-*'):
        pid = path.name[len(PREFIX):].split('-')[0]
        if pid.isdigit() and not pathlib.Path('/proc', pid).exists():
            remove(path.name)


def connect(one, other, mtu):
    """Lays a cable between two new interfaces, (namespace, name) each, and puts them up."""
    (a, name_a), (b, name_b) = one, other
    run('ip', 'link', 'add', name_a, 'mtu', mtu, 'netns', a.name,
        'type', 'veth', 'peer', name_b, 'mtu', mtu, 'netns', b.name)
    for namespace, name in (one, other):
        namespace.run('ethtool', '-K', name, *(word for key in OFFLOADS for word in (key, 'off')))
        namespace.run('ip', 'link', 'set', name, 'up')
