# SPDX-License-Identifier: BSD-3-Clause
"""A running sallyport for tests, as an ordinary user can have it: no hugepages, no NIC. Its ports
are captures; its telemetry socket lies in a folder of its own."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

from util.programs import SALLYCTL, SALLYPORT

TIME_LIMIT_SEC = 300  # on a machine that is busy, with sanitizers
ANSWER_BYTES_MAX = 16 * 1024
LOADED = 'configuration loaded anew'
NOTHING_LEAKED = 'statistics leaked packets=0 connections=0'


def wait_until(condition, what):
    """Waits for a condition to become true, and returns what it returned."""
    deadline = time.monotonic() + TIME_LIMIT_SEC
    while not (value := condition()):
        assert time.monotonic() < deadline, f'waited {TIME_LIMIT_SEC} seconds until {what}'
        time.sleep(0.05)
    return value


def write_capture(path, frames):
    """A pcap file, a microsecond between two frames."""
    with open(path, 'wb') as file:
        file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for n, frame in enumerate(frames):
            file.write(struct.pack('<IIII', 1700000000 + n // 1000000, n % 1000000, len(frame),
                                   len(frame)))
            file.write(frame)


class Telemetry:
    """One client of the socket: asks as any program may."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(str(path))  # waits for its turn: the library lets one wait
        self.socket.settimeout(TIME_LIMIT_SEC)
        self.banner = json.loads(self.socket.recv(1024))

    def ask_raw(self, question):
        """The whole answer, as bytes."""
        self.socket.send(question)
        return self.socket.recv(4 * ANSWER_BYTES_MAX)

    def ask(self, question):
        """What is in the answer to a question."""
        answer = json.loads(self.ask_raw(question.encode()))
        assert list(answer) == [question.split(',')[0]]
        return list(answer.values())[0]

    def close(self):
        self.socket.close()


class Appliance:
    """sallyport run with a configuration. What the configuration calls {folder} is where write
    puts captures."""

    def __init__(self):
        # The name of a socket has 107 characters at most; those of pytest's folders are long.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='sallyport-'))
        self.environment = os.environ | {'RUNTIME_DIRECTORY': str(self.folder)}
        self.file_prefix = 'test'
        self.log = self.folder / 'log'
        self.command = [SALLYPORT]  # a test may put before it what runs it somewhere else
        self.process = None

    @property
    def socket(self):
        return self.folder / 'dpdk' / self.file_prefix / 'dpdk_telemetry.v2'

    def write(self, name, frames):
        write_capture(self.folder / name, frames)

    def configure(self, config, name='sallyport.conf'):
        """Writes a configuration; returns where."""
        path = self.folder / name
        path.write_text(config.replace('{folder}', str(self.folder)))
        return path

    def launch(self, config, *eal_arguments, name='sallyport.conf'):
        """Starts it and does not wait until it answers."""
        path = self.configure(config, name)
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                [*self.command, 'run', '-c', path, '--', '--no-huge', '--no-pci', '--file-prefix',
                 self.file_prefix, *eal_arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment)

    def start(self, config, name='sallyport.conf'):
        self.launch(config, name=name)
        wait_until(self.answers, 'sallyport answers')

    def reload(self, config, name='sallyport.conf'):
        """Has it load another configuration, and waits until it says so."""
        def loaded():
            return self.log.read_text(errors='replace').count(LOADED)

        before = loaded()
        self.configure(config, name)
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: loaded() > before, 'the configuration is loaded')

    def answers(self):
        assert self.process.poll() is None, self.log.read_text()
        return self.ctl('info').returncode == 0

    def ctl(self, *words):
        """Runs sallyctl; its exit status, standard output and standard error, as text."""
        return subprocess.run([SALLYCTL, '--file-prefix', self.file_prefix, *words],
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=TIME_LIMIT_SEC, check=False)

    def json(self, *words):
        """What sallyctl prints as JSON. On a machine that is busy its patience may be too short."""
        def answered():
            result = self.ctl(*words, '--json')
            return 'no answer from' not in result.stderr and result

        result = wait_until(answered, 'sallyctl has an answer')
        assert (result.returncode, result.stderr) == (0, '')
        return json.loads(result.stdout)

    def count(self):
        return self.json('ct', 'count')['confirmed']

    def stop(self, number=signal.SIGTERM):
        """Sends a signal; the exit status and what sallyport has printed."""
        self.process.send_signal(number)
        return self.end()

    def end(self):
        """Waits for its end; returns the same. If that is a good one, nothing may be left over."""
        status = self.process.wait(TIME_LIMIT_SEC)
        log = self.log.read_text(errors='replace')
        assert status != 0 or NOTHING_LEAKED in log, log
        return status, log

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def appliance():
    """An appliance that is gone afterwards, whatever happens."""
    machine = Appliance()
    try:
        yield machine
    finally:
        machine.remove()
