# SPDX-License-Identifier: BSD-3-Clause
"""What a rejected packet is answered with, and when it is not. The kernel's answers, packet by
packet, are in test/oracle/policy; here is what a firewall on a wire does of its own."""

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, IPv6
from scapy.layers.ipsec import AH
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

from scenario.configuration import TWO_WIRES, chain, configuration
from scenario.runner import run_sallyport
from scenario.traffic import (CLIENT, CLIENT6, FRAME, SERVER, SERVER6, Tcp, Traffic, ip, ping,
                              read_answers, segment, syn, udp, unreachable)

RESET = 'name = "reset"; proto = "tcp"; action = "reject"; reject_with = "tcp_reset";'
REST = 'name = "rest"; action = "reject";'
PAIRS = [(CLIENT, SERVER), (CLIENT6, SERVER6)]


def rejecting(*rules, answers='', head=None):
    text = configuration(chain(*(rules or (RESET, REST))), **({'head': head} if head else {}))
    return text + (f'answers: {{ {answers} }};\n' if answers else '')


@pytest.fixture
def ask(replay, tmp_path):
    """ask(config, traffic, options...) -> (verdicts, [(port, n, frame)] that were sent)"""
    def run(config, traffic, *options):
        path = tmp_path / 'answers'
        verdicts = replay(config, traffic, '--answers', path, *options)
        sent = [(port, int(comment.removeprefix('n=')), Ether(frame))
                for port, comment, frame in read_answers(path)]
        return verdicts, sent

    return run


@pytest.mark.parametrize('client, server', PAIRS)
def test_an_answer_comes_from_the_destination(ask, client, server):
    """It goes back where the packet came in, with addresses turned, of whatever layer."""
    traffic = Traffic()
    traffic.lan(syn(client, server, 40000, 80))
    traffic.wan(udp(server, client, 53, 5000))

    verdicts, sent = ask(rejecting(), traffic)

    assert verdicts.of('verdict', 'answer') == [('reject', 'tcp_reset'), ('reject', 'icmp')]
    assert verdicts.table == verdicts.events == []
    assert [(port, number) for port, number, _ in sent] == [('lan', 1), ('wan', 2)]
    for (_, _, frame), (src, dst) in zip(sent, [(server, client), (client, server)]):
        assert (frame.src, frame.dst) == (FRAME.dst, FRAME.src)
        assert (frame.payload.src, frame.payload.dst) == (src, dst)
    reset = sent[0][2][TCP]
    assert (reset.sport, reset.dport, reset.flags, reset.ack) == (80, 40000, 'RA', 1001)
    if ':' in client:
        assert sent[1][2][ICMPv6DestUnreach].code == 4
    else:
        assert (sent[1][2][ICMP].type, sent[1][2][ICMP].code) == (3, 3)


@pytest.mark.parametrize('tags', [
    Dot1Q(vlan=100), Dot1Q(vlan=42, prio=7, id=1), Dot1AD(vlan=5) / Dot1Q(vlan=6),
    Dot1Q(vlan=5) / Dot1Q(vlan=6)], ids=repr)
@pytest.mark.parametrize('client, server', PAIRS)
def test_an_answer_has_the_tags_of_the_packet(ask, tags, client, server):
    traffic = Traffic()
    traffic.lan(FRAME / tags / syn(client, server, 40000, 80),
                FRAME / tags / udp(client, server, 5000, 53))

    _, sent = ask(rejecting(), traffic)

    n_bytes = len(tags)
    assert len(sent) == 2
    for (_, _, frame), (_, _, packet) in zip(sent, traffic.frames):
        assert bytes(frame)[12:14 + n_bytes] == packet[12:14 + n_bytes]


