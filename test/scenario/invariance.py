# SPDX-License-Identifier: BSD-3-Clause
"""The answers of a replay must not depend on how many packets are judged together or on how many
workers share the flows: what differs is said packet by packet."""

import concurrent.futures
import json

from scenario.runner import run_sallyport

BURSTS = (1, 2, 7, 32, 64)
WORKERS = (1, 2, 4)
OUTPUTS = ('verdicts', 'events', 'table')
PARALLEL = 2
# Longer than every timeout of a short-lived connection, so that most of them expire.
SETTLE_SEC = 700


def _replay(folder, config, words):
    """What a replay wrote, by the name of the output; an empty folder, which is made."""
    folder.mkdir()
    outputs = [word for name in OUTPUTS for word in (f'--{name}', folder / name)]
    done = run_sallyport('replay', '-c', config, *outputs, *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, '', ''), (words, done.stderr)
    return {name: (folder / name).read_text() for name in OUTPUTS}


def _first_difference(name, one, other):
    """A message about two texts that should be equal."""
    lines = zip([*one.splitlines(), '(end)'], [*other.splitlines(), '(end)'])
    for number, (left, right) in enumerate(lines, 1):
        if left != right:
            return f'{name} line {number}:\n  {left}\n  {right}'
    return None


def _essence(verdicts):
    """What must be the same whichever worker judged the packet."""
    keys = ('n', 'verdict', 'reason', 'state', 'dir', 'entry')
    lines = [json.loads(line) for line in verdicts.splitlines()]
    return '\n'.join(json.dumps({key: line[key] for key in keys}) for line in lines)


def check_invariance(folder, config, captures, bursts=BURSTS, workers=WORKERS):
    """Replays the captures (words of the command line) in each way; returns the verdict lines."""
    ways = [(f'burst {n}', ['--burst', n, '--settle', SETTLE_SEC]) for n in bursts]
    ways += [(f'{n} workers', ['--workers', n, '--settle', SETTLE_SEC]) for n in workers if n > 1]
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        jobs = [pool.submit(_replay, folder / name, config, [*words, *captures])
                for name, words in ways]
        results = {name: job.result() for (name, _), job in zip(ways, jobs)}
    first = results[ways[0][0]]
    for name, _ in ways[1:]:
        other = results[name]
        for output in OUTPUTS if name.startswith('burst') else ():
            assert other[output] == first[output], f'{name} is not {ways[0][0]}: ' + \
                str(_first_difference(output, first[output], other[output]))
        if name.endswith('workers'):
            one, two = _essence(first['verdicts']), _essence(other['verdicts'])
            assert one == two, f'{name}: {_first_difference("verdicts", one, two)}'
    return [json.loads(line) for line in first['verdicts'].splitlines()]


def check_tables(folder, config, captures):
    """Replays the captures with either table; config is the text of a configuration that names
    none. Every word of the answers has to be the same. Returns the verdict lines."""
    results = {}
    path = folder / 'config'  # one name: it is part of the answers
    for table in ('lines', 'rte_hash'):
        path.write_text(config.replace('conntrack: { ', f'conntrack: {{ table = "{table}"; '))
        assert f'table = "{table}"' in path.read_text()
        results[table] = _replay(folder / table, path, ['--settle', SETTLE_SEC, *captures])
    for output in OUTPUTS:
        one, two = results['lines'][output], results['rte_hash'][output]
        assert one == two, _first_difference(output, one, two)
    return [json.loads(line) for line in results['lines']['verdicts'].splitlines()]
