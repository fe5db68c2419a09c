# SPDX-License-Identifier: BSD-3-Clause
"""FTP between a real server and a real client through a running sallyport that lets nothing through
but TCP to port 21, and what the helper there reads to be related to it."""

import contextlib
import os
import subprocess
import sys

import pytest

from lab.attempt import assert_attempt
from lab.ftp import COMMANDS, Vsftpd, curl, url
from lab.lab import FAMILIES, Lab
from system.running import wait_until

FILE_BYTES = 3 * 1024 * 1024 + 17
# Every way to agree about a data connection that there is.
WAYS = [('ipv4', 'PASV'), ('ipv4', 'EPSV'), ('ipv4', 'PORT'), ('ipv4', 'EPRT'),
        ('ipv6', 'EPSV'), ('ipv6', 'EPRT')]
ways = pytest.mark.parametrize('family, command', WAYS)
families = pytest.mark.parametrize('family', FAMILIES)

ONLY_FTP = '''\
chains = ( {{ name = "filter"; policy = "drop"; rules = (
    {helper}
    {{ name = "related"; state = "related"; action = "accept"; }},
    {{ name = "established"; state = "established"; action = "accept"; }},
    {{ name = "control"; in = "lan0"; proto = "tcp"; dport = 21; state = "new";
      action = "accept"; }} ); }} );
'''
HELPER = '''{ name = "helper"; proto = "tcp"; dport = 21; state = "new"; set_helper = "ftp"; },'''

# Has a port announced by the server, or announces port 45000 to it, and waits to be ended.
ANNOUNCE = '''
import ftplib, sys
ftp = ftplib.FTP(sys.argv[1], timeout=60)
ftp.login()
if sys.argv[2] == 'passive':
    print(ftplib.parse229(ftp.sendcmd('EPSV'), ftp.sock.getpeername())[1], flush=True)
else:
    ftp.sendeprt(ftp.sock.getsockname()[0], 45000)
    print(45000, flush=True)
sys.stdin.read()
'''


@contextlib.contextmanager
def announced(wire, family, kind):
    """A control connection over which a port was announced; the port."""
    words = wire.client.namespace.command(sys.executable, '-c', ANNOUNCE,
                                          wire.server.addresses[family], kind)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


@pytest.fixture(name='site', scope='module')
def fixture_site(workers):
    """A lab with an FTP server and the policy above: (lab, wire, server)."""
    with Lab(workers=workers) as lab:
        (wire,) = lab.wires
        lab.start(ONLY_FTP.format(helper=HELPER))
        with Vsftpd(wire.server.namespace) as server:
            yield lab, wire, server
        lab.stop()


@pytest.fixture(name='content')
def fixture_content(site, tmp_path):
    """What is transferred: bytes, a file of the client with them, and one of the server."""
    *_, server = site
    content = os.urandom(FILE_BYTES)
    (tmp_path / 'mine').write_bytes(content)
    theirs = server.files / 'theirs'
    theirs.write_bytes(content)
    yield content, tmp_path
    theirs.unlink()


def assert_used(done, command):
    """The client has sent that command and no other of its kind, and all went well."""
    assert done.returncode == 0, done.stderr
    sent = [line.split()[1] for line in done.stderr.splitlines() if line.startswith('> ')]
    assert [word for word in sent if word in ('PASV', 'EPSV', 'PORT', 'EPRT')] == [command]


def expected(lab):
    """How many connections were expected, and how many packets were counted as related."""
    return lab.machine.json('ct', 'stats')['expected'], lab.packets()['filter/related']


def assert_one_more(before, after):
    """There was one data connection. Its first packet is related; so is a repetition of it, until
    there is a reply."""
    assert after[0] == before[0] + 1
    assert after[1] > before[1]


@pytest.mark.quick
@ways
def test_download(site, content, family, command):
    lab, wire, _ = site
    data, folder = content
    before = expected(lab)

    done = curl(wire.client.namespace, command, '--output', folder / 'got',
                url(wire.server.addresses[family], 'theirs'))

    assert_used(done, command)
    assert (folder / 'got').read_bytes() == data
    assert_one_more(before, expected(lab))


@ways
def test_upload(site, content, family, command):
    lab, wire, server = site
    data, folder = content
    name = f'{family}-{command}'
    before = expected(lab)

    done = curl(wire.client.namespace, command, '--upload-file', folder / 'mine',
                url(wire.server.addresses[family], f'incoming/{name}'))

    assert_used(done, command)
    assert (server.incoming / name).read_bytes() == data
    assert_one_more(before, expected(lab))


