# SPDX-License-Identifier: BSD-3-Clause
"""What is wrong is said in one clear line each, and the exit status says whose mistake it is: 1 for
files, 2 for the command line."""

import os
import re
import resource
import socket
import subprocess

import pytest

from scenario.configuration import OPEN
from scenario.runner import run_sallyport
from scenario.traffic import CLIENT, SERVER, WIFI, Traffic, udp, write_pcap
from util.programs import SALLYPORT

EIGHT_MISTAKES = '''\
ports = ( { name = "lan"; device = "net_null0"; },
          { name = "wan"; device = "net_null1"; } );
wires = ( { a = "lan"; b = "wan"; } );
workers = 0;
conntrack: { max_conections = 10;
             timeouts: { udp = "long"; }; };
chains = (
  { name = "filter"; policy = "maybe"; rules = (
      { name = "r1"; proto = "tpc"; action = "accept"; },
      { name = "r2"; in = "dmz"; action = "accept"; },
      { name = "r3"; src = "192.0.2.0/33"; action = "drop"; },
      { name = "r4"; dst = "@servers"; action = "drop"; } ); } );
'''
# Where they are, and a word the message cannot do without.
EIGHT_PLACES = [(4, 'workers'), (5, 'max_conections'), (6, 'udp'), (8, 'maybe'), (9, 'tpc'),
                (10, 'dmz'), (11, '192.0.2.0/33'), (12, 'servers')]


@pytest.fixture
def files(tmp_path):
    """A good configuration and a good capture."""
    traffic = Traffic()
    for port in range(3):
        traffic.lan(udp(CLIENT, SERVER, 5000 + port, 53))
    write_pcap(tmp_path / 'good.pcap', traffic.of('lan'))
    (tmp_path / 'good.conf').write_text(OPEN)
    return tmp_path


def complaints(done, status):
    """The lines on standard error of a run that ends with this status and prints nothing else."""
    assert (done.returncode, done.stdout) == (status, '')
    return done.stderr.splitlines()


@pytest.mark.parametrize('kind', ['fifo', 'socket', 'device', 'terminal'])
@pytest.mark.parametrize('includes', [False, True])
def test_a_configuration_that_is_no_file(files, kind, includes):
    path = files / 'odd.conf'
    if kind == 'fifo':
        os.mkfifo(path)
    elif kind == 'socket':
        with socket.socket(socket.AF_UNIX) as listener:
            folder = os.open(files, os.O_PATH)  # the path itself may be too long for a socket
            listener.bind(f'/proc/self/fd/{folder}/odd.conf')
            os.close(folder)
    else:
        path.symlink_to('/dev/zero' if kind == 'device' else '/dev/ptmx')
    if includes:
        (files / 'main.conf').write_text('@include "odd.conf"\n' + OPEN)
        path = files / 'main.conf'

    (line,) = complaints(run_sallyport('check', '-c', path), 1)

    where = f'{path}:1: cannot include {files}/odd.conf: ' if includes else f'{path}: cannot be read: '
    why = 'No such device or address' if kind == 'socket' else 'Not a regular file'
    assert line == where + why


@pytest.mark.parametrize('words', [['check'], ['replay', 'good.pcap']], ids=['check', 'replay'])
def test_every_mistake_of_a_configuration_at_once(files, words):
    (files / 'bad.conf').write_text(EIGHT_MISTAKES)
    command, *captures = words

    lines = complaints(run_sallyport(command, '-c', files / 'bad.conf',
                                     *(files / name for name in captures)), 1)

    form = re.compile(re.escape(f'{files}/bad.conf') + r':(\d+): (.+)')
    found = [form.fullmatch(line) for line in lines]
    assert all(found), lines
    assert [int(match[1]) for match in found] == [line for line, _ in EIGHT_PLACES]
    for match, (_, word) in zip(found, EIGHT_PLACES):
        assert word in match[2]


def test_check_says_what_a_good_configuration_takes(files):
    done = run_sallyport('check', '-c', files / 'good.conf')

    assert (done.returncode, done.stderr) == (0, '')
    assert re.fullmatch(re.escape(f'{files}/good.conf') + r': good: .*memory.*\n', done.stdout)


