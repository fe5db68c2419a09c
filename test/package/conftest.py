# SPDX-License-Identifier: BSD-3-Clause
"""The packages and the Debian that all tests of the package share."""

import os
import pathlib
import shutil
import tempfile

import pytest

from package.machine import layer, make_debian, run

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope='session', name='packages')
def build_packages():
    """Two packages, one to upgrade to the other."""
    if os.geteuid() != 0:
        pytest.skip('a Debian in a folder needs root')
    return [ROOT / run(ROOT / 'scripts/package', '--revision', revision).splitlines()[-1]
            for revision in ('1', '2')]


@pytest.fixture(scope='session', name='debian')
def make_base(packages):
    """The folder of a Debian. It is kept where SALLYPORT_DEBIAN says, for the next time."""
    kept = os.environ.get('SALLYPORT_DEBIAN')
    folder = pathlib.Path(kept or tempfile.mkdtemp(prefix='sallyport-debian-'))
    try:
        if not (folder / 'base').exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
            make_debian(folder / 'new', run('dpkg-deb', '-f', packages[0], 'Depends').strip())
            (folder / 'new').rename(folder / 'base')
        yield folder
    finally:
        if not kept:
            shutil.rmtree(folder)


@pytest.fixture(name='bare')
def bare_machine(debian, packages):
    """A machine without the package, which lies in /packages."""
    with layer(debian / 'base', debian / 'layer') as machine:
        for number, package in enumerate(packages, 1):
            machine.path('/packages').mkdir(exist_ok=True)
            shutil.copy(package, machine.path(f'/packages/{number}.deb'))
        yield machine


@pytest.fixture(name='machine')
def installed_machine(bare):
    """A machine with the package."""
    bare.run('dpkg -i /packages/1.deb')
    return bare
