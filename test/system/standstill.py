# SPDX-License-Identifier: BSD-3-Clause
"""Stopping a thread of a running sallyport, as a machine does that has no CPU for it."""

import contextlib
import ctypes
import os
import pathlib
import re

import pytest

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WAIT_ALL = 0x40000000  # __WALL: threads, too


@contextlib.contextmanager
def stopped_lcore(process, lcore):
    """The thread of an lcore stands still meanwhile, and the others run."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    (thread,) = [int(task.name) for task in pathlib.Path(f'/proc/{process.pid}/task').iterdir()
                 if re.search(rf'worker-?{lcore}$', (task / 'comm').read_text().strip())]
    if libc.ptrace(PTRACE_SEIZE, thread, None, None) != 0:
        pytest.skip(f'this machine lets nobody stop a thread: errno {ctypes.get_errno()}')
    assert libc.ptrace(PTRACE_INTERRUPT, thread, None, None) == 0
    os.waitpid(thread, WAIT_ALL)
    try:
        yield
    finally:
        # Else nobody could wait for the process to end.
        libc.ptrace(PTRACE_DETACH, thread, None, None)
