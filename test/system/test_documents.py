# SPDX-License-Identifier: BSD-3-Clause
"""What documents say of the way of a packet is what a running sallyport goes by: the list in
doc/architecture.md, and the stages and parts of the loop in the manual."""

import pathlib
import re

import pytest

from system.running import appliance

DOC = pathlib.Path(__file__).resolve().parents[2] / 'doc'
FIRST, LAST = -2**31, 2**31 - 1
# A chain in every place where one can stand.
PLACES = [FIRST, -401, -300, 0, LAST]
CONFIG = '''
ports = ( { name = "lan"; device = "net_null0"; }, { name = "wan"; device = "net_null1"; } );
wires = ( { a = "lan"; b = "wan"; } );
measure_cycles = true;
chains = ( ''' + ', '.join(
    f'{{ name = "chain{n}"; priority = {priority}; rules = ( ); }}'
    for n, priority in enumerate(PLACES)) + ' );'


@pytest.fixture(name='machine', scope='module')
def fixture_machine():
    with appliance() as machine:
        machine.start(CONFIG)
        yield machine


def holds(condition, priority):
    """Whether a priority is what the left column of the list says."""
    word, _, number = condition.rpartition(' ')
    bound = {'first': FIRST, 'max': LAST, 'last': LAST}.get(number) or int(number)
    return {'': priority == bound, '<': priority < bound, '>=': priority >= bound}[word]


def the_way_of_a_packet():
    """Rows of the list in architecture.md: what they say of priorities, and their names."""
    text = (DOC / 'architecture.md').read_text()
    block = text.split('## The way of a packet\n\n')[1].split('\n\n')[0]
    condition = ''
    for line in block.splitlines()[1:]:
        if line[14] != ' ':
            condition = line[:14].strip() or condition
            yield condition, line[14:].split()[0]


def described(page, command):
    """What the manual has in quotes under a command."""
    text = (DOC / page).read_text()
    part = re.search(rf'^\.It Cm {command}\n(.*?)^\.It Cm', text, re.M | re.S)
    return re.findall(r'\bQl (\w+)', part[1])


def test_architecture_has_the_stages_in_their_order(machine):
    rows = []
    for stage in machine.json('stages'):
        name = 'chains' if stage['kind'] == 'chain' else stage['name']
        if name != 'chains' or rows[-1][0] != name:
            rows.append((name, []))
        rows[-1][1].append(stage['priority'])
    told = list(the_way_of_a_packet())
    assert [name for _, name in told] == [name for name, _ in rows]
    for (condition, name), (_, priorities) in zip(told, rows):
        assert all(holds(condition, priority) for priority in priorities), (condition, name)


def test_the_manual_names_every_stage(machine):
    assert described('sallyctl.1', 'stages') == [
        stage['name'] for stage in machine.json('stages') if stage['kind'] != 'chain'] + ['idle']


def test_the_manual_names_every_part_of_the_loop(machine):
    assert described('sallyctl.1', 'cycles') == [part['part'] for part in machine.json('cycles')]
