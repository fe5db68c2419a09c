# SPDX-License-Identifier: BSD-3-Clause
"""The kernel's own tests of connection tracking that are shell scripts, as far as they apply here.

Each test is named after its script. Its docstring says what the script demands, which part of that
means something to a bump in the wire, which translates no addresses and has no clients that write
connections into its table, and how that part is shown. doc/kernel-differences.md has the list.
"""

import collections
import itertools

import pytest
from scapy.layers.inet import ICMP, IP, UDP, fragment
from scapy.layers.inet6 import (ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_Redirect,
                                ICMPv6ND_RS, ICMPv6NDOptRedirectedHdr, ICMPv6PacketTooBig, IPv6)
from scapy.layers.sctp import (SCTP, SCTPChunkCookieAck, SCTPChunkCookieEcho, SCTPChunkData,
                               SCTPChunkInit, SCTPChunkInitAck)
from scapy.packet import Raw

from scenario.configuration import OPEN, chain, configuration
from scenario.traffic import (CLIENT, CLIENT6, ROUTER, ROUTER6, SERVER, SERVER6, Tcp, Traffic, ip,
                              ping, segment, syn, udp)
from system.running import appliance, wait_until

families = pytest.mark.parametrize('client, server', [(CLIENT, SERVER), (CLIENT6, SERVER6)],
                                   ids=['ipv4', 'ipv6'])
# One after the other, as they come in a burst, and with the flows shared by several workers.
loads = pytest.mark.parametrize('options', [('--burst', 1), (), ('--burst', 64, '--workers', 3)],
                                ids=['single', 'bursts', 'workers'])
WATCH = configuration(chain('name = "invalid"; state = "invalid"; action = "drop";'))
RAW = -300


def wires(n):
    """The ports and wires of a firewall with n wires: lan0 and wan0, lan1 and wan1, ..."""
    names = [name for i in range(n) for name in (f'lan{i}', f'wan{i}')]
    ports = ',\n  '.join(f'{{ name = "{name}"; device = "net_null{i}"; }}'
                         for i, name in enumerate(names))
    pairs = ', '.join(f'{{ a = "lan{i}"; b = "wan{i}"; }}' for i in range(n))
    return names, f'ports = ( {ports} );\nwires = ( {pairs} );\n'


def at_once(traffic, *arrivals):
    """Packets (port, packet) that come in a microsecond apart."""
    for port, packet in arrivals:
        traffic.at(port, packet)
        traffic.wait(0.000001)


def names_of(answers):
    """Connection numbers, without those of packets that have no connection."""
    return set(answers.of('conn')) - {None}


@families
@loads
def test_conntrack_clash(replay, client, server, options):
    """S1. 128 threads send from one UDP socket to one destination at the same moment: all 128
    replies have to arrive, from the address that the client addressed.

    Applies without translation, where nothing may be lost because packets of one new flow meet:
    all 256 packets pass, there is one connection, and it has counted every one of them. What does
    not apply: three destinations chosen by DNAT, and clash_resolve, because there is nothing to
    resolve: a flow has one home."""
    traffic = Traffic()
    at_once(traffic, *[('lan', udp(client, server, 5000, 22222))] * 128)
    at_once(traffic, *[('wan', udp(server, client, 22222, 5000))] * 128)

    answers = replay(WATCH, traffic, *options)

    assert answers.of('verdict') == ['accept'] * 256
    assert answers.of('state', 'dir') == [('new', 'orig')] * 128 + [('established', 'reply')] * 128
    assert len(names_of(answers)) == 1
    (entry,) = answers.table
    assert (entry['orig']['packets'], entry['reply']['packets']) == (128, 128)
    assert [event['event'] for event in answers.events] == ['new', 'update']


