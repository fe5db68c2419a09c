# SPDX-License-Identifier: BSD-3-Clause
"""sallyctl metrics against a running firewall: what it prints is what OpenMetrics says, adds up, is what
the other commands tell, and is what the manual page lists."""

import re
import shutil
import signal
import subprocess

import pytest

from system import openmetrics
from system.running import Telemetry, appliance, wait_until
from system.small import N_LAN, N_REFUSED, N_WAN, PORTS
from util.programs import ROOT

MANUAL = ROOT / 'doc' / 'sallyctl.1'
IDLE = PORTS + 'conntrack: { max_connections = 1000; };\n'


@pytest.fixture(name='idle')
def fixture_idle():
    """One that no packet comes to, not yet started."""
    with appliance() as machine:
        machine.write('lan', [])
        machine.write('wan', [])
        yield machine
        assert machine.stop()[0] == 0


def text(machine, *options):
    result = machine.ctl('metrics', *options)
    assert (result.returncode, result.stderr) == (0, '')
    return result.stdout


def scrape(machine):
    return openmetrics.read(text(machine))


def values(family, label):
    """The sums of a family's values by one of its labels."""
    sums = {}
    for (_, labels), value in family.samples.items():
        sums[dict(labels)[label]] = sums.get(dict(labels)[label], 0) + value
    return sums


def only_value(family):
    (value,) = family.samples.values()
    return value


def total(family):
    return sum(family.samples.values())


def test_it_is_openmetrics(small):
    families = scrape(small)
    assert families['sallyport_packets_dropped'].kind == 'counter'
    assert all(name.startswith('sallyport_') for name in families)
    # Each says something, and something of its own.
    assert len({family.help for family in families.values()}) == len(families)
    ((_, labels),) = families['sallyport_build_info'].samples
    info = small.json('info')
    assert dict(labels) == {name: info[name] for name in ('version', 'dpdk', 'hash', 'table')}
    assert info['table'] == 'lines'


def test_another_strict_reader_agrees(small):
    parser = pytest.importorskip('prometheus_client.openmetrics.parser',
                                 reason='python3-prometheus-client is not installed')
    printed = text(small)
    assert {family.name for family in parser.text_string_to_metric_families(printed)} == set(
        openmetrics.read(printed))


@pytest.mark.skipif(shutil.which('promtool') is None, reason='there is no promtool')
def test_promtool_has_no_objection(small):
    def check(printed):
        result = subprocess.run(['promtool', 'check', 'metrics'], input=printed, text=True,
                                capture_output=True, check=False)
        return result.returncode, result.stderr.splitlines()

    assert check(text(small, '--prometheus')) == (0, [])
    # It reads no OpenMetrics: there a counter's help has the name of the family.
    assert all(re.fullmatch('sallyport_[a-z_]+_total no help text', line)
               for line in check(text(small))[1])


def test_both_formats_have_the_same_samples(small):
    def samples(printed):
        return {line.rsplit(' ', 1)[0] for line in printed.splitlines() if not line.startswith('#')}

    assert samples(text(small, '--prometheus')) == samples(text(small))


def test_packets_add_up(small):
    families = scrape(small)
    packets, accepted, rejected, dropped, held, received = (
        values(families[f'sallyport_{name}'], 'worker') for name in
        ('packets', 'packets_accepted', 'packets_rejected', 'packets_dropped', 'fragments_held',
         'worker_received_packets'))
    for worker in ('0', '1'):
        assert packets[worker] == accepted[worker] + rejected[worker] + dropped[worker]
    assert sum(received.values()) == N_LAN + N_WAN
    assert sum(received.values()) == sum(packets.values()) + sum(held.values())
    assert sum(accepted.values()) == N_LAN + N_WAN - N_REFUSED
    assert values(families['sallyport_packets_dropped'], 'reason')['rule'] == N_REFUSED


