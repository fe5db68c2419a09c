# SPDX-License-Identifier: BSD-3-Clause
"""The capture of scripts/demo is what its generator writes, and scripts/explain-verdicts reads it."""

import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAPTURE = ROOT / 'test/data/demo.pcap'


def verdict(number, **fields):
    return {'n': number, 'verdict': 'accept', 'reason': 'rule', 'chain': 'filter', 'rule': 'dns',
            'state': 'new'} | fields


def explain(tmp_path, verdicts, *options):
    path = tmp_path / 'verdicts'
    path.write_text(''.join(json.dumps(line) + '\n' for line in verdicts))
    run = subprocess.run([ROOT / 'scripts/explain-verdicts', *options, CAPTURE, path],
                         capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def test_the_generator_writes_the_same_bytes(tmp_path):
    subprocess.run([ROOT / 'test/util/make_demo_capture.py', tmp_path / 'demo.pcap'], check=True)
    assert (tmp_path / 'demo.pcap').read_bytes() == CAPTURE.read_bytes()


def test_verdicts_are_explained(tmp_path):
    assert explain(tmp_path, [
        verdict(1),
        verdict(3, verdict='drop', reason='default', rule=None),
        verdict(27, verdict='drop', reason='table_full', chain=None, rule=None, state=None),
    ]) == [
        '   1  192.0.2.10:40053 > 198.51.100.53:53 udp',
        '      accept  rule "dns" of chain filter, new',
        '   3  192.0.2.10:40080 > 198.51.100.20:80 tcp syn',
        '      drop    policy of chain filter, new',
        '  27  [2001:db8:1::10]:40443 > [2001:db8:2::20]:443 tcp syn',
        '      drop    table full, no state',
    ]


def test_first_of_each_answer(tmp_path):
    assert explain(tmp_path, [verdict(1), verdict(2), verdict(4), verdict(3, rule='web')],
                   '--first') == [
        '   1  192.0.2.10:40053 > 198.51.100.53:53 udp',
        '      accept  rule "dns" of chain filter, new  (and 2 more)',
        '   3  192.0.2.10:40080 > 198.51.100.20:80 tcp syn',
        '      accept  rule "web" of chain filter, new',
    ]