def test_groups_are_not_answered(ask):
    broadcast = Ether(src=FRAME.src, dst='ff:ff:ff:ff:ff:ff')
    traffic = Traffic()
    traffic.lan(udp(CLIENT, '255.255.255.255', 5000, 53), udp('0.0.0.0', SERVER, 5000, 53),
                udp(CLIENT, '239.1.2.3', 5000, 53), udp('224.0.0.1', SERVER, 5000, 53),
                udp(CLIENT6, 'ff02::1', 5000, 53), udp('::', SERVER6, 5000, 53),
                broadcast / udp(CLIENT, SERVER, 5000, 53), broadcast / syn(CLIENT, SERVER, 1, 2))

    verdicts, sent = ask(rejecting(), traffic)

    assert verdicts.of('answer', 'why') == [('none', 'address')] * 6 + [('none', 'group_mac')] * 2
    assert not sent


def test_what_is_authenticated_is_not_reset(ask):
    traffic = Traffic()
    traffic.lan(IPv6(src=CLIENT6, dst=SERVER6, nh=51) / AH(nh=6, payloadlen=4, icv=b'i' * 12)
                / TCP(sport=40000, dport=80, flags='S'))
    frame = bytearray(traffic.frames[0][2])
    # scapy sums for the protocol that it sees, which is AH.
    pseudo = IPv6(src=CLIENT6, dst=SERVER6) / TCP(sport=40000, dport=80, flags='S')
    frame[-4:-2] = bytes(pseudo)[-4:-2]
    traffic.frames[0] = (*traffic.frames[0][:2], bytes(frame))

    verdicts, sent = ask(rejecting(RESET), traffic)

    assert verdicts.of('verdict', 'answer', 'why') == [('reject', 'none', 'authenticated')]
    assert not sent


def test_errors_and_resets_are_not_answered(ask):
    traffic = Traffic()
    traffic.lan(segment(CLIENT, SERVER, 40000, 80, 'R'),
                unreachable(CLIENT, SERVER, udp(SERVER, CLIENT, 1, 2)),
                unreachable(CLIENT6, SERVER6, udp(SERVER6, CLIENT6, 1, 2)),
                ip(CLIENT, SERVER) / UDP(sport=5000, dport=53, chksum=7) / Raw(b'bad'))

    verdicts, sent = ask(rejecting(), traffic)

    assert verdicts.of('answer', 'why') == [('none', 'rst'), ('none', 'icmp_error'),
                                            ('none', 'icmp_error'), ('none', 'checksum')]
    assert not sent


def test_a_source_gets_six_errors_at_once_and_then_one_a_second(ask):
    """icmp_ratelimit of Linux: half a second of silence is half an error."""
    traffic = Traffic()
    for number in range(8):
        traffic.lan(udp(CLIENT, SERVER, 5000 + number, 53))
    traffic.lan(udp('192.0.2.99', SERVER, 5000, 53))
    traffic.wait(1)
    traffic.lan(udp(CLIENT, SERVER, 6000, 53), udp(CLIENT, SERVER, 6001, 53))
    traffic.wait(1.5)
    traffic.lan(udp(CLIENT, SERVER, 7000, 53), udp(CLIENT, SERVER, 7001, 53))

    verdicts, sent = ask(rejecting(), traffic)

    assert [number for _, number, _ in sent] == [1, 2, 3, 4, 5, 6, 9, 10, 12]
    assert [line.get('why') for line in verdicts.verdicts].count('rate') == 4


def test_answers_of_a_second_are_bounded(ask):
    traffic = Traffic()
    for number in range(50):
        traffic.lan(syn(CLIENT, SERVER, 1024 + number, 80))
    traffic.wait(0.5)
    traffic.lan(*(syn(CLIENT, SERVER, 2048 + number, 80) for number in range(20)))

    verdicts, sent = ask(rejecting(answers='per_second = 20;'), traffic)

    assert [number for _, number, _ in sent][:20] == list(range(1, 21))
    # one comes back every 50 ms: 50 packets and half a second are 550 ms, and 20 more are 20
    assert len(sent) == 20 + 11
    assert verdicts.verdicts[-1]['why'] == 'rate'


def test_none_at_all(ask):
    traffic = Traffic()
    traffic.lan(syn(CLIENT, SERVER, 40000, 80), udp(CLIENT, SERVER, 5000, 53))

    verdicts, sent = ask(rejecting(answers='per_second = 0;'), traffic)

    assert verdicts.of('answer', 'why') == [('none', 'rate')] * 2
    assert not sent


