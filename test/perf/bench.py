#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs Sallyport and its peers on the same packets, in turns, and prints how fast each is.

scripts/bench builds what this needs and calls it; README.md says what the columns mean.
"""

import argparse
import datetime
import functools
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

import memory
import process
from contenders.contender import Failed, Place
from contenders.ovs import Ovs
from contenders.pair import Independent
from contenders.rte_hash import RteHash
from contenders.sallyport import Sallyport
from contenders.testpmd import Testpmd
from contenders.vpp import Vpp
from results import Latency, Peer, Results, Round
from rows import ROWS
from targets import ROUNDS_MIN, TARGETS
from traces import made

NIC = ('csum', 'rss')
STEERING_NIC = ('steer',)
DEFAULT_CONTENDERS = ('sallyport-nic', 'sallyport-steered', 'sallyport-pair', 'ovs-nic',
                      'ovs-emc-nic', 'vpp', 'rte_hash', 'testpmd')
PEERS = {
    'OVS': Peer(['ovs', 'ovs-nic', 'ovs-emc-nic']),
    'rte_hash': Peer(['rte_hash']),
    'pair': Peer(['sallyport-pair'], 'wall_mpps'),
}
ENDLESS_WARM_UP_SEC = 0.5
STREAM_AFTER_SEC = 2.2  # an answered UDP flow that is older than two seconds is assured
SETTLE_SEC = 0.1
OVERLOAD = 1.5  # times the rate that a contender takes without a clock: more than it can with one


def contenders(place, extra_programs, vpp_folder=None):
    """Everything that can be compared, by name."""
    program = place.build / 'app/sallyport'
    return {each.name: each for each in [
        Sallyport('sallyport', place, program),
        Sallyport('sallyport-nic', place, program, NIC),
        Sallyport('sallyport-steered', place, program, STEERING_NIC, min_workers=2),
        Independent('sallyport-pair', place, program),
        Sallyport('sallyport-rte_hash', place, program, table='rte_hash'),
        *[Sallyport(name, place, pathlib.Path(path)) for name, path in extra_programs],
        Ovs('ovs', place),
        Ovs('ovs-nic', place, NIC, has_emc=False),
        Ovs('ovs-emc-nic', place, NIC),
        Vpp('vpp', place, vpp_folder),
        RteHash('rte_hash', place),
        Testpmd('testpmd', place),
    ]}


def wait_for_laps(contender, packets, what):
    """Until so many more packets have gone through."""
    goal = contender.packets() + packets
    contender.wait_until(lambda: contender.packets() >= goal, what)


def warm_up(contender, row, trace):
    """Until everything is as it stays: all connections are there, and older than it takes a tracker
    to call an answered flow a stream, and each has sent both ways since. The same for every
    contender. An endless trace has no such state: it runs for a while. Returns how many flows are
    not in that state all the same, packets having been dropped, or the machine being too slow."""
    if row.is_endless:
        time.sleep(ENDLESS_WARM_UP_SEC)
    else:
        wait_for_laps(contender, trace.beginning + trace.packets, 'it has seen all packets once')
        time.sleep(STREAM_AFTER_SEC)
        wait_for_laps(contender, trace.packets, 'it has seen all packets again')
    time.sleep(SETTLE_SEC)
    return contender.unsettled() if row.every_flow_goes_both_ways else 0


def sample(contender):
    """What has been counted so far. To ask for connections may take a while, so the CPU time that
    belongs to them is read again."""
    return {
        'packets': contender.packets(),
        'cpu_ns': contender.cpu_ns(),
        'wall_ns': time.monotonic_ns(),
        'connections': contender.connections() or 0,
        'connections_cpu_ns': contender.cpu_ns(),
    }


def difference(after, before):
    return {name: n - before.get(name, 0) for name, n in after.items()}


def count(contender, row, seconds, meanwhile=lambda: None):
    """One measurement. What meanwhile returns just before and just after it comes with the round."""
    doubts = contender.doubts()
    contender.begin()
    first = meanwhile()
    before = sample(contender)
    time.sleep(seconds / 2)
    middle = contender.packets(), contender.cpu_ns()
    time.sleep(seconds / 2)
    after = sample(contender)
    last = meanwhile()
    own_ns = contender.own_ns()
    doubts = difference(contender.doubts(), doubts)
    return Round(**difference(after, before), first_half=(middle[0] - before['packets'],
                                                          middle[1] - before['cpu_ns']),
                 workers=row.workers, facts=contender.facts(), own_ns=own_ns,
                 doubts={name: n for name, n in doubts.items() if n != 0}), first, last


def rate_by_the_wall(contender, seconds):
    """Packets per second."""
    packets, begin_ns = contender.packets(), time.monotonic_ns()
    time.sleep(seconds)
    return (contender.packets() - packets) / (time.monotonic_ns() - begin_ns) * 1e9


def count_by_the_clock(contender, row, seconds):
    """How long packets take at a part of the rate that it takes at most, which is found first: when
    too many come by the clock, since the clock itself takes time."""
    contender.meter.set_rate(OVERLOAD * rate_by_the_wall(contender, seconds))
    time.sleep(SETTLE_SEC)
    rate = rate_by_the_wall(contender, seconds) * row.load
    contender.meter.set_rate(rate)
    time.sleep(SETTLE_SEC)
    counted, before, after = count(contender, row, seconds, contender.meter.read)
    passed = after.since(before)
    if passed.packets == 0:
        raise Failed(f'{contender.name}: no packet was timed')
    p50, p99, p999, most = (passed.quantile_ns(n) for n in (500, 990, 999, 1000))
    counted.latency = Latency(rate / 1e6, passed.packets, passed.lost, p50, p99, p999, most)
    return counted


def measure(contender, row, trace, seconds):
    """One round."""
    try:
        contender.start(row, trace)
        unsettled = warm_up(contender, row, trace)
        if row.load:
            counted = count_by_the_clock(contender, row, seconds)
        else:
            counted, _, _ = count(contender, row, seconds)
        if unsettled:
            counted.doubts['flows not settled'] = unsettled
        return counted
    finally:
        contender.stop()


def about(arguments):
    """On what and how it was measured."""
    cpu = re.search(r'model name\s*: (.*)', pathlib.Path('/proc/cpuinfo').read_text())
    commit = subprocess.run(['git', 'describe', '--always', '--dirty'], capture_output=True,
                            text=True, check=False,
                            cwd=pathlib.Path(__file__).parent).stdout.strip()
    return {
        'time': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'),
        'cpu': cpu.group(1) if cpu else platform.processor(),
        'cpus': os.cpu_count(),
        'kernel': platform.release(),
        'commit': commit,
        'rounds': arguments.rounds,
        'seconds': arguments.seconds,
        'load_before': os.getloadavg(),
    }


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    names = [row.name for row in ROWS]
    parser.add_argument('--rows', help='these only, by comma; * is allowed, and "targets" are those '
                                       f'that have one: {", ".join(names)}')
    parser.add_argument('--contenders', default=','.join(DEFAULT_CONTENDERS),
                        help='these only, by comma (default: %(default)s); also sallyport, '
                             'sallyport-rte_hash, ovs, and what --add names')
    parser.add_argument('--add', action='append', default=[], metavar='NAME=PROGRAM',
                        help='another sallyport to compare with')
    parser.add_argument('--vpp', metavar='FOLDER', help='a build of VPP, which has bin/vpp')
    parser.add_argument('--rounds', type=int, default=ROUNDS_MIN)
    parser.add_argument('--seconds', type=float, default=1.5, help='of one measurement')
    parser.add_argument('--cpus', help='of the workers, by comma (default: all but the first, '
                                       'then the first)')
    parser.add_argument('--build', default='build-perf', help='build folder')
    parser.add_argument('--json', metavar='FILE', help='write everything measured there too')
    return parser.parse_args()


def chosen_rows(text):
    if text is None:
        return ROWS
    words = [name for word in text.split(',') for name in (TARGETS if word == 'targets' else [word])]
    patterns = [re.escape(word).replace(r'\*', '.*') for word in words]
    return [row for row in ROWS if any(re.fullmatch(pattern, row.name) for pattern in patterns)]


def chosen_contenders(arguments, place):
    """Those that are asked for and can run here."""
    extra = [word.split('=', 1) for word in arguments.add]
    known = contenders(place, extra, arguments.vpp)
    names = [*arguments.contenders.split(','), *[name for name, _ in extra]]
    found = []
    for name in dict.fromkeys(names):
        if name not in known:
            sys.exit(f'bench: there is no contender {name}; there are {", ".join(known)}')
        reason = known[name].missing()
        if reason:
            print(f'bench: without {name}: {reason}', file=sys.stderr)
        else:
            found.append(known[name])
    return found


def able_contenders(row, runners, results):
    """Those for which a row means something and for whose needs the memory suffices."""
    there = memory.of_machine()
    able = []
    for contender in runners:
        why = contender.why_not(row, there)
        if why:
            results.leave_out(row.name, contender.name, why)
        else:
            able.append(contender)
    return able


def run_round(contender, row, trace, seconds, results):
    """Returns what to say about it."""
    cell = results.cell(row.name, contender.name)
    try:
        cell.rounds.append(measure(contender, row, trace, seconds))
    except Failed as failure:
        cell.failures.append(str(failure))
        return str(failure)
    latency = cell.rounds[-1].latency
    if latency:
        return f'{latency.p50_ns} ns, {latency.p99_ns} ns at 99 %, at {latency.offered_mpps:.2f} Mpps'
    return f'{cell.rounds[-1].mpps:.2f} Mpps/core'


def main():
    arguments = parse_arguments()
    available = sorted(os.sched_getaffinity(0))
    cpus = ([int(cpu) for cpu in arguments.cpus.split(',')] if arguments.cpus
            else available[1:] + available[:1])
    place = Place(pathlib.Path(arguments.build).absolute(), cpus, available[0])
    rows = chosen_rows(arguments.rows)
    runners = chosen_contenders(arguments, place)
    if not rows or not runners:
        sys.exit('bench: nothing to measure')
    if not process.may_raise_priority():
        print('bench: not root: other programs will disturb the measurement', file=sys.stderr)
    traffic = place.build / 'test/perf/traffic'
    make = functools.partial(made, program=traffic, folder=place.build / 'traces')
    results = Results(PEERS, 'testpmd')
    facts = about(arguments)
    for row in rows:
        able = able_contenders(row, runners, results)
        traces = {contender: contender.trace(row, make) for contender in able}
        for number in range(arguments.rounds):
            for contender in able:
                told = run_round(contender, row, traces[contender], arguments.seconds,
                                 results)
                print(f'bench: {row.name}: round {number + 1}: {contender.name}: {told}',
                      file=sys.stderr)
    print(results.text())
    if arguments.json:
        results.write_json(arguments.json, facts)


if __name__ == '__main__':
    main()