def test_conntrack_dump_flush(replay):
    """S2. Two flows, IPv4 and IPv6, are in each of the zones 0, 123, 124 and 125. A dump of zone
    123 has 2; a flush of one zone leaves 2 in each of the others.

    Applies: the zones hold the same two flows at the same time, and what ends in one leaves the
    others alone. The flows come from packets, and in zone 123 they are ended by a RST, which
    removes a connection without a reply at once. What does not apply: connections inserted by
    netlink, and flush, which there is none of."""
    names, head = wires(4)
    zones = {1: 123, 2: 124, 3: 125}
    raw = chain(*(f'name = "{zone}"; in = ["lan{i}", "wan{i}"]; set_zone = {zone};'
                  for i, zone in zones.items()), name='raw', priority=RAW)
    config = configuration(raw, head=head)
    traffic = Traffic(*names)
    for i in range(4):
        for client, server in ((CLIENT, SERVER), (CLIENT6, SERVER6)):
            traffic.at(f'lan{i}', syn(client, server, 40000, 80))

    answers = replay(config, traffic)

    assert answers.of('state') == ['new'] * 8
    found = collections.Counter(entry['zone'] for entry in answers.table)
    assert found == {0: 2, 123: 2, 124: 2, 125: 2}

    for client, server in ((CLIENT, SERVER), (CLIENT6, SERVER6)):
        traffic.at('lan1', segment(client, server, 40000, 80, 'R', seq=1001))

    answers = replay(config, traffic)

    assert [event['zone'] for event in answers.events[8:]] == [123, 123]
    found = collections.Counter(entry['zone'] for entry in answers.table)
    assert found == {0: 2, 124: 2, 125: 2}


RELATED = configuration(chain(
    'name = "related"; proto = "icmp"; icmp_type = [3, 5]; state = "related"; action = "accept";',
    'name = "related6"; proto = "icmpv6"; icmp_type = [2, 137]; state = "related"; '
    'action = "accept";',
    'name = "neighbours"; proto = "icmpv6"; state = "untracked"; action = "accept";',
    'name = "echo"; proto = ["icmp", "icmpv6"]; state = ["new", "established"]; '
    'action = "accept";',
    'name = "unknown"; action = "drop";'))
LINK_LOCAL, NEIGHBOUR = 'fe80::1', 'fe80::10'


def test_conntrack_icmp_related(replay):
    """S3. A router behind the firewall has a link with an MTU of 1280. It answers a ping of 1300
    bytes with an ICMP error of 576 bytes, IPv4, or 1280, IPv6: RELATED, and at the client as well.
    Redirects to the client are RELATED, neighbour discovery is UNTRACKED, and nothing is anything
    else.

    Applies where the firewall is on the wire between the client and its router. What does not
    apply: the router that wrote the error must not call it related, but here nobody writes errors;
    the translation of the quoted packet."""
    ping4 = IP(src=CLIENT, dst=SERVER, flags='DF') / ICMP(id=7, seq=1) / Raw(bytes(1300))
    ping6 = ping(CLIENT6, SERVER6, 7) / Raw(bytes(1300))
    error4 = (IP(src=ROUTER, dst=CLIENT) / ICMP(type=3, code=4, nexthopmtu=1280)
              / Raw(bytes(ping4)[:548]))
    error6 = (IPv6(src=ROUTER6, dst=CLIENT6) / ICMPv6PacketTooBig(mtu=1280)
              / Raw(bytes(ping6)[:1232]))
    redirect4 = (IP(src=ROUTER, dst=CLIENT) / ICMP(type=5, code=1, gw='203.0.113.9')
                 / Raw(bytes(ping4)[:84]))
    redirect6 = (IPv6(src=LINK_LOCAL, dst=CLIENT6, hlim=255)
                 / ICMPv6ND_Redirect(tgt='fe80::9', dst=SERVER6)
                 / ICMPv6NDOptRedirectedHdr(pkt=IPv6(bytes(ping6)[:104])))
    traffic = Traffic()
    traffic.lan(IPv6(src=NEIGHBOUR, dst='ff02::2', hlim=255) / ICMPv6ND_RS())
    traffic.wan(IPv6(src=LINK_LOCAL, dst='ff02::1', hlim=255) / ICMPv6ND_RA())
    traffic.lan(IPv6(src=NEIGHBOUR, dst='ff02::1:ff00:1', hlim=255) / ICMPv6ND_NS(tgt=LINK_LOCAL))
    traffic.wan(IPv6(src=LINK_LOCAL, dst=NEIGHBOUR, hlim=255) / ICMPv6ND_NA(tgt=LINK_LOCAL))
    traffic.lan(ping4)
    traffic.wan(error4, redirect4)
    traffic.lan(ping6)
    traffic.wan(error6, redirect6)
    assert [len(error4), len(error6)] == [576, 1280]

    answers = replay(RELATED, traffic)

    assert answers.of('rule', 'state', 'dir') == [('neighbours', 'untracked', None)] * 4 + [
        ('echo', 'new', 'orig'), ('related', 'related', 'reply'), ('related', 'related', 'reply'),
        ('echo', 'new', 'orig'), ('related6', 'related', 'reply'),
        ('related6', 'related', 'reply')]
    # An error is no answer: nobody has replied to the pings.
    assert [entry['seen_reply'] for entry in answers.table] == [False, False]


