# SPDX-License-Identifier: BSD-3-Clause
"""What becomes of an attempt to reach a port."""

import sys

# Prints it: open, refused by the host, or dropped. Of UDP something has to come back.
TRY = '''
import socket, sys
address, port, patience, protocol = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
with socket.socket(family, kind) as end:
    end.settimeout(float(patience))
    try:
        end.connect((address, int(port)))
        if protocol == "udp":
            end.send(b"anybody there?")
            end.recv(100)
        print("open")
    except ConnectionRefusedError:
        print("refused")
    except TimeoutError:
        print("dropped")
'''


def assert_attempt(namespace, address, port, what, protocol='tcp'):
    """Holds what has to become of an attempt from a namespace to reach an address and port."""
    patience_sec = 1.5 if what == 'dropped' else 30
    tried = namespace.run(sys.executable, '-c', TRY, address, port, patience_sec, protocol)
    assert tried.stdout.strip() == what
