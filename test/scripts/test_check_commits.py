# SPDX-License-Identifier: BSD-3-Clause
"""scripts/check-commits accepts what CONTRIBUTING.md asks for and refuses the rest."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WHY = 'It was needed.'


def check(folder, *messages, merge=False):
    def git(*arguments):
        subprocess.run(['git', '-c', 'user.name=t', '-c', 'user.email=t@example.org', *arguments],
                       cwd=folder, check=True, capture_output=True)

    (folder / 'scripts').mkdir()
    shutil.copy(ROOT / 'scripts/check-commits', folder / 'scripts')
    git('init', '-q')
    for message in messages:
        git('commit', '-q', '--allow-empty', '--cleanup=verbatim', '-m', message)
    if merge:
        git('checkout', '-q', '-b', 'side')
        git('commit', '-q', '--allow-empty', '-m', f'side: go another way\n\n{WHY}')
        git('checkout', '-q', '-')
        git('merge', '-q', '--no-ff', '-m', 'Merge it', 'side')
    run = subprocess.run([folder / 'scripts/check-commits'], capture_output=True, text=True)
    assert run.stderr == ''
    return run.returncode, run.stdout


@pytest.mark.parametrize('title', [
    'packet: parse the IPv6 extension headers',
    'conntrack/proto: TCP reopens from TIME_WAIT',
    'scripts, doc: one command for everything',
    'a: ' + 'x' * 69,
])
def test_good_titles_pass(tmp_path, title):
    assert check(tmp_path, f'{title}\n\n{WHY}\n') == (0, '')


@pytest.mark.parametrize('message, finding', [
    (f'Parse headers\n\n{WHY}', 'is not'),
    (f'Packet: parse headers\n\n{WHY}', 'is not'),
    (f'packet: Parse headers\n\n{WHY}', 'is not'),
    (f'packet parse headers\n\n{WHY}', 'is not'),
    (f'packet: parse headers.\n\n{WHY}', 'full stop'),
    (f'a: {"x" * 70}\n\n{WHY}', '73 characters'),
    ('packet: parse headers\n', 'no body'),
    ('packet: parse headers\n\nFixes: 0123456789ab\n', 'no body'),
    (f'packet: parse headers\n{WHY}', 'no empty line'),
])
def test_bad_messages_are_refused(tmp_path, message, finding):
    status, printed = check(tmp_path, message)
    assert status == 1
    assert finding in printed


def test_every_commit_is_looked_at(tmp_path):
    good = f'packet: parse headers\n\n{WHY}'
    assert check(tmp_path, 'First', good, good)[0] == 1


def test_merges_are_passed_over(tmp_path):
    assert check(tmp_path, f'packet: parse headers\n\n{WHY}', merge=True) == (0, '')


def test_no_commit_at_all(tmp_path):
    assert check(tmp_path) == (0, 'check-commits: no git history here, nothing to check\n')
