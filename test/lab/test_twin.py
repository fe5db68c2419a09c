# SPDX-License-Identifier: BSD-3-Clause
"""The same programs do the same things through sallyport and through a Linux kernel in its place, and
both have the same table: connections, states, what is assured or without a reply, timeouts, marks
and zones; of what is no TCP also how many packets and bytes."""

import concurrent.futures
import contextlib
import itertools
import subprocess
import sys
import time

import pytest

from lab import ftp
from lab.attempt import assert_attempt
from lab.lab import FAMILIES, Lab
from lab.test_dns import dig, dns_server
from lab.twin import table, take_over
from lab.web import Nginx, url

ECHO, REFUSED, SILENT, DROPPED = 7000, 7001, 7002, 7003
TOLERANCE_SEC = 3
ZONE, MARK, FTP_MARK = 3, 7, 9

# Of sallyport, of the kernel: seconds. Nothing ends during the test, and each tells its state.
TIMEOUTS = {
    'udp': ('udp_timeout', 300),
    'udp_stream': ('udp_timeout_stream', 400),
    'icmp': ('icmp_timeout', 500),
    'icmpv6': ('icmpv6_timeout', 600),
    'tcp_syn_sent': ('tcp_timeout_syn_sent', 700),
    'tcp_close_wait': ('tcp_timeout_close_wait', 800),
    'tcp_time_wait': ('tcp_timeout_time_wait', 900),
    'tcp_close': ('tcp_timeout_close', 1000),
}

RULES = f'''\
sets: {{ tcp = [ "80", "7001", "7002" ]; udp = [ "53", "7000", "7001", "7002" ]; }};
chains = (
  {{ name = "zone"; priority = -300; rules = ( {{ name = "zone"; set_zone = {ZONE}; }} ); }},
  {{ name = "filter"; policy = "drop"; rules = (
    {{ name = "established"; state = "established"; action = "accept"; }},
    {{ name = "related"; state = "related"; action = "accept"; }},
    {{ name = "marked"; proto = "tcp"; dport = {ECHO}; set_mark = {MARK}; action = "accept"; }},
    {{ name = "ftp"; proto = "tcp"; dport = 21; set_mark = {FTP_MARK}; set_helper = "ftp";
      action = "accept"; }},
    {{ name = "tcp"; proto = "tcp"; dport = "@tcp"; action = "accept"; }},
    {{ name = "udp"; proto = "udp"; dport = "@udp"; action = "accept"; }},
    {{ name = "echo"; proto = "icmp"; icmp_type = 8; action = "accept"; }},
    {{ name = "echo6"; proto = "icmpv6"; icmp_type = 128; action = "accept"; }} ); }} );
'''
KERNEL_RULES = f'''\
table inet twin {{
  ct helper ftp {{ type "ftp" protocol tcp; }}
  chain zone {{ type filter hook prerouting priority raw; ct zone set {ZONE}; }}
  chain filter {{
    type filter hook forward priority filter; policy drop;
    ct state established accept
    ct state related accept
    tcp dport {ECHO} ct mark set {MARK} accept
    tcp dport 21 ct mark set {FTP_MARK} ct helper set "ftp" accept
    tcp dport {{ 80, 7001, 7002 }} accept
    udp dport {{ 53, 7000, 7001, 7002 }} accept
    icmp type echo-request accept
    icmpv6 type echo-request accept
  }}
}}
'''
# What comes for that port is seen by nobody.
SILENCE = f'''\
table inet silence {{
  chain in {{ type filter hook input priority 0; th dport {SILENT} drop; }}
}}
'''

# Answers over TCP and UDP, and never ends a connection by itself.
SERVER = f'''
import socket, threading
def answer():
    end = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    end.bind(("::", {ECHO}))
    while True:
        end.sendto(*end.recvfrom(100))
threading.Thread(target=answer, daemon=True).start()
server, ends = socket.create_server(("::", {ECHO}), family=socket.AF_INET6, dualstack_ipv6=True), []
while True:
    ends.append(server.accept()[0])
    ends[-1].send(ends[-1].recv(100))
'''
# Does one thing from one port, says so, and leaves it as it is then.
CLIENT = '''
import contextlib, socket, struct, sys, time
what, address, port, own_port, kind = sys.argv[1:]
end = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                    socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
end.bind(("", int(own_port)))
end.settimeout(0.5 if what == "unanswered" else 60)
def exchange():
    end.send(b"hello")
    assert end.recv(100) == b"hello"
with contextlib.suppress(TimeoutError):
    end.connect((address, int(port)))
if what == "unanswered" and kind == "udp":
    end.send(b"hello")
if what != "unanswered":
    exchange()
if what == "stream":
    time.sleep(2.5)
    exchange()
    exchange()
if what == "half":
    end.shutdown(socket.SHUT_WR)
if what == "reset":
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
if what in ("reset", "unanswered"):
    end.close()  # nothing is sent again
print("done", flush=True)
time.sleep(1000)
'''


def own_port(family, number):
    """A socket of IPv6 would take that of IPv4, too."""
    return 50000 + 1000 * FAMILIES.index(family) + number


