# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/lab --rules takes: sets and chains, since the lab has the rest of its own."""

import pytest

from lab.interactive import keys_of, read_rules

RULES = '''
# ports = ( those of the lab )
/* wires = (); */ sets: { web = [ "10.0.0.0/8" ]; };  // workers = 2;
chains = ( { name = "ports = 1"; priority = 0; rules = (
    { name = "a \\" b"; workers = 1; ports = "x"; action = "accept"; } ); } );
@include "more"
'''
PORTS = 'ports = ( { name = "lan"; device = "net_null0"; } );\n'


@pytest.mark.parametrize('text, keys', [
    ('', []), (RULES, ['sets', 'chains']), (PORTS + RULES, ['ports', 'sets', 'chains']),
    ('workers=2;conntrack:{max_connections=1;}', ['workers', 'conntrack']), ('}{ "', [])])
def test_the_keys_outside_of_everything(text, keys):
    assert keys_of(text) == keys


def test_sets_and_chains_are_taken(tmp_path):
    path = tmp_path / 'rules'
    path.write_text(RULES)
    assert read_rules(path) == RULES


@pytest.mark.parametrize('text, keys', [
    (PORTS + RULES, 'ports'), (RULES + 'conntrack: {};\nworkers = 2;', 'conntrack, workers')])
def test_a_whole_configuration_is_refused_in_one_line(tmp_path, text, keys):
    path = tmp_path / 'whole.conf'
    path.write_text(text)
    with pytest.raises(SystemExit) as end:
        read_rules(path)
    assert end.value.code == (f'scripts/lab: {path} is a whole configuration: leave out {keys}, '
                              'which the lab has of its own')


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SystemExit, match='cannot be read: No such file or directory'):
        read_rules(tmp_path / 'absent')
