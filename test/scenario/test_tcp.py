# SPDX-License-Identifier: BSD-3-Clause
"""TCP connections from the first SYN to the last ACK, as a site's rules and its events see them.

The states, timeouts and events are those of Linux 6.18, nf_conntrack's defaults.
"""

from scenario.configuration import OPEN, SITE, configuration
from scenario.traffic import CLIENT, SERVER, Tcp, Traffic, segment, syn

FIVE_DAYS = 432000


def test_handshake_data_and_teardown(replay):
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    tcp.client('PA', b'GET / HTTP/1.0\r\n\r\n')
    tcp.server('PA', b'HTTP/1.0 200 OK\r\n\r\n')
    tcp.client('A')
    tcp.close()

    answers = replay(SITE, traffic)

    assert answers.of('verdict') == ['accept'] * 10
    assert answers.of('rule') == ['web'] + ['replies'] * 9
    assert answers.of('state', 'dir') == [
        ('new', 'orig'), ('established', 'reply'), ('established', 'orig'),
        ('established', 'orig'), ('established', 'reply'), ('established', 'orig'),
        ('established', 'orig'), ('established', 'reply'), ('established', 'reply'),
        ('established', 'orig')]
    assert answers.of('entry.state', 'entry.timeout') == [
        ('SYN_SENT', 120), ('SYN_RECV', 60), ('ESTABLISHED', FIVE_DAYS),
        # Data that nobody has acknowledged yet is remembered for five minutes.
        ('ESTABLISHED', 300), ('ESTABLISHED', 300), ('ESTABLISHED', FIVE_DAYS),
        ('FIN_WAIT', 120), ('CLOSE_WAIT', 60), ('LAST_ACK', 30), ('TIME_WAIT', 120)]
    assert answers.of('entry.assured') == [False, False] + [True] * 8
    assert len(set(answers.of('conn'))) == 1


def test_events_of_a_whole_life(replay):
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    tcp.client('PA', b'question')
    tcp.server('PA', b'answer')
    tcp.client('A')
    tcp.close()

    answers = replay(SITE, traffic, '--settle', 121)

    assert answers.story() == [
        ('new', 'SYN_SENT'), ('update', 'SYN_RECV'), ('update', 'ESTABLISHED', 'assured'),
        ('update', 'FIN_WAIT', 'assured'), ('update', 'CLOSE_WAIT', 'assured'),
        ('update', 'LAST_ACK', 'assured'), ('update', 'TIME_WAIT', 'assured'),
        ('destroy', 'TIME_WAIT', 'assured')]
    assert [event['timeout'] for event in answers.events] == [
        120, 60, FIVE_DAYS, 120, 60, 30, 120, 0]
    assert answers.table == []


def test_an_event_has_the_time_of_the_packet_that_caused_it(replay):
    traffic = Traffic()
    tcp = Tcp(traffic)
    for step in (lambda: tcp.client('S'), lambda: tcp.server('SA'), lambda: tcp.client('A')):
        step()
        traffic.wait(1.5)

    answers = replay(OPEN, traffic)

    assert [event['ts'] for event in answers.events] == answers.of('ts')


def test_counters_are_those_of_the_ip_packets(replay):
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    tcp.client('PA', b'x' * 100)

    (entry,) = replay(OPEN, traffic).table

    assert (entry['orig']['packets'], entry['orig']['bytes']) == (3, 3 * 40 + 100)
    assert (entry['reply']['packets'], entry['reply']['bytes']) == (1, 40)


def test_the_table_names_both_directions(replay):
    traffic = Traffic()
    Tcp(traffic, sport=40000, dport=80).open()

    (entry,) = replay(OPEN, traffic).table

    orig, reply = ({key: entry[way][key] for key in ('src', 'dst', 'sport', 'dport')}
                   for way in ('orig', 'reply'))
    assert orig == {'src': CLIENT, 'dst': SERVER, 'sport': 40000, 'dport': 80}
    assert reply == {'src': SERVER, 'dst': CLIENT, 'sport': 80, 'dport': 40000}
    assert (entry['proto'], entry['protonum'], entry['mark'], entry['zone']) == ('tcp', 6, 0, 0)


def test_the_server_closes_first(replay):
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    tcp.server('FA')
    tcp.client('A')
    tcp.client('FA')
    tcp.server('A')

    assert replay(SITE, traffic).of('entry.state')[3:] == [
        'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT']


def test_half_closed_the_other_side_still_sends(replay):
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    tcp.client('FA')
    tcp.server('A')
    for _ in range(3):
        traffic.wait(50)
        tcp.server('PA', b'a long answer')
        tcp.client('A')
    tcp.server('FA')
    tcp.client('A')

    answers = replay(SITE, traffic)

    assert set(answers.of('verdict')) == {'accept'}
    # CLOSE_WAIT lasts 60 seconds; data keeps it alive for 150.
    assert answers.of('entry.state')[4:] == ['CLOSE_WAIT'] * 7 + ['LAST_ACK', 'TIME_WAIT']


def test_both_sides_open_at_once(replay):
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.client('S')
    tcp.server('S')
    tcp.server('SA', seq=5000, ack=1001)
    tcp.client('SA', seq=1000, ack=5001)
    tcp.client('A')
    tcp.server('A')

    answers = replay(SITE, traffic)

    assert answers.of('verdict') == ['accept'] * 6
    assert answers.of('entry.state') == [
        'SYN_SENT', 'SYN_SENT2', 'SYN_RECV', 'SYN_RECV', 'ESTABLISHED', 'ESTABLISHED']
    assert len(answers.table) == 1


