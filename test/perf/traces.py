# SPDX-License-Identifier: BSD-3-Clause
"""The captures that are played: made when they are needed, kept for the next run."""

import dataclasses
import json
import subprocess


@dataclasses.dataclass(frozen=True)
class MadeTrace:
    file: str
    first: str      # the capture that is played once before; empty: none
    beginning: int  # packets of it
    packets: int    # packets of one lap
    advance: int    # bytes that each direction of a TCP flow sends in one lap

    def source(self, row, extra=()):
        """What NET_TRACE has to say, with further words."""
        words = [f'file={self.file}', *extra]
        if self.first:
            words.append(f'first={self.first}')
        if self.advance:
            words.append(f'advance={self.advance}')
        if row.is_endless:
            words.append('mutate=1')
        return ','.join(words)


def made(trace, program, folder):
    """The trace as files in the folder, newer than the program that makes them."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f'{trace.name}.pcap'
    first = folder / f'{trace.name}-first.pcap' if trace.beginning else None
    facts = folder / f'{trace.name}.json'
    if not facts.exists() or facts.stat().st_mtime < program.stat().st_mtime:
        words = [program, '--flows', str(trace.flows)]
        if trace.packets:
            words += ['--packets', str(trace.packets)]
        if trace.tcp:
            words.append('--tcp')
        if trace.ipv6:
            words.append('--ipv6')
        if trace.zipf:
            words += ['--zipf', str(trace.zipf)]
        if first:
            words += ['--beginning', first]
        told = subprocess.run([*words, trace.pattern, file], check=True, capture_output=True)
        facts.write_bytes(told.stdout)
    told = json.loads(facts.read_text())
    return MadeTrace(str(file), str(first) if first else '', told['beginning'], told['packets'],
                     told['advance'])
