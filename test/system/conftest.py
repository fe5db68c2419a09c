# SPDX-License-Identifier: BSD-3-Clause
"""Appliances that several files of tests ask."""

import pytest

from system.running import appliance, wait_until
from system.small import N_LAN, N_WAN, SMALL, write_small_traffic


@pytest.fixture(name='small', scope='module')
def fixture_small():
    with appliance() as machine:
        write_small_traffic(machine)
        machine.start(SMALL)
        wait_until(lambda: machine.json('stats')['packets'] == N_LAN + N_WAN,
                   'all packets are through')
        yield machine
        assert machine.stop()[0] == 0
