# SPDX-License-Identifier: BSD-3-Clause
"""A Debian in a folder, for tests of the package. It is made once; each test has a layer of its own
over it, so that what a test has changed is what lies in the layer. Commands run in it as in a chroot,
or systemd boots in it, in a container. Needs root."""

import contextlib
import os
import pathlib
import shutil
import subprocess

MIRROR = os.environ.get('SALLYPORT_MIRROR', 'http://deb.debian.org/debian')
BOOT_LIMIT_SEC = 300
RESULT = 'sallyport-test-result'

# Runs a script once systemd has booted, and ends everything.
TEST_UNIT = f'''
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash -c '/bin/bash -eux /test-script >/test-output 2>&1; echo $? >/{RESULT}'
ExecStart=/bin/bash -c 'journalctl --no-pager -b >/test-journal'
ExecStopPost=/bin/systemctl --force poweroff
[Install]
WantedBy=default.target
'''


def run(*words, **options):
    """Runs a command on this machine; what it printed."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    assert done.returncode == 0, f'{words}: {done.returncode}\n{done.stdout}'
    return done.stdout


def make_debian(folder, depends):
    """A Debian with systemd and with what the package depends on."""
    run('debootstrap', '--variant=minbase',
        '--include=ca-certificates,dbus,iproute2,iputils-ping,python3,systemd,systemd-sysv', 'bookworm', folder,
        MIRROR)
    machine = Machine(folder)
    machine.run('apt-get -q -y --no-install-recommends satisfy "$1"', depends)
    machine.run('apt-get clean')
    # systemd must not write to a terminal that is none.
    machine.run('systemctl mask console-getty.service getty.target')


class Machine:
    """One in a folder."""

    def __init__(self, root, changes=None):
        self.root = pathlib.Path(root)
        self.changes = changes  # the folder of its layer

    def command(self, script, *arguments):
        """The words that run a script of the shell in it, with /proc, /sys and a bare /dev."""
        mounts = ('mount -t proc proc "$0/proc" && mount --rbind -o ro /sys "$0/sys" && '
                  'mount --bind /dev "$0/dev" && exec chroot "$0" /bin/bash -e -c "$@"')
        return ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'bash', '-c', mounts,
                str(self.root), script, 'test', *arguments]

    def run(self, script, *arguments, status=0):
        """Runs a script in it; what it printed."""
        done = subprocess.run(
            self.command(script, *arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False,
            env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C.UTF-8',
                 'DEBIAN_FRONTEND': 'noninteractive'})
        assert done.returncode == status, f'{script}: {done.returncode}\n{done.stdout}'
        return done.stdout

    def path(self, name):
        return self.root / name.lstrip('/')

    def write(self, name, text):
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text)

    def boot(self, script):
        """Boots systemd, which runs the script as root in the end; what it printed. Any command of
        it that fails is an error."""
        self.write('/test-script', script)
        self.write('/etc/systemd/system/sallyport-test.service', TEST_UNIT)
        self.run('systemctl --quiet enable sallyport-test.service')
        self.path(RESULT).unlink(missing_ok=True)
        booted = subprocess.run(
            ['systemd-nspawn', '--quiet', '--directory', self.root, '--boot', '--private-network',
             '--register=no', '--keep-unit', '--console=pipe', '--resolv-conf=off',
             '--timezone=off', '--link-journal=no', '--bind-ro=/sys/module'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=BOOT_LIMIT_SEC, check=False)
        assert self.path(RESULT).exists(), booted.stdout
        printed = self.path('/test-output').read_text()
        assert self.path(RESULT).read_text() == '0\n', (
            printed + self.path('/test-journal').read_text())
        return printed

    def changed(self):
        """The files of its layer, as names from the root; those that are removed, too."""
        return {'/' + str(path.relative_to(self.changes)) for path in self.changes.rglob('*')
                if path.is_symlink() or not path.is_dir()}


@contextlib.contextmanager
def layer(base, folder):
    """A machine that starts as the one in the folder base. Nothing that happens to it reaches that."""
    parts = {name: folder / name for name in ('changes', 'work', 'root')}
    for part in parts.values():
        part.mkdir(parents=True)
    run('mount', '-t', 'overlay', 'overlay', '-o',
        f'lowerdir={base},upperdir={parts["changes"]},workdir={parts["work"]}', parts['root'])
    try:
        yield Machine(parts['root'], parts['changes'])
    finally:
        run('umount', parts['root'])
        shutil.rmtree(folder)