def test_a_repeated_syn_does_not_keep_the_connection_alive(replay):
    traffic = Traffic()
    for seconds in (1, 2, 4, 8):
        traffic.lan(syn(CLIENT, SERVER, 40000, 80))
        traffic.wait(seconds)

    answers = replay(SITE, traffic)

    assert answers.of('state') == ['new'] * 4
    assert answers.of('entry.timeout') == [120, 119, 117, 113]
    (entry,) = answers.table
    assert entry['orig']['packets'] == 1


def test_a_finished_connection_is_opened_again_from_the_same_port(replay):
    traffic = Traffic()
    first = Tcp(traffic)
    first.open()
    first.close()
    traffic.wait(5)
    Tcp(traffic, isn=900000).open()

    answers = replay(SITE, traffic)

    assert answers.of('verdict') == ['accept'] * 10
    assert answers.of('state', 'entry.state')[6:] == [
        ('established', 'TIME_WAIT'), ('new', 'SYN_SENT'), ('established', 'SYN_RECV'),
        ('established', 'ESTABLISHED')]
    before, after = answers.of('conn')[6:8]
    assert before != after
    # The old connection ends before the new one begins.
    assert answers.story()[-4:] == [
        ('destroy', 'TIME_WAIT', 'assured'), ('new', 'SYN_SENT'), ('update', 'SYN_RECV'),
        ('update', 'ESTABLISHED', 'assured')]
    assert [entry['conn'] for entry in answers.table] == [after]


def test_a_refused_reopening_ends_the_old_connection_all_the_same(replay):
    """A SYN of the server in TIME_WAIT is a new connection of its own, which the rules refuse."""
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    tcp.close()
    tcp.server('S', seq=77777)

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'reason', 'state', 'dir', 'entry')[-1] == (
        'drop', 'default', 'new', 'orig', None)
    assert answers.table == []
    assert answers.story()[-1] == ('destroy', 'TIME_WAIT', 'assured')


def test_a_syn_on_a_live_connection_passes_and_changes_nothing(replay):
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    tcp.client('S', seq=99999)

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'state', 'entry.state')[3] == (
        'accept', 'established', 'ESTABLISHED')
    assert len(answers.events) == 3


def test_a_syn_of_the_server_on_a_live_connection_is_invalid(replay):
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    tcp.server('S', seq=99999)

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'state', 'dir', 'rule')[3] == ('drop', 'invalid', None, 'broken')
    assert answers.verdicts[3]['fault'] == 'tcp_state'


MIDSTREAM = segment(CLIENT, SERVER, 40000, 80, 'PA', seq=5000, ack=9000, payload=b'still here')


def test_a_connection_is_picked_up_mid_stream(replay):
    traffic = Traffic()
    traffic.lan(MIDSTREAM)
    traffic.wan(segment(SERVER, CLIENT, 80, 40000, 'PA', seq=9000, ack=5010, payload=b'me too'))
    traffic.lan(segment(CLIENT, SERVER, 40000, 80, 'A', seq=5010, ack=9006))

    answers = replay(SITE, traffic)

    assert answers.of('state', 'dir') == [
        ('new', 'orig'), ('established', 'reply'), ('established', 'orig')]
    assert answers.of('entry.state', 'entry.timeout', 'entry.assured') == [
        ('ESTABLISHED', 300, False), ('ESTABLISHED', 300, False),
        ('ESTABLISHED', FIVE_DAYS, True)]


def test_no_connection_is_picked_up_mid_stream_when_that_is_off(replay):
    traffic = Traffic()
    traffic.lan(MIDSTREAM)

    answers = replay(configuration(conntrack='tcp: { loose = false; };'), traffic)

    assert answers.of('state', 'dir', 'conn', 'entry') == [('invalid', None, None, None)]
    assert answers.verdicts[0]['fault'] == 'tcp_pickup'
    assert answers.table == []


def test_only_a_syn_or_an_ack_begins_a_connection(replay):
    traffic = Traffic()
    for flags in ('SA', 'FA', 'R', 'RA'):
        traffic.lan(segment(CLIENT, SERVER, 40000, 80, flags, seq=1, ack=1))

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'state') == [('drop', 'invalid')] * 4
    assert answers.table == []


def test_flags_that_no_stack_sends_are_invalid(replay):
    traffic = Traffic()
    for flags in ('', 'F', 'SF', 'SR', 'FPU', 'SFRPAU', 'RU', 'P'):
        traffic.lan(segment(CLIENT, SERVER, 40000, 80, flags))

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'state') == [('drop', 'invalid')] * 8
    assert {line['fault'] for line in answers.verdicts} == {'tcp_flags'}


def test_a_segment_beyond_the_window_is_invalid(replay):
    """The server's window is 65535: the client may send up to 5001 + 65535 and overshoot by less
    than another window."""
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    tcp.client('PA', b'x', seq=1001 + 65535)      # the upper edge
    tcp.client('PA', b'x', seq=1001 + 3 * 65535)  # far behind it

    answers = replay(SITE, traffic)

    assert answers.of('state')[3:] == ['established', 'invalid']
    assert answers.verdicts[4]['fault'] == 'tcp_window'


def test_a_liberal_tracker_lets_it_pass(replay):
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    tcp.client('PA', b'x', seq=1001 + 3 * 65535)

    answers = replay(configuration(conntrack='tcp: { be_liberal = true; };'), traffic)

    assert answers.of('state')[3] == 'established'
