# SPDX-License-Identifier: BSD-3-Clause
"""Which rule decides, and what a rule may look at."""

import pytest

from scenario.configuration import OPEN, SITE, chain, configuration
from scenario.traffic import (CLIENT, CLIENT6, SERVER, SERVER6, Tcp, Traffic, ping, segment, syn,
                              udp)

DROP_UDP = 'name = "no udp"; proto = "udp"; action = "drop";'
TAKE_UDP = 'name = "udp"; proto = "udp"; action = "accept";'


def query(dport=53, client=CLIENT, server=SERVER, payload=b'hello'):
    traffic = Traffic()
    traffic.lan(udp(client, server, 5000, dport, payload))
    return traffic


def test_without_chains_everything_passes(replay):
    assert replay(OPEN, query()).of('verdict', 'chain', 'rule', 'state') == [
        ('accept', None, None, 'new')]


@pytest.mark.parametrize('policy', ['accept', 'drop'])
def test_the_policy_decides_when_no_rule_does(replay, policy):
    config = configuration(chain('name = "tcp"; proto = "tcp"; action = "reject";', policy=policy))

    assert replay(config, query()).of('verdict', 'reason', 'chain', 'rule') == [
        (policy, 'default', 'filter', None)]


def test_a_chain_without_a_policy_accepts(replay):
    text = configuration(chain(DROP_UDP)).replace(' policy = "accept";', '')
    traffic = Traffic()
    traffic.lan(syn(CLIENT, SERVER, 40000, 80))

    assert replay(text, traffic).of('verdict', 'reason') == [('accept', 'default')]


@pytest.mark.parametrize('rules, verdict, rule', [
    ([DROP_UDP, TAKE_UDP], 'drop', 'no udp'),
    ([TAKE_UDP, DROP_UDP], 'accept', 'udp'),
])
def test_the_first_action_wins(replay, rules, verdict, rule):
    assert replay(configuration(chain(*rules)), query()).of('verdict', 'rule') == [(verdict, rule)]


def test_a_rule_without_an_action_ends_nothing(replay):
    config = configuration(chain('name = "counted"; proto = "udp"; count = true;',
                                 'name = "marked"; proto = "udp"; set_mark = 7;', DROP_UDP))

    assert replay(config, query()).of('verdict', 'rule') == [('drop', 'no udp')]


def test_a_rule_without_a_match_matches_everything(replay):
    config = configuration(chain('name = "all"; action = "reject";'))
    traffic = query()
    traffic.wan(ping(SERVER6, CLIENT6, 1), syn(SERVER, CLIENT, 1, 2))

    assert replay(config, traffic).of('verdict', 'rule') == [('reject', 'all')] * 3


def test_every_chain_must_accept(replay):
    first = chain(TAKE_UDP, name='first', priority=-10)
    second = chain(DROP_UDP, name='second', priority=10)

    assert replay(configuration(first, second), query()).of('verdict', 'chain') == [
        ('drop', 'second')]


def test_chains_go_by_priority_whatever_their_order_in_the_file(replay):
    late = chain('name = "late"; action = "drop";', name='late', priority=20)
    soon = chain('name = "soon"; action = "reject";', name='soon', priority=-20)

    assert replay(configuration(late, soon), query()).of('verdict', 'chain') == [('reject', 'soon')]