def test_it_tells_what_the_other_commands_tell(small):
    families = scrape(small)
    stats, ct_stats, ct_count = small.json('stats'), small.json('ct', 'stats'), small.json('ct', 'count')
    for key, name in (('packets', 'packets'), ('bytes', 'packet_bytes'), ('accepted', 'packets_accepted'),
                      ('handed_over', 'packets_handed_over'), ('held', 'fragments_held')):
        assert total(families[f'sallyport_{name}']) == stats[key]
    for key, name, label in (('dropped', 'dropped', 'reason'), ('faults', 'faulty', 'fault'),
                             ('classes', 'classified', 'class'), ('non_ip', 'non_ip', 'kind')):
        assert values(families[f'sallyport_packets_{name}'], label) == stats[key]
    # The names of conntrack -S, where it has one.
    for key, name in (('found', 'found'), ('invalid', 'invalid'), ('confirmed', 'insert'),
                      ('insert_failed', 'insert_failed'), ('table_full', 'drop'),
                      ('early_drop', 'early_drop'), ('error', 'error')):
        assert total(families[f'sallyport_conntrack_{name}']) == ct_stats[key]
    assert total(families['sallyport_conntrack_entries']) == ct_count['confirmed'] == N_LAN - N_REFUSED
    assert total(families['sallyport_conntrack_entries_limit']) == ct_count['capacity']
    assert values(families['sallyport_port_receive_packets'], 'port') == {
        port['name']: port['rx_packets'] for port in small.json('ports')}
    assert values(families['sallyport_port_transmit_bytes'], 'port') == {
        port['name']: port['tx_bytes'] for port in small.json('ports')}
    assert values(families['sallyport_worker_sent_packets'], 'worker') == {
        str(worker['worker']): worker['sent'] for worker in small.json('workers')}


def test_rules_have_their_place(small):
    families = scrape(small)
    rows = small.json('rules')
    for kind, name in (('rule', 'rule'), ('policy', 'policy')):
        for counter in ('packets', 'bytes'):
            expected = {}
            for row in rows:
                if row['kind'] == kind:
                    labels = {'chain': row['chain'], 'file': row['file'], 'line': str(row['line'])}
                    labels |= {'rule': row['name']} if kind == 'rule' else {}
                    expected['_total', tuple(sorted(labels.items()))] = row[counter]
            assert families[f'sallyport_{name}_{counter}'].samples == expected


def test_turns_are_a_histogram_in_seconds(small):
    family = scrape(small)['sallyport_worker_busy_turn_seconds']
    assert (family.kind, family.unit) == ('histogram', 'seconds')
    for row in small.json('workers'):
        worker = 'worker', str(row['worker'])
        assert family.samples['_count', (worker,)] == row['busy_turns']
    below = 0
    for row in small.json('turns'):
        below += row['busy']
        end = f'{row["below_ns"] / 1e9:.10g}'
        if row['below_ns'] >= 256:
            assert values_below(family, end) == below


def values_below(family, end):
    return sum(value for (_, labels), value in family.samples.items() if dict(labels).get('le') == end)


def test_json_has_the_same(small):
    rows = small.json('metrics')
    families = scrape(small)
    assert sum(len(family.samples) for family in families.values()) == sum(
        len(row['buckets']) + 2 if 'buckets' in row else 1 for row in rows)
    assert {'name': 'sallyport_packets_accepted_total', 'labels': {'worker': '0'}} == {
        key: value for key, value in next(row for row in rows if 'accepted' in row['name']).items()
        if key != 'value'}


# What the names of others may hold.


def test_names_are_escaped_and_kept(idle):
    names = ['say \\"hi\\"', 'C:\\\\path\\\\', '{a=1,b="2"}'.replace('"', '\\"'), '%s%n# EOF']
    rules = ', '.join(f'{{ name = "{name}"; action = "accept"; }}' for name in names)
    file = 'gäste "a\\b\n.conf'
    idle.start(IDLE + f'chains = ( {{ name = "a \\"b\\\\"; rules = ({rules}); }} );', name=file)
    families = scrape(idle)
    expected = [name.replace('\\"', '"').replace('\\\\', '\\') for name in names]
    labels = [dict(labels) for _, labels in families['sallyport_rule_packets'].samples]
    assert [label['rule'] for label in labels] == expected
    assert {label['chain'] for label in labels} == {'a "b\\'}
    assert {label['file'] for label in labels} == {str(idle.folder / file)}
    assert [row['labels']['rule'] for row in idle.json('metrics')
            if row['name'] == 'sallyport_rule_packets_total'] == expected


