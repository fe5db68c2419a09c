# SPDX-License-Identifier: BSD-3-Clause
"""OpenMetrics 1.0 text, read as strictly as its specification is: what is not exactly so is refused."""

import dataclasses
import math
import re

NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(rf'({NAME})(?:\{{((?:{LABEL})(?:,(?:{LABEL}))*)\}})? (\S+)')
NUMBER = re.compile(r'-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?')
SUFFIXES = {'counter': ['_total'], 'gauge': [''], 'histogram': ['_bucket', '_count', '_sum']}
ESCAPES = {'\\\\': '\\', '\\"': '"', '\\n': '\n'}


@dataclasses.dataclass
class Family:
    name: str
    help: str
    kind: str
    unit: str = ''
    samples: dict = dataclasses.field(default_factory=dict)  # (suffix, labels) -> value


def unescape(text):
    assert re.fullmatch(r'(?:[^\\]|\\[\\"n])*', text), text
    return re.sub(r'\\.', lambda escape: ESCAPES[escape[0]], text)


def read_labels(text):
    labels = [(name, unescape(value)) for name, value in re.findall(LABEL, text or '')]
    assert len(dict(labels)) == len(labels), text
    return tuple(sorted(labels))


def read_family(lines):
    """The family that begins here; what is behind its metadata stays."""
    metadata = {}
    for word in ('HELP', 'TYPE', 'UNIT'):
        found = re.fullmatch(rf'# {word} ({NAME}) (.+)', lines[0])
        if found:
            metadata[word] = found.groups()
            lines.pop(0)
    assert {'HELP', 'TYPE'} <= set(metadata), lines[0]
    (name,) = {name for name, _ in metadata.values()}
    kind, unit = metadata['TYPE'][1], metadata.get('UNIT', ('', ''))[1]
    assert kind in SUFFIXES
    assert not unit or name.endswith(f'_{unit}')
    assert not re.search(r'_(total|created|bucket|count|sum|gsum|gcount|info)$', name) or \
        (kind, name[-5:]) == ('gauge', '_info'), name
    assert '"' not in re.sub(r'\\"', '', metadata['HELP'][1])
    return Family(name, unescape(metadata['HELP'][1]), kind, unit)


def read_sample(family, line):
    found = SAMPLE.fullmatch(line)
    assert found, line
    suffix = found[1].removeprefix(family.name)
    assert found[1].startswith(family.name) and suffix in SUFFIXES[family.kind], line
    value = found.groups()[-1]
    assert NUMBER.fullmatch(value), line
    assert family.kind == 'gauge' or float(value) >= 0, line
    key = suffix, read_labels(found[2])
    assert key not in family.samples, f'{line} is there twice'
    family.samples[key] = float(value)


def check_histogram(family):
    """Buckets are cumulative, in the order of their ends, and the last one has them all."""
    series = {}
    for (suffix, labels), value in family.samples.items():
        if suffix == '_bucket':
            end = dict(labels)['le']
            assert end == '+Inf' or NUMBER.fullmatch(end)
            others = tuple(label for label in labels if label[0] != 'le')
            series.setdefault(others, []).append((math.inf if end == '+Inf' else float(end), value))
    for labels, buckets in series.items():
        ends, values = zip(*buckets)
        assert list(ends) == sorted(set(ends)) and ends[-1] == math.inf
        assert list(values) == sorted(values)
        assert family.samples['_count', labels] == values[-1]
        assert family.samples['_sum', labels] >= 0
    assert len(family.samples) == sum(len(buckets) + 2 for buckets in series.values())


def read(text):
    """The families by name."""
    assert text.endswith('\n# EOF\n') and '\r' not in text
    lines = text.removesuffix('# EOF\n').split('\n')[:-1]
    families = {}
    while lines:
        family = read_family(lines)
        while lines and not lines[0].startswith('#'):
            read_sample(family, lines.pop(0))
        if family.kind == 'histogram':
            check_histogram(family)
        assert family.name not in families
        families[family.name] = family
    return families
