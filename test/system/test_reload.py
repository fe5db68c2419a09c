# SPDX-License-Identifier: BSD-3-Clause
"""SIGHUP loads the configuration anew while packets go through: what changes with it and what stays,
what is refused, and what the service manager and those who ask meanwhile see. Needs neither root nor
hugepages."""

import contextlib
import os
import re
import signal
import socket
import threading
import time

import pytest

from system.running import TIME_LIMIT_SEC, Telemetry, appliance, wait_until
from system.traffic import udp_frame

CLIENT, SERVER = 0xc000020a, 0xc6336414
N_RELOADS = 20
N_RULES = 20000

# The captures come again and again: a question and its answer.
CONFIG = '''
ports = ( { name = "lan"; device = "net_pcap0,rx_pcap={folder}/lan,infinite_rx=1"; },
          { name = "wan"; device = "net_pcap1,rx_pcap={folder}/wan,infinite_rx=1"; } );
wires = ( { a = "lan"; b = "wan"; } );
workers = 2;
conntrack: { max_connections = 1000; timeouts: { udp = 500; udp_stream = 600; }; };
chains = ( { name = "filter"; priority = 0; policy = "drop"; rules = (
    { name = "questions"; in = "lan"; action = "accept"; },
    { name = "answers"; state = "established"; action = "accept"; } ); } );
'''
NO_ANSWERS = CONFIG.replace('{ name = "answers"',
                            '{ name = "no answers"; dir = "reply"; action = "drop"; },\n'
                            '{ name = "answers"')
LOADED = 'configuration loaded anew: 1 chains, {} rules'
REFUSED = 'configuration not loaded: the old one stays'


@pytest.fixture(name='machine')
def make_machine():
    with appliance() as machine:
        machine.write('lan', [udp_frame(CLIENT, 1000, SERVER, 53)])
        machine.write('wan', [udp_frame(SERVER, 53, CLIENT, 1000)])
        yield machine


@pytest.fixture(name='running')
def make_running(machine):
    yield start(machine, CONFIG)
    assert machine.stop()[0] == 0


def start(machine, config):
    """A machine whose two packets have met."""
    machine.start(config)
    wait_until(lambda: packets(machine, 'answers') > 0, 'an answer is accepted')
    return machine


def packets(machine, rule):
    return {row.get('name'): row['packets'] for row in machine.json('rules')}[rule]


def dropped(machine):
    """For what reasons packets were dropped."""
    return {reason for reason, count in machine.json('stats')['dropped'].items() if count > 0}


def rule_names(rows):
    return [row.get('name', 'policy') for row in rows]


def times_logged(machine, line):
    return machine.log.read_text().count(f'sallyport: {line}\n')


def with_many_rules():
    many = ',\n'.join(f'{{ name = "{i}"; src = "10.{i // 256}.{i % 256}.0/24"; proto = "tcp"; '
                      f'dport = "{i}-{i + 5000}"; action = "accept"; }}' for i in range(N_RULES))
    return CONFIG.replace('rules = (', f'rules = ( {many},')


def ask_to_load(machine, config):
    (machine.folder / 'sallyport.conf').write_text(config.replace('{folder}', str(machine.folder)))
    machine.process.send_signal(signal.SIGHUP)


def load(machine, config, line):
    """Loads a configuration, and waits until the log has one more of that line."""
    before = times_logged(machine, line)
    ask_to_load(machine, config)
    wait_until(lambda: times_logged(machine, line) > before, f'the log has: {line}')


def assert_still_counts(machine, rule):
    before = packets(machine, rule)
    wait_until(lambda: packets(machine, rule) > before, f'"{rule}" counts')


def test_rules_change_and_the_connection_stays(machine):
    """With one worker, no packet waits for another that may be slow."""
    config, no_answers = (text.replace('workers = 2', 'workers = 1') for text in (CONFIG, NO_ANSWERS))
    running = start(machine, config)
    (before,) = running.json('ct', 'list')
    assert running.json('info')['generation'] == 1
    load(running, no_answers, LOADED.format(3))
    assert running.json('info')['generation'] == 2
    assert_still_counts(running, 'no answers')
    assert packets(running, 'answers') == 0
    (after,) = running.json('ct', 'list')
    assert after['conn'] == before['conn']
    assert after['seen_reply']
    load(running, config, LOADED.format(2))
    assert running.json('info')['generation'] == 3
    assert_still_counts(running, 'answers')
    assert [entry['conn'] for entry in running.json('ct', 'list')] == [before['conn']]
    # An answer may have come before the first question.
    assert dropped(running) in ({'rule'}, {'rule', 'default'})
    assert machine.stop()[0] == 0


def test_timeouts_change(running):
    """The next packet sets the deadline anew. A stream is one after two seconds."""
    load(running, re.sub('udp = 500; udp_stream = 600', 'udp = 5000; udp_stream = 6000', CONFIG),
         LOADED.format(2))
    wait_until(lambda: 4000 < running.json('ct', 'list')[0]['timeout'] <= 6000,
               'the timeout is the new one')