@ways
def test_both_connections_are_listed_while_a_file_is_on_its_way(site, content, family, command):
    lab, wire, _ = site
    client, server = wire.client.addresses[family], wire.server.addresses[family]
    before = {entry['conn'] for entry in lab.machine.json('ct', 'list')}

    def transfer():
        """The connections of this transfer, the control connection first, once there are both."""
        found = sorted((entry for entry in lab.machine.json('ct', 'list')
                        if entry['conn'] not in before and entry['assured']),
                       key=lambda entry: entry['orig']['dport'] != 21)
        return found if len(found) == 2 else None

    with wire.client.namespace.start(
            'curl', '--silent', '--limit-rate', '300k', '--globoff', *COMMANDS[command],
            '--output', content[1] / 'got', url(server, 'theirs')) as process:
        try:
            control, data = wait_until(transfer, 'data is on its way')
            assert process.poll() is None
        finally:
            process.kill()

    assert (control['orig']['src'], control['orig']['dport'], control.get('helper')) == (
        client, 21, 'ftp')
    assert control['state'] == 'ESTABLISHED'
    # Who opens the data connection is what the commands differ in.
    opener = client if command in ('PASV', 'EPSV') else server
    assert (data['orig']['src'], data['proto'], data.get('helper')) == (opener, 'tcp', None)
    assert data['worker'] == control['worker']


@families
def test_a_port_that_the_server_did_not_announce_is_closed(site, family):
    lab, wire, _ = site
    client, address = wire.client.namespace, wire.server.addresses[family]
    dropped = lab.packets()['filter']

    with announced(wire, family, 'passive') as port:
        assert_attempt(client, address, port + 1, 'dropped')
        assert_attempt(client, address, port, 'open')
        assert_attempt(client, address, port, 'dropped')  # it was for one connection

    assert lab.packets()['filter'] >= dropped + 2


@families
def test_a_port_that_the_client_did_not_announce_is_closed(site, family):
    """Nobody listens at these ports: that the client refuses shows that it was asked."""
    _, wire, _ = site
    server, address = wire.server.namespace, wire.client.addresses[family]

    with announced(wire, family, 'active') as port:
        assert_attempt(server, address, port + 1, 'dropped')
        assert_attempt(server, address, port, 'refused')

    assert_attempt(server, address, port, 'dropped')


@families
def test_nothing_but_the_control_connection_is_open(site, family):
    _, wire, _ = site
    assert_attempt(wire.client.namespace, wire.server.addresses[family], 22, 'dropped')
    assert_attempt(wire.client.namespace, wire.server.addresses[family], 20, 'dropped')
    assert_attempt(wire.server.namespace, wire.client.addresses[family], 21, 'dropped')


@ways
def test_without_a_helper_no_file_gets_through(helpless, tmp_path, family, command):
    """The same policy, and a control connection that works as before."""
    lab, wire = helpless
    dropped = lab.packets()['filter']

    done = curl(wire.client.namespace, command, '--output', tmp_path / 'got',
                url(wire.server.addresses[family], 'theirs'), patience_sec=6)

    assert done.returncode != 0
    assert '< 230 ' in done.stderr
    assert not (tmp_path / 'got').exists()
    assert lab.packets()['filter'] > dropped
    assert lab.packets()['filter/related'] == 0


@pytest.fixture(name='helpless', scope='module')
def fixture_helpless():
    """A lab with the same policy, but without set_helper: (lab, wire)."""
    with Lab() as lab:
        (wire,) = lab.wires
        lab.start(ONLY_FTP.format(helper=''))
        with Vsftpd(wire.server.namespace) as server:
            (server.files / 'theirs').write_bytes(b'content')
            yield lab, wire
        lab.stop()


def test_two_wires_at_once(tmp_path):
    """Each wire has its own server, and the appliance serves them at the same time."""
    rules = ONLY_FTP.format(helper=HELPER).replace('in = "lan0"', 'in = ["lan0", "lan1"]')
    with Lab(n_wires=2, workers=2) as lab, contextlib.ExitStack() as stack:
        lab.start(rules)
        contents, transfers = [], []
        for wire in lab.wires:
            server = stack.enter_context(Vsftpd(wire.server.namespace))
            contents.append(os.urandom(FILE_BYTES))
            (server.files / 'theirs').write_bytes(contents[-1])
        for i, wire in enumerate(lab.wires):
            transfers.append(wire.client.namespace.start(
                'curl', '--silent', '--max-time', '60', '--globoff', '--output',
                tmp_path / f'got{i}', url(wire.server.addresses['ipv6'], 'theirs')))
        assert [transfer.wait(90) for transfer in transfers] == [0, 0]
        lab.stop()

    assert [(tmp_path / f'got{i}').read_bytes() for i in range(2)] == contents
