# SPDX-License-Identifier: BSD-3-Clause
"""Real captures, recorded elsewhere: whatever is in them is survived, and judged the same however
many packets are judged together and however many workers share the flows.

The captures are no part of the tree; SALLYPORT_CAPTURES says where they are.
"""

import pytest

from scenario.configuration import SITE, chain, configuration
from scenario.invariance import check_invariance, check_tables
from util.programs import CAPTURES, ROOT, TABLE

FOUND = sorted(path for path in CAPTURES.glob('*.pcap*') if path.is_file()) \
    if CAPTURES.is_dir() else []

# Lets nearly everything pass, and looks at packets in many ways on their way.
CURIOUS = configuration(
    chain('name = "fragments of GRE"; proto = "gre"; src = "203.0.113.0/24"; action = "notrack";',
          name='raw', priority=-300),
    chain('name = "web"; state = "new"; proto = "tcp"; dport = [80, 443]; set_mark = 1;',
          'name = "answered"; dir = "reply"; set_mark = "0x100/0x100";',
          'name = "odd port"; state = "new"; proto = ["tcp", "udp"]; sport = "1-1023"; '
          'dport = "33000-33500"; action = "drop";',
          'name = "broken"; state = "invalid"; family = "ipv6"; action = "drop";'),
    conntrack='max_connections = 8192;')


@pytest.mark.parametrize('path', FOUND or [None], ids=lambda path: path.name if path else 'none')
def test_a_capture_is_judged_the_same_in_every_way(tmp_path, path):
    if path is None:
        pytest.skip(f'there are no captures in {CAPTURES}')
    (tmp_path / 'config').write_text(CURIOUS)

    verdicts = check_invariance(tmp_path, tmp_path / 'config', [path])

    assert verdicts


@pytest.mark.parametrize('path', FOUND or [None], ids=lambda path: path.name if path else 'none')
def test_a_site_that_drops_most_of_it(tmp_path, path):
    """What is dropped leaves no connection, in a burst as alone."""
    if path is None:
        pytest.skip(f'there are no captures in {CAPTURES}')
    (tmp_path / 'config').write_text(SITE.replace('1024', '8192'))

    verdicts = check_invariance(tmp_path, tmp_path / 'config', [path], bursts=(1, 64), workers=())

    assert verdicts


@pytest.mark.skipif(bool(TABLE), reason='SALLYPORT_TABLE names one for all')
@pytest.mark.parametrize('path', [ROOT / 'test/data/demo.pcap', *FOUND], ids=lambda path: path.name)
def test_either_table_finds_the_same(tmp_path, path):
    verdicts = check_tables(tmp_path, CURIOUS, [path])

    assert verdicts
