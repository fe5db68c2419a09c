# SPDX-License-Identifier: BSD-3-Clause
"""What check, run and replay say of one configuration: they agree. What check says that it takes is
enough, and the machine gets it back without having had to give it. Needs neither root nor
hugepages."""

import os
import re
import signal
import subprocess

import pytest

from system.running import TIME_LIMIT_SEC, appliance, wait_until
from util.programs import ROOT, SALLYPORT

DEMO = ROOT / 'test' / 'data' / 'demo.pcap'
CONFIG = '''
ports = ( { name = "lan"; device = "net_null0"; }, { name = "wan"; device = "net_null1"; } );
wires = ( { a = "lan"; b = "wan"; } );
workers = 1;
conntrack: { max_connections = 1000; };
'''
EAL = ['--', '--no-huge', '--no-pci', '--no-shconf']
GOOD = re.compile(r'(?P<file>\S+): good: (?P<chains>\d+) chains, (?P<rules>\d+) rules, '
                  r'(?P<combinations>\d+) combinations; workers: (?P<workers>\d+); '
                  r'takes (?P<mib>\d+) MiB of memory: (?P<connections>\d+) for connections, '
                  r'\d+ for packets, \d+ for fragments, \d+ for rules, \d+ for all else\n')


@pytest.fixture(name='machine')
def make_machine():
    with appliance() as machine:
        yield machine


def sallyport(machine, *words):
    return subprocess.run([SALLYPORT, *map(str, words)], env=machine.environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=TIME_LIMIT_SEC, check=False)


def all_three(machine, config):
    """What check, run and replay answer, none of which may run for long."""
    path = machine.configure(config)
    return [sallyport(machine, 'check', '-c', path),
            sallyport(machine, 'run', '-c', path, *EAL),
            sallyport(machine, 'replay', '-c', path, DEMO)]


def rules(text, sets=''):
    return CONFIG + f'sets: {{ {sets} }};\nchains = ( {{ name = "f"; rules = ( {text} ); }} );\n'


def numbers(n):
    """Ports that do not touch, so that none of them make a range."""
    return '[' + ', '.join(f'"{2 * i}"' for i in range(n)) + ']'


def hosts(n):
    return '[' + ', '.join(f'"10.{i >> 7}.{i & 127}.1"' for i in range(n)) + ']'


def product(n_src, n_dst, n_dport):
    return rules('{ name = "many"; src = "@a"; dst = "@b"; dport = "@p"; action = "accept"; }',
                 f'a = {hosts(n_src)}; b = {hosts(n_dst)}; p = {numbers(n_dport)};')


@pytest.mark.parametrize('config, words', [
    (product(100, 100, 101), ['"many"', '1000000 combinations', 'IPv4']),
    (product(2, 500, 1001), ['"many"', '1000000 combinations', 'IPv4']),
    (rules(f'{{ name = "p"; sport = {numbers(1200)}; dport = {numbers(1200)}; action = "drop"; }}'),
     ['"p"', 'combinations', 'IPv6']),
    (CONFIG.replace('1000', '268435456'), ['MiB of memory', 'max_connections']),
    (CONFIG.replace('1000', '0'), ['max_connections']),
], ids=['three lists', 'a thousand too many', 'two lists of ports', 'connections', 'a mistake'])
def test_all_refuse_the_same_with_the_same_status(machine, config, words):
    answers = all_three(machine, config)
    assert [answer.returncode for answer in answers] == [1, 1, 1]
    for answer in answers:
        assert answer.stdout == ''
        assert all(word in answer.stderr for word in words)
        assert re.match(r'\S+sallyport\.conf:', answer.stderr)


def test_workers_that_need_more_than_there_is(machine):
    """Of replay's only one."""
    answers = all_three(machine, CONFIG.replace(
        'workers = 1;', 'workers = 64; fragments: { max_fragments = 1048576; };'))
    assert [answer.returncode for answer in answers[:2]] == [1, 1]
    assert all('for fragments' in answer.stderr for answer in answers[:2])


