# SPDX-License-Identifier: BSD-3-Clause
"""Configurations for scenarios: two ports, lan and wan, one wire, and what a scenario adds.

Rules are written as in a configuration file, so that a scenario shows them as an operator would.
"""

from util.programs import HAS_LANE, TABLE

HEAD = '''\
ports = ( { name = "lan"; device = "net_null0"; },
          { name = "wan"; device = "net_null1"; } );
wires = ( { a = "lan"; b = "wan"; } );
'''

# Two wires that have nothing to do with each other.
TWO_WIRES = '''\
ports = ( { name = "lan"; device = "net_null0"; },
          { name = "wan"; device = "net_null1"; },
          { name = "lan2"; device = "net_null2"; },
          { name = "wan2"; device = "net_null3"; } );
wires = ( { a = "lan"; b = "wan"; },
          { a = "lan2"; b = "wan2"; } );
'''


def chain(*rules, name='filter', priority=0, policy='accept'):
    """A chain of rules, each the inside of its braces."""
    inner = ',\n'.join(f'      {{ {rule} }}' for rule in rules)
    return (f'  {{ name = "{name}"; priority = {priority}; policy = "{policy}"; rules = (\n'
            f'{inner} ); }}')


def configuration(*chains, conntrack='', sets='', non_ip='', head=HEAD):
    """conntrack, sets and non_ip: what stands inside of these groups. There is room for 1024 connections,
    since a replay starts faster with less, and the table is the one that SALLYPORT_TABLE names, with the lane unless
    SALLYPORT_LANE is off."""
    if 'max_connections' not in conntrack:
        conntrack = f'max_connections = 1024; {conntrack}'
    if TABLE and 'table =' not in conntrack:
        conntrack = f'table = "{TABLE}"; {conntrack}'
    if not HAS_LANE and 'lane =' not in conntrack:
        conntrack = f'lane = false; {conntrack}'
    text = f'{head}conntrack: {{ {conntrack} }};\n'
    if non_ip:
        text += f'non_ip: {{ {non_ip} }};\n'
    if sets:
        text += f'sets: {{ {sets} }};\n'
    if chains:
        text += 'chains = (\n' + ',\n'.join(chains) + ' );\n'
    return text


def without_lane(config):
    """The text of a configuration that names no lane, with as many lines: no packet may take it. None where there is
    no place for it."""
    if 'conntrack: { ' not in config or 'lane = ' in config:
        return None
    return config.replace('conntrack: { ', 'conntrack: { lane = false; ')


# Lets everything pass.
OPEN = configuration()

# What a site with one web server might have: replies, the web, ping; everything else is dropped.
SITE = configuration(
    chain('name = "replies"; state = ["established", "related"]; action = "accept";',
          'name = "broken"; state = "invalid"; action = "drop";',
          'name = "web"; in = "lan"; proto = "tcp"; dport = 80; state = "new"; action = "accept";',
          'name = "dns"; in = "lan"; proto = "udp"; dport = 53; state = "new"; action = "accept";',
          'name = "ping"; in = "lan"; proto = "icmp"; state = "new"; action = "accept";',
          'name = "ping6"; in = "lan"; proto = "icmpv6"; state = "new"; action = "accept";',
          policy='drop'))
