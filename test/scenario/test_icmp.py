# SPDX-License-Identifier: BSD-3-Clause
"""Ping, ICMP errors that belong to a connection or to none, and neighbours of IPv6."""

import pytest
from scapy.layers.inet6 import ICMPv6MLReport, ICMPv6ND_NS, ICMPv6ND_RA, IPv6

from scenario.configuration import OPEN, SITE, chain, configuration
from scenario.traffic import (CLIENT, CLIENT6, ROUTER, ROUTER6, SERVER, SERVER6, Traffic, ping, syn,
                              too_big, udp, unreachable)

FAMILIES = pytest.mark.parametrize('client, server, router', [
    (CLIENT, SERVER, ROUTER), (CLIENT6, SERVER6, ROUTER6)], ids=['ipv4', 'ipv6'])


@FAMILIES
def test_ping(replay, client, server, router):
    del router
    traffic = Traffic()
    for _ in range(3):
        traffic.lan(ping(client, server, 77))
        traffic.wan(ping(server, client, 77, reply=True))
        traffic.wait(1)

    answers = replay(SITE, traffic)

    assert answers.of('verdict') == ['accept'] * 6
    assert answers.of('state', 'dir') == [
        ('new', 'orig'), ('established', 'reply'),
        *[('established', 'orig'), ('established', 'reply')] * 2]
    assert answers.of('entry.timeout', 'entry.assured') == [(30, False)] * 6
    (entry,) = answers.table
    assert entry['orig']['id'] == entry['reply']['id'] == 77
    assert {entry['orig']['type'], entry['reply']['type']} in ({8, 0}, {128, 129})
    assert (entry['orig']['packets'], entry['reply']['packets']) == (3, 3)


def test_a_reply_without_a_request_is_invalid(replay):
    traffic = Traffic()
    traffic.wan(ping(SERVER, CLIENT, 77, reply=True))
    traffic.lan(ping(CLIENT, SERVER, 78))
    traffic.wan(ping(SERVER, CLIENT, 79, reply=True))

    assert replay(SITE, traffic).of('verdict', 'state') == [
        ('drop', 'invalid'), ('accept', 'new'), ('drop', 'invalid')]


@FAMILIES
def test_an_error_about_a_query_is_related(replay, client, server, router):
    query = udp(client, server, 5000, 53)
    traffic = Traffic()
    traffic.lan(query)
    traffic.wait(9.5)
    traffic.wan(unreachable(server, client, query))
    traffic.wan(too_big(router, client, query))  # any router may say so

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'rule') == [('accept', 'dns')] + [('accept', 'replies')] * 2
    assert answers.of('state', 'dir')[1:] == [('related', 'reply')] * 2
    # The entry is that of the query; an error neither refreshes it nor counts as an answer.
    assert answers.of('entry.timeout') == [30, 20, 20]
    assert answers.of('entry.seen_reply') == [False] * 3
    assert len(set(answers.of('conn'))) == 1
    (entry,) = answers.table
    assert (entry['proto'], entry['reply']['packets']) == ('udp', 0)
    assert len(answers.events) == 1


@FAMILIES
def test_an_error_about_an_answer_is_related_the_other_way(replay, client, server, router):
    reply = udp(server, client, 53, 5000)
    traffic = Traffic()
    traffic.lan(udp(client, server, 5000, 53))
    traffic.wan(reply)
    traffic.lan(unreachable(router, server, reply))

    assert replay(SITE, traffic).of('verdict', 'state', 'dir')[2] == ('accept', 'related', 'orig')


@FAMILIES
def test_an_error_about_no_connection_is_invalid(replay, client, server, router):
    traffic = Traffic()
    traffic.lan(udp(client, server, 5000, 53))
    traffic.wan(unreachable(router, client, udp(client, server, 5001, 53)))

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'state', 'entry')[1] == ('drop', 'invalid', None)
    assert answers.verdicts[1]['fault'] == 'icmp_no_connection'


