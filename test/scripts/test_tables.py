# SPDX-License-Identifier: BSD-3-Clause
"""Tables in the documents say each thing once: a merge of two versions of a table may leave both,
and the reader does not know which one holds."""

import collections
import pathlib

import pytest

DOC = pathlib.Path(__file__).resolve().parents[2] / 'doc'


def first_cells(page):
    """The first cell of each row, without heads of tables."""
    lines = (DOC / page).read_text().splitlines()
    for line, after in zip(lines, lines[1:] + ['']):
        if line.startswith('| ') and not after.startswith('|---'):
            yield line.split('|')[1].strip()


@pytest.mark.parametrize('page', ['glossary.md', 'kernel-differences.md'])
def test_each_row_is_there_once(page):
    counts = collections.Counter(first_cells(page))
    del counts['']
    assert len(counts) > 20
    assert [cell for cell, n in counts.items() if n > 1] == []


def test_the_glossary_is_in_order():
    words = [word.lower() for word in first_cells('glossary.md')]
    assert words == sorted(words)
