# SPDX-License-Identifier: BSD-3-Clause
"""The recorded answers of a Linux kernel, case by case, against ours."""

import fnmatch
import gzip
import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get('SALLYPORT_BUILD', TOP / 'build'))
FILES = sorted(path.name for path in (HERE / 'cases').glob('*.jsonl.gz'))


def known_differences():
    """Patterns of case names, with the reason for each."""
    lines = (HERE / 'known-differences.txt').read_text(encoding='utf-8').splitlines()
    return dict(line.split(None, 1) for line in lines if line.strip() and not line.startswith('#'))


def test_the_cases_are_those_that_are_generated(tmp_path):
    """So that the answers can be recorded anew, by this kernel or another."""
    subprocess.run([sys.executable, HERE / 'generate.py', '-o', tmp_path], check=True,
                   stdout=subprocess.DEVNULL)
    for name in FILES:
        made = (tmp_path / name.removesuffix('.gz')).read_bytes()
        assert gzip.decompress((HERE / 'cases' / name).read_bytes()) == made, name


@pytest.mark.parametrize('kind', ['opening', 'ftp', 'ext', 'cut'])
def test_a_seed_makes_the_same_fresh_cases(tmp_path, kind):
    made = []
    for number, seed in enumerate(['7', '7', '8']):
        folder = tmp_path / str(number)
        subprocess.run([sys.executable, HERE / 'generate.py', '--kind', kind, '--cases', '20',
                        '--seed', seed, '-o', folder], check=True, stdout=subprocess.DEVNULL)
        made.append([path.read_bytes() for path in folder.iterdir()])
    assert made[0] == made[1] != made[2]
    assert len(made[0][0].splitlines()) == 20


WAYS = {'one worker': [], 'three workers': ['--workers', '3', '--burst', '5']}


def compare(path, *words, **environment):
    """What compare.py says, in a few replays."""
    program = BUILD / 'app' / 'sallyport'
    if not program.exists():
        pytest.fail(f'{program} is not built')
    done = subprocess.run([sys.executable, HERE / 'compare.py', '--sallyport', program,
                           '--timeout', '300', '--most', '0', '--report', path, *words,
                           HERE / 'cases', HERE / 'expected'], env={**os.environ, **environment},
                          capture_output=True, text=True, check=False)
    assert path.exists(), done.stdout + done.stderr
    return json.loads(path.read_text(encoding='utf-8'))


@pytest.fixture(scope='session', params=WAYS.values(), ids=WAYS.keys())
def report(request, tmp_path_factory):
    """What is said about all cases."""
    return compare(tmp_path_factory.mktemp('oracle') / 'report.json', *request.param)


@pytest.mark.parametrize('name', FILES)
def test_agrees_with_the_kernel(report, name):
    group = name.removesuffix('.jsonl.gz')
    cases = [case for case in report['cases'] if case['file'] == group]
    wrong = [case for case in cases if case['status'] in ('differs', 'failed')
             and not any(fnmatch.fnmatchcase(case['id'], known) for known in known_differences())]
    assert any(case['status'] == 'passed' for case in cases)
    assert not wrong, '\n'.join(
        f"{case['id']}: {case['why'] or case['differences'][0]}" for case in wrong[:20])


@pytest.mark.parametrize('kind', ['icmperr', 'udp'])
def test_either_table_agrees(tmp_path, kind):
    """For all cases: SALLYPORT_TABLE=rte_hash."""
    for table in ('lines', 'rte_hash'):
        said = compare(tmp_path / table, '--only', f'{kind}/*', SALLYPORT_TABLE=table)['cases']
        assert any(case['status'] == 'passed' for case in said)
        assert not [case['id'] for case in said if case['status'] in ('differs', 'failed')
                    and not any(fnmatch.fnmatchcase(case['id'], known)
                                for known in known_differences())]


@pytest.mark.parametrize('kind', ['rtcp', 'rudp', 'ftp'])
def test_the_lane_changes_no_answer(tmp_path, kind):
    """For all cases: SALLYPORT_LANE=off."""
    said = {lane: compare(tmp_path / lane, '--only', f'{kind}/*', SALLYPORT_LANE=lane)['cases']
            for lane in ('on', 'off')}
    assert any(case['status'] == 'passed' for case in said['on'])
    assert said['on'] == said['off']


@pytest.mark.parametrize('known', known_differences())
def test_a_known_difference_is_still_one(report, known):
    assert any(fnmatch.fnmatchcase(case['id'], known) and case['status'] == 'differs'
               for case in report['cases']), f'{known} agrees now: take it off the list'


def test_few_cases_differ(report):
    differing = [case['id'] for case in report['cases'] if case['status'] in ('differs', 'failed')]
    print(f"{len(differing)} of {len(report['cases'])} cases differ")
    assert len(differing) <= len(report['cases']) // 100


def test_few_cases_are_not_compared(report):
    """Those that change the rules or empty the table in the middle, and one that no firewall sees."""
    left_out = [case['id'] for case in report['cases']
                if case['status'] not in ('passed', 'differs', 'failed')]
    print('not compared:', *left_out)
    assert len(left_out) <= 7
