# SPDX-License-Identifier: BSD-3-Clause
"""The program at each end of the connections of sessions.py.

usage: session_ends.py PORT [ADDRESS...]

Without an address it is the server. With addresses it is the client of a server at each of them in
turn; a line on standard input is a JSON array, the name of one of Client's functions and its
arguments, and is answered with a line of what it returned.
"""

import asyncio
import itertools
import json
import os
import resource
import socket
import sys

OPENING_MAX = 256    # at once
PATIENCE_SEC = 240   # for one answer: a worker that shares its CPU may take seconds for a packet
PAUSE_SEC = 0.05     # between two messages of a connection that talks


class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def exchange(end, message):
    """Sends a message, and takes the same one in."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(end, message)
    heard = b''
    while len(heard) < len(message):
        part = await loop.sock_recv(end, len(message) - len(heard))
        if not part:
            raise ConnectionAbortedError
        heard += part
    return heard == message


async def succeeds(action):
    """Whether it comes to an end, and to a good one."""
    try:
        return await asyncio.wait_for(action, PATIENCE_SEC)
    except (OSError, asyncio.TimeoutError):
        return False


async def count(actions):
    """How many of them succeed."""
    return sum(await asyncio.gather(*map(succeeds, actions)))


class Client:
    def __init__(self, port, *addresses):
        self.port = port
        self.addresses = itertools.cycle(addresses)
        self.family = socket.AF_INET6 if ':' in addresses[0] else socket.AF_INET
        self.ends, self.talks, self.heard = [], [], []

    async def open(self, number):
        limit = asyncio.Semaphore(OPENING_MAX)

        async def one(end):
            async with limit:
                await asyncio.get_running_loop().sock_connect(
                    end, (next(self.addresses), self.port))
            return True

        new = [socket.socket(self.family, socket.SOCK_STREAM) for _ in range(number)]
        for end in new:
            end.setblocking(False)
        self.ends += new
        return await count(map(one, new))

    async def use(self):
        return await count(exchange(end, os.urandom(16)) for end in self.ends)

    async def close(self):
        for talk in self.talks:
            talk.cancel()
        await asyncio.gather(*self.talks, return_exceptions=True)

        async def one(end):
            end.shutdown(socket.SHUT_WR)
            while await asyncio.get_running_loop().sock_recv(end, 4096):
                pass  # the answer to what it said last
            end.close()
            return True

        closed = await count(map(one, self.ends))
        self.ends, self.talks, self.heard = [], [], []
        return closed

    async def talk(self):
        async def one(number, end):
            try:
                while await exchange(end, b'%16d' % self.heard[number]):
                    self.heard[number] += 1
                    await asyncio.sleep(PAUSE_SEC)
            except OSError:
                pass
            self.heard[number] = None

        self.heard = [0] * len(self.ends)
        self.talks = [asyncio.create_task(one(*pair)) for pair in enumerate(self.ends)]
        return len(self.talks)

    async def said(self):
        return self.heard


async def serve(port):
    server = await asyncio.get_running_loop().create_server(
        Server, ['0.0.0.0', '::'], port, backlog=4096)
    await server.serve_forever()


async def obey(client):
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command, *words = json.loads(line)
        print(json.dumps(await getattr(client, command)(*words)), flush=True)


def main(port, *addresses):
    _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    asyncio.run(obey(Client(int(port), *addresses)) if addresses else serve(int(port)))


if __name__ == '__main__':
    main(*sys.argv[1:])
