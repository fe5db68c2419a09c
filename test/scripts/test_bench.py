# SPDX-License-Identifier: BSD-3-Clause
"""scripts/bench: what it waits for before it measures, what it needs, and what it makes of figures.
Programs and times are made up: nothing is measured here."""

import json
import pathlib
import struct
import sys
import types

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'test/perf'))

import bench  # noqa: E402
import memory  # noqa: E402
import targets  # noqa: E402
from contenders import rte_hash, vpp  # noqa: E402
from contenders.contender import Contender, Place  # noqa: E402
from contenders.sallyport import Sallyport  # noqa: E402
from meter import Meter  # noqa: E402
from results import Latency, Results, Round  # noqa: E402
from rows import ROWS, Row, Trace  # noqa: E402
from traces import MadeTrace  # noqa: E402

MIB, GIB = 1 << 20, 1 << 30
BY_NAME = {row.name: row for row in ROWS}
MADE = MadeTrace('/t/laps.pcap', '/t/first.pcap', beginning=1000, packets=4000, advance=0)
PLACE = Place('/nowhere', [1], 0)


WITH_A_CLOCK = 800  # packets per second of which the next can take at most


class Machine(Contender):
    """One that forwards packets as time passes, a thousand in a second. Time is a list of one."""

    def __init__(self, clock, unassured=0):
        super().__init__('machine', PLACE)
        self.clock = clock
        self.begun = clock[0]
        self.unassured = unassured
        self.asked_at = None

    def packets(self):
        rate = min(self.meter.rate, WITH_A_CLOCK) if self.meter and self.meter.rate else 1000
        return round((self.clock[0] - self.begun) * rate)

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


class Started(Machine):
    """One that starts and stops in no time."""

    def start(self, row, trace):
        self.row = row

    def stop(self):
        pass


@pytest.mark.parametrize('unassured, doubts', [(3, {'flows not settled': 3}), (0, {})])
def test_what_is_not_assured_makes_a_round_doubtful(clock, unassured, doubts):
    machine = Started(clock, unassured)
    assert bench.measure(machine, BY_NAME['udp-1k'], MADE, 2).doubts == doubts


def test_flows_that_may_be_silent_are_not_asked_for(clock):
    machine = Machine(clock, unassured=3)
    bench.warm_up(machine, BY_NAME['udp-100k-zipf'], MADE)
    assert machine.asked_at is None


def test_endless_rows_have_no_steady_state(clock):
    machine = Machine(clock)
    bench.warm_up(machine, BY_NAME['new-udp'], MADE)
    assert clock[0] < 102 and machine.asked_at is None


class FakeMeter:
    rate = 0

    def set_rate(self, rate):
        self.rate = rate

    def read(self):
        return self

    def since(self, before):
        return types.SimpleNamespace(packets=500, lost=0, quantile_ns=lambda per_mille: per_mille)


def test_the_rate_is_a_part_of_the_highest(clock):
    machine = Machine(clock)
    machine.meter = FakeMeter()
    row = Row('half', Trace('established', 10), load=0.5)
    counted = bench.count_by_the_clock(machine, row, 2)
    assert machine.meter.rate == pytest.approx(WITH_A_CLOCK / 2)
    assert counted.latency == Latency(machine.meter.rate / 1e6, 500, 0, 500, 990, 999, 1000)


def test_rows_can_be_told_apart():
    assert len(BY_NAME) == len(ROWS)
    assert set(targets.TARGETS) <= set(BY_NAME)
    assert {row.name for row in bench.chosen_rows('targets')} == set(targets.TARGETS)
    assert [row.name for row in bench.chosen_rows('latency-*')] == ['latency-50', 'latency-90']


def meter_file(path, counts, lost=0, rate=0):
    """Buckets of 10 ns each."""
    bounds = [10 * (n + 1) for n in range(len(counts))]
    words = [len(counts), rate, lost, *bounds, *counts]
    path.write_bytes(struct.pack(f'={len(words)}Q', *words))
    return path


