#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Counts the instructions that a packet takes, and holds them against what they may be.

Times change from machine to machine and minute to minute; the instructions for a fixed sequence of
packets do not. callgrind counts those of the program `count`; budgets.json has what each scenario
may take per packet, or per connection where that is short. A change that takes more fails, or raises
the budget in a commit of its own that says what is bought with it. One that takes much less fails,
too: the budget is lowered, so that the gain is kept.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

import tabulate

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[2]
BUDGETS = HERE / 'budgets.json'
MARGIN = 0.02  # above the budget; other compilers of the same version differ by less
SLACK = 0.05   # below it

# Vector instructions of the least width, so that all x86 CPUs count the same.
EAL = ['--no-huge', '--no-pci', '--no-shconf', '--no-telemetry', '-m', '256', '-l', '0',
       '--log-level=4', '--force-max-simd-bitwidth=128']
CALLGRIND = ['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null',
             '--collect-atstart=no', '--toggle-collect=run_measured*']


def scenarios(program):
    listing = subprocess.run([program, '--list'], check=True, capture_output=True, text=True)
    return listing.stdout.split()


def count(program, scenario):
    """Instructions per packet, or per connection where the packets are those of whole ones."""
    run = subprocess.run([*CALLGRIND, program, scenario, *EAL], capture_output=True, text=True)
    collected = re.search(r'Collected : (\d+)', run.stderr)
    packets = re.search(r' packets (\d+) by (\d+) .* accepted (\d+) of (\d+)', run.stdout)
    if run.returncode != 0 or collected is None or packets is None:
        sys.exit(f'gate: {scenario}: count failed\n{run.stdout}{run.stderr}')
    if packets[3] != packets[4] or int(collected[1]) == 0:
        sys.exit(f'gate: {scenario}: it did something else\n{run.stdout}{run.stderr}')
    return int(collected[1]) * int(packets[2]) / int(packets[1])


def judge(counted, budget):
    if budget is None:
        return 'no budget'
    if counted > budget * (1 + MARGIN):
        return 'too many'
    return 'lower the budget' if counted < budget * (1 - SLACK) else 'good'


def main():
    parser = argparse.ArgumentParser(description='Holds instructions per packet to their budgets.')
    parser.add_argument('--build', type=pathlib.Path, default=TOP / 'build-gate',
                        help='build folder (default: build-gate)')
    parser.add_argument('--update', action='store_true', help='write what was counted as budgets')
    arguments = parser.parse_args()
    program = arguments.build / 'test/perf/count'
    budgets = json.loads(BUDGETS.read_text())
    counted = {name: count(program, name) for name in scenarios(program)}
    if arguments.update:
        BUDGETS.write_text(json.dumps({name: round(n) for name, n in counted.items()}, indent=2)
                           + '\n')
        return 0
    verdicts = {name: judge(n, budgets.get(name)) for name, n in counted.items()}
    verdicts |= {name: 'no such scenario' for name in budgets.keys() - counted.keys()}
    print(tabulate.tabulate(
        [(name, counted.get(name), budgets.get(name), verdict)
         for name, verdict in verdicts.items()],
        headers=('scenario', 'instructions', 'budget', ''), floatfmt='.0f'))
    n_good = sum(verdict == 'good' for verdict in verdicts.values())
    print(f'{n_good} passed, {len(verdicts) - n_good} failed, 0 skipped')
    return 0 if n_good == len(verdicts) else 1


if __name__ == '__main__':
    sys.exit(main())
