# SPDX-License-Identifier: BSD-3-Clause
"""The fixture of the scenarios."""

import pytest

from scenario.runner import replay_in
from scenario.traffic import write_pcap


@pytest.fixture
def replay(tmp_path):
    """replay(config, traffic, options...) -> Answers. Each port has a capture of its own."""
    def run(config, traffic, *options):
        words = []
        for port in traffic.ports:
            write_pcap(tmp_path / f'{port}.pcap', traffic.of(port))
            words += ['--port', f'{port}={tmp_path}/{port}.pcap']
        answers = replay_in(tmp_path, config, *options, *words)
        answers.check(traffic.frames)
        return answers

    return run
