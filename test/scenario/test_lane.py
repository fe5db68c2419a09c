# SPDX-License-Identifier: BSD-3-Clause
"""The lane changes no answer: captures are judged alike with it and without it, to the last byte of every output,
whatever the burst and the number of workers.

The captures are no part of the tree; SALLYPORT_CAPTURES says where they are. What scenarios send is replayed without
the lane, too, by the fixture of the scenarios (conftest.py).
"""

import os

import pytest

from scenario.configuration import OPEN, SITE, chain, configuration, without_lane
from scenario.runner import run_sallyport
from util.programs import CAPTURES, HAS_LANE, ROOT

OUTPUTS = ('verdicts', 'events', 'table', 'accepted', 'dropped')
SETTLE_SEC = 700

FOUND = sorted(path for path in CAPTURES.glob('*.pcap*') if path.is_file()) \
    if CAPTURES.is_dir() else []

# Answers to some packets of a connection are not those to others.
ACCOUNTS = configuration(
    chain('name = "long"; ct_packets = "8-20"; proto = "tcp"; set_mark = 4;',
          'name = "much"; ct_bytes = "4000-6000"; action = "drop";',
          'name = "large"; length = "1400-1500"; dir = "reply"; set_mark = "0x20/0x20";',
          'name = "known"; ct_status = "assured"; action = "accept";'))

# Marks that packets of established connections set, and helpers.
MARKS = configuration(
    chain('name = "not seen"; proto = "udp"; sport = 53; src = "192.168.0.0/16"; action = "notrack";',
          name='raw', priority=-300),
    chain('name = "ftp"; state = "new"; proto = "tcp"; dport = 21; set_helper = "ftp";',
          'name = "pptp"; state = "new"; proto = "tcp"; dport = 1723; set_helper = "pptp";',
          'name = "web"; state = "new"; dport = 80; proto = "tcp"; set_mark = 1;',
          'name = "answered"; mark = 1; dir = "reply"; set_mark = "0x100/0x100";',
          'name = "pushed"; proto = "tcp"; tcp_flags = "psh/psh"; mark = "0x100/0x100"; set_mark = "0x200/0x200";',
          'name = "over"; proto = "tcp"; tcp_flags = "fin/fin"; state = "established"; action = "accept";'),
    chain('name = "late"; proto = "tcp"; dport = 443; tcp_flags = "rst/rst"; action = "drop";',
          name='late', priority=2147483647))

LARGE, SMALL = 'max_connections = 8192;', 'max_connections = 16;'
CONFIGURATIONS = {name: config.replace('max_connections = 1024;', room) for name, config, room in (
    ('open', OPEN, LARGE), ('site', SITE, LARGE), ('accounts', ACCOUNTS, LARGE), ('marks', MARKS, LARGE),
    ('crowded', MARKS, SMALL))}

# Configuration, workers, bursts. With SALLYPORT_LANE=all each with each.
WAYS = [('open', '1', '64'), ('site', '1', '7'), ('accounts', '1', '32'), ('marks', '2', '32'),
        ('crowded', '1', '1', '64')]
if os.environ.get('SALLYPORT_LANE') == 'all':
    WAYS = [(name, workers, '1', '7', '32', '64') for name in CONFIGURATIONS for workers in ('1', '2')]


def outputs_of(folder, config, words):
    """The bytes of every output of a replay; the folder is made."""
    folder.mkdir()
    options = [word for name in OUTPUTS for word in (f'--{name}', folder / name)]
    done = run_sallyport('replay', '-c', config, '--settle', SETTLE_SEC, *options, *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, '', ''), (words, done.stderr)
    return {name: (folder / name).read_bytes() for name in OUTPUTS}


def first_difference(one, other):
    lines = zip([*one.splitlines(), b'(end)'], [*other.splitlines(), b'(end)'])
    return next((number, left, right) for number, (left, right) in enumerate(lines, 1)
                if left != right)


def check_alike(folder, config, workers, bursts, capture):
    """Without the lane once, with it for each burst."""
    folders = {True: folder / 'with', False: folder / 'without'}
    for has_lane, path in folders.items():
        path.mkdir()
        (path / 'config').write_text(config if has_lane else without_lane(config))

    def said(has_lane, burst):
        return outputs_of(folders[has_lane] / str(burst), folders[has_lane] / 'config',
                          ['--workers', workers, '--burst', burst, capture])

    other = said(False, bursts[-1])
    for burst in bursts:
        for name, text in said(True, burst).items():
            one = text.replace(b'/with/', b'/without/')  # the configuration is part of the answers
            assert one == other[name], (name, burst, first_difference(one, other[name]))
    assert other['verdicts']


@pytest.mark.skipif(not HAS_LANE, reason='SALLYPORT_LANE is off for all')
@pytest.mark.parametrize('way', WAYS, ids='-'.join)
@pytest.mark.parametrize('path', [ROOT / 'test/data/demo.pcap', *FOUND], ids=lambda path: path.name)
def test_a_capture_is_judged_alike(tmp_path, path, way):
    name, workers, *bursts = way
    check_alike(tmp_path, CONFIGURATIONS[name], workers, bursts, path)


if not FOUND:
    def test_there_are_captures():
        pytest.skip(f'there are no captures in {CAPTURES}')
