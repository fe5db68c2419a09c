# SPDX-License-Identifier: BSD-3-Clause
"""The memory that a contender needs for a row, and what the machine has."""

import dataclasses
import pathlib
import re

MIB = 1 << 20
SPARE = 512 * MIB  # stays for everything else


@dataclasses.dataclass(frozen=True)
class Memory:
    """Bytes in hugepages, and all others."""
    huge: int = 0
    ordinary: int = 0

    def __add__(self, other):
        return Memory(self.huge + other.huge, self.ordinary + other.ordinary)


def of_machine(root='/'):
    """What is free."""
    root = pathlib.Path(root)
    available = re.search(r'^MemAvailable:\s*(\d+) kB', (root / 'proc/meminfo').read_text(), re.M)
    huge = 0
    for folder in (root / 'sys/kernel/mm/hugepages').glob('hugepages-*kB'):
        size = int(re.fullmatch(r'hugepages-(\d+)kB', folder.name).group(1)) * 1024
        huge += size * int((folder / 'free_hugepages').read_text())
    return Memory(huge, int(available.group(1)) * 1024)


def lack(needed, there):
    """What does not suffice; empty when everything does."""
    if needed.huge > there.huge:
        return (f'needs {needed.huge // MIB} MiB of hugepages, {there.huge // MIB} are free '
                f'(HUGEPAGES={-(-needed.huge // (2 * MIB))} scripts/bench)')
    if needed.ordinary + SPARE > there.ordinary:
        return (f'needs {needed.ordinary // MIB} MiB of memory besides hugepages, '
                f'{(there.ordinary - SPARE) // MIB} are free')
    return ''
