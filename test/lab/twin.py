# SPDX-License-Identifier: BSD-3-Clause
"""The kernel in the place of sallyport: the namespace of a lab's appliance as a bridge whose packets
Linux tracks and judges. Same hosts, same addresses, same cables."""

BRIDGE = 'bridge'
FLAGS = {'[ASSURED]': {'assured': True}, '[UNREPLIED]': {'seen_reply': False}}
OF_ENTRY = ('mark', 'zone', 'use')  # the other numbers are those of a direction


def take_over(lab, ruleset, sysctls):
    """Has the kernel do what sallyport does in a lab that has not been started: ruleset is nftables',
    for what is forwarded; sysctls are of net.netfilter."""
    run = lab.namespace.run
    settings = {'nf_conntrack_acct': 1} | sysctls
    run('sysctl', '-qw', 'net.bridge.bridge-nf-call-iptables=1',
        'net.bridge.bridge-nf-call-ip6tables=1',
        *(f'net.netfilter.{name}={value}' for name, value in settings.items()))
    run('nft', '-f', '-', input=ruleset)
    run('ip', 'link', 'add', BRIDGE, 'type', 'bridge', 'mcast_snooping', 0)
    for wire in lab.wires:
        for port in (wire.lan, wire.wan):
            run('ip', 'link', 'set', port, 'master', BRIDGE)
    run('ip', 'link', 'set', BRIDGE, 'up')


def table(lab):
    """Its table, an entry as sallyctl has it, as far as conntrack(8) tells."""
    return [parse(line) for line in lab.namespace.run('conntrack', '-L').stdout.splitlines()]


def parse(line):
    """An entry of a line such as: udp 17 29 src=... sport=7 [UNREPLIED] src=... dport=7 mark=0"""
    proto, number, timeout, *words = line.split()
    entry = {'proto': proto, 'protonum': int(number), 'timeout': int(timeout),
             'seen_reply': True, 'assured': False, 'zone': 0}
    directions = []
    for word in words:
        name, is_pair, value = word.partition('=')
        if word in FLAGS:
            entry |= FLAGS[word]
        elif not is_pair:
            entry['state'] = word
        elif name in OF_ENTRY:
            entry[name] = int(value)
        elif name == 'helper':
            entry[name] = value
        elif name in ('src', 'dst'):
            if name == 'src':
                directions.append({})
            directions[-1][name] = value
        else:
            directions[-1][name] = int(value)
    entry['orig'], entry['reply'] = directions
    return entry
