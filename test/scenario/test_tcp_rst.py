# SPDX-License-Identifier: BSD-3-Clause
"""Which RST closes a connection (RFC 5961, section 3.2, as Linux 6.18 applies it).

After the handshake the client has acknowledged 5001 and the server 1001.
"""

from scenario.configuration import SITE
from scenario.traffic import Tcp, Traffic

FIVE_DAYS = 432000


def established():
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.open()
    return traffic, tcp


def last(answers):
    return answers.of('verdict', 'state', 'entry.state', 'entry.timeout')[-1]


def test_the_exact_number_closes(replay):
    traffic, tcp = established()
    tcp.client('R', seq=1001)

    answers = replay(SITE, traffic, '--settle', 11)

    assert last(answers) == ('accept', 'established', 'CLOSE', 10)
    assert answers.story()[-2:] == [('update', 'CLOSE', 'assured'), ('destroy', 'CLOSE', 'assured')]


def test_the_server_may_reset_too(replay):
    traffic, tcp = established()
    tcp.server('RA', seq=5001)

    assert last(replay(SITE, traffic)) == ('accept', 'established', 'CLOSE', 10)


def test_below_the_last_acknowledgement_it_is_invalid(replay):
    traffic, tcp = established()
    tcp.client('R', seq=1000)
    tcp.client('A')

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'state', 'rule')[3] == ('drop', 'invalid', 'broken')
    assert answers.verdicts[3]['fault'] == 'tcp_rst'
    assert last(answers) == ('accept', 'established', 'ESTABLISHED', FIVE_DAYS)


def test_inside_the_window_but_not_exact_it_may_be_challenged(replay):
    """It passes, and the connection has ten seconds to prove that it lives."""
    traffic, tcp = established()
    tcp.client('R', seq=1002)
    traffic.wait(5)
    tcp.server('A')

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'state', 'entry.state', 'entry.timeout')[3] == (
        'accept', 'established', 'ESTABLISHED', 10)
    # What lies in front of the RST's number counts as sent and not acknowledged: five minutes.
    assert last(answers) == ('accept', 'established', 'ESTABLISHED', 300)


def test_far_outside_the_window_it_is_invalid(replay):
    traffic, tcp = established()
    tcp.client('R', seq=200000)

    assert replay(SITE, traffic).of('verdict', 'state')[-1] == ('drop', 'invalid')


def test_behind_a_train_of_data_it_closes(replay):
    traffic, tcp = established()
    tcp.client('PA', b'nineteen bytes long')
    tcp.client('R')

    assert last(replay(SITE, traffic)) == ('accept', 'established', 'CLOSE', 10)


def test_a_refused_syn_leaves_nothing(replay):
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.client('S')
    tcp.server('RA', seq=0, ack=1001)

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'state') == [('accept', 'new'), ('accept', 'established')]
    assert answers.of('entry')[1] is None
    assert [event['event'] for event in answers.events] == ['new', 'destroy']
    assert answers.table == []


def test_a_refusal_of_another_syn_is_invalid(replay):
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.client('S')
    tcp.server('RA', seq=0, ack=4711)

    answers = replay(SITE, traffic)

    assert answers.of('state') == ['new', 'invalid']
    (entry,) = answers.table
    assert (entry['state'], entry['seen_reply']) == ('SYN_SENT', False)


def test_a_client_that_gives_up_leaves_nothing(replay):
    traffic = Traffic()
    tcp = Tcp(traffic)
    tcp.client('S')
    tcp.client('R', seq=1001)

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'state', 'rule')[1] == ('accept', 'new', 'web')
    assert answers.of('entry')[1] is None
    assert answers.table == []


def test_the_client_opens_again_after_its_own_reset(replay):
    traffic, tcp = established()
    tcp.client('R')
    Tcp(traffic, isn=700000).open()

    answers = replay(SITE, traffic)

    assert answers.of('entry.state')[3:] == ['CLOSE', 'SYN_SENT', 'SYN_RECV', 'ESTABLISHED']
    assert len(answers.table) == 1


def test_a_syn_behind_the_servers_reset_is_let_through_only(replay):
    """Neither side has closed in order and the other side sent the RST: the old entry stays."""
    traffic, tcp = established()
    tcp.server('RA')
    tcp.client('S', seq=700000)

    answers = replay(SITE, traffic)

    assert answers.of('verdict', 'state', 'entry.state')[-1] == ('accept', 'established', 'CLOSE')
    assert len(set(answers.of('conn'))) == 1
