# SPDX-License-Identifier: BSD-3-Clause
"""scripts/check-modules finds each kind of breach, where it is, and accepts a tree without one."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

TABLE = """\
modules = [
  ['base',   []],
  ['packet', ['base']],
  ['config', ['base', 'packet']],
]

outside = {
  'config': [libconfig],
}
"""

GOOD = {
    'lib/meson.build': TABLE,
    'lib/base/log.h': '#include <stdio.h>\n',
    'lib/packet/packet.c': '#include "packet/inside.h"\n\n#include "base/log.h"\n',
    'lib/packet/inside.h': '// The inside of a packet. Private to\n// packet.\n#pragma once\n',
    'lib/packet/packet.h': '// A packet.\n#pragma once\n// Private to nobody: no head comment.\n',
    'lib/config/config.c': '#include <libconfig.h>\n#include "packet/packet.h"\n',
    'app/main.c': '#include "config/config.h"\n#include "options.h"\n',
    'test/unit/packet/test_packet.c': '#include "packet/inside.h"\n#include "util/eal.h"\n'
                                      '#include "frames.h"\n',
}


def check(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    run = subprocess.run([ROOT / 'scripts/check-modules', root], capture_output=True, text=True)
    assert run.stderr == ''
    return run.returncode, run.stdout


def test_a_good_tree_passes(tmp_path):
    assert check(tmp_path, GOOD) == (0, '')


@pytest.mark.parametrize('name, text, finding', [
    ('lib/base/log.c', '\n#include "packet/tuple.h"\n',
     'lib/base/log.c:2: #include "packet/tuple.h": base may not use packet'),
    ('lib/packet/sub/deep.c', '# include "config/config.h"\n',
     'lib/packet/sub/deep.c:1: #include "config/config.h": packet may not use config'),
    ('lib/config/load.c', '#include "packet/inside.h"\n',
     'lib/config/load.c:1: #include "packet/inside.h" is private to packet'),
    ('app/ctl.c', '#include "packet/inside.h"\n',
     'app/ctl.c:1: #include "packet/inside.h" is private to packet'),
    ('test/fuzz/fuzz.c', '#include "packet/inside.h"\n',
     'test/fuzz/fuzz.c:1: #include "packet/inside.h" is private to packet'),
    ('test/unit/config/test_load.c', '#include "packet/inside.h"\n',
     'test/unit/config/test_load.c:1: #include "packet/inside.h" is private to packet'),
    ('lib/packet/bits.h', '// Bits, private to this module.\n',
     'lib/packet/bits.h:1: the head comment does not say "Private to packet."'),
    ('lib/packet/bits.h', '// Private to config.\n',
     'lib/packet/bits.h:1: the head comment does not say "Private to packet."'),
    ('lib/config/load.c', '#include "app/options.h"\n',
     'lib/config/load.c:1: #include "app/options.h": nothing may use app'),
    ('lib/packet/tuple.c', '#include "tuple.h"\n',
     'lib/packet/tuple.c:1: #include "tuple.h" names no module'),
    ('lib/packet/tuple.c', '#include "nat/nat.h"\n',
     'lib/packet/tuple.c:1: #include "nat/nat.h": lib/meson.build has no module nat'),
    ('lib/packet/tuple.c', '#include <libconfig.h>\n',
     'lib/packet/tuple.c:1: #include <libconfig.h>: libconfig is given to config only'),
    ('lib/stray/stray.c', '', 'lib/stray/stray.c:1: lies in no module of lib/meson.build'),
    ('lib/stray.h', '', 'lib/stray.h:1: lies in no module of lib/meson.build'),
    ('test/unit/packet/test_packet.c', '#include "config/config.h"\n',
     'test/unit/packet/test_packet.c:1: #include "config/config.h": packet may not use config'),
    ('test/unit/stray/test_stray.c', '',
     'test/unit/stray/test_stray.c:1: stray is no module of lib/meson.build'),
    ('lib/meson.build', "modules = [\n  ['base', ['packet']],\n  ['packet', []],\n"
                        "  ['config', ['base', 'packet']],\n]\n",
     'lib/meson.build:2: base uses packet, which is not above it'),
    ('lib/meson.build', TABLE.replace("['base',   []],", "['base']"),
     'lib/meson.build:2: this line of the table is not understood'),
])
def test_a_breach_is_reported_with_its_place(tmp_path, name, text, finding):
    status, printed = check(tmp_path, GOOD | {name: text})
    assert status == 1
    assert finding in printed.splitlines()


def test_this_tree_passes():
    assert check(ROOT, {}) == (0, '')