def test_a_rule_that_is_listed_has_no_combinations(machine):
    """It compares the mark, which rte_acl cannot."""
    config = rules(f'{{ mark = 1; sport = {numbers(1200)}; dport = {numbers(1200)}; '
                   'action = "drop"; }, { proto = "tcp"; action = "accept"; }')
    found = GOOD.fullmatch(sallyport(machine, 'check', '-c', machine.configure(config)).stdout)
    assert found['combinations'] == '2'  # of one rule for IPv4 and for IPv6


def test_a_warning_is_no_obstacle(machine):
    """Of check, and of run at its start and when it loads the configuration anew."""
    config = rules('{ name = "all"; action = "accept"; }, { name = "late"; action = "drop"; }')
    path = machine.configure(config)
    line = int(next(n for n, text in enumerate(config.splitlines(), 1) if '"late"' in text))
    warning = (f'{path}:{line}: warning: rule "late" can never match: rule "all" in line {line} '
               'takes all that it would\n')
    done = sallyport(machine, 'check', '-c', path)
    assert (done.returncode, done.stderr) == (0, warning)
    assert GOOD.fullmatch(done.stdout)
    machine.start(config)
    assert warning in machine.log.read_text()
    assert machine.ctl('reload').returncode == 0
    status, log = machine.stop()
    assert (status, log.count(warning)) == (0, 2)


def test_check_counts_what_there_is(machine):
    path = machine.configure(product(20, 30, 4).replace('workers = 1', 'workers = 2'))
    found = GOOD.fullmatch(sallyport(machine, 'check', '-c', path).stdout)
    assert found['file'] == str(path)
    assert [int(found[name]) for name in ('chains', 'rules', 'combinations', 'workers')] == [
        1, 1, 20 * 30 * 4, 2]


@pytest.mark.parametrize('config', [
    CONFIG,
    CONFIG.replace('1000', '500000'),
    CONFIG.replace('workers = 1;', 'workers = 5; fragments: { max_fragments = 20000; };'),
    product(30, 30, 30),
], ids=['small', 'connections', 'workers and fragments', 'rules'])
def test_what_check_says_is_enough(machine, config):
    """EAL with that much, to the MiB, and no more."""
    path = machine.configure(config)
    mib = int(GOOD.fullmatch(sallyport(machine, 'check', '-c', path).stdout)['mib'])
    machine.launch(config, '-m', str(mib + 1))
    wait_until(machine.answers, 'sallyport answers')
    assert machine.stop()[0] == 0


@pytest.mark.parametrize('workers', [1, 20, 64])
def test_replay_has_memory_for_any_number_of_workers(machine, workers):
    path = machine.configure(CONFIG)
    done = sallyport(machine, 'replay', '-c', path, '--workers', workers, '--table', '-', DEMO)
    assert (done.returncode, done.stderr) == (0, '')


def test_memory_that_nobody_used_is_not_touched_at_the_end(machine):
    """Two million connections take 390 MiB; none was there."""
    config = CONFIG.replace('1000', '2000000')
    found = GOOD.fullmatch(
        sallyport(machine, 'check', '-c', machine.configure(config)).stdout)
    machine.start(config)
    machine.process.send_signal(signal.SIGTERM)
    _, status, usage = os.wait4(machine.process.pid, 0)
    machine.process.returncode = os.waitstatus_to_exitcode(status)
    assert machine.process.returncode == 0
    assert usage.ru_maxrss / 1024 < int(found['connections'])


@pytest.mark.parametrize('arguments', [
    ['bogus'], ['--bogus'], ['--no-huge', '-l', '999'], ['-l', '0'], ['--', 'x'], ['-m', '16'],
    ['--iova-mode=xx'], ['-n', '0'],
], ids=' '.join)
def test_senseless_arguments_of_eal(machine, arguments):
    path = machine.configure(CONFIG)
    done = sallyport(machine, 'run', '-c', path, *EAL, *arguments)
    assert done.returncode == 2