def test_tracking_on_demand(running):
    """Packets pass by, and the connection is still there when a rule asks for it again."""
    (before,) = running.json('ct', 'list')
    auto = CONFIG.replace('conntrack: {', 'conntrack: { enable = "auto";')
    load(running, re.sub('state = .*?;', '', auto), LOADED.format(2))
    kinds = {row['name']: row['kind'] for row in running.json('pipeline')}
    assert kinds['conntrack'] == 'idle'
    load(running, auto, LOADED.format(2))
    assert_still_counts(running, 'answers')
    assert [entry['conn'] for entry in running.json('ct', 'list')] == [before['conn']]


@pytest.mark.parametrize('change, complaint', [
    (('"answers"', '"answers"; colour = "red"'), r'sallyport\.conf:10: .*"colour"'),
    (('wires = ', 'wires == '), r'sallyport\.conf:4: syntax error'),
    (('workers = 2', 'workers = 1'),
     r'sallyport\.conf: workers changes from 2 to 1: that needs a restart'),
    (('max_connections = 1000', 'max_connections = 2000'),
     r'conntrack\.max_connections changes from 1000 to 2000: that needs a restart'),
    (('workers', 'measure_cycles = true; workers'),
     r'measure_cycles changes from false to true: that needs a restart'),
    (('"net_pcap1,', '"net_pcap2,'), r'sallyport\.conf:3: ports: .*: that needs a restart'),
])
def test_what_is_refused_changes_nothing(running, change, complaint):
    load(running, NO_ANSWERS.replace(*change), REFUSED)
    assert re.search(complaint, running.log.read_text())
    assert running.json('info')['generation'] == 1
    assert 'no answers' not in rule_names(running.json('rules'))
    assert_still_counts(running, 'answers')
    load(running, NO_ANSWERS, LOADED.format(3))
    assert_still_counts(running, 'no answers')


def test_a_file_that_is_gone(running):
    (running.folder / 'sallyport.conf').unlink()
    running.process.send_signal(signal.SIGHUP)
    wait_until(lambda: times_logged(running, REFUSED) == 1, 'it is refused')
    assert 'sallyport.conf: cannot be read: No such file or directory' in running.log.read_text()
    assert_still_counts(running, 'answers')


def test_before_the_first_reload(running):
    assert running.json('info')['reload'] == {'ended': 0, 'loading': 0}


def test_sallyctl_waits_for_the_answer(running):
    """And info tells it to others."""
    running.configure(NO_ANSWERS)
    before = int(time.time())
    done = running.ctl('reload')
    assert (done.returncode, done.stdout, done.stderr) == (0, 'configuration loaded anew\n', '')
    assert rule_names(running.json('rules'))[1] == 'no answers'
    report = running.json('info')['reload']
    assert before <= report.pop('ended_sec') <= time.time()
    assert report == {'ended': 1, 'loading': 0, 'result': 'loaded', 'errors': 0}
    table = running.ctl('info').stdout
    assert re.search(r'^reload ended +1$', table, re.M)
    assert re.search(r'^reload result +loaded$', table, re.M)


@pytest.mark.parametrize('change, complaints', [
    (('"answers"', '"answers"; colour = "red"'), [r'sallyport\.conf:9: unknown key "colour".*']),
    (('workers = 2', 'workers = 1'),
     [r'sallyport\.conf: workers changes from 2 to 1: that needs a restart']),
    (('action = "accept"', 'action = "acept"'), [r'sallyport\.conf:8: .*"acept".*']),
    (('rules = (', 'rules = (' + '{ colour = "red"; },' * 20),
     [r'sallyport\.conf:7: .*'] * 8 + [r'sallyctl: 12 more errors are in the log']),
], ids=['key', 'restart', 'word', 'many'])
def test_sallyctl_says_why_it_is_refused(running, change, complaints):
    running.configure(CONFIG.replace(*change, 1))
    done = running.ctl('reload')
    assert (done.returncode, done.stdout) == (1, '')
    lines = done.stderr.splitlines()
    assert len(lines) == len(complaints) + 1
    assert lines[-1] == 'sallyctl: configuration not loaded: the old one stays'
    for line, complaint in zip(lines, complaints):
        assert re.search(f'{complaint}$', line)
    report = running.json('info')['reload']
    assert (report['ended'], report['result']) == (1, 'refused')
    assert report['error_1'] == lines[0]
    assert_still_counts(running, 'answers')
    running.configure(CONFIG)
    assert running.ctl('reload').returncode == 0
    assert 'error_1' not in running.json('info')['reload']


def test_an_answer_is_that_of_a_later_reload(running):
    """One that is under way may have read the file too early: twenty thousand rules take a while."""
    ask_to_load(running, with_many_rules())
    wait_until(lambda: running.json('info')['reload']['loading'], 'it is under way')
    running.configure('nonsense')
    done = running.ctl('reload')
    assert done.returncode == 1
    assert 'sallyport.conf:1: ' in done.stderr


