# SPDX-License-Identifier: BSD-3-Clause
"""scripts/bench: what it waits for before it measures, what it needs, and what it makes of figures.
Programs and times are made up: nothing is measured here."""

import json
import pathlib
import sys
import types

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'test/perf'))

import bench  # noqa: E402
import memory  # noqa: E402
from contenders import rte_hash  # noqa: E402
from contenders.contender import Contender, Failed, Place  # noqa: E402
from contenders.sallyport import Sallyport  # noqa: E402
from results import Results, Round  # noqa: E402
from rows import ROWS  # noqa: E402
from traces import MadeTrace  # noqa: E402

MIB, GIB = 1 << 20, 1 << 30
BY_NAME = {row.name: row for row in ROWS}
MADE = MadeTrace('/t/laps.pcap', '/t/first.pcap', beginning=1000, packets=4000, advance=0)
PLACE = Place('/nowhere', [1], 0)


class Machine(Contender):
    """One that forwards packets as time passes, a thousand in a second. Time is a list of one."""

    def __init__(self, clock, unassured=0):
        super().__init__('machine', PLACE)
        self.clock = clock
        self.begun = clock[0]
        self.unassured = unassured
        self.asked_at = None

    def packets(self):
        return round((self.clock[0] - self.begun) * 1000)

    def cpu_ns(self):
        return round(self.clock[0] * 1e9)

    def wait_until(self, condition, what):
        while not condition():
            self.clock[0] += 0.05

    def unsettled(self):
        self.asked_at = self.clock[0]
        return self.unassured


@pytest.fixture(name='clock')
def make_clock(monkeypatch):
    clock = [100.0]

    def sleep(seconds):
        clock[0] += seconds

    monkeypatch.setattr(bench, 'time', types.SimpleNamespace(
        sleep=sleep, monotonic_ns=lambda: round(clock[0] * 1e9)))
    return clock


def test_flows_are_old_and_have_sent_since(clock):
    machine = Machine(clock)
    bench.warm_up(machine, BY_NAME['udp-1k'], MADE)
    # 5 s until every flow has sent both ways, two until the youngest is a stream, a lap of 4 s.
    assert machine.asked_at >= 100 + 5 + 2 + 4


def test_what_is_not_assured_is_not_measured(clock):
    with pytest.raises(Failed, match='3 flows are not settled'):
        bench.warm_up(Machine(clock, unassured=3), BY_NAME['udp-1k'], MADE)


def test_flows_that_may_be_silent_are_not_asked_for(clock):
    machine = Machine(clock, unassured=3)
    bench.warm_up(machine, BY_NAME['udp-100k-zipf'], MADE)
    assert machine.asked_at is None


def test_endless_rows_have_no_steady_state(clock):
    machine = Machine(clock)
    bench.warm_up(machine, BY_NAME['new-udp'], MADE)
    assert clock[0] < 102 and machine.asked_at is None


def test_rows_can_be_told_apart():
    assert len(BY_NAME) == len(ROWS)
    assert [row.name for row in bench.chosen_rows('rules-10*')] == ['rules-10', 'rules-100', 'rules-10k']


def machine_root(path, available_kib, pages):
    (path / 'proc').mkdir()
    (path / 'proc/meminfo').write_text(f'MemTotal: 99 kB\nMemAvailable:   {available_kib} kB\n')
    for size_kib, free in pages.items():
        folder = path / f'sys/kernel/mm/hugepages/hugepages-{size_kib}kB'
        folder.mkdir(parents=True)
        (folder / 'free_hugepages').write_text(f'{free}\n')
    return path


def test_what_is_free_is_read(tmp_path):
    root = machine_root(tmp_path, 3 << 20, {2048: 10, 1048576: 2})
    assert memory.of_machine(root) == memory.Memory(2 * GIB + 20 * MIB, 3 * GIB)
    bare = tmp_path / 'bare'
    bare.mkdir()
    assert memory.of_machine(machine_root(bare, 1, {})).huge == 0


def test_what_does_not_suffice_is_named():
    there = memory.Memory(huge=4096 * MIB, ordinary=2048 * MIB)
    assert memory.lack(memory.Memory(4096 * MIB, 1536 * MIB), there) == ''
    assert memory.lack(memory.Memory(4097 * MIB, 0), there) == (
        'needs 4097 MiB of hugepages, 4096 are free (HUGEPAGES=2049 scripts/bench)')
    assert memory.lack(memory.Memory(0, 1537 * MIB), there) == (
        'needs 1537 MiB of memory besides hugepages, 1536 are free')