def hold(what, port, number, kind='tcp'):
    """A step: a program that does that, and goes on until the lab ends."""
    def step(wire, family):
        client = wire.client.namespace.start(
            sys.executable, '-c', CLIENT, what, wire.server.addresses[family], port,
            own_port(family, number), kind, stdout=subprocess.PIPE, text=True)
        assert client.stdout.readline() == 'done\n'
    return step


def fetch(wire, family):
    wire.client.namespace.run('curl', '--no-progress-meter', '--fail', '--local-port',
                              own_port(family, 1), url(wire.server.addresses[family], 'answer/1'))


def ask(wire, family):
    # The options of dig come behind the server's address.
    assert dig(wire, family, '-b', f'{wire.client.addresses[family]}#{own_port(family, 2)}',
               'n1.example', '+short').strip() == '198.51.100.1'


def ping(wire, family):
    wire.client.namespace.run('ping', '-n', '-c', 3, '-i', '0.2', '-e', 77,
                              wire.server.addresses[family])


def fetch_by_ftp(wire, family):
    """The server connects to the client, which has announced where."""
    command = {'ipv4': 'PORT', 'ipv6': 'EPRT'}[family]
    done = ftp.curl(wire.client.namespace, command, '--local-port', own_port(family, 11),
                    '--ftp-port', f'{wire.client.interface}:{own_port(family, 12)}',
                    ftp.url(wire.server.addresses[family], ''))
    assert done.returncode == 0, done.stderr


def attempt(port, what, protocol='tcp'):
    def step(wire, family):
        assert_attempt(wire.client.namespace, wire.server.addresses[family], port, what, protocol)
    return step


STEPS = {
    'curl': fetch,
    'dns': ask,
    'ping': ping,
    'ftp': fetch_by_ftp,
    'a refused port': attempt(REFUSED, 'refused'),
    'a dropped port': attempt(DROPPED, 'dropped'),
    'a refused port of UDP': hold('unanswered', REFUSED, 3, 'udp'),
    'a port of UDP that is silent': hold('unanswered', SILENT, 4, 'udp'),
    'a port that is silent': hold('unanswered', SILENT, 5),
    'an open connection': hold('open', ECHO, 6),
    'a connection that one side has ended': hold('half', ECHO, 7),
    'a connection that was reset': hold('reset', ECHO, 8),
    'a question over UDP': hold('once', ECHO, 9, 'udp'),
    'a stream of UDP': hold('stream', ECHO, 10, 'udp'),
}
# What is dropped or refused by a RST leaves none, and FTP leaves two.
N_ENTRIES = len(STEPS) - 2 + 1


@contextlib.contextmanager
def serving(lab):
    """The servers of a lab; the wire."""
    (wire,) = lab.wires
    host = wire.server.namespace
    host.run('nft', '-f', '-', input=SILENCE)
    host.start(sys.executable, '-c', SERVER)
    host.wait_for_port(ECHO)
    with Nginx(host), dns_server(host), ftp.Vsftpd(host):
        yield wire


@pytest.fixture(name='labs')
def fixture_labs(workers):
    """Two labs, of sallyport and of the kernel, and the wire of each: (lab, wire), (lab, wire)."""
    with Lab(workers=workers) as lab, Lab() as twin:
        take_over(twin, KERNEL_RULES,
                  {f'nf_conntrack_{name}': sec for name, sec in TIMEOUTS.values()})
        timeouts = ' '.join(f'{name} = {sec};' for name, (_, sec) in TIMEOUTS.items())
        with (lab.running(RULES, f'timeouts: {{ {timeouts} }}'), serving(lab) as wire,
              serving(twin) as twin_wire):
            yield (lab, wire), (twin, twin_wire)


def comparable(entries):
    """By protocol and original direction, without what only one of them knows: (entry, timeout)."""
    found = {}
    for entry in entries:
        entry = {name: value for name, value in entry.items()
                 if name not in ('conn', 'worker', 'use') and value is not None}
        if entry['proto'] == 'tcp':  # how data becomes segments is chance
            for direction in ('orig', 'reply'):
                entry[direction] = {name: value for name, value in entry[direction].items()
                                    if name not in ('packets', 'bytes')}
        timeout = entry.pop('timeout')
        ends = tuple(entry['orig'][name] for name in ('src', 'dst', 'sport', 'dport', 'id')
                     if name in entry['orig'])
        found[(entry['proto'], *ends)] = entry, timeout
    return found


@pytest.mark.quick
def test_both_have_the_same_table(labs):
    """Step by step, with both and with both families at once, so that a timeout may differ by what
    the slowest step took and no more."""
    (lab, wire), (twin, twin_wire) = labs
    longest_sec = 0
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for step in STEPS.values():
            began = time.monotonic()
            for done in [pool.submit(step, *where)
                         for where in itertools.product((wire, twin_wire), FAMILIES)]:
                done.result()
            longest_sec = max(longest_sec, time.monotonic() - began)

    began = time.monotonic()
    ours, kernels = comparable(lab.machine.json('ct', 'list')), comparable(table(twin))
    tolerance_sec = TOLERANCE_SEC + longest_sec + time.monotonic() - began

    assert len(kernels) == len(FAMILIES) * N_ENTRIES
    assert ours.keys() == kernels.keys()
    for flow, (entry, timeout) in kernels.items():
        assert ours[flow][0] == entry
        assert abs(ours[flow][1] - timeout) <= tolerance_sec, (flow, ours[flow], timeout)
