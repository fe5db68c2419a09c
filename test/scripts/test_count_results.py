# SPDX-License-Identifier: BSD-3-Clause
"""test/util/count_results.py counts every kind of result, and never takes a crash for a pass."""

import json
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

ALL_GOOD = '[==========] Running 2 test(s).\n' \
           '[ RUN      ] one\n[       OK ] one\n' \
           '[ RUN      ] two\n[  SKIPPED ] two\n' \
           '[==========] 2 test(s) run.\n'
CRASHED = '[==========] Running 3 test(s).\n[ RUN      ] one\n[       OK ] one\n[ RUN      ] two\n'
NO_SETUP = '[==========] Running 2 test(s).\n[==========] 0 test(s) run.\n'


def totals(path, text):
    path.write_text(text)
    run = subprocess.run([ROOT / 'test/util/count_results.py', path], capture_output=True, text=True)
    assert run.stderr == ''
    return run.returncode, run.stdout.splitlines()[-1]


def program(stdout, result='OK', code=0):
    return json.dumps({'name': 'p', 'stdout': stdout, 'result': result, 'returncode': code}) + '\n'


@pytest.mark.parametrize('log, status, line', [
    (program(ALL_GOOD), 0, '1 passed, 0 failed, 1 skipped'),
    (program(ALL_GOOD + ALL_GOOD), 0, '2 passed, 0 failed, 2 skipped'),
    (program(ALL_GOOD, 'FAIL', 23), 1, '1 passed, 1 failed, 1 skipped'),
    (program(CRASHED, 'FAIL', -11), 1, '1 passed, 2 failed, 0 skipped'),
    (program(NO_SETUP, 'FAIL', 1), 1, '0 passed, 2 failed, 0 skipped'),
    (program(ALL_GOOD.replace('      OK', ' FAILED '), 'FAIL', 1), 1,
     '0 passed, 1 failed, 1 skipped'),
    (program('not cmocka\n'), 0, '1 passed, 0 failed, 0 skipped'),
    (program('', 'SKIP', 77), 0, '0 passed, 0 failed, 1 skipped'),
    (program('', 'TIMEOUT', -15), 1, '0 passed, 1 failed, 0 skipped'),
    ('', 1, '0 passed, 0 failed, 0 skipped'),
    ('{', 1, '0 passed, 1 failed, 0 skipped'),
])
def test_meson_log(tmp_path, log, status, line):
    assert totals(tmp_path / 'testlog.json', log) == (status, line)


def test_junit_file(tmp_path):
    cases = ['', '<failure message="x"/>', '<error message="x"/>', '<skipped message="x"/>', '']
    xml = ''.join(f'<testcase classname="c" name="n">{case}</testcase>' for case in cases)
    assert totals(tmp_path / 'pytest.xml', f'<testsuites><testsuite>{xml}</testsuite></testsuites>') \
        == (1, '2 passed, 2 failed, 1 skipped')


def test_list_of_checks(tmp_path):
    assert totals(tmp_path / 'checks.txt', 'passed one thing\nfailed another\n') \
        == (1, '1 passed, 1 failed, 0 skipped')