def test_a_row_that_does_not_fit_is_left_out():
    loop = rte_hash.RteHash('rte_hash', PLACE)
    row = BY_NAME['udp-16m']
    assert 'MiB of hugepages' in loop.why_not(row, memory.Memory(GIB, 64 * GIB))
    # 16 M flows once at the beginning and twice in a lap, 64 bytes each and what belongs to it.
    assert row.trace.bytes == 48_000_000 * 80
    assert 'besides hugepages' in loop.why_not(row, memory.Memory(64 * GIB, 3 * GIB))
    assert loop.why_not(row, memory.Memory(64 * GIB, 64 * GIB)) == ''


def test_the_table_of_rte_hash():
    # 100,000 connections, 225,000 entries: 32,768 buckets, 2^18 numbers, slots of 32 or 48 bytes.
    assert rte_hash.table_bytes(100_000, False) == 32768 * 64 + (4 << 18) + 225_000 * 32
    assert rte_hash.table_bytes(100_000, True) == 32768 * 64 + (4 << 18) + 225_000 * 48


def test_sallyport_says_itself_what_it_needs(tmp_path):
    program = tmp_path / 'sallyport'
    program.write_text('#!/bin/sh\necho "$3: good; takes 4586 MiB of memory: 4477 for connections"\n')
    program.chmod(0o755)
    assert Sallyport('s', PLACE, program).needs(BY_NAME['udp-1k']) == memory.Memory(4586 * MIB, 0)


@pytest.mark.parametrize('name, row, why', [
    ('rte_hash', 'rules-10', 'has no rules'), ('rte_hash', 'udp-100k-2w', 'has one worker'),
    ('testpmd', 'rules-10', 'has no rules'),
    ('sallyport-steered', 'udp-1k', 'several workers'), ('ovs', 'udp-100k-2w', 'wants 2 CPUs'),
])
def test_rows_that_cannot_be_compared_say_why(name, row, why):
    there = memory.Memory(64 * GIB, 64 * GIB)
    assert why in bench.contenders(PLACE, [])[name].why_not(BY_NAME[row], there)


def test_what_the_nic_tells():
    nic = bench.contenders(PLACE, [])['sallyport-nic']
    nic.folder = pathlib.Path('/t')
    assert nic.source_words(BY_NAME['udp-1k']) == ['csum=1', 'rss=1']
    assert nic.source_words(BY_NAME['udp-1k-sums']) == ['rss=1']
    assert MADE.source(BY_NAME['udp-1k'], ['rss=1']) == (
        'file=/t/laps.pcap,rss=1,first=/t/first.pcap')


def a_round(mpps, **others):
    """A million packets."""
    cpu_ns = 1e9 / mpps
    return Round(packets=1_000_000, cpu_ns=cpu_ns, wall_ns=cpu_ns, connections=0,
                 connections_cpu_ns=cpu_ns, first_half=(500_000, cpu_ns / 2), workers=1, doubts={},
                 facts={}, **others)


def filled(row, rates, **others):
    results = Results({'OVS': ['ovs', 'ovs-nic'], 'rte_hash': ['rte_hash']}, 'testpmd')
    for name, mpps in rates.items():
        for _ in range(7):
            results.cell(row, name).rounds.append(a_round(mpps, **others.get(name, {})))
    return results


def test_own_time_and_ratios():
    # 50 ns with source and sink, which take 10: 40 of its own.
    results = filled('udp-1k', {'sallyport-nic': 20, 'testpmd': 100, 'ovs': 2, 'ovs-nic': 2.5,
                                'rte_hash': 25})
    line = results.line('udp-1k', 'sallyport-nic')
    assert line['own ns'] == pytest.approx(40)
    assert (line['x OVS'], line['x rte_hash']) == (pytest.approx(8), pytest.approx(0.8))
    assert line['drift %'] == pytest.approx(0)
    assert results.line('udp-1k', 'testpmd')['own ns'] is None


def test_drift_is_that_of_the_second_half():
    each = a_round(10)
    each.first_half = (400_000, each.cpu_ns / 2)  # the other 600,000 took no longer
    assert each.drift == pytest.approx(50)


def test_what_is_left_out_is_named(tmp_path):
    results = filled('udp-1k', {'testpmd': 80})
    results.leave_out('rules-1', 'testpmd', 'has no rules')
    results.leave_out('rules-10', 'testpmd', 'has no rules')
    assert results.text().endswith('\n\nnot measured: testpmd: rules-1, rules-10: has no rules')
    results.write_json(tmp_path / 'json', {'commit': 'abc'})
    assert json.loads((tmp_path / 'json').read_text())['left_out'] == [
        {'contender': 'testpmd', 'why': 'has no rules', 'rows': ['rules-1', 'rules-10']}]


def test_tables_without_anything():
    assert 'not measured' not in filled('udp-1k', {'testpmd': 80}).text()
    assert Results({}, 'testpmd').text() == ''
