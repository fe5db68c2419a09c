# SPDX-License-Identifier: BSD-3-Clause
"""sallyport is killed and started again while there is traffic: it is back soon, and the connections
that were open go on."""

import contextlib
import time

import pytest

from lab.lab import FAMILIES, Lab
from lab.sessions import PORT, Sessions, start_server
from system.running import wait_until

N_SESSIONS = 20
N_RESTARTS = 3
BACK_SEC = 2

FROM_CLIENT = '''\
chains = ( { name = "filter"; policy = "drop"; rules = (
    { name = "established"; state = "established"; action = "accept"; },
    { name = "client"; in = "lan0"; state = "new"; action = "accept"; } ); } );
'''


@pytest.fixture(name='site', scope='module')
def fixture_site(workers):
    """A lab with a server of sessions: (lab, wire)."""
    with Lab(workers=workers) as lab:
        (wire,) = lab.wires
        start_server(wire.server)
        yield lab, wire


class Pings:
    """A hundred echoes a second, and when they were answered."""

    def __init__(self, wire, family, folder):
        self.path = folder / family
        with open(self.path, 'w', encoding='utf-8') as file:
            self.process = wire.client.namespace.start(
                'stdbuf', '-oL', 'ping', '-n', '-D', '-i', '0.01', wire.server.addresses[family],
                stdout=file)

    def __enter__(self):
        wait_until(lambda: self.answered_since(0), 'an echo is answered')
        return self

    def __exit__(self, *reason):
        self.process.kill()
        self.process.wait()

    def answered_since(self, since):
        """Times of the answers that came later than that."""
        text = self.path.read_text(encoding='utf-8')
        whole, *_ = text.rpartition('\n')  # without a line that is being written
        times = (float(line[1:].partition(']')[0]) for line in whole.splitlines()
                 if 'bytes from' in line)
        return [time_of for time_of in times if time_of > since]


def restart(lab, pings):
    """Kills it and starts it again. Returns after how long every ping is answered again."""
    lab.machine.process.kill()
    lab.machine.process.wait()
    began = time.time()
    lab.start(FROM_CLIENT)
    return max(wait_until(lambda each=each: each.answered_since(began), 'an echo is answered')[0]
               for each in pings) - began


@pytest.mark.quick
def test_it_is_back_and_connections_go_on(site, tmp_path):
    """How long it takes is measured several times, and the best counts: of the others, some may tell
    of a machine that was busy."""
    lab, wire = site
    with lab.running(FROM_CLIENT), contextlib.ExitStack() as stack:
        pings = [stack.enter_context(Pings(wire, family, tmp_path)) for family in FAMILIES]
        sessions = [stack.enter_context(Sessions(wire.client, wire.server.addresses[family]))
                    for family in FAMILIES]
        for each in sessions:
            assert each.open(N_SESSIONS) == N_SESSIONS
            each.talk()
            each.wait_until_they_go_on()

        took_sec = []
        for _ in range(N_RESTARTS):
            took_sec.append(restart(lab, pings))
            for each in sessions:
                each.wait_until_they_go_on()

        found = [entry for entry in lab.machine.json('ct', 'list', '--state', 'ESTABLISHED')
                 if PORT in (entry['orig']['dport'], entry['orig']['sport'])]
        assert len(found) == len(FAMILIES) * N_SESSIONS
        assert all(entry['assured'] for entry in found)
        for each in sessions:
            assert each.close() == N_SESSIONS
    assert min(took_sec) < BACK_SEC, took_sec
