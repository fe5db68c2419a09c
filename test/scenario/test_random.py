# SPDX-License-Identifier: BSD-3-Clause
"""Random mixed traffic, judged the same however many packets are judged together.

A few hosts and ports, so that packets meet each other's connections: handshakes that are broken off
and begun anew, strays, resets, queries, streams, pings, errors about all of these, damaged packets,
pauses in which connections expire. The seed is printed; SALLYPORT_SEED chooses another.
"""

import os
import random

import pytest
from scapy.layers.l2 import ARP, Dot1Q, Ether

from scenario.configuration import chain, configuration
from scenario.invariance import check_invariance
from scenario.traffic import (FRAME, Traffic, ip, ping, segment, syn, too_big, udp, unreachable,
                              write_pcap)

N_PACKETS = 3000
SEEDS = [int(os.environ['SALLYPORT_SEED'])] if 'SALLYPORT_SEED' in os.environ else [1, 2]

INSIDE = ['192.0.2.10', '192.0.2.11', '2001:db8:1::10']
OUTSIDE = ['198.51.100.20', '198.51.100.21', '2001:db8:2::20']

RULES = configuration(
    chain('name = "untracked"; proto = "udp"; dport = 7; action = "notrack";',
          'name = "spoofed"; in = "wan"; src = "192.0.2.11"; proto = "udp"; action = "drop";',
          'name = "zone"; proto = "udp"; sport = 9; set_zone = 3;', name='raw', priority=-300),
    chain('name = "marked"; mark = 5; proto = "tcp"; tcp_flags = "fin/fin"; set_mark = 6;',
          'name = "answers"; dir = "reply"; mark = 0; set_mark = 5;',
          'name = "no telnet"; state = "new"; proto = "tcp"; dport = 23; action = "drop";',
          'name = "no udp in"; state = "new"; in = "wan"; proto = "udp"; action = "reject";',
          'name = "broken"; state = "invalid"; in = "wan"; action = "drop";'),
    chain('name = "late"; in = "lan"; proto = "tcp"; dport = 81; action = "drop";',
          name='late', priority=2147483647),
    conntrack='max_connections = 8192;')


class Conversation:
    """Two hosts and what they might say next."""

    def __init__(self, dice):
        self.dice = dice
        self.is_v6 = dice.random() < 0.3
        pick = (lambda hosts: hosts[2]) if self.is_v6 else (lambda hosts: dice.choice(hosts[:2]))
        self.ends = (pick(INSIDE), pick(OUTSIDE))
        self.ports = (dice.choice([9, 1025, 1026, 1027, 1028]), dice.choice([7, 23, 53, 80, 81]))
        self.seq = [dice.randrange(1 << 32), dice.randrange(1 << 32)]
        self.kind = dice.choice(['tcp'] * 6 + ['udp'] * 2 + ['ping', 'other'])
        self.script = []

    def packet(self, side):
        """The next packet of a side: 0 inside, 1 outside."""
        src, dst = self.ends[side], self.ends[1 - side]
        sport, dport = self.ports[side], self.ports[1 - side]
        if self.kind == 'udp':
            return udp(src, dst, sport, dport, bytes(self.dice.randrange(20)))
        if self.kind == 'ping':
            return ping(src, dst, self.ports[0], reply=side == 1)
        if self.kind == 'other':
            return ip(src, dst, **{'nh' if self.is_v6 else 'proto': self.dice.choice([47, 50])})
        return self.segment(side, src, dst, sport, dport)

    def segment(self, side, src, dst, sport, dport):
        flags = self.dice.choices(
            ['S', 'SA', 'A', 'PA', 'FA', 'R', 'RA', 'SF'], [20, 15, 25, 20, 10, 4, 4, 2])[0]
        seq, ack = self.seq[side], self.seq[1 - side]
        if self.dice.random() < 0.1:
            seq += self.dice.choice([-1, 1, -70000, 70000, 1 << 30])
        payload = bytes(self.dice.randrange(30)) if 'P' in flags else b''
        sent = len(payload) + ('S' in flags or 'F' in flags)
        self.seq[side] = (self.seq[side] + sent) % (1 << 32)
        if flags == 'S' and self.dice.random() < 0.5:
            return syn(src, dst, sport, dport, seq % (1 << 32))
        return segment(src, dst, sport, dport, flags, seq=seq % (1 << 32), ack=ack, payload=payload,
                       window=self.dice.choice([0, 1000, 65535]))

    def closing(self):
        a, b = self.seq
        next_a, next_b = (a + 1) % (1 << 32), (b + 1) % (1 << 32)
        ends, ports = self.ends, self.ports
        self.seq = [next_a, next_b]
        return [(0, segment(*ends, *ports, 'FA', seq=a, ack=b)),
                (1, segment(*ends[::-1], *ports[::-1], 'FA', seq=b, ack=next_a)),
                (0, segment(*ends, *ports, 'A', seq=next_a, ack=next_b))]

    def run(self):
        """Most TCP conversations begin properly. Returns (side, packet) to send next."""
        if self.kind == 'tcp' and not self.script and self.dice.random() < 0.15:
            a, b = self.seq
            ends, ports = self.ends, self.ports
            self.script = [
                (0, segment(*ends, *ports, 'S', seq=a)),
                (1, segment(*ends[::-1], *ports[::-1], 'SA', seq=b, ack=(a + 1) % (1 << 32))),
                (0, segment(*ends, *ports, 'A', seq=(a + 1) % (1 << 32), ack=(b + 1) % (1 << 32)))]
            self.seq = [(a + 1) % (1 << 32), (b + 1) % (1 << 32)]
            if self.dice.random() < 0.3:
                self.script += self.closing()
        if self.script:
            return self.script.pop(0)
        side = self.dice.randrange(2)
        return side, self.packet(side)