def test_a_syntax_error_has_its_line(files):
    (files / 'bad.conf').write_text(OPEN + 'chains = ( { name = } );\n')

    lines = complaints(run_sallyport('check', '-c', files / 'bad.conf'), 1)

    place = f'{files}/bad.conf:{OPEN.count(chr(10)) + 1}: '
    assert [line.removeprefix(place) for line in lines] == [
        'syntax error at "}"', '    chains = ( { name = } );', '                        ^']


def test_no_text_of_a_file_makes_a_message_of_its_own(files):
    """A line break and what a terminal obeys, in every string and in the name of the file."""
    name = files / 'bad\n\x1b[2J.conf'
    evil = r'x\ngood.conf:1: forged\r\x1b[2J' '\u2028\x9b'
    name.write_text(f'''\
ports = ( {{ name = "{evil}"; device = "{evil}"; }} );
wires = ( {{ a = "{evil}"; b = "{evil}"; }} );
non_ip: {{ arp = "{evil}"; }};
conntrack: {{ enable = "{evil}"; }};
sets: {{ s = [ "{evil}" ]; }};
chains = ( {{ name = "{evil}"; policy = "{evil}"; rules = (
  {{ name = "{evil}"; in = "{evil}"; proto = "{evil}"; src = "{evil}"; dport = "{evil}"; state = "{evil}";
    mark = "{evil}"; tcp_flags = "{evil}"; dst = "@{evil}"; zone = "{evil}"; helper = "{evil}";
    limit = "{evil}"; log = "{evil}"; action = "{evil}"; }} ); }} );
''')
    done = run_sallyport('check', '-c', name)

    lines = done.stderr.split('\n')
    assert (done.returncode, lines.pop()) == (1, '')
    assert len(lines) >= 18
    assert all(line.startswith(f'{files}/bad\\n\\x1b[2J.conf:') and line.isprintable()
               for line in lines), lines


@pytest.mark.parametrize('name', ['missing.conf', '.'])
def test_a_configuration_that_cannot_be_read(files, name):
    (line,) = complaints(run_sallyport('check', '-c', files / name), 1)

    assert line.startswith(f'{files / name}: ')


def test_too_few_files_may_be_open(files):
    done = subprocess.run([SALLYPORT, 'replay', '-c', files / 'good.conf', files / 'good.pcap'],
                          capture_output=True, text=True, check=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8)))

    (line,) = complaints(done, 1)
    assert line.startswith('sallyport: ') and 'ulimit -n' in line and '8 may be' in line


def replay_of(files, name, *words):
    return run_sallyport('replay', '-c', files / 'good.conf', *words, files / name)


def bad_captures(folder):
    """name -> what the one line about it has to say."""
    good = (folder / 'good.pcap').read_bytes()
    (folder / 'empty').write_bytes(b'')
    (folder / 'text').write_text('this is not a capture, but a text of some length\n' * 3)
    (folder / 'cut header').write_bytes(good[:20])
    (folder / 'cut record header').write_bytes(good[:24 + 2 * 16 + 47 + 5])
    (folder / 'cut packet').write_bytes(good[:-1])
    (folder / 'folder').mkdir()
    write_pcap(folder / 'wifi', [(0, bytes(udp(CLIENT, SERVER, 1, 2)))], link=WIFI)
    return {'empty': 'empty', 'text': 'capture', 'cut header': 'capture',
            'cut record header': 'packet 1', 'cut packet': 'packet 2', 'folder': 'folder',
            'wifi': 'IEEE802_11', 'missing': 'No such file'}


@pytest.mark.parametrize('name', ['empty', 'text', 'cut header', 'cut record header', 'cut packet',
                                  'folder', 'wifi', 'missing'])
def test_a_bad_capture(files, name):
    word = bad_captures(files)[name]

    (line,) = complaints(replay_of(files, name), 1)

    assert line.startswith(f'{files / name}: ')
    assert word in line.removeprefix(f'{files / name}: ')


def test_a_bad_capture_leaves_older_outputs_alone(files):
    bad_captures(files)
    (files / 'table').write_text('of last time')

    complaints(replay_of(files, 'cut packet', '--table', files / 'table'), 1)

    assert (files / 'table').read_text() == 'of last time'


def test_all_bad_captures_are_named(files):
    bad_captures(files)

    lines = complaints(run_sallyport('replay', '-c', files / 'good.conf',
                                     '--port', f'lan={files}/empty', '--port', f'wan={files}/text'),
                       1)

    assert [line.split(': ')[0] for line in lines] == [f'{files}/empty', f'{files}/text']


