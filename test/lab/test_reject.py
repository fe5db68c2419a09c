# SPDX-License-Identifier: BSD-3-Clause
"""Real clients that a running sallyport refuses: they hear of it at once, instead of waiting."""

import errno
import json
import sys

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether

from lab.lab import FAMILIES, Lab
from lab.web import url

REFUSED = 7  # exit status of curl: could not connect; 28 would be a timeout
PATIENCE_SEC = 30
VLAN = 100
families = pytest.mark.parametrize('family', FAMILIES)

RULES = '''\
chains = ( { name = "filter"; policy = "drop"; rules = (
    { name = "web"; in = "lan0"; proto = "tcp"; dport = 80; action = "reject"; reject_with = "tcp_reset"; },
    { name = "admin"; in = "lan0"; proto = "tcp"; dport = 81; action = "reject";
      reject_with = "admin_prohibited"; },
    { name = "rest"; in = "lan0"; action = "reject"; } ); } );
'''

# Prints the number of the error with which asking a port fails.
ASK = f'''
import socket, sys
kind = {{"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}}[sys.argv[3]]
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
end = socket.socket(family, kind)
end.settimeout({PATIENCE_SEC})
try:
    end.connect((sys.argv[1], int(sys.argv[2])))
    end.send(b"hello")
    end.recv(1)
    print(0)
except OSError as error:
    print(error.errno or "timeout")
'''


# Sends a frame at eth0 and prints the tag and the bytes of the first frame of TCP that comes back. The
# kernel takes tags out and tells them beside.
SEND = f'''
import socket, struct, sys, time
SOL_PACKET, PACKET_AUXDATA, OUTGOING, VLAN_VALID = 263, 8, 4, 1 << 4
end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
end.bind(("eth0", 0))
end.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
end.settimeout({PATIENCE_SEC})
end.send(bytes.fromhex(sys.argv[1]))
while True:
    frame, more, _, address = end.recvmsg(2048, 256)
    status, tag = struct.unpack("=I12xH", more[0][2][:18])
    if address[2] != OUTGOING and frame[12:14].hex() in ("0800", "86dd") and len(frame) in (54, 74):
        print(tag if status & VLAN_VALID else None, frame.hex())
        break
'''


@pytest.fixture(name='site', scope='module')
def fixture_site(workers):
    """(appliance, client, server)"""
    with Lab(workers=workers) as lab:
        (wire,) = lab.wires
        lab.start(RULES)
        yield lab.machine, wire.client, wire.server
        answers = lab.machine.json('stats')['answers']
        assert answers['tcp_reset'] > 0 and answers['icmp'] > 0 and answers['unsent'] == 0
        assert lab.machine.json('ct', 'list') == []
        lab.stop()


def ask(client, address, port, protocol):
    done = client.run(sys.executable, '-c', ASK, address, port, protocol)
    return json.loads(done.stdout)


@pytest.mark.quick
@families
def test_curl_is_refused_at_once(site, family):
    _, client, server = site
    done = client.namespace.run('curl', '-sS', '--connect-timeout', PATIENCE_SEC,
                                url(server.addresses[family], ''), check=False)
    assert done.returncode == REFUSED


@pytest.mark.quick
@families
def test_each_protocol_hears_what_the_rule_says(site, family):
    """Linux tells a program of an ICMP error about its own packet."""
    _, client, server = site
    address = server.addresses[family]
    prohibited = {'ipv4': errno.EHOSTUNREACH, 'ipv6': errno.EACCES}[family]

    assert ask(client.namespace, address, 80, 'tcp') == errno.ECONNREFUSED
    assert ask(client.namespace, address, 81, 'tcp') == prohibited
    assert ask(client.namespace, address, 82, 'tcp') == errno.ECONNREFUSED
    assert ask(client.namespace, address, 53, 'udp') == errno.ECONNREFUSED


@pytest.mark.quick
@families
def test_a_tagged_frame_is_answered_in_its_vlan(site, family):
    """Sent by hand, since not every kernel has VLANs."""
    _, client, server = site
    tag = 3 << 13 | VLAN
    ends = {'src': client.addresses[family], 'dst': server.addresses[family]}
    frame = (Ether(src=client.mac, dst=server.mac) / Dot1Q(prio=3, vlan=VLAN)
             / (IPv6(**ends) if family == 'ipv6' else IP(**ends))
             / TCP(sport=40000, dport=80, flags='S', seq=1))

    done = client.namespace.run(sys.executable, '-c', SEND, bytes(frame).hex())

    found, answer = done.stdout.split()
    answer = Ether(bytes.fromhex(answer))
    assert int(found) == tag
    assert (answer.src, answer.dst) == (server.mac, client.mac)
    assert (answer[TCP].sport, answer[TCP].flags, answer[TCP].ack) == (80, 'RA', 2)