def error_about(dice, side, packet):
    """An error that comes back about a packet, most of the time to its sender."""
    sender = packet.src if dice.random() < 0.9 else dice.choice(INSIDE[:2] + OUTSIDE[:2])
    if (':' in sender) != (':' in packet.src):
        sender = packet.src
    make = dice.choice([unreachable, too_big])
    return 1 - side, make(packet.dst, sender, packet)


def damaged(dice, packet):
    data = bytearray(bytes(FRAME / packet))
    if dice.random() < 0.5:
        data[dice.randrange(12, len(data))] ^= 1 << dice.randrange(8)
        return bytes(data)
    return bytes(data[:dice.randrange(14, len(data))])


def mixed_traffic(seed, n):
    dice = random.Random(seed)
    traffic = Traffic()
    conversations = [Conversation(dice) for _ in range(40)]
    recent = []
    while len(traffic.frames) < n:
        at = dice.randrange(len(conversations))
        if dice.random() < 0.05:
            conversations[at] = Conversation(dice)
        side, packet = conversations[at].run()
        chance = dice.random()
        if chance < 0.06 and recent:
            side, packet = error_about(dice, *dice.choice(recent))
        elif chance < 0.10:
            packet = damaged(dice, packet)
        elif chance < 0.11:
            packet = FRAME / ARP(psrc=INSIDE[0], pdst=OUTSIDE[0])
        elif chance < 0.13:
            packet = FRAME / Dot1Q(vlan=5) / packet
        elif not packet.haslayer(Ether):
            recent = [*recent[-20:], (side, packet)]
        traffic.at(('lan', 'wan')[side], packet)
        # Packets come in trains; now and then connections have time to expire.
        traffic.wait(dice.choices([0, 0.001, 0.5, 11, 125], [60, 30, 8, 1.5, 0.5])[0])
    return traffic


def write_captures(folder, traffic):
    """One for each port; returns the words that replay them."""
    words = []
    for port in traffic.ports:
        write_pcap(folder / f'{port}.pcap', traffic.of(port))
        words += ['--port', f'{port}={folder}/{port}.pcap']
    return words


@pytest.mark.parametrize('seed', SEEDS)
def test_random_traffic_is_judged_the_same_in_every_way(tmp_path, seed):
    print(f'SALLYPORT_SEED={seed}')
    words = write_captures(tmp_path, mixed_traffic(seed, N_PACKETS))
    (tmp_path / 'config').write_text(RULES)

    verdicts = check_invariance(tmp_path, tmp_path / 'config', words)

    assert len(verdicts) == N_PACKETS
    # The mixture is one: each kind of answer occurs.
    assert {line['state'] for line in verdicts} == {
        'new', 'established', 'related', 'invalid', 'untracked', None}
    assert {line['verdict'] for line in verdicts} == {'accept', 'drop', 'reject'}
    assert {line['entry']['state'] for line in verdicts if line['entry']} >= {
        'SYN_SENT', 'SYN_RECV', 'ESTABLISHED', 'FIN_WAIT', 'TIME_WAIT', 'CLOSE', None}


def test_a_table_that_is_always_full_evicts_the_same_in_every_way(tmp_path):
    """Who is evicted must not depend on the burst either. Each worker has a table of its own, so
    the number of workers does matter here."""
    seed = SEEDS[0]
    print(f'SALLYPORT_SEED={seed}')
    words = write_captures(tmp_path, mixed_traffic(seed, N_PACKETS))
    (tmp_path / 'config').write_text(RULES.replace('8192', '6'))

    verdicts = check_invariance(tmp_path, tmp_path / 'config', words, workers=(1,))

    # Many more connections than there are places have come and gone.
    assert len({line['conn'] for line in verdicts if line['entry']}) > 100