@pytest.mark.parametrize('match, hits', [
    ('in = "lan";', [True, False]),
    ('out = "lan";', [False, True]),
    ('dir = "orig";', [True, False]),
    ('dir = "reply";', [False, True]),
    ('state = "new";', [True, False]),
    ('state = ["new", "established"];', [True, True]),
    ('src = "192.0.2.0/24";', [True, False]),
    ('dst = "192.0.2.10";', [False, True]),
    ('src = "192.0.2.1-192.0.2.10";', [True, False]),
    ('src = ["203.0.113.0/24", "198.51.100.20"];', [False, True]),
    ('proto = "udp"; sport = 53;', [False, True]),
    ('proto = "udp"; dport = "50-60";', [True, False]),
    ('proto = "udp"; dport = [53, 5000];', [True, True]),
    ('proto = 17;', [True, True]),
    ('family = "ipv4";', [True, True]),
    ('family = "ipv6";', [False, False]),
    ('in = "lan"; proto = "udp"; dport = 53; src = "192.0.2.10"; state = "new";', [True, False]),
    ('in = "lan"; proto = "udp"; dport = 54;', [False, False]),
])
def test_matches(replay, match, hits):
    """A query goes out, its answer comes back; which of them does the rule match?"""
    traffic = query()
    traffic.wan(udp(SERVER, CLIENT, 53, 5000))
    config = configuration(chain(f'name = "it"; {match} action = "reject";',
                                 priority=2147483647))

    assert [rule == 'it' for rule in replay(config, traffic).of('rule')] == hits


def test_tcp_flags(replay):
    traffic = Traffic()
    for flags in ('S', 'SA', 'A', 'SEC', 'SR'):
        traffic.lan(segment(CLIENT, SERVER, 1, 2, flags))
    config = configuration(chain(
        'name = "it"; proto = "tcp"; tcp_flags = "syn/syn,ack,fin,rst"; action = "drop";'))

    assert replay(config, traffic).of('rule') == ['it', None, None, 'it', None]


def test_icmp_types_and_codes(replay):
    traffic = Traffic()
    traffic.lan(ping(CLIENT, SERVER, 1), ping(CLIENT6, SERVER6, 1))
    traffic.wan(ping(SERVER, CLIENT, 1, reply=True))
    config = configuration(chain(
        'name = "v4"; family = "ipv4"; proto = "icmp"; icmp_type = 8; icmp_code = 0; '
        'action = "accept";',
        'name = "v6"; family = "ipv6"; proto = "icmpv6"; icmp_type = "128-129"; '
        'action = "accept";', policy='drop'))

    assert replay(config, traffic).of('verdict', 'rule') == [
        ('accept', 'v4'), ('accept', 'v6'), ('drop', None)]


SERVERS = 'servers = [ "198.51.100.0/28", "2001:db8:2::/64" ]; web = [ "80", "443", "8000-8080" ];'


def test_sets(replay):
    config = configuration(
        chain('name = "web"; proto = "tcp"; dst = "@servers"; dport = "@web"; action = "accept";',
              policy='drop'), sets=SERVERS)
    traffic = Traffic()
    for client, server, dport in ((CLIENT, '198.51.100.15', 80), (CLIENT, '198.51.100.16', 80),
                                  (CLIENT, '198.51.100.1', 81), (CLIENT, '198.51.100.1', 8079),
                                  (CLIENT6, '2001:db8:2::ffff', 443),
                                  (CLIENT6, '2001:db8:3::1', 443)):
        traffic.lan(syn(client, server, 40000, dport))

    assert replay(config, traffic).of('rule') == ['web', None, None, 'web', 'web', None]


def test_a_site_by_its_rules(replay):
    """The rules of a small site: what is asked from inside, and nothing else."""
    traffic = Traffic()
    web = Tcp(traffic)
    web.open()
    traffic.lan(udp(CLIENT, SERVER, 5000, 53))
    traffic.wan(udp(SERVER, CLIENT, 53, 5000))
    traffic.lan(ping(CLIENT, SERVER, 9))
    traffic.wan(ping(SERVER, CLIENT, 9, reply=True))
    traffic.wan(syn(SERVER, CLIENT, 40001, 80))          # from outside
    traffic.lan(syn(CLIENT, SERVER, 40002, 25))          # a port that is not offered
    traffic.lan(segment(CLIENT, SERVER, 40003, 80, 'FPU'))

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'rule') == [
        ('accept', 'web'), ('accept', 'replies'), ('accept', 'replies'),
        ('accept', 'dns'), ('accept', 'replies'), ('accept', 'ping'), ('accept', 'replies'),
        ('drop', None), ('drop', None), ('drop', 'broken')]
    assert len(answers.table) == 3