def test_quantiles(tmp_path):
    reading = Meter(meter_file(tmp_path / 'meter', [0, 500, 490, 9, 0, 1])).read()
    assert reading.packets == 1000
    assert [reading.quantile_ns(n) for n in (1, 500, 501, 990, 991, 999, 1000)] == [
        20, 20, 30, 30, 40, 40, 60]


def test_only_what_came_between_counts(tmp_path):
    path = tmp_path / 'meter'
    before = Meter(meter_file(path, [7, 0, 5], lost=2)).read()
    between = Meter(meter_file(path, [7, 3, 6], lost=5)).read().since(before)
    assert (between.packets, between.lost) == (4, 3)
    assert [between.quantile_ns(n) for n in (750, 751)] == [20, 30]
    nothing = before.since(before)
    assert nothing.packets == 0 and nothing.quantile_ns(500) is None


def test_the_rate_is_written_where_the_source_reads_it(tmp_path):
    path = meter_file(tmp_path / 'meter', [0, 0])
    Meter(path).set_rate(1234567.8)
    assert struct.unpack_from('=3Q', path.read_bytes()) == (2, 1234567, 0)


def test_a_meter_that_nobody_fills_is_refused(tmp_path):
    with pytest.raises(OSError, match='nobody has filled it'):
        Meter(meter_file(tmp_path / 'meter', []))


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
    ('testpmd', 'rules-10', 'has no rules'), ('vpp', 'new-udp', 'its generator'),
    ('vpp', 'rules-10', 'pass no rules'), ('vpp', 'latency-50', 'carry no time'),
    ('sallyport-steered', 'udp-1k', 'several workers'),
    ('sallyport-pair', 'udp-1k', 'several workers'), ('ovs', 'udp-100k-2w', 'wants 2 CPUs'),
])
def test_rows_that_cannot_be_compared_say_why(name, row, why):
    there = memory.Memory(64 * GIB, 64 * GIB)
    assert why in bench.contenders(PLACE, [])[name].why_not(BY_NAME[row], there)


def test_what_the_nic_tells():
    nic = bench.contenders(PLACE, [])['sallyport-nic']
    nic.folder = pathlib.Path('/t')
    assert nic.source_words(BY_NAME['udp-1k']) == ['csum=1', 'rss=1']
    assert nic.source_words(BY_NAME['udp-1k-sums']) == ['rss=1']
    assert nic.source_words(BY_NAME['latency-50']) == ['csum=1', 'rss=1', 'meter=/t/meter']
    assert MADE.source(BY_NAME['udp-1k'], ['rss=1']) == (
        'file=/t/laps.pcap,rss=1,first=/t/first.pcap')


LINE = {'own ns': 15.9, 'x rte_hash': 1.0, 'x OVS': 9.1, 'x pair': None, 'Mconn/s': None, 'n': 7}


@pytest.mark.parametrize('changed, told', [
    ({}, 'met'),
    ({'own ns': 16.1}, 'own ns 16.10 > 16'),
    ({'own ns': 41, 'x OVS': 5.4}, 'own ns 41.00 > 16; x OVS 5.40 < 9'),
    ({'x OVS': None}, 'x OVS not measured'),
    ({'n': 6}, 'met (fewer than 7 rounds)'),
])
def test_whether_a_target_is_met(changed, told):
    assert targets.verdict('udp-1k', 'sallyport-nic', LINE | changed) == told


def test_who_has_no_target():
    assert targets.verdict('udp-1', 'sallyport-nic', LINE) == ''
    assert targets.verdict('udp-1k', 'ovs', LINE) == ''


def a_round(mpps, **others):
    """A million packets."""
    cpu_ns = 1e9 / mpps
    return Round(packets=1_000_000, cpu_ns=cpu_ns, wall_ns=cpu_ns, connections=0,
                 connections_cpu_ns=cpu_ns, first_half=(500_000, cpu_ns / 2), workers=1, doubts={},
                 facts={}, **others)


def filled(row, rates, **others):
    results = Results(bench.PEERS, 'testpmd')
    for name, mpps in rates.items():
        for _ in range(7):
            results.cell(row, name).rounds.append(a_round(mpps, **others.get(name, {})))
    return results