def test_an_error_to_somebody_else_is_invalid(replay):
    """It is not addressed to the host that sent what it quotes."""
    query = udp(CLIENT, SERVER, 5000, 53)
    traffic = Traffic()
    traffic.lan(query)
    traffic.wan(unreachable(ROUTER, '192.0.2.99', query))

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'state')[1] == ('drop', 'invalid')
    assert answers.verdicts[1]['fault'] == 'icmp_not_sender'


def test_an_error_about_an_error_is_invalid(replay):
    query = udp(CLIENT, SERVER, 5000, 53)
    traffic = Traffic()
    traffic.lan(query)
    traffic.wan(unreachable(ROUTER, CLIENT, unreachable(ROUTER, CLIENT, query)))

    answers = replay(SITE, traffic)

    assert answers.of('state')[1] == 'invalid'
    assert answers.verdicts[1]['fault'] == 'icmp_inner'


def test_an_error_that_quotes_too_little_is_invalid(replay):
    query = udp(CLIENT, SERVER, 5000, 53)
    error = unreachable(ROUTER, CLIENT, query)
    error.lastlayer().load = bytes(query)[:23]  # not even both ports
    traffic = Traffic()
    traffic.lan(query)
    traffic.wan(error)

    assert replay(SITE, traffic).of('state')[1] == 'invalid'


def test_an_error_about_a_syn_leaves_the_connection_alone(replay):
    packet = syn(CLIENT, SERVER, 40000, 80)
    traffic = Traffic()
    traffic.lan(packet)
    traffic.wan(unreachable(ROUTER, CLIENT, packet, code=1))

    answers = replay(SITE, traffic)

    assert answers.of('state', 'entry.state')[1] == ('related', 'SYN_SENT')
    assert len(answers.table) == 1


def test_an_error_about_a_dropped_packet_is_invalid(replay):
    """What was dropped left no connection."""
    packet = udp(CLIENT, SERVER, 5000, 9999)
    traffic = Traffic()
    traffic.lan(packet)
    traffic.wan(unreachable(ROUTER, CLIENT, packet))

    assert replay(SITE, traffic).of('verdict', 'state') == [('drop', 'new'), ('drop', 'invalid')]


def test_neighbour_discovery_is_not_tracked(replay):
    traffic = Traffic()
    traffic.lan(IPv6(src='fe80::1', dst='ff02::1:ff00:20', hlim=255) / ICMPv6ND_NS(tgt=SERVER6),
                IPv6(src='fe80::1', dst='ff02::1', hlim=255) / ICMPv6ND_RA(),
                IPv6(src='fe80::1', dst='ff02::16', hlim=1) / ICMPv6MLReport(mladdr='ff02::5'))

    answers = replay(OPEN, traffic)

    assert answers.of('state', 'dir', 'conn', 'entry') == [('untracked', None, None, None)] * 3
    assert (answers.table, answers.events) == ([], [])


def test_rules_decide_about_neighbour_discovery(replay):
    solicitation = IPv6(src='fe80::1', dst='ff02::1:ff00:20', hlim=255) / ICMPv6ND_NS(tgt=SERVER6)
    traffic = Traffic()
    traffic.lan(solicitation)
    config = configuration(chain(
        'name = "neighbours"; state = "untracked"; proto = "icmpv6"; icmp_type = "133-136"; '
        'action = "accept";', policy='drop'))

    assert replay(config, traffic).of('verdict', 'rule') == [('accept', 'neighbours')]
    assert replay(SITE, traffic).of('verdict', 'reason') == [('drop', 'default')]


def test_a_wrong_checksum_is_invalid(replay):
    packet = ping(CLIENT, SERVER, 1)
    packet['ICMP'].chksum = 0xBAD
    traffic = Traffic()
    traffic.lan(packet)

    answers = replay(OPEN, traffic)

    assert answers.of('state') == ['invalid']
    assert answers.verdicts[0]['fault'] == 'l4_checksum'
    assert replay(configuration(conntrack='checksum = false;'), traffic).of('state') == ['new']
