# SPDX-License-Identifier: BSD-3-Clause
"""A client of the telemetry socket that every DPDK program has."""

import json
import socket

ANSWER_BYTES_MAX = 64 * 1024
PATIENCE_SEC = 30


class Telemetry:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(PATIENCE_SEC)
        self.socket.connect(str(path))
        self.socket.recv(ANSWER_BYTES_MAX)  # the banner

    def ask(self, question):
        self.socket.send(question.encode())
        answer = json.loads(self.socket.recv(ANSWER_BYTES_MAX))
        return next(iter(answer.values()))

    def port(self, name):
        """The number of the port with a name; None while there is none."""
        for number in self.ask('/ethdev/list') or []:
            info = self.ask(f'/ethdev/info,{number}')
            if info and info['name'] == name:
                return number
        return None

    def sent(self, port):
        """How many packets have left at a port."""
        return self.ask(f'/ethdev/stats,{port}')['opackets']

    def close(self):
        self.socket.close()
