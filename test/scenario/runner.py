# SPDX-License-Identifier: BSD-3-Clause
"""Runs sallyport and reads what it answers."""

import json
import subprocess

import pytest

from scenario.traffic import read_pcap
from util.programs import SALLYPORT

TIME_LIMIT_SEC = 120
OUTPUTS = ('verdicts', 'events', 'table', 'accepted', 'dropped')
VERDICT_KEYS = {'n', 'ts', 'port', 'verdict', 'reason', 'chain', 'rule', 'state', 'dir', 'conn',
                'entry', 'file', 'line', 'proto', 'protonum', 'src', 'dst', 'sport', 'dport'}
ENTRY_KEYS = {'state', 'timeout', 'seen_reply', 'assured'}
TABLE_KEYS = {'proto', 'protonum', 'state', 'timeout', 'orig', 'reply', 'seen_reply', 'assured',
              'mark', 'zone', 'worker', 'conn'}


def run_sallyport(*words, text=True):
    """Runs the program: exit status, standard output and standard error."""
    if not SALLYPORT.exists():
        pytest.exit(f'{SALLYPORT} is not built; SALLYPORT_BUILD names the build folder', 1)
    return subprocess.run([SALLYPORT, *map(str, words)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=text, timeout=TIME_LIMIT_SEC, check=False)


class Answers:
    """What a replay said: lists of dictionaries, and what passed as (microseconds, bytes)."""

    def __init__(self, folder):
        self.verdicts = [json.loads(line) for line in (folder / 'verdicts').open()]
        self.events = [json.loads(line) for line in (folder / 'events').open()]
        self.table = json.loads((folder / 'table').read_text())
        self.accepted = read_pcap(folder / 'accepted')
        self.dropped = read_pcap(folder / 'dropped')

    def check(self, frames):
        """Holds whatever the scenario is about: one answer of the promised form for each packet,
        and the packets themselves, unchanged, in the captures that were written. frames:
        (microseconds, port, bytes) in the order in which they have to be judged."""
        assert len(self.verdicts) == len(frames)
        passed = {'accept': [], 'drop': []}
        for number, (line, (us, port, frame)) in enumerate(zip(self.verdicts, frames), 1):
            assert VERDICT_KEYS <= set(line)
            assert (line['n'], round(line['ts'] * 1_000_000), line['port']) == (number, us, port)
            assert line['verdict'] in ('accept', 'drop', 'reject')
            assert line['entry'] is None or set(line['entry']) == ENTRY_KEYS
            passed['accept' if line['verdict'] == 'accept' else 'drop'].append((us, frame))
        assert self.accepted == passed['accept']
        assert self.dropped == passed['drop']
        for entry in [*self.table, *self.events]:
            assert TABLE_KEYS <= set(entry)

    def of(self, *keys):
        """Those members of every verdict: values for one key, tuples for more. Members of the entry
        are named entry.NAME, None where there is no entry."""
        def value(line, key):
            if key.startswith('entry.'):
                return None if line['entry'] is None else line['entry'][key[6:]]
            return line[key]

        rows = [tuple(value(line, key) for key in keys) for line in self.verdicts]
        return [row[0] for row in rows] if len(keys) == 1 else rows

    def story(self):
        """The events: (what, state), with the word assured behind it when the connection is."""
        return [(event['event'], event['state'], *(['assured'] if event['assured'] else []))
                for event in self.events]


def replay_in(folder, config, *words):
    """Replays with every output in the folder; words: options and captures. Nothing may be
    complained about, except that a capture is empty."""
    (folder / 'config').write_text(config)
    outputs = [word for name in OUTPUTS for word in (f'--{name}', folder / name)]
    done = run_sallyport('replay', '-c', folder / 'config', *outputs, *words)
    complaints = [line for line in done.stderr.splitlines()
                  if not line.endswith(': holds no packets')]
    assert (done.returncode, done.stdout, complaints) == (0, '', [])
    return Answers(folder)
