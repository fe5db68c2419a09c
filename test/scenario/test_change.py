# SPDX-License-Identifier: BSD-3-Clause
"""A replay that loads another configuration on the way, as a running firewall does on SIGHUP."""

import pytest

from scenario.configuration import HEAD, OPEN, chain, configuration
from scenario.runner import run_sallyport
from scenario.traffic import CLIENT, SERVER, Tcp, Traffic, udp

CLOSED = configuration(chain('name = "new"; state = "new"; action = "drop";', name='late'))


def written(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


@pytest.mark.parametrize('options', [(), ('--burst', '1'), ('--workers', '3')], ids=' '.join)
def test_it_holds_from_its_packet_on(replay, tmp_path, options):
    """What is open goes on, and the line and chain of a verdict are those of the configuration."""
    closed = written(tmp_path, 'closed', CLOSED)
    traffic = Traffic()
    Tcp(traffic).open()
    for number in range(4):
        traffic.lan(udp(CLIENT, SERVER, 5000 + number, 53))
    traffic.wan(udp(SERVER, CLIENT, 53, 5000))

    answers = replay(OPEN, traffic, '--at', f'6={closed}', *options)

    assert answers.of('verdict', 'chain', 'rule') == [('accept', None, None)] * 5 + [
        ('drop', 'late', 'new')] * 2 + [('accept', 'late', None)]
    assert answers.of('file')[5] == str(closed)


def test_there_and_back(replay, tmp_path):
    closed, opened = written(tmp_path, 'closed', CLOSED), written(tmp_path, 'opened', OPEN)
    traffic = Traffic()
    for number in range(6):
        traffic.lan(udp(CLIENT, SERVER, 5000 + number, 53))

    answers = replay(OPEN, traffic, '--at', f'1={closed}', '--at', f'3={opened}',
                     '--at', f'3={closed}', '--at', f'5={opened}', '--at', f'99={closed}')

    assert answers.of('verdict') == ['drop'] * 4 + ['accept'] * 2


@pytest.mark.parametrize('words, status, message', [
    (['--at', '5'], 2, '--at 5: N=FILE is needed'),
    (['--at', '0=x'], 2, '--at 0: a number from 1 to 4294967295 is needed'),
    (['--at', '7=x', '--at', '6=y'], 2, '--at y: packet 6 comes before that of the --at before'),
    (['--at', '2=missing'], 1, 'missing: '),
    (['--at', '2=wrong'], 1, 'wrong:4: unknown key "chain"'),
    (['--at', '2=other'], 1, 'that needs a restart'),
])
def test_what_cannot_be_loaded_is_said_before_the_first_packet(tmp_path, monkeypatch, words, status,
                                                              message):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, 'config', OPEN)
    written(tmp_path, 'wrong', HEAD + 'chain = ();\n')
    written(tmp_path, 'other', HEAD.replace('net_null1', 'net_null7'))
    (tmp_path / 'empty').write_bytes(b'\xd4\xc3\xb2\xa1\2\0\4\0' + bytes(8) + b'\xff\xff\0\0\1\0\0\0')

    done = run_sallyport('replay', '-c', 'config', *words, '--verdicts', 'verdicts', 'empty')

    assert done.returncode == status
    assert message in done.stderr
    assert not (tmp_path / 'verdicts').exists()
