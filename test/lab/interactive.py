# SPDX-License-Identifier: BSD-3-Clause
"""scripts/lab: a lab to try things in, with a shell that ends it."""

import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys

from lab.lab import FAMILIES, OWN_KEYS, Lab
from util.programs import SALLYCTL, SALLYPORT


def parse(words):
    parser = argparse.ArgumentParser(
        prog='scripts/lab', description='Starts sallyport between clients and servers in network '
        'namespaces, and a shell from which they can be used. When the shell, or the command that '
        'is given, ends, all of it goes away. As root.')
    parser.add_argument('--wires', type=int, default=1, metavar='N',
                        help='wires, each with a client and a server (default: 1)')
    parser.add_argument('--workers', type=int, default=1, metavar='N', help='(default: 1)')
    parser.add_argument('--mtu', type=int, default=1500, metavar='BYTES', help='(default: 1500)')
    parser.add_argument('--rules', type=pathlib.Path, metavar='FILE',
                        help='sets and chains as in sallyport.conf(5), without ports and wires; '
                        'without it everything is let through')
    parser.add_argument('command', nargs='*', help='run this instead of a shell')
    return parser.parse_args(words)


def keys_of(text):
    """The keys of a configuration that stand outside of everything."""
    depth, keys = 0, []
    token = r'"(?:\\.|[^"\\])*"|#[^\n]*|//[^\n]*|/\*.*?\*/|[({[]|[)}\]]|[A-Za-z*][-\w*]*(?=\s*[=:])'
    for word in re.findall(token, text, re.DOTALL):
        if word in '({[':
            depth += 1
        elif word in ')}]':
            depth -= 1
        elif depth == 0 and word[0] not in '"#/':
            keys.append(word)
    return keys


def read_rules(path):
    """The text of the file, which may hold what the lab does not write itself."""
    try:
        rules = path.read_text(encoding='utf-8')
    except (OSError, UnicodeError) as error:
        sys.exit(f'scripts/lab: {path} cannot be read: {getattr(error, "strerror", error)}')
    if own := [key for key in keys_of(rules) if key in OWN_KEYS]:
        sys.exit(f'scripts/lab: {path} is a whole configuration: leave out {", ".join(own)}, '
                 'which the lab has of its own')
    return rules


def check(lab, rules):
    """Ends the program, with sallyport's words, when that refuses the configuration."""
    path = lab.machine.configure(lab.configuration(rules))
    done = subprocess.run([SALLYPORT, 'check', '-c', path], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(done.stderr.rstrip('\n'))


def write_programs(lab):
    """A folder of programs for the shell: one per host that runs a command there, and sallyctl."""
    folder = lab.machine.folder / 'bin'
    folder.mkdir()
    programs = {'sallyctl': ['env', f'RUNTIME_DIRECTORY={lab.machine.folder}', str(SALLYCTL),
                             '--file-prefix', 'test']}
    for i, wire in enumerate(lab.wires):
        programs[f'client{i}'] = wire.client.namespace.command()
        programs[f'server{i}'] = wire.server.namespace.command()
    for name, words in programs.items():
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        path.chmod(0o755)
    return folder


def explain(lab):
    for i, wire in enumerate(lab.wires):
        print(f'client{i}  {wire.client.addresses["ipv4"]:<14} {wire.client.addresses["ipv6"]:<16} '
              f'[{wire.lan} sallyport {wire.wan}]  '
              f'{wire.server.addresses["ipv4"]:<14} {wire.server.addresses["ipv6"]:<16} server{i}')
    server = lab.wires[0].server.addresses
    print(f'''
In this shell, client0 COMMAND and server0 COMMAND run a command there:
  server0 python3 -m http.server --bind :: 80 &
  client0 curl http://{server["ipv4"]}/
  sallyctl ct list
sallyport's configuration is {lab.machine.folder}/sallyport.conf, its log {lab.machine.log}.
From elsewhere: ip netns exec {lab.wires[0].client.namespace.name} COMMAND
"exit" ends it all.
''')


def main(words):
    options = parse(words)
    if options.wires < 1 or options.workers < 1:
        print('scripts/lab: there is at least one wire and one worker', file=sys.stderr)
        return 2
    rules = read_rules(options.rules) if options.rules else ''
    with Lab(options.wires, options.workers, FAMILIES, options.mtu) as lab:
        check(lab, rules)
        try:
            lab.start(rules, port=f'mtu = {options.mtu};')
        except AssertionError as error:
            sys.exit(f'scripts/lab: sallyport has ended:\n{error}')
        path = f'{write_programs(lab)}{os.pathsep}{os.environ.get("PATH", os.defpath)}'
        command = options.command or [os.environ.get('SHELL', '/bin/bash')]
        if not options.command:
            explain(lab)
        status = subprocess.run(command, env=os.environ | {'PATH': path}, check=False).returncode
        if lab.machine.process.poll() is not None:
            print(f'scripts/lab: sallyport has ended:\n{lab.machine.log.read_text()}',
                  file=sys.stderr)
            return 1
    return status


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