def test_a_port_that_is_not_configured(files):
    (line,) = complaints(run_sallyport('replay', '-c', files / 'good.conf',
                                       '--port', f'dmz={files}/good.pcap'), 1)

    assert '"dmz"' in line


@pytest.mark.parametrize('option', ['--verdicts', '--events', '--table', '--accepted', '--dropped'])
def test_an_output_that_cannot_be_written(files, option):
    for path in (files / 'no such folder' / 'out', files):
        (line,) = complaints(replay_of(files, 'good.pcap', option, path), 1)
        assert line.startswith(f'{path}: ')


OUTPUTS = ['--verdicts', '--events', '--table', '--accepted', '--dropped']


@pytest.mark.parametrize('option', OUTPUTS)
def test_an_output_that_has_no_room_left(files, option):
    (line,) = complaints(replay_of(files, 'good.pcap', option, '/dev/full'), 1)

    assert line.startswith('/dev/full: ') and 'No space left on device' in line


@pytest.mark.parametrize('option', OUTPUTS + [None])
def test_standard_output_that_has_no_room_left(files, option):
    """Without an option it is the summary that has no room."""
    words = [] if option is None else [option, '-']
    with open('/dev/full', 'w', encoding='utf-8') as full:
        done = subprocess.run([SALLYPORT, 'replay', '-c', files / 'good.conf', *words,
                               files / 'good.pcap'], stdout=full, stderr=subprocess.PIPE, text=True,
                              timeout=60, check=False)

    assert done.returncode == 1
    assert 'could not be written to its end' in done.stderr and done.stderr.count('\n') == 1


@pytest.mark.parametrize('option', OUTPUTS)
def test_an_output_that_finds_no_room_long_before_its_end(files, option):
    traffic = Traffic()
    for port in range(1000):
        traffic.lan(udp(CLIENT, SERVER, 5000 + port, 53))
    write_pcap(files / 'long.pcap', traffic.of('lan'))
    policy = 'drop' if option == '--dropped' else 'accept'
    (files / 'policy.conf').write_text(OPEN + 'chains = ( { name = "filter"; priority = 0; '
                                       f'policy = "{policy}"; rules = ( ); }} );\n')

    (line,) = complaints(run_sallyport('replay', '-c', files / 'policy.conf', option, '/dev/full',
                                       files / 'long.pcap'), 1)

    assert line.startswith('/dev/full: could not be written to its end')


# Names of one file, in a folder that has capture, config, table, a folder sub, a hard link hard to
# the capture, a symbolic link soft to it, and one to what is not there, dangling -> later.
@pytest.mark.parametrize('words', [
    ['--accepted', 'capture', 'capture'],
    ['--dropped', './capture', 'capture'],
    ['--accepted', 'sub/../capture', 'capture'],
    ['--verdicts', 'hard', 'capture'],
    ['--verdicts', 'soft', 'capture'],
    ['--verdicts', 'capture', 'soft'],
    ['--table', 'capture', '--port', 'lan=hard', '--port', 'wan=soft'],
    ['--table', 'config', 'capture'],
    ['--table', 'table', '--events', 'table', 'capture'],
    ['--table', 'table', '--events', './table', 'capture'],
    ['--table', 'later', '--events', 'later', 'capture'],
    ['--table', 'later', '--events', './later', 'capture'],
    ['--table', 'later', '--events', 'sub/../later', 'capture'],
    ['--table', 'later', '--events', 'dangling', 'capture'],
    ['--accepted', 'sub/dangling', '--dropped', 'dangling', 'capture'],
    ['--table', '-', '--events', '-', 'capture'],
    ['--port', 'lan=-', '--port', 'wan=-'],
], ids=' '.join)
def test_files_that_are_one(tmp_path, monkeypatch, words):
    """Refused before anything is opened: nothing is truncated, nothing is made."""
    monkeypatch.chdir(tmp_path)
    write_pcap(tmp_path / 'capture', [(0, b'\0' * 60)])
    (tmp_path / 'config').write_text(OPEN)
    (tmp_path / 'table').write_text('of last time')
    (tmp_path / 'sub').mkdir()
    os.link('capture', 'hard')
    os.symlink('capture', 'soft')
    os.symlink(tmp_path / 'later', 'dangling')
    os.symlink('../later', 'sub/dangling')
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}

    (line,) = complaints(run_sallyport('replay', '-c', 'config', *words), 2)

    assert 'is named twice' in line
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


