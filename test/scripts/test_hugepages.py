# SPDX-License-Identifier: BSD-3-Clause
"""scripts/hugepages on a sysfs that is made of files: nothing of this machine is touched."""

import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / 'scripts/hugepages'
SMALL, GIGANTIC = 'hugepages-2048kB', 'hugepages-1048576kB'
ALL, NODE0, NODE1 = ('sys/kernel/mm/hugepages', 'sys/devices/system/node/node0/hugepages',
                     'sys/devices/system/node/node1/hugepages')


@pytest.fixture(name='root')
def make_root(tmp_path):
    for place in (ALL, NODE0, NODE1):
        for size in (SMALL, GIGANTIC):
            folder = tmp_path / place / size
            folder.mkdir(parents=True)
            (folder / 'nr_hugepages').write_text('0\n')
            (folder / 'free_hugepages').write_text('0\n')
    return tmp_path


def pages(root, place=ALL, size=SMALL):
    return int((root / place / size / 'nr_hugepages').read_text())


def set_pages(root, number, place=ALL, size=SMALL):
    (root / place / size / 'nr_hugepages').write_text(f'{number}\n')


def hugepages(root, *words, status=0):
    run = subprocess.run([SCRIPT, *words], env={'PATH': '/usr/bin:/bin', 'SALLYPORT_SYSROOT': root},
                         capture_output=True, text=True, check=False)
    assert run.returncode == status, run.stderr
    return run.stdout if status == 0 else run.stderr


def tree(root):
    return {path: path.read_text() for path in root.rglob('*') if path.is_file()}


@pytest.mark.parametrize('size, number', [('512M', 256), ('4G', 2048), ('3M', 2), ('1M', 1)])
def test_reserves_pages_of_2_mib(root, size, number):
    printed = hugepages(root, 'reserve', size)
    assert pages(root) == number
    assert printed == f'echo {number} > /{ALL}/{SMALL}/nr_hugepages\n'


def test_a_node_has_its_own(root):
    hugepages(root, 'reserve', '1G', '--node', '1')
    assert (pages(root), pages(root, NODE0), pages(root, NODE1)) == (0, 0, 512)


def test_gigantic_pages(root):
    hugepages(root, '--page', '1G', 'reserve', '1500M')
    assert (pages(root), pages(root, size=GIGANTIC)) == (0, 2)


def test_gigantic_pages_are_taken_where_there_are_any(root):
    set_pages(root, 1, size=GIGANTIC)
    hugepages(root, 'reserve', '2G')
    assert (pages(root), pages(root, size=GIGANTIC)) == (0, 2)


@pytest.mark.parametrize('there', [256, 1000])
def test_enough_stays_as_it_is(root, there):
    set_pages(root, there)
    before = tree(root)
    assert 'are there' in hugepages(root, 'reserve', '512M')
    assert tree(root) == before


def test_twice_is_once(root):
    hugepages(root, 'reserve', '512M')
    before = tree(root)
    hugepages(root, 'reserve', '512M')
    assert tree(root) == before


def test_undo_brings_back_what_was_there_first(root):
    set_pages(root, 7)
    before = tree(root)
    hugepages(root, 'reserve', '512M')
    hugepages(root, 'reserve', '1G')
    hugepages(root, 'reserve', '1G', '--node', '1')
    assert (pages(root), pages(root, NODE1)) == (512, 512)
    hugepages(root, 'undo')
    assert tree(root) == before
    assert 'nothing was reserved' in hugepages(root, 'undo')
    assert tree(root) == before


def test_a_dry_run_writes_nothing(root):
    before = tree(root)
    assert hugepages(root, '--dry-run', 'reserve', '512M') == (
        f'echo 256 > /{ALL}/{SMALL}/nr_hugepages\n')
    assert tree(root) == before
    hugepages(root, 'reserve', '512M')
    before = tree(root)
    assert hugepages(root, '--dry-run', 'undo') == f'echo 0 > /{ALL}/{SMALL}/nr_hugepages\n'
    assert tree(root) == before


def test_a_kernel_that_finds_less_is_an_error(root):
    # What is written to it is lost.
    (root / ALL / SMALL / 'nr_hugepages').unlink()
    (root / ALL / SMALL / 'nr_hugepages').symlink_to('/dev/null')
    assert 'hugepagesz=2048K hugepages=256' in hugepages(root, 'reserve', '512M', status=1)


@pytest.mark.parametrize('words', [
    [], ['reserve'], ['reserve', '0'], ['reserve', '0G'], ['reserve', '4'], ['reserve', '-1G'],
    ['reserve', '4g'], ['reserve', '1G', '2G'], ['reserve', '99999999999G'], ['undo', '1G'],
    ['show', 'all'], ['give'], ['--nothing'], ['reserve', '1G', '--page', '4K'], ['--page'],
    ['reserve', '1G', '--node', 'x'], ['reserve', '1G', '--node'], ['reserve', '$(id)M'],
])
def test_usage(root, words):
    before = tree(root)
    assert 'usage:' in hugepages(root, *words, status=2)
    assert tree(root) == before


def test_a_node_that_is_not_there(root):
    assert 'no NUMA node 2' in hugepages(root, 'reserve', '1G', '--node', '2', status=1)


def test_show(root):
    set_pages(root, 12, NODE1)
    lines = [line.split() for line in hugepages(root, 'show').splitlines()]
    assert lines[0] == ['node', 'page_kib', 'pages', 'free']
    assert ['1', '2048', '12', '0'] in lines
    assert ['all', '1048576', '0', '0'] in lines
    assert len(lines) == 7
