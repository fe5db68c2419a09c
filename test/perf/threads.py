#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What each thread of a running sallyport costs: CPU time and wakeups per second.

Workers always take what they get; the others should cost next to nothing. Time is what the kernel
charged to the thread, so that other programs make no difference but for the caches.

  threads.py $(pidof sallyport)
"""

import argparse
import pathlib
import re
import time

import tabulate


def look(pid):
    """Thread number -> (name, ns on a CPU, times it has slept)."""
    found = {}
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        try:
            slept = re.search(r'^voluntary_ctxt_switches:\s+(\d+)', (task / 'status').read_text(), re.M)
            found[int(task.name)] = ((task / 'comm').read_text().strip(),
                                     int((task / 'schedstat').read_text().split()[0]), int(slept[1]))
        except FileNotFoundError:
            pass  # it has ended
    return found


def main():
    parser = argparse.ArgumentParser(description='CPU time and wakeups of each thread.')
    parser.add_argument('pid', type=int)
    parser.add_argument('--seconds', type=float, default=10)
    arguments = parser.parse_args()
    before, began = look(arguments.pid), time.monotonic()
    time.sleep(arguments.seconds)
    after, seconds = look(arguments.pid), time.monotonic() - began
    print(tabulate.tabulate(
        [(name, (ns - before[thread][1]) / seconds / 1e6, (slept - before[thread][2]) / seconds)
         for thread, (name, ns, slept) in sorted(after.items()) if thread in before],
        headers=('thread', 'CPU, ms/s', 'wakeups/s'), floatfmt='.2f'))


if __name__ == '__main__':
    main()
