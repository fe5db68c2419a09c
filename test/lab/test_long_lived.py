# SPDX-License-Identifier: BSD-3-Clause
"""TCP connections that stay open, through a running sallyport: for longer than the timeout of an open
connection, as long as somebody talks."""

import contextlib
import time

import pytest

from lab.attempt import assert_attempt
from lab.lab import FAMILIES, Lab
from lab.sessions import ONLY_SESSIONS, PORT, Sessions, start_server
from system.running import wait_until

N_SESSIONS = 8  # of each family
IDLE_SEC = 6
NO_NEW_SESSIONS = '''\
chains = ( { name = "filter"; policy = "drop"; rules = (
    { name = "established"; state = "established"; action = "accept"; } ); } );
'''
TIMEOUTS = f'timeouts: {{ tcp_established = {IDLE_SEC}; tcp_time_wait = 1; tcp_last_ack = 5; }};'


@pytest.fixture(name='site', scope='module')
def fixture_site(workers):
    """A lab with a server of sessions, and a policy for nothing else: (lab, wire)."""
    with Lab(workers=workers) as lab, lab.running(ONLY_SESSIONS, TIMEOUTS):
        (wire,) = lab.wires
        start_server(wire.server)
        yield lab, wire


@contextlib.contextmanager
def opened(wire, number):
    """So many sessions of each family that nobody uses yet: a list of Sessions."""
    with contextlib.ExitStack() as stack:
        both = [stack.enter_context(Sessions(wire.client, wire.server.addresses[family]))
                for family in FAMILIES]
        for sessions in both:
            assert sessions.open(number) == number
        yield both


def go_on(both):
    for sessions in both:
        sessions.wait_until_they_go_on()


def known(lab):
    """The sessions of the table, by the client's address and port."""
    return {(entry['orig']['src'], entry['orig']['sport']): entry
            for entry in lab.machine.json('ct', 'list', '--dport', str(PORT), '--state',
                                          'ESTABLISHED')}


def test_they_live_as_long_as_somebody_talks(site):
    lab, wire = site

    with opened(wire, N_SESSIONS) as both:
        for sessions in both:
            sessions.talk()
        go_on(both)
        first = known(lab)
        assert len(first) == len(FAMILIES) * N_SESSIONS
        time.sleep(2 * IDLE_SEC)
        go_on(both)

        last = known(lab)
        assert last.keys() == first.keys()
        for ends, entry in last.items():
            assert entry['conn'] == first[ends]['conn']  # it never left the table
            assert entry['assured']
            assert entry['orig']['packets'] >= first[ends]['orig']['packets'] + 5
        assert [sessions.close() for sessions in both] == [N_SESSIONS] * len(FAMILIES)

    wait_until(lambda: lab.machine.count() == 0, 'the table is empty')


@pytest.mark.quick
def test_one_that_was_silent_for_too_long_is_gone(site):
    """And what it says then is no new connection for this policy."""
    lab, wire = site

    with opened(wire, 1) as both:
        assert [sessions.use() for sessions in both] == [1] * len(FAMILIES)
        wait_until(lambda: lab.machine.count() == 0, 'they have left the table')
        for sessions in both:
            dropped = lab.packets()['filter']
            sessions.talk()
            wait_until(lambda dropped=dropped: lab.packets()['filter'] > dropped, 'it is dropped')
            assert sessions.said() == [0]


def test_they_live_through_a_reload(site):
    """The rules that are loaded say whether there may be new ones; those that are open go on."""
    lab, wire = site

    with opened(wire, N_SESSIONS) as both:
        for sessions in both:
            sessions.talk()
        go_on(both)
        first = known(lab)

        for rules, what in ((NO_NEW_SESSIONS, 'dropped'), (ONLY_SESSIONS, 'open')):
            lab.reload(rules, TIMEOUTS)
            go_on(both)
            for family in FAMILIES:
                assert_attempt(wire.client.namespace, wire.server.addresses[family], PORT, what)

        last = known(lab)
        assert all(last[ends]['conn'] == entry['conn'] for ends, entry in first.items())
        assert [sessions.close() for sessions in both] == [N_SESSIONS] * len(FAMILIES)
