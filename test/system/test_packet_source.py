# SPDX-License-Identifier: BSD-3-Clause
"""What scripts/bench relies on, with a real sallyport: the packet source keeps to the clock and tells
how long packets took, and after the warm-up every flow is in its steady state. Nothing here depends
on how fast the machine is."""

import os
import pathlib
import sys
import time

import pytest

from system.running import wait_until, write_capture
from system.traffic import udp_frame
from util.programs import BUILD

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'test/perf'))

import bench  # noqa: E402
from contenders.contender import Place  # noqa: E402
from contenders.sallyport import Sallyport  # noqa: E402
from rows import Row, Trace  # noqa: E402
from traces import MadeTrace  # noqa: E402

FLOWS = 500
RATE = 20000  # packets per second: any machine can, with sanitizers too
RING = 1024   # of the source
SERVER = 0xc0000201
# The source is no sanitizer's runtime, which wants to be the first library.
SANITIZER = {'ASAN_OPTIONS': 'verify_asan_link_order=0'}

pytestmark = pytest.mark.skipif(not (BUILD / 'test/perf/libnet_trace.so').exists(),
                                reason='there is no packet source')


def request(number):
    return udp_frame(0x0a000000 + number, 5000, SERVER, 53)


def answer(number):
    return udp_frame(SERVER, 53, 0x0a000000 + number, 5000)


@pytest.fixture(name='trace')
def make_trace(tmp_path):
    """Established flows, as the rows of the benchmark have them."""
    first = [request(number) for number in range(FLOWS)]
    lap = [frame(number) for frame in (answer, request) for number in range(FLOWS)]
    write_capture(tmp_path / 'first.pcap', first)
    write_capture(tmp_path / 'lap.pcap', lap)
    return MadeTrace(str(tmp_path / 'lap.pcap'), str(tmp_path / 'first.pcap'), len(first), len(lap),
                     advance=0)


@pytest.fixture(name='contender')
def make_contender():
    available = sorted(os.sched_getaffinity(0))
    place = Place(BUILD, [available[-1]], available[0], eal_options=('--no-huge',),
                  environment=SANITIZER)
    contender = Sallyport('sallyport', place, BUILD / 'app/sallyport', ('csum', 'rss'))
    yield contender
    contender.stop()


def test_all_flows_are_assured_after_the_warm_up(contender, trace):
    row = Row('some', Trace('established', FLOWS))
    contender.start(row, trace)
    assert bench.warm_up(contender, row, trace) == 0
    assert contender.connections() == FLOWS


def test_flows_that_nobody_answers_are_found(contender, trace, tmp_path):
    write_capture(tmp_path / 'lap.pcap', [request(number) for number in range(FLOWS)])
    row = Row('some', Trace('established', FLOWS))
    contender.start(row, trace)
    assert bench.warm_up(contender, row, trace) > 0


def test_packets_come_by_the_clock_and_are_timed(contender, trace):
    row = Row('some', Trace('established', FLOWS), load=0.5)
    contender.start(row, trace)
    meter = contender.meter
    assert meter.read().packets == 0  # without a clock nothing is timed
    meter.set_rate(RATE)
    begin = time.monotonic()
    wait_until(lambda: meter.read().packets > 0, 'a packet was timed')
    before, sent = meter.read(), contender.packets()
    wait_until(lambda: meter.read().packets - before.packets >= RATE, 'many were timed')
    now = meter.read()
    # Never more than the clock says, whatever has waited or was lost.
    assert now.packets + now.lost <= (time.monotonic() - begin) * RATE + RING
    passed = meter.read().since(before)
    # All that leave are timed, but those between two questions.
    assert contender.packets() - sent >= RATE
    times = [passed.quantile_ns(n) for n in (1, 500, 990, 999, 1000)]
    assert times == sorted(times) and times[0] > 0
    assert times[-1] < (time.monotonic() - begin) * 1e9


def test_without_a_rate_no_packet_is_timed_again(contender, trace):
    contender.start(Row('some', Trace('established', FLOWS), load=0.9), trace)
    contender.meter.set_rate(RATE)
    wait_until(lambda: contender.meter.read().packets > 0, 'a packet was timed')
    contender.meter.set_rate(0)
    time.sleep(0.1)
    before, sent = contender.meter.read(), contender.packets()
    wait_until(lambda: contender.packets() > sent + RING, 'packets go on')
    assert contender.meter.read().packets == before.packets
