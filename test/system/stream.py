# SPDX-License-Identifier: BSD-3-Clause
"""The stream of connections (lib/report/record.h), read and written as a program of its own would:
so that a struct that changes unnoticed is noticed."""

import socket
import struct

SUFFIX = '.ct'
HELLO = struct.Struct('=8sII')
TUPLE = struct.Struct('=16s16sHHHBB8x')
REST = struct.Struct('=QQQQQIIIHBB24s')
RECORD_BYTES = 2 * TUPLE.size + REST.size
GOOD_HELLO = HELLO.pack(b'sallyct', 1, RECORD_BYTES)
SEEN_REPLY, ASSURED = 2, 4


def address_bytes(text):
    family = socket.AF_INET6 if ':' in text else socket.AF_INET
    return socket.inet_pton(family, text).ljust(16, b'\0')


def address_text(family, packed):
    if family == 4:
        return socket.inet_ntop(socket.AF_INET, packed[:4])
    return socket.inet_ntop(socket.AF_INET6, packed)


def pack_direction(direction, entry):
    """The tuple of a direction as sallyctl ct list --json has it."""
    if 'sport' in direction:
        fields = direction['sport'], direction['dport']
    elif 'type' in direction:
        fields = direction['id'], direction['type'] << 8 | direction['code']
    else:
        fields = direction.get('srckey', 0), direction.get('dstkey', 0)
    return TUPLE.pack(address_bytes(direction['src']), address_bytes(direction['dst']), *fields,
                      entry['zone'], entry['protonum'], 6 if ':' in direction['src'] else 4)


def pack_record(entry):
    """A record of a connection as sallyctl ct list --json has it."""
    orig, reply = entry['orig'], entry['reply']
    status = (SEEN_REPLY if entry['seen_reply'] else 0) | (ASSURED if entry['assured'] else 0)
    return (pack_direction(orig, entry) + pack_direction(reply, entry) + REST.pack(
        orig.get('packets', 0), reply.get('packets', 0), orig.get('bytes', 0),
        reply.get('bytes', 0), entry['conn'], entry['timeout'], status, entry['mark'],
        entry['worker'], ['', 'ftp', 'tftp', 'pptp'].index(entry.get('helper', '')),
        'packets' in orig, (entry.get('state') or '').encode()))


def pack_last(n):
    return bytes(2 * TUPLE.size) + REST.pack(0, 0, 0, 0, n, 0, 0, 0, 0, 0, 0, b'')


def unpack_record(record):
    """What of a record names the connection: conn, and the source's address and port."""
    src, _, sport, _, _, _, family = TUPLE.unpack_from(record)
    return REST.unpack_from(record, 2 * TUPLE.size)[4], address_text(family, src), sport


class Stream:
    """A client of the socket beside that telemetry socket."""

    def __init__(self, telemetry_path, time_limit_sec):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(time_limit_sec)
        self.socket.connect(f'{telemetry_path}{SUFFIX}')

    def read(self, n):
        """That many bytes, fewer where the stream ends."""
        chunks = []
        while n > 0 and (chunk := self.socket.recv(min(n, 1 << 20))):
            chunks.append(chunk)
            n -= len(chunk)
        return b''.join(chunks)

    def hello(self):
        return self.read(HELLO.size)

    def records(self):
        """All records to the end of the stream."""
        while len(record := self.read(RECORD_BYTES)) == RECORD_BYTES:
            yield record

    def rest(self):
        """What is read from here on, behind the hello: (conn, address, port) of each connection,
        and the number that the last record tells; None without one."""
        found, n_told = [], None
        for record in self.records():
            assert n_told is None, 'a record behind the last one'
            if TUPLE.unpack_from(record)[-1] == 0:
                n_told = REST.unpack_from(record, 2 * TUPLE.size)[4]
            else:
                found.append(unpack_record(record))
        return found, n_told

    def listing(self):
        """The same from the beginning."""
        assert self.hello() == GOOD_HELLO
        return self.rest()

    def close(self):
        self.socket.close()
