# SPDX-License-Identifier: BSD-3-Clause
"""Where the tests find the built programs and the captures.

SALLYPORT_BUILD names the build folder (default: build, at the root of the tree), SALLYPORT_CAPTURES
the folder of captures recorded elsewhere (default: ../shared/captures, seen from the root), and
SALLYPORT_TABLE the table that scenarios, captures and the kernel's answers are run with (default: that of
the product). SALLYPORT_LANE=off runs them without the lane; all, with
and without it.
"""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('SALLYPORT_BUILD', ROOT / 'build')).absolute()
CAPTURES = pathlib.Path(
    os.environ.get('SALLYPORT_CAPTURES', ROOT.parent / 'shared' / 'captures')).absolute()

TABLE = os.environ.get('SALLYPORT_TABLE', '')
LANE = os.environ.get('SALLYPORT_LANE', 'on')
HAS_LANE = LANE != 'off'

SALLYPORT = BUILD / 'app' / 'sallyport'
SALLYCTL = BUILD / 'app' / 'sallyctl'
