# SPDX-License-Identifier: BSD-3-Clause
"""A connection exists once its first packet has passed. What a rule drops before that leaves
nothing; a rule behind the point where connections are confirmed is too late for that."""

from scenario.configuration import chain, configuration
from scenario.traffic import CLIENT, SERVER, Traffic, syn, udp

NO_TELNET = 'name = "no telnet"; proto = "tcp"; dport = 23; action = "drop";'
BEHIND_CONFIRM = 2147483647


def telnet():
    traffic = Traffic()
    traffic.lan(syn(CLIENT, SERVER, 40000, 23))
    return traffic


def test_a_syn_that_the_filter_drops_leaves_nothing(replay):
    answers = replay(configuration(chain(NO_TELNET)), telnet())

    assert answers.of('verdict', 'reason', 'chain', 'rule') == [
        ('drop', 'rule', 'filter', 'no telnet')]
    assert answers.of('state', 'dir', 'entry') == [('new', 'orig', None)]
    assert answers.table == []
    assert answers.events == []


def test_a_syn_that_is_dropped_behind_confirm_leaves_a_connection(replay):
    answers = replay(configuration(chain(NO_TELNET, name='late', priority=BEHIND_CONFIRM)),
                     telnet())

    assert answers.of('verdict', 'reason', 'chain', 'rule') == [
        ('drop', 'rule', 'late', 'no telnet')]
    assert answers.of('state', 'entry.state', 'entry.seen_reply') == [('new', 'SYN_SENT', False)]
    (entry,) = answers.table
    assert (entry['state'], entry['seen_reply']) == ('SYN_SENT', False)
    assert entry['timeout'] in (119, 120)
    (event,) = answers.events
    assert (event['event'], event['state'], event['timeout']) == ('new', 'SYN_SENT', 120)


def test_one_before_the_last_priority_is_before_confirm(replay):
    answers = replay(configuration(chain(NO_TELNET, priority=BEHIND_CONFIRM - 1)), telnet())

    assert (answers.table, answers.events) == ([], [])


def test_a_repeated_syn_is_new_each_time_while_it_is_dropped(replay):
    traffic = telnet()
    traffic.wait(1)
    traffic.lan(syn(CLIENT, SERVER, 40000, 23))

    answers = replay(configuration(chain(NO_TELNET)), traffic)

    assert answers.of('state') == ['new', 'new']
    first, second = answers.of('conn')
    assert first != second
    assert answers.table == []


def test_a_rejected_syn_leaves_nothing_either(replay):
    rule = 'name = "closed"; proto = "tcp"; dport = 23; action = "reject";'

    answers = replay(configuration(chain(rule)), telnet())

    assert answers.of('verdict', 'entry') == [('reject', None)]
    assert (answers.table, answers.events) == ([], [])


def test_a_dropped_packet_of_a_connection_still_counts_for_it(replay):
    """The connection is there, and the tracker has seen the answer before the rule drops it."""
    traffic = Traffic()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53))
    traffic.wan(udp(SERVER, CLIENT, 53, 5000))
    rule = 'name = "no answers"; in = "wan"; action = "drop";'

    answers = replay(configuration(chain(rule)), traffic)

    assert answers.of('verdict', 'state', 'entry.seen_reply') == [
        ('accept', 'new', False), ('drop', 'established', True)]
    (entry,) = answers.table
    assert entry['reply']['packets'] == 1
