# SPDX-License-Identifier: BSD-3-Clause
"""The programs that are compared, one module each. See contender.py for what a contender is."""
