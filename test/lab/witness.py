# SPDX-License-Identifier: BSD-3-Clause
"""What a host has received, counted by its own kernel, and whether sallyport's table agrees.

Packets are counted as they come in, before anything is done with them: what a host sends, its
kernel may still cut into packets. A connection of the table has two directions, and each is seen by
the host that receives it.
"""

import json
import time

FAMILY_WORDS = {'ipv4': ('ip', 'ipv4_addr'), 'ipv6': ('ip6', 'ipv6_addr')}
PROTOCOLS = {6: 'tcp', 17: 'udp'}
PATIENCE_SEC = 20  # for what is on its way

TABLE = '''\
table inet witness {{
  {sets}
  chain received {{
    type filter hook prerouting priority -500;
    {rules}
  }}
}}
'''
SET = '''\
set {family} {{
    type inet_proto . {type} . inet_service . {type} . inet_service;
    flags dynamic; size 65536; counter;
  }}'''
RULE = '''\
meta l4proto {{ tcp, udp }} add @{family} \
{{ meta l4proto . {word} saddr . th sport . {word} daddr . th dport }}'''


class Witness:
    """Counts what comes in at a host while it is entered. Needs nftables."""

    def __init__(self, host):
        self.namespace = host.namespace

    def __enter__(self):
        words = {family: {'family': family, 'word': word, 'type': kind}
                 for family, (word, kind) in FAMILY_WORDS.items()}
        self._nft('-f', '-', input=TABLE.format(
            sets='\n  '.join(SET.format(**values) for values in words.values()),
            rules='\n    '.join(RULE.format(**values) for values in words.values())))
        return self

    def __exit__(self, *reason):
        self._nft('delete', 'table', 'inet', 'witness')

    def _nft(self, *words, **options):
        return self.namespace.run('nft', *words, **options).stdout

    def seen(self):
        """(protocol, source, its port, destination, its port) -> (packets, bytes), of IP."""
        found = {}
        for family in FAMILY_WORDS:
            answer = json.loads(self._nft('-jnn', 'list', 'set', 'inet', 'witness', family))
            for item in answer['nftables']:
                for element in item.get('set', {}).get('elem', ()):
                    number, *ends = element['elem']['val']['concat']
                    counter = element['elem']['counter']
                    found[(PROTOCOLS[number], *ends)] = counter['packets'], counter['bytes']
        return found


def counted(table, direction):
    """The same of one direction of the connections of a table."""
    return {(entry['proto'], side['src'], side['sport'], side['dst'], side['dport']):
            (side['packets'], side['bytes'])
            for entry in table for side in [entry[direction]]
            if entry['proto'] in PROTOCOLS.values() and side['packets'] > 0}


def settle(machine, server, client, is_settled):
    """Of each direction what the table tells and what the witness has seen, as soon as both are as
    they have to be, or after a while; and the table."""
    deadline = time.monotonic() + PATIENCE_SEC
    while True:
        table = machine.json('ct', 'list')
        pairs = [(counted(table, direction), witness.seen())
                 for direction, witness in (('orig', server), ('reply', client))]
        if all(is_settled(*pair) for pair in pairs) or time.monotonic() > deadline:
            return pairs, table
        time.sleep(0.2)


def assert_agrees(machine, server, client):
    """The table has the connections that both hosts have seen, all of them and no other, with as
    many packets and bytes. Returns it."""
    pairs, table = settle(machine, server, client, lambda told, seen: told == seen)
    for told, seen in pairs:
        differing = {flow: (told.get(flow), seen.get(flow)) for flow in told.keys() | seen.keys()
                     if told.get(flow) != seen.get(flow)}
        assert not differing, f'the table tells, and was seen: {differing}'
    return table


def covers(told, seen):
    return told.keys() == seen.keys() and all(
        t >= s for flow in seen for t, s in zip(told[flow], seen[flow]))


def assert_covers(machine, server, client):
    """The same connections, with at least as many packets and bytes: where there are very many,
    some are lost behind the appliance when CPU is short. Returns the table."""
    pairs, table = settle(machine, server, client, covers)
    for told, seen in pairs:
        assert covers(told, seen), f'the table tells {told}, seen was {seen}'
    return table