@pytest.mark.parametrize('name', ['rules', 'soft', 'hard'])
@pytest.mark.parametrize('option', ['--verdicts', '--table', '--events', '--accepted', '--dropped'])
def test_an_output_that_the_configuration_includes(tmp_path, option, name):
    write_pcap(tmp_path / 'capture', [(0, b'\0' * 60)])
    (tmp_path / 'rules').write_text('chains = ();\n')
    (tmp_path / 'config').write_text(OPEN + '@include "more"\n')
    (tmp_path / 'more').write_text('@include "rules"\n')
    os.symlink('rules', tmp_path / 'soft')
    os.link(tmp_path / 'rules', tmp_path / 'hard')

    (line,) = complaints(run_sallyport('replay', '-c', tmp_path / 'config', option, tmp_path / name,
                                       tmp_path / 'capture'), 2)

    assert line == f'{tmp_path}/{name}: is named twice, by @include and {option}'
    assert (tmp_path / 'rules').read_text() == 'chains = ();\n'


@pytest.mark.parametrize('option', ['--verdicts', '--accepted'])
def test_an_output_that_standard_output_goes_to_as_well(files, option):
    with open(files / 'out', 'w', encoding='utf-8') as out:
        done = subprocess.run([SALLYPORT, 'replay', '-c', files / 'good.conf', option, files / 'out',
                               '--table', '-', files / 'good.pcap'], stdout=out,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)

    assert done.returncode == 2 and 'is named twice' in done.stderr
    assert (files / 'out').read_text() == ''


def test_files_that_are_not_one(files):
    """A capture of both ports is read twice; a device takes everything; names are alike."""
    (files / 'sub').mkdir()
    assert complaints(run_sallyport(
        'replay', '-c', files / 'good.conf', '--port', f'lan={files}/good.pcap', '--port',
        f'wan={files}/good.pcap', '--accepted', '/dev/null', '--dropped', '/dev/null', '--table',
        files / 'out', '--events', files / 'sub' / 'out', '--verdicts', files / 'out2'), 0) == []


@pytest.mark.parametrize('words', [
    [],
    ['repaly'],
    ['replay'],
    ['replay', 'good.pcap'],
    ['replay', '-c', 'good.conf'],
    ['replay', '-c', 'good.conf', 'good.pcap', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--port', 'lan=good.pcap', 'good.pcap'],
    ['replay', '-c', 'good.conf', 'good.pcap', '--port', 'lan=good.pcap'],
    ['replay', '-c', 'good.conf', '--port', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--port', '=good.pcap'],
    ['replay', '-c', 'good.conf', '--port', 'lan='],
    ['replay', '-c', 'good.conf', '--burst', '0', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--burst', '65', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--burst', 'many', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--workers', '0', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--settle', '-1', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--cut', 'maybe', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--cut', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--side', 'lan', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--side', 'lan=', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--side', '=192.0.2.0/24', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--side', 'lan=192.0.2.0/33', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--side', 'lan=02:00:00:00:00', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--side', 'lan=somebody', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--side', 'lan=192.0.2.1', '--side', 'wan=192.0.2.2', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--side', 'lan=192.0.2.1', '--port', 'lan=good.pcap'],
    ['replay', '-c', 'good.conf', '--settle', '1.5', 'good.pcap'],
    ['replay', '-c', 'good.conf', '--verdict', 'good.pcap', '--nonsense', 'good.pcap'],
    ['check'],
    ['check', '-c', 'good.conf', 'good.conf'],
    ['check', '--config'],
], ids=' '.join)
def test_a_mistake_in_the_command_line(files, words):
    done = run_sallyport(*(files / word if word.startswith('good') else word for word in words))

    assert (done.returncode, done.stdout) == (2, '')
    assert done.stderr.startswith(('sallyport', 'Usage: sallyport'))


@pytest.mark.parametrize('words', [['--help'], ['help'], ['replay', '--help'], ['check', '--help'],
                                   ['run', '--help'], ['--version'], ['replay', '--version']],
                         ids=' '.join)
def test_help_is_no_error(words):
    done = run_sallyport(*words)

    assert (done.returncode, done.stderr) == (0, '')
    assert 'sallyport' in done.stdout