def test_own_time_and_ratios():
    # 50 ns with source and sink, which take 10: 40 of its own.
    results = filled('udp-1k', {'sallyport-nic': 20, 'testpmd': 100, 'ovs': 2, 'ovs-nic': 2.5,
                                'rte_hash': 25, 'vpp': 10}, vpp={'own_ns': 26.5})
    line = results.line('udp-1k', 'sallyport-nic')
    assert line['own ns'] == pytest.approx(40)
    assert (line['x OVS'], line['x rte_hash']) == (pytest.approx(8), pytest.approx(0.8))
    assert line['target'] == 'own ns 40.00 > 16; x rte_hash 0.80 < 1; x OVS 8.00 < 9'
    assert line['drift %'] == pytest.approx(0)
    assert results.line('udp-1k', 'vpp')['own ns'] == 26.5  # it says so itself
    assert results.line('udp-1k', 'testpmd')['own ns'] is None


def test_several_workers_are_compared_by_the_clock():
    results = filled('udp-100k-2w', {'sallyport-steered': 10, 'sallyport-pair': 10})
    for each in results.cell('udp-100k-2w', 'sallyport-steered').rounds:
        each.wall_ns *= 1.25  # it got less of its CPUs, since other threads of it were on them
    line = results.line('udp-100k-2w', 'sallyport-steered')
    assert line['x pair'] == pytest.approx(0.8)
    assert line['target'] == 'x pair 0.80 < 0.95'


def test_a_pair_shares_the_flows():
    asked = []

    def make(trace):
        asked.append(trace)
        return MADE

    row = BY_NAME['udp-100k-2w']
    played = bench.contenders(PLACE, [])['sallyport-pair'].trace(row, make)
    assert asked == [Trace('established', 50_000)]
    assert (played.beginning, played.packets, played.file) == (2000, 8000, MADE.file)
    assert bench.contenders(PLACE, [])['sallyport'].trace(row, make) is MADE and asked[1] == row.trace


def test_drift_is_that_of_the_second_half():
    each = a_round(10)
    each.first_half = (400_000, each.cpu_ns / 2)  # the other 600,000 took no longer
    assert each.drift == pytest.approx(50)


def test_latency_has_a_table_of_its_own(tmp_path):
    latency = Latency(7.5, packets=999, lost=1, p50_ns=1500, p99_ns=3000, p999_ns=8000, max_ns=90000)
    results = filled('latency-50', {'sallyport-nic': 7.5}, **{'sallyport-nic': {'latency': latency}})
    results.cell('udp-1k', 'testpmd').rounds.append(a_round(80))
    results.leave_out('latency-50', 'vpp', 'its packets carry no time')
    results.leave_out('latency-90', 'vpp', 'its packets carry no time')
    text = results.text()
    first, second, left_out = text.split('\n\n')
    assert 'Mpps/core' in first and 'latency-50' not in first
    assert second.splitlines()[-1].split() == [
        'latency-50', 'sallyport-nic', '7.50', '1.50', '3.00', '8.00', '90.00', '0.10', '100', '7']
    assert left_out == 'not measured: vpp: latency-50, latency-90: its packets carry no time'
    results.write_json(tmp_path / 'json', {'commit': 'abc'})
    told = json.loads((tmp_path / 'json').read_text())
    assert told['latency'][0]['p99 us'] == 3
    assert told['lines'][0]['target'] == ''
    assert told['left_out'] == [{'contender': 'vpp', 'why': 'its packets carry no time',
                                 'rows': ['latency-50', 'latency-90']}]
    assert told['rounds']['latency-50']['sallyport-nic']['rounds'][0]['latency']['max_ns'] == 90000


def test_tables_without_latency_or_without_anything():
    assert 'not measured' not in filled('udp-1k', {'testpmd': 80}).text()
    assert Results({}, 'testpmd').text() == ''