@contextlib.contextmanager
def asked_by(ask):
    """Somebody asks all the time, and finds no fault with the answers."""
    is_over = threading.Event()
    faults, n_asked = [], 0

    def ask_on():
        nonlocal n_asked
        try:
            while not is_over.is_set():
                ask()
                n_asked += 1
        except Exception as fault:  # pylint: disable=broad-except
            faults.append(fault)

    thread = threading.Thread(target=ask_on)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    assert not faults
    assert n_asked > 0


def test_many_reloads_while_others_ask(running):
    """Whoever asks gets rules of one configuration, and sanitizers have nothing to say."""
    with contextlib.ExitStack() as stack:
        first, second = (stack.enter_context(contextlib.closing(Telemetry(running.socket)))
                         for _ in range(2))

        def ask_rules():
            rows = first.ask('/sallyport/rules')['rules'].values()
            assert rule_names(rows) in (['questions', 'answers', 'policy'],
                                        ['questions', 'no answers', 'answers', 'policy'])

        def ask_pipeline():
            (stage,) = [stage for stage in second.ask('/sallyport/pipeline')['stages'].values()
                        if stage['kind'] == 'chain']
            assert stage['rules'] in (2, 3)

        stack.enter_context(asked_by(ask_rules))
        stack.enter_context(asked_by(ask_pipeline))
        stack.enter_context(asked_by(lambda: running.json('ct', 'list')))
        for i in range(N_RELOADS):
            load(running, *((NO_ANSWERS, LOADED.format(3)) if i % 2 == 0 else
                            (CONFIG, LOADED.format(2))))
    assert running.json('info')['generation'] == 1 + N_RELOADS
    assert len(running.json('ct', 'list')) == 1


def taken(machine):
    """How many bytes of EAL's memory."""
    with contextlib.closing(Telemetry(machine.socket)) as client:
        return client.ask('/eal/heap_info,0')['Alloc_size']


def test_nothing_is_left_behind(running):
    """Memory of EAL that an old configuration took is free again."""
    sizes = set()
    for _ in range(4):
        load(running, NO_ANSWERS, LOADED.format(3))
        load(running, CONFIG, LOADED.format(2))
        load(running, 'nonsense', REFUSED)
        sizes.add(taken(running))
    assert len(sizes) == 1


def test_rules_that_have_no_room(running):
    """The firewall has what it needs, and 16 MiB more."""
    before = taken(running)
    assert running.stop()[0] == 0
    running.launch(CONFIG, '-m', str((before >> 20) + 16))
    wait_until(running.answers, 'it answers')
    before = taken(running)
    load(running, with_many_rules(), REFUSED)
    assert re.search(r'sallyport\.conf:\d+: .*memory', running.log.read_text())
    assert taken(running) == before
    assert_still_counts(running, 'answers')


def test_a_flood_of_signals(running):
    """Those that come while a configuration is loaded ask for one more, and no more than that."""
    for _ in range(200):
        running.process.send_signal(signal.SIGHUP)
    generation = 0
    while generation != (now := running.json('info')['generation']):
        generation = now
        wait_until(lambda: times_logged(running, LOADED.format(2)) >= 1, 'it is loaded')
    assert 2 <= generation <= 201
    assert_still_counts(running, 'answers')


def test_what_the_service_manager_hears(machine):
    """The firewall lives while it loads many rules, and says so."""
    loads = [(with_many_rules(), LOADED.format(N_RULES + 2)), ('nonsense', REFUSED)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(machine.folder / 'notify'))
        manager.settimeout(TIME_LIMIT_SEC)
        machine.environment['NOTIFY_SOCKET'] = str(machine.folder / 'notify')
        machine.environment['WATCHDOG_USEC'] = '200000'
        machine.start(CONFIG)

        def hear_next():
            """What is told beside signs of life, and how many of these come before."""
            n = 0
            while (heard := manager.recv(100)) == b'WATCHDOG=1':
                n += 1
            return heard, n

        assert hear_next() == (b'READY=1', 0)
        for config, line in loads:
            ask_to_load(machine, config)
            assert re.fullmatch(rb'RELOADING=1\nMONOTONIC_USEC=[1-9]\d*', hear_next()[0])
            heard, n_signs = hear_next()
            assert heard == b'READY=1'
            assert n_signs > 0 or line == REFUSED
            assert times_logged(machine, line) == 1
        assert machine.stop()[0] == 0
        assert hear_next()[0] == b'STOPPING=1'


# What is no file that can be read to its end.


@pytest.mark.parametrize('includes', [False, True])
def test_a_fifo_is_refused_and_the_end_comes(machine, includes):
    path = machine.folder / 'sallyport.conf'
    start(machine, CONFIG)
    os.mkfifo(machine.folder / 'fifo')
    if includes:
        ask_to_load(machine, '@include "fifo"\n' + CONFIG)
    else:
        path.unlink()
        os.mkfifo(path)
        machine.process.send_signal(signal.SIGHUP)
    wait_until(lambda: times_logged(machine, REFUSED) == 1, 'it is refused')
    assert 'Not a regular file' in machine.log.read_text()
    assert_still_counts(machine, 'answers')
    machine.process.send_signal(signal.SIGHUP)
    status, log = machine.stop()
    assert status == 0, log
