#!/usr/bin/python3
"""Adds up test results and prints the totals, one line, alone: N passed, N failed, N skipped.

usage: count_results.py FILE...

A FILE is meson's testlog.json, a JUnit file of pytest (.xml), or a list of single checks (.txt)
with lines "passed NAME", "failed NAME" or "skipped NAME". The tests of a cmocka program are counted
one by one, from what it printed as they ran, so that a crash loses none of them. Failed tests are
named, skipped ones too, with the reason where one is known. Exit status 1 when a test failed, when
a file cannot be read or when there was no test at all.
"""

import collections
import json
import re
import sys
import xml.etree.ElementTree as ElementTree

OUTCOMES = ('passed', 'failed', 'skipped')

CMOCKA_LINE = re.compile(r'^\[ *(RUN|OK|FAILED|SKIPPED|=+) *\] (.*)$')
CMOCKA_OUTCOME = {'OK': 'passed', 'FAILED': 'failed', 'SKIPPED': 'skipped'}


def cmocka_results(stdout):
    """(test, outcome) for each test that the standard output of a cmocka program tells of."""
    results = []
    running = None  # the test that has begun and not ended
    left = 0        # tests of this group that have not begun

    def end_group():
        if running:
            results.append((running, 'failed'))
        results.extend([('a test that was never run', 'failed')] * left)

    for line in stdout.split('\n'):
        found = CMOCKA_LINE.match(line)
        if not found:
            continue
        word, rest = found[1], found[2]
        if word == 'RUN':
            if running:
                results.append((running, 'failed'))
            running, left = rest, left - 1
        elif word in CMOCKA_OUTCOME and running == rest:
            results.append((rest, CMOCKA_OUTCOME[word]))
            running = None
        elif word.startswith('='):
            begun = re.match(r'Running (\d+) test', rest)
            end_group()
            running, left = None, int(begun[1]) if begun else 0
    end_group()
    return results


def meson_results(path):
    with open(path, encoding='utf-8') as file:
        programs = [json.loads(line) for line in file if line.strip()]
    for program in programs:
        name = program['name']
        found = cmocka_results(program.get('stdout') or '')
        for test, outcome in found:
            yield f'{name}: {test}', outcome, ''
        if any(outcome == 'failed' for _, outcome in found):
            continue
        if program['result'] == 'SKIP':
            yield name, 'skipped', ''
        elif program['result'] != 'OK':
            # All tests passed and the program still failed: a leak, a crash at exit, a timeout.
            yield f'{name}: {program["result"].lower()}, exit {program["returncode"]}', 'failed', ''
        elif not found:
            yield name, 'passed', ''


def junit_results(path):
    for case in ElementTree.parse(path).getroot().iter('testcase'):
        name = f'{case.get("classname")}: {case.get("name")}'
        if case.find('failure') is not None or case.find('error') is not None:
            yield name, 'failed', ''
        elif case.find('skipped') is not None:
            yield name, 'skipped', case.find('skipped').get('message', '')
        else:
            yield name, 'passed', ''


def listed_results(path):
    with open(path, encoding='utf-8') as file:
        for line in file:
            outcome, _, name = line.strip().partition(' ')
            if outcome not in OUTCOMES:
                raise ValueError(f'{path}: neither passed, failed nor skipped: {line.strip()}')
            yield name, outcome, ''


READERS = {'json': meson_results, 'xml': junit_results, 'txt': listed_results}


def main(paths):
    counts = collections.Counter()
    skips = collections.Counter()
    for path in paths:
        try:
            results = list(READERS[path.rpartition('.')[2]](path))
        except (OSError, ValueError, KeyError, ElementTree.ParseError) as error:
            results = [(f'the results in {path} ({error!r})', 'failed', '')]
        for name, outcome, why in results:
            counts[outcome] += 1
            if outcome == 'failed':
                print(f'FAILED {name}')
            elif outcome == 'skipped':
                skips[why or name] += 1
    for why, count in skips.items():
        print(f'skipped {count}: {why}')
    print(', '.join(f'{counts[outcome]} {outcome}' for outcome in OUTCOMES))
    return 1 if counts['failed'] or not counts else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
