# SPDX-License-Identifier: BSD-3-Clause
"""What a Linux kernel answered to rejected packets, case by case, against ours."""

import collections
import fnmatch
import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent / 'policy'
TOP = HERE.parents[2]
BUILD = pathlib.Path(os.environ.get('SALLYPORT_BUILD', TOP / 'build'))
GROUPS = ('rst', 'icmp', 'code', 'l2', 'ct', 'rate')


def known_differences():
    """Patterns of case names, with the reason for each."""
    lines = (HERE / 'known-differences.txt').read_text(encoding='utf-8').splitlines()
    return dict(line.split(None, 1) for line in lines if line.strip() and not line.startswith('#'))


@pytest.fixture(scope='session')
def report(tmp_path_factory):
    """What compare_policy.py says about all cases, by group."""
    path = tmp_path_factory.mktemp('policy') / 'report.json'
    program = BUILD / 'app' / 'sallyport'
    if not program.exists():
        pytest.fail(f'{program} is not built')
    done = subprocess.run([sys.executable, HERE / 'compare_policy.py', '--sallyport', program,
                           '--kinds', 'reject', '--timeout', '300', '--report', path, HERE],
                          capture_output=True, text=True, check=False)
    assert path.exists(), done.stdout + done.stderr
    groups = collections.defaultdict(list)
    for case in json.loads(path.read_text(encoding='utf-8')):
        groups[case['id'].split('/')[0]].append(case)
    assert set(groups) == set(GROUPS)
    return groups


@pytest.mark.parametrize('group', GROUPS)
def test_answers_are_those_of_the_kernel(report, group):
    wrong = [case for case in report[group] if case['status'] not in ('passed', 'not comparable')
             and not any(fnmatch.fnmatchcase(case['id'], known) for known in known_differences())]
    assert any(case['status'] == 'passed' for case in report[group])
    assert not wrong, '\n'.join(
        f"{case['id']}: {case['why'] or case['differences'][0]}" for case in wrong[:20])


@pytest.mark.parametrize('known', known_differences())
def test_a_known_difference_is_still_one(report, known):
    assert any(fnmatch.fnmatchcase(case['id'], known) and case['status'] == 'differs'
               for cases in report.values() for case in cases), f'{known} agrees now'
