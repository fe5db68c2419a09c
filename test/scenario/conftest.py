# SPDX-License-Identifier: BSD-3-Clause
"""The fixture of the scenarios."""

import pytest

from scenario.configuration import without_lane
from scenario.runner import OUTPUTS, replay_in
from scenario.traffic import write_pcap
from util.programs import LANE


def check_without_lane(folder, config, words):
    """The lane changes no answer: another replay with the same words writes the same without it."""
    said = {name: (folder / name).read_bytes() for name in OUTPUTS}
    replay_in(folder, config, *words)
    for name in OUTPUTS:
        assert (folder / name).read_bytes() == said[name], f'{name} without the lane'


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
        if LANE == 'all' and without_lane(config):
            check_without_lane(tmp_path, without_lane(config), [*options, *words])
        return answers

    return run