RUNTIME = '''\
Thread 0 vpp_main (lcore 0)
Time 1.5, 10 sec internal node vector rate 0.00 loops/sec 1234.00
  vector rates in 0.0000e0, out 0.0000e0, drop 0.0000e0, punt 0.0000e0
             Name                 State         Calls          Vectors        Suspends         Clocks       Vectors/Call
acl-plugin-fa-cleaner-process  event wait                9             999               1          3.66e4            0.00
---------------
Thread 1 vpp_wk_0 (lcore 1)
Time 1.5, 10 sec internal node vector rate 256.00 loops/sec 60000.00
  vector rates in 1.7e7, out 1.7e7, drop 0.0000e0, punt 0.0000e0
             Name                 State         Calls          Vectors        Suspends         Clocks       Vectors/Call
acl-plugin-in-ip4-l2             active             100            25600               0          4.00e1          256.00
ethernet-input                   active             100            25600               0          1.50e1          256.00
pg-input                         polling            100            25600               0          9.99e1          256.00
pg1-output                       active             100            25600               0          3.00e0          256.00
pg1-tx                           active             100            25600               0          1.20e1          256.00
l2-output                        active              50            12800               0          1.00e1          256.00
unix-epoll-input                 polling             10                0               0          2.00e3            0.00
'''


def test_vpp_knows_its_own_time():
    # 40 + 15 of all packets, 10 of one in two; what the generator takes does not count.
    assert vpp.clocks_per_packet(RUNTIME) == pytest.approx(60)
    assert vpp.clocks_per_packet('') is None


def test_vpp_counts_over_interfaces():
    told = ('pg0   1  up  9000/0/0/0  rx packets  500\n      drops   3\n'
            'pg1   2  up  9000/0/0/0  tx packets  497\n      tx bytes   29820\n')
    assert (vpp.counter(told, 'tx packets'), vpp.counter(told, 'drops')) == (497, 3)


def braces(text):
    """The text outside and inside of each section, in order."""
    assert text.count('{') == text.count('}')
    return dict(line.rstrip(' }').split(' { ', 1) for line in text.splitlines())


def test_vpp_starts_with_one_worker_and_room_for_sessions():
    sections = braces(vpp.startup(BY_NAME['udp-1m'], '/t', main_cpu=0, cpu=3))
    assert sections['cpu'] == 'main-core 0 corelist-workers 3'
    assert 'startup-config /t/commands' in sections['unix']
    assert 'plugin acl_plugin.so { enable' in sections['plugins']
    # 1.25 M connections, twice, and four to a bucket.
    assert sections['acl-plugin'] == 'connection hash buckets 1048576 connection count max 2500000'


def test_vpp_reflects_what_it_permits_and_plays_the_captures():
    lines = vpp.commands(BY_NAME['udp-4m'], MADE).splitlines()
    # Of 5 M connections, twice, 256 bytes each.
    assert 'set acl-plugin session table hash-table-memory 2441M' in lines
    assert 'set interface l2 xconnect pg0 pg1' in lines
    assert ('set acl-plugin acl permit+reflect src 0.0.0.0/0 dst 0.0.0.0/0, '
            'permit+reflect src ::/0 dst ::/0') in lines
    assert 'set acl-plugin interface pg0 input acl 0' in lines
    assert lines[-2] == ('packet-generator new { name first limit 1000 node ethernet-input interface '
                         'pg0 worker 0 pcap /t/first.pcap }')
    assert 'name laps limit 1000000000000000 ' in lines[-1] and '/t/laps.pcap' in lines[-1]
    # Nothing plays before there is an access list, and what is never made is not enabled.
    alone = vpp.commands(BY_NAME['udp-1k'], MadeTrace('/t/laps.pcap', '', 0, 4000, 0))
    assert 'first' not in alone and 'enable-stream' not in alone


def test_vpp_is_skipped_where_it_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', str(tmp_path))
    assert vpp.Vpp('vpp', PLACE).missing() == 'not installed: skipped (--vpp FOLDER names a build)'
    assert vpp.Vpp('vpp', PLACE, tmp_path).missing() == (
        f'no vpp, vppctl in {tmp_path}: skipped (--vpp FOLDER names a build)')
    (tmp_path / 'bin').mkdir()
    for name in ('vpp', 'vppctl'):
        (tmp_path / 'bin' / name).touch()
    assert vpp.Vpp('vpp', PLACE, tmp_path).missing() == ''
