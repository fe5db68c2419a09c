# SPDX-License-Identifier: BSD-3-Clause
"""The capture of scripts/demo is what its generator writes."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAPTURE = ROOT / 'test/data/demo.pcap'


def test_the_generator_writes_the_same_bytes(tmp_path):
    subprocess.run([ROOT / 'test/util/make_demo_capture.py', tmp_path / 'demo.pcap'], check=True)
    assert (tmp_path / 'demo.pcap').read_bytes() == CAPTURE.read_bytes()