def test_a_datagram_in_fragments_is_answered_once(ask):
    """And quoted whole, up to what fits."""
    whole = IP(src=CLIENT, dst=SERVER, id=7) / UDP(sport=5000, dport=53) / Raw(b'x' * 292)
    payload = bytes(whole)[20:]
    traffic = Traffic()
    traffic.lan(IP(src=CLIENT, dst=SERVER, id=7, proto=17, frag=25) / Raw(payload[200:]),
                IP(src=CLIENT, dst=SERVER, id=7, proto=17, flags='MF') / Raw(payload[:200]))

    verdicts, sent = ask(rejecting(), traffic)

    assert verdicts.of('verdict', 'answer') == [('reject', 'icmp')] * 2
    ((port, number, frame),) = sent
    assert (port, number) == ('lan', 2)
    quoted = bytes(frame)[42:]
    assert len(quoted) == 320
    assert quoted[20:] == payload


def test_only_established_segments_are_closed_by_a_reset(ask):
    """The first packets of the flow pass; data is refused, and ends the connection for ten seconds."""
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    tcp.client('PA', b'data')
    rules = ('name = "data"; tcp_flags = "psh/psh"; action = "reject"; reject_with = "tcp_reset";',)

    verdicts, sent = ask(rejecting(*rules), traffic)

    assert verdicts.of('entry.state')[-1] == 'CLOSE'
    assert [(line['state'], line['timeout']) for line in verdicts.table] == [('CLOSE', 10)]
    assert [(port, number, frame[TCP].flags) for port, number, frame in sent] == [('lan', 4, 'R')]


def mixed():
    """Connections that are reset in the middle, by either side, with and without a later SYN."""
    traffic = Traffic()
    for number in range(12):
        tcp = Tcp(traffic, sport=40000 + number, isn=1000 * number)
        tcp.open()
        tcp.client('A', b'fine')
        getattr(tcp, 'client' if number % 2 else 'server')('PA', b'refused')
        tcp.server('A')
        tcp.client('PA', b'again')
        traffic.lan(syn(CLIENT, SERVER, 40000 + number, 80, seq=77))
        traffic.lan(udp(CLIENT, SERVER, 6000 + number, 7), ping(CLIENT, SERVER, number))
    return traffic


MIXED_RULES = ('name = "raw"; proto = "icmp"; action = "reject"; reject_with = "admin_prohibited";',
               'name = "data"; tcp_flags = "psh/psh"; action = "reject"; reject_with = "tcp_reset";',
               'name = "udp"; proto = "udp"; action = "reject";')


@pytest.mark.parametrize('options', [('--burst', '1'), ('--burst', '7'), ('--burst', '64'),
                                     ('--burst', '64', '--workers', '3')], ids=' '.join)
def test_a_burst_is_not_seen(ask, tmp_path, options):
    config = rejecting(*MIXED_RULES)

    def outcome(*words):
        verdicts, _ = ask(config, mixed(), *words)
        rows = [{key: value for key, value in line.items() if key != 'worker'}
                for line in verdicts.table]
        return verdicts.verdicts, sorted(map(str, rows)), (tmp_path / 'answers').read_bytes()

    assert outcome(*options) == outcome('--burst', '32')


def test_every_port_is_an_interface(ask, tmp_path):
    """In their order, even when nothing is sent."""
    traffic = Traffic('lan2', 'wan')
    traffic.at('lan2', udp(CLIENT, SERVER, 5000, 53))
    ask(configuration(head=TWO_WIRES), traffic)
    names = [name for name in (b'lan', b'wan', b'lan2', b'wan2')]
    data = (tmp_path / 'answers').read_bytes()

    places = [data.index(bytes([2, 0, len(name), 0]) + name + bytes(-len(name) % 4))
              for name in names]
    assert places == sorted(places)
    assert data.startswith(b'\x0a\x0d\x0d\x0a')


def test_a_seed_is_hexadecimal():
    done = run_sallyport('replay', '-c', 'none', '--seed', 'xyz', 'none')
    assert done.returncode == 2
    assert '--seed xyz: 1 to 32 hexadecimal digits are needed' in done.stderr