NOTRACK = {
    'tracked': OPEN,
    'untracked': configuration(chain('name = "all"; action = "notrack";', name='raw',
                                     priority=RAW)),
    'untracked in fragments': configuration(chain('name = "all"; action = "notrack";',
                                                  name='raw', priority=-450)),
    'on demand': configuration(conntrack='enable = "auto";'),
}
TUNNEL_A, TUNNEL_B = '203.0.113.1', '203.0.113.2'


@pytest.mark.parametrize('config', NOTRACK.values(), ids=NOTRACK)
def test_conntrack_ipip_mtu(replay, config):
    """S4. A UDP datagram of 1400 bytes arrives complete at the other end of an IPIP tunnel across a
    network with an MTU of 1400, whether the router at its end tracks connections or not.

    Applies to a firewall in that network: the tunnel's packet comes in fragments, or carries
    fragments, and each leaves as it came, none is held back, and there is none that was not sent.
    What does not apply: a router that has put a datagram together has to cut it again; a bump in
    the wire never does."""
    inner = IP(src=CLIENT, dst=SERVER, id=3) / UDP(sport=5000, dport=9) / Raw(bytes(1400))
    outer = IP(src=TUNNEL_A, dst=TUNNEL_B, proto=4, id=4) / inner
    cut_outside = fragment(outer, 1360)
    cut_inside = [IP(src=TUNNEL_A, dst=TUNNEL_B, proto=4, id=5 + i) / piece
                  for i, piece in enumerate(fragment(inner, 1360))]
    assert [len(cut_outside), len(cut_inside)] == [2, 2]
    traffic = Traffic()
    traffic.lan(*cut_outside, *cut_inside, *reversed(cut_outside))

    answers = replay(config, traffic)

    assert answers.of('verdict') == ['accept'] * 6
    assert [frame for _, frame in answers.accepted] == [frame for *_, frame in traffic.frames]
    arrived = sorted(IP(frame[14:]).frag for _, frame in answers.accepted[:2])
    assert arrived == [0, len(cut_outside[0].payload) // 8]


def test_conntrack_ipip_mtu_is_signalled(replay):
    """S4. Where the network says that the tunnel's packet is too big, that error has to come back
    to the router that sent it: it is related to the tunnel, which is one connection without
    ports."""
    big = IP(src=TUNNEL_A, dst=TUNNEL_B, proto=4, flags='DF') / Raw(bytes(1428))
    traffic = Traffic()
    traffic.lan(big)
    traffic.wan(IP(src=ROUTER, dst=TUNNEL_A) / ICMP(type=3, code=4, nexthopmtu=1400)
                / Raw(bytes(big)[:28]))

    answers = replay(RELATED.replace('"echo"; proto = ["icmp", "icmpv6"]', '"ipip"; proto = 4'),
                     traffic)

    assert answers.of('rule', 'state') == [('ipip', 'new'), ('related', 'related')]


def flood():
    """Flows of several protocols, some of them again and again."""
    traffic = Traffic()
    for i in range(150):
        traffic.lan(udp(CLIENT, SERVER, 1000 + i, 53), ping(CLIENT, SERVER, 1 + i),
                    udp(CLIENT6, SERVER6, 1000 + i // 2, 53), ping(CLIENT6, SERVER6, 1 + i // 3),
                    syn(CLIENT, SERVER, 2000 + i, 80), udp(CLIENT, SERVER, 7, 7))
        traffic.wan(udp(SERVER, CLIENT, 53, 1000 + i))
    return traffic


FLOODED = {'udp': 150 + 75 + 1, 'icmp': 150, 'icmpv6': 50, 'tcp': 150}


def identity(entry):
    return (entry['proto'], entry['zone'],
            *((way, key, entry[way].get(key)) for way in ('orig', 'reply')
              for key in ('src', 'dst', 'sport', 'dport', 'type', 'code', 'id')))


@loads
def test_conntrack_resize(replay, options):
    """S5. While the table is resized under floods, nothing breaks, and afterwards all ways to count
    agree: as many entries as lines, as different lines, as lines by protocol.

    Applies: the counting. Here the flows of the flood that began and did not end are those in the
    table, each once, and one protocol after the other has those that it should. What does not
    apply: resizing, as the table has its size from the start; sysctls and their spellings, flush,
    insertion by netlink. The listing of a running firewall is in the next test."""
    answers = replay(OPEN.replace('1024', '4096'), flood(), *options)

    began = [event['conn'] for event in answers.events if event['event'] == 'new']
    assert {event['event'] for event in answers.events} <= {'new', 'update'}
    assert sorted(entry['conn'] for entry in answers.table) == sorted(began)
    assert len({identity(entry) for entry in answers.table}) == len(answers.table)
    assert collections.Counter(entry['proto'] for entry in answers.table) == FLOODED


RUNNING = '''\
ports = ( {{ name = "lan"; device = "net_pcap0,rx_pcap={folder}/lan.pcap,\
tx_pcap={folder}/out.pcap"; }},
          {{ name = "wan"; device = "net_null0,no-rx=1"; }} );
wires = ( {{ a = "lan"; b = "wan"; }} );
workers = {workers};
conntrack: {{ max_connections = 65536; }};
'''


@pytest.mark.parametrize('workers', [1, 3])
def test_conntrack_resize_counts_agree(workers):
    """S5. "sallyctl ct list" of a running firewall has as many lines as different lines, as the
    listings by protocol together, and as "sallyctl ct count" says."""
    with appliance() as machine:
        machine.write('lan.pcap', [frame for _, port, frame in flood().frames if port == 'lan'])
        machine.start(RUNNING.format(workers=workers, folder='{folder}'))
        total = sum(FLOODED.values())
        wait_until(lambda: machine.count() == total, f'{total} connections are there')

        listed = machine.ctl('ct', 'list').stdout.splitlines()
        by_protocol = {proto: machine.ctl('ct', 'list', '--proto', proto).stdout.splitlines()
                       for proto in FLOODED}

        assert len(listed) == total
        # The timeout is the third word and may have gone on between two listings.
        without_time = [' '.join(line.split()[:2] + line.split()[3:]) for line in listed]
        assert len(set(without_time)) == total
        assert {proto: len(lines) for proto, lines in by_protocol.items()} == FLOODED
        assert machine.count() == total


def test_conntrack_resize_max(replay):
    """S5. With a maximum of 100, the 101st insertion leaves 100. Applies to flows that come from
    packets: those that nobody has answered make room for one another, and assured ones for none."""
    room = OPEN.replace('1024', '100')
    unanswered, assured = Traffic(), Traffic()
    for port in range(101):
        unanswered.lan(udp(CLIENT, SERVER, 1000 + port, 53))
        Tcp(assured, sport=1000 + port).open()

    assert len(replay(room, unanswered).table) == 100
    answers = replay(room, assured)
    assert len(answers.table) == 100
    assert answers.of('verdict')[:301] == ['accept'] * 300 + ['drop']


def test_conntrack_resize_without_rules(replay):
    """S5. Without a ruleset nothing is tracked any more, in that namespace only. Applies with
    conntrack.enable = "auto", as Linux has it; two configurations stand for two namespaces."""
    bare = configuration(conntrack='enable = "auto";')
    asking = configuration(chain('name = "invalid"; state = "invalid"; action = "drop";'),
                           conntrack='enable = "auto"; max_connections = 4096;')

    nothing = replay(bare, flood())

    assert (nothing.table, nothing.events) == ([], [])
    assert set(nothing.of('verdict')) == {'accept'}
    assert len(replay(asking, flood()).table) == sum(FLOODED.values())


@families
@loads
def test_conntrack_reverse_clash(replay, client, server, options):
    """S6. Two sockets send to each other all the time while the table is emptied again and again;
    neither may ever see the other's port change. When both first packets are new at once, they have
    to become one connection.

    Applies: both send at the same moment, into an empty table each time, because nothing is sent
    until the connection has expired. Each round has one connection, whose original direction is
    that of the packet judged first, and the packets leave as they came, so no port changes. What
    does not apply: the masquerading rule that never matches, and the reallocation of ports."""
    there, back = udp(client, server, 56789, 56790), udp(server, client, 56790, 56789)
    traffic = Traffic()
    for i in range(10):
        first, second = (('lan', there), ('wan', back))[::-1 if i % 2 else 1]
        at_once(traffic, first, second, first, second)
        traffic.wait(40)

    answers = replay(WATCH, traffic, *options)

    assert answers.of('verdict') == ['accept'] * 40
    for i in range(10):
        turn = answers.of('conn')[4 * i:4 * i + 4]
        assert len(set(turn)) == 1
        assert answers.of('state', 'dir')[4 * i:4 * i + 4] == [
            ('new', 'orig'), ('established', 'reply'), ('established', 'orig'),
            ('established', 'reply')]
    assert len(names_of(answers)) == 10
    assert [event['event'] for event in answers.events].count('new') == 10


CLIENT_TAG, SERVER_TAG, STALE_TAG = 2017837359, 1187206187, 164579970


def sctp(tag, chunk, back=False, client=CLIENT, server=SERVER):
    """A packet of the association: tag is the verification tag of its header."""
    ends = (server, client) if back else (client, server)
    return ip(*ends) / SCTP(sport=1234, dport=1234, tag=tag) / chunk


def init(tag, kind=SCTPChunkInit):
    return kind(init_tag=tag, a_rwnd=106496, n_out_streams=10, n_in_streams=10, init_tsn=1)


def data(tsn):
    return SCTPChunkData(tsn=tsn, beginning=1, ending=1, data=b'hello!')


def association(client, server):
    """From the server's INIT to the client's COOKIE-ACK: (port, packet) each."""
    ends = {'client': client, 'server': server}
    return [('wan', sctp(0, init(SERVER_TAG), back=True, **ends)),
            ('lan', sctp(SERVER_TAG, init(CLIENT_TAG, SCTPChunkInitAck), **ends)),
            ('wan', sctp(CLIENT_TAG, SCTPChunkCookieEcho(cookie=bytes(32)), back=True, **ends)),
            ('lan', sctp(SERVER_TAG, SCTPChunkCookieAck(), **ends))]


def talk(client, server):
    ends = {'client': client, 'server': server}
    return [('lan', sctp(SERVER_TAG, data(1), **ends)),
            ('wan', sctp(CLIENT_TAG, data(1), back=True, **ends))]


@families
def test_conntrack_sctp_collision_init_ack(replay, client, server):
    """S7. Client and server open an association at the same time, and the server's answer to the
    client's INIT comes 1.2 seconds late, when the association stands. That INIT-ACK must be
    invalid, and data must still flow both ways behind it. All of it applies; the script is for IPv4
    only."""
    ends = {'client': client, 'server': server}
    traffic = Traffic()
    traffic.lan(sctp(0, init(CLIENT_TAG), **ends))
    traffic.wait(0.7)
    for port, packet in association(client, server):
        traffic.at(port, packet)
    traffic.wait(0.5)
    traffic.wan(sctp(CLIENT_TAG, init(STALE_TAG, SCTPChunkInitAck), back=True, **ends))
    for port, packet in talk(client, server):
        traffic.at(port, packet)

    answers = replay(WATCH, traffic)

    assert answers.of('verdict') == ['accept'] * 5 + ['drop'] + ['accept'] * 2
    assert answers.of('state')[5:] == ['invalid', 'established', 'established']
    assert len(answers.table) == 1


@families
def test_conntrack_sctp_collision_init(replay, client, server):
    """S7. The client's INIT itself comes 1.2 seconds late; the server's answer to it is as stale as
    in the other variant. All of it applies."""
    ends = {'client': client, 'server': server}
    traffic = Traffic()
    for port, packet in association(client, server):
        traffic.at(port, packet)
    traffic.wait(0.5)
    traffic.lan(sctp(0, init(CLIENT_TAG), **ends))
    traffic.wan(sctp(CLIENT_TAG, init(STALE_TAG, SCTPChunkInitAck), back=True, **ends))
    for port, packet in talk(client, server):
        traffic.at(port, packet)

    answers = replay(WATCH, traffic)

    assert answers.of('verdict', 'state')[5:] == [
        ('drop', 'invalid'), ('accept', 'established'), ('accept', 'established')]
    assert [entry['state'] for entry in answers.table] == ['ESTABLISHED']


@families
def test_conntrack_tcp_unreplied(replay, client, server):
    """S8. With a timeout of 10 seconds in SYN_SENT, a client repeats its SYN all the time. The
    connection must end all the same, because a repeated SYN does not renew the timeout, so that the
    next SYN begins another, which a redirection added meanwhile would concern; that one has counted
    one packet of 60 bytes.

    Applies but for the redirection: rules that concern new connections only are asked again. Over
    IPv6 the packet has 80 bytes."""
    config = configuration(
        chain('name = "new"; proto = "tcp"; state = "new"; set_mark = 1;'),
        conntrack='timeouts: { tcp_syn_sent = 10; };')
    options = [('MSS', 1460), ('SAckOK', b''), ('Timestamp', (1, 0)), ('NOP', None), ('WScale', 7)]
    packet = segment(client, server, 40000, 8080, 'S', seq=7, options=options)
    size = 80 if ':' in client else 60
    assert len(packet) == size
    traffic = Traffic()
    for _ in range(17):
        traffic.lan(packet)
        traffic.wait(0.75)

    answers = replay(config, traffic)

    # The one at 9.75 seconds is the last that the first connection gets.
    first, second = answers.of('conn')[0], answers.of('conn')[-1]
    assert answers.of('conn') == [first] * 14 + [second] * 3
    assert first != second
    assert answers.of('state', 'entry.state') == [('new', 'SYN_SENT')] * 17
    assert answers.of('entry.timeout')[12:16] == [1, 0, 10, 9]
    assert [(event['event'], event['conn']) for event in answers.events] == [
        ('new', first), ('destroy', first), ('new', second)]
    (entry,) = answers.table
    assert (entry['conn'], entry['seen_reply'], entry['mark']) == (second, False, 1)
    assert (entry['orig']['packets'], entry['orig']['bytes']) == (1, size)


@families
def test_conntrack_vrf(replay, client, server):
    """S9. A packet passes the hooks twice, on a device and on its VRF. The zone that was chosen the
    first time, 1, must be kept and not replaced by the second, 2, and no connection may be
    confirmed by the second pass.

    Applies to what comes past the firewall twice because two of its wires follow one another: wan0
    is connected to lan1. Each pass has a connection of its own in the zone that its wire chose, and
    the second changes nothing about the first. What does not apply: a packet meets each chain once
    in a pass, so nothing can be replaced; masquerading."""
    names, head = wires(2)
    raw = chain('name = "device"; in = ["lan0", "wan0"]; set_zone = 1; action = "accept";',
                'name = "vrf"; in = ["lan1", "wan1"]; set_zone = 2; action = "accept";',
                name='raw', priority=RAW)
    traffic = Traffic(*names)
    once = Traffic()
    tcp = Tcp(once, client=client, server=server)
    tcp.open()
    tcp.client('PA', b'question')
    for _, port, frame in once.frames:
        order = (0, 1) if port == 'lan' else (1, 0)
        for i in order:
            traffic.at(f'{port}{i}', frame)

    answers = replay(configuration(raw, head=head), traffic)

    assert set(answers.of('verdict')) == {'accept'}
    assert answers.of('entry.state')[-2:] == ['ESTABLISHED', 'ESTABLISHED']
    assert [(entry['zone'], entry['orig']['packets'], entry['reply']['packets'])
            for entry in answers.table] == [(1, 3, 1), (2, 3, 1)]
    assert {event['zone'] for event in answers.events} == {1, 2}

    # The second wire refuses what the first has let through: the first connection stays.
    second = chain('name = "no"; in = "lan1"; action = "drop";')
    syns = Traffic(*names)
    for _, port, frame in traffic.frames[:2]:
        syns.at(port, frame)

    answers = replay(configuration(raw, second, head=head), syns)

    assert answers.of('verdict') == ['accept', 'drop']
    assert [entry['zone'] for entry in answers.table] == [1]


def test_conntrack_vrf_first_choice_is_kept(replay):
    """S9. Two chains choose a zone, one behind the other, and the second only when none was chosen:
    the zone of the first is kept, for the reply too."""
    first = chain('name = "one"; src = "192.0.2.0/24"; set_zone = 1;',
                  'name = "one back"; dst = "192.0.2.0/24"; set_zone = 1;', name='first',
                  priority=-350)
    second = chain('name = "two"; zone = 0; set_zone = 2;', name='second', priority=-250)
    traffic = Traffic()
    Tcp(traffic).open()
    Tcp(traffic, client=CLIENT6, server=SERVER6).open()

    answers = replay(configuration(first, second), traffic)

    assert answers.of('entry.state') == ['SYN_SENT', 'SYN_RECV', 'ESTABLISHED'] * 2
    assert [(entry['zone'], entry['orig']['src']) for entry in answers.table] == [
        (1, CLIENT), (2, CLIENT6)]


@families
def test_nft_conntrack_helper(replay, client, server):
    """A rule attaches the FTP helper to connections to port 2121: they show helper=ftp. Those to
    port 21, for which no rule does, must not. All of it applies; that the helper works on that port
    is shown besides."""
    config = configuration(
        chain('name = "helper"; proto = "tcp"; dport = 2121; state = "new"; set_helper = "ftp";',
              'name = "known"; state = ["established", "related"]; action = "accept";',
              'name = "control"; proto = "tcp"; dport = [21, 2121]; state = "new"; '
              'action = "accept";', policy='drop'))
    traffic = Traffic()
    for dport in (21, 2121):
        tcp = Tcp(traffic, dport=dport, client=client, server=server)
        tcp.open()
        tcp.server('PA', b'220 ready\r\n')
        tcp.client('PA', b'EPSV\r\n')
        tcp.server('PA', f'229 Entering Extended Passive Mode (|||{dport + 40000}|)\r\n'.encode())
        traffic.lan(syn(client, server, 45000, dport + 40000))

    answers = replay(config, traffic)

    assert answers.of('verdict', 'state')[6::7] == [('drop', 'new'), ('accept', 'related')]
    assert {entry['orig']['dport']: entry.get('helper') for entry in answers.table} == {
        21: None, 2121: 'ftp', 42121: None}


def test_nft_zones_many(replay):
    """The same tuple in 2000 zones at once: all 2000 are there, and what comes again is found.

    Applies to packets; netlink does not. What tells zones apart here are ports and TCP flags that
    do not belong to the tuple: 32 ports with 16 kinds of SYN are 512 zones for one tuple, and four
    such tuples make 2048."""
    names, head = wires(16)
    bits = {'P': 'psh', 'U': 'urg', 'E': 'ece', 'C': 'cwr'}
    kinds = ['S' + ''.join(word) for n in range(5) for word in itertools.combinations(bits, n)]
    sports = [40000, 40001, 40002, 40003]
    zones = {choice: number for number, choice in
             enumerate(itertools.product(sports, names, kinds), 1)}
    rules = [f'name = "{number}"; in = "{name}"; sport = {sport}; tcp_flags = "'
             + ','.join(['syn', *(bits[bit] for bit in kind[1:])])
             + f'/syn,psh,urg,ece,cwr"; set_zone = {number}; action = "accept";'
             for (sport, name, kind), number in zones.items()]
    config = configuration(chain(*rules, name='raw', priority=RAW), head=head,
                           conntrack='max_connections = 4096;')
    traffic = Traffic(*names)
    for _ in range(2):
        for sport, name, kind in zones:
            traffic.at(name, segment(CLIENT, SERVER, sport, 8080, kind, seq=1))

    answers = replay(config, traffic)

    assert len(zones) == 2048
    assert set(answers.of('verdict', 'state')) == {('accept', 'new')}
    assert sorted(entry['zone'] for entry in answers.table) == list(range(1, 2049))
    assert len({tuple(sorted(entry['orig'].items())) for entry in answers.table}) == len(sports)
    assert answers.of('conn')[:2048] == answers.of('conn')[2048:]