N_RULES = 10000


def test_ten_thousand_rules(idle):
    rules = ',\n'.join(f'{{ name = "rule {n}"; proto = "tcp"; dport = "{n + 1}"; action = "drop"; }}'
                       for n in range(N_RULES))
    idle.start(IDLE + f'chains = ( {{ name = "filter"; rules = ({rules}); }} );')
    families = scrape(idle)
    for name in ('sallyport_rule_packets', 'sallyport_rule_bytes'):
        labels = [dict(labels) for _, labels in families[name].samples]
        assert [label['rule'] for label in labels] == [f'rule {n}' for n in range(N_RULES)]
    assert len(families['sallyport_policy_packets'].samples) == 1
    assert len(idle.json('metrics')) > 2 * N_RULES


def test_a_cursor_that_is_none(idle):
    idle.start(IDLE)
    client = Telemetry(idle.socket)
    for cursor in ('x', '-1', str(2**40), str(2**63), str(2**64)):
        assert list(client.ask(f'/sallyport/metrics,{cursor}')) == ['error']
    page = client.ask(f'/sallyport/metrics,{3 << 32 | 0xffffffff}')  # behind the last of its samples
    assert all(int(number) >> 32 > 3 for number in page['metrics'])
    client.close()


# Packets flow.


def test_counters_only_grow(idle):
    """net_null has packets all the time, and they are no IP."""
    devices = re.sub(r'net_pcap([01]),rx_pcap={folder}/[a-z]+', r'net_null\1', IDLE)
    idle.start(devices + 'workers = 2;\nnon_ip: { other = "accept"; };\n')
    before = scrape(idle)
    for _ in range(10):
        now = scrape(idle)  # checks, too, that each histogram is of one moment
        for name, family in now.items():
            assert set(family.samples) == set(before[name].samples)
            for key, value in family.samples.items():
                assert family.kind == 'gauge' or value >= before[name].samples[key], (name, key)
        before = now
    assert total(now['sallyport_packets_accepted']) > 0
    assert total(now['sallyport_worker_busy_turn_seconds']) > 0


# The configuration changes.


def test_reloads_are_told(idle):
    def config_metrics():
        families = scrape(idle)
        return (only_value(families['sallyport_config_generation']),
                values(families['sallyport_config_reloads'], 'result'),
                only_value(families['sallyport_config_last_reload_successful']))

    idle.start(IDLE)
    assert config_metrics() == (1, {'loaded': 0, 'refused': 0}, 1)
    idle.reload(IDLE)
    assert config_metrics() == (2, {'loaded': 1, 'refused': 0}, 1)
    idle.configure('nonsense')
    idle.process.send_signal(signal.SIGHUP)
    wait_until(lambda: 'configuration not loaded' in idle.log.read_text(), 'it is refused')
    assert config_metrics() == (2, {'loaded': 1, 'refused': 1}, 0)
    idle.reload(IDLE)
    assert config_metrics() == (3, {'loaded': 2, 'refused': 1}, 1)


# The manual page.


def manual_section(families):
    """What the manual page has to say of them, in its language."""
    lines = []
    for family in families.values():
        labels = sorted({label for _, labels in family.samples for label, _ in labels} - {'le'})
        name = family.name + ('_total' if family.kind == 'counter' else '')
        lines.append(f'.It Cm {name}' + (f' Pq {" , ".join(labels)}' if labels else ''))
        lines.append(family.help)
    return '\n'.join(lines) + '\n'


def test_the_manual_page_lists_them_all(small):
    section = MANUAL.read_text().split('.Sh METRICS\n')[1].split('.Sh ')[0]
    listed = section.split('.Bl -tag -width Ds\n')[1].split('.El\n')[0]
    assert listed == manual_section(scrape(small))
