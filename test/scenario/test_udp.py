# SPDX-License-Identifier: BSD-3-Clause
"""UDP: questions and answers are soon forgotten, streams are not."""

from scenario.configuration import OPEN, SITE
from scenario.traffic import CLIENT, CLIENT6, SERVER, SERVER6, Traffic, udp


def ask(traffic, client=CLIENT, server=SERVER):
    traffic.lan(udp(client, server, 5000, 53))


def answer(traffic, client=CLIENT, server=SERVER):
    traffic.wan(udp(server, client, 53, 5000))


def test_a_dns_query_and_its_answer_stay_short(replay):
    traffic = Traffic()
    ask(traffic)
    traffic.wait(0.02)
    answer(traffic)

    answers = replay(SITE, traffic, '--settle', 31)

    assert answers.of('rule') == ['dns', 'replies']
    assert answers.of('state', 'dir') == [('new', 'orig'), ('established', 'reply')]
    assert answers.of('entry.state', 'entry.timeout', 'entry.seen_reply', 'entry.assured') == [
        (None, 30, False, False), (None, 30, True, False)]
    assert [event['event'] for event in answers.events] == ['new', 'update', 'destroy']


def test_what_goes_on_for_more_than_two_seconds_is_a_stream(replay):
    traffic = Traffic()
    ask(traffic)
    answer(traffic)
    traffic.wait(2.5)
    ask(traffic)
    answer(traffic)

    answers = replay(SITE, traffic)

    assert answers.of('entry.timeout', 'entry.assured') == [
        (30, False), (30, False), (120, True), (120, True)]
    assert [event['event'] for event in answers.events] == ['new', 'update', 'update']
    assert answers.story()[-1] == ('update', None, 'assured')


def test_a_late_first_answer_makes_no_stream(replay):
    traffic = Traffic()
    ask(traffic)
    traffic.wait(10)
    answer(traffic)

    assert replay(SITE, traffic).of('entry.timeout', 'entry.assured') == [(30, False), (30, False)]


def test_one_side_alone_is_new_for_ever(replay):
    traffic = Traffic()
    for _ in range(5):
        ask(traffic)
        traffic.wait(20)

    answers = replay(SITE, traffic)

    assert answers.of('state', 'entry.timeout', 'entry.assured') == [('new', 30, False)] * 5
    assert len(set(answers.of('conn'))) == 1


def test_an_answer_without_a_question_is_new(replay):
    traffic = Traffic()
    answer(traffic)

    assert replay(SITE, traffic).of('verdict', 'reason', 'state') == [('drop', 'default', 'new')]


def test_over_ipv6(replay):
    traffic = Traffic()
    ask(traffic, CLIENT6, SERVER6)
    answer(traffic, CLIENT6, SERVER6)

    answers = replay(SITE, traffic)

    assert answers.of('rule') == ['dns', 'replies']
    (entry,) = answers.table
    assert (entry['orig']['src'], entry['orig']['dst']) == (CLIENT6, SERVER6)


def test_a_wrong_checksum_is_invalid_and_none_is_fine(replay):
    traffic = Traffic()
    wrong, none = udp(CLIENT, SERVER, 5000, 53), udp(CLIENT, SERVER, 5001, 53)
    wrong.chksum, none.chksum = 0xBAD, 0
    wrong['UDP'].chksum, none['UDP'].chksum = 0xBAD, 0
    del wrong['IP'].chksum, none['IP'].chksum
    traffic.lan(wrong, none)

    answers = replay(OPEN, traffic)

    assert answers.of('state') == ['invalid', 'new']
    assert answers.verdicts[0]['fault'] == 'l4_checksum'
