# SPDX-License-Identifier: BSD-3-Clause
"""TCP connections between two hosts of a lab, as many and for as long as a test wants. The server
says everything again."""

import json
import pathlib
import subprocess
import sys

from system.running import wait_until

PROGRAM = pathlib.Path(__file__).with_name('session_ends.py')
PORT = 7000

# Nothing passes but connections to that server, and they begin with a SYN.
ONLY_SESSIONS = f'''\
chains = ( {{ name = "filter"; policy = "drop"; rules = (
    {{ name = "established"; state = "established"; action = "accept"; }},
    {{ name = "session"; in = "lan0"; proto = "tcp"; dport = {PORT}; state = "new";
      tcp_flags = "syn/syn,ack,fin,rst"; action = "accept"; }} ); }} );
'''


def start_server(host):
    """Starts the server of all connections; it ends with the namespace."""
    host.namespace.start(sys.executable, PROGRAM, PORT)
    host.namespace.wait_for_port(PORT)


class Sessions:
    """Connections from one host to the server of another, at these addresses in turn. Each of its
    functions returns how many connections it worked for."""

    def __init__(self, client, *addresses):
        self.process = subprocess.Popen(
            client.namespace.command(sys.executable, PROGRAM, PORT, *addresses),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self.process.kill()
        self.process.communicate()

    def _ask(self, *words):
        self.process.stdin.write(json.dumps(words) + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def open(self, number):
        """Opens so many more."""
        return self._ask('open', number)

    def use(self):
        """Sends something that no other connection sends over each of them, and has it said again."""
        return self._ask('use')

    def close(self):
        """Ends all of them, and sees the server do so, too."""
        return self._ask('close')

    def talk(self):
        """Has them talk all the time, until they are closed."""
        return self._ask('talk')

    def said(self):
        """How many messages each of them has heard again: None if the connection has failed."""
        return self._ask('said')

    def wait_until_they_go_on(self, messages=5):
        """Waits until every one of them has been heard so many times more."""
        before = self.said()

        def go_on():
            now = self.said()
            assert None not in now, 'a connection has failed'
            return all(n >= b + messages for n, b in zip(now, before))

        wait_until(go_on, 'every connection goes on')
