# SPDX-License-Identifier: BSD-3-Clause
"""Processes that are measured: kept from being disturbed as far as we may, and their threads'
CPU time."""

import os
import pathlib
import re
import subprocess

GROUP_NICE = -18
NICE = -15


def may_raise_priority():
    return os.geteuid() == 0


def start(words, log, environment, stdin=subprocess.DEVNULL):
    """Starts a program in a session of its own. The scheduler shares CPUs between sessions first
    and heeds nice only within one, so the session gets a nice value too, where we may."""
    def raise_priority():
        if may_raise_priority():
            os.nice(NICE)

    with open(log, 'ab') as output:
        process = subprocess.Popen(words, stdin=stdin, stdout=output, stderr=output,
                                   env=os.environ | environment, start_new_session=True,
                                   preexec_fn=raise_priority)
    try:
        pathlib.Path(f'/proc/{process.pid}/autogroup').write_text(str(GROUP_NICE))
    except OSError:
        pass  # not root, or a kernel without autogroups
    return process


def stop(process, patience_sec=10):
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(patience_sec)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def threads(pid, pattern):
    """The numbers of the threads whose name matches."""
    found = []
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        if re.fullmatch(pattern, (task / 'comm').read_text().strip()):
            found.append(int(task.name))
    return sorted(found)


def cpu_ns(pid, tid):
    """The time a thread has really run."""
    return int(pathlib.Path(f'/proc/{pid}/task/{tid}/schedstat').read_text().split()[0])
