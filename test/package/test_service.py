# SPDX-License-Identifier: BSD-3-Clause
"""The service under a systemd that has booted, in a container with interfaces of its own."""

import re
import subprocess

import pytest

CONFIG = '/etc/sallyport/sallyport.conf'

# The configuration of the package has the ports lan0 and wan0; a table of a million connections is
# more than this needs. systemd tries again sooner than a real machine would want it to.
PREPARE = f'''
ip link add lan0 type veth peer name client0
ip link add wan0 type veth peer name server0
for i in lan0 wan0 client0 server0; do ip link set $i up; done
sed -i 's/max_connections = .*/max_connections = 1000;/' {CONFIG}
echo 'EAL_ARGUMENTS=--no-huge --no-pci' >/etc/sallyport/environment
mkdir -p /etc/systemd/system/sallyport.service.d
printf '[Service]\\nRestartSec=1s\\nWatchdogSec=8s\\n' >/etc/systemd/system/sallyport.service.d/test.conf
systemctl daemon-reload
property() {{ systemctl show --value --property "$1" sallyport.service; }}
await() {{ for ((i = 0; i < 600; i++)); do [[ $(property "$1") != $2 ]] || return 0; sleep 0.1; done
           property "$1"; journalctl --no-pager -u sallyport; return 1; }}
say() {{ echo "$1=$(property "$1")"; }}
'''
START = PREPARE + '''
systemctl start sallyport.service
'''

# Stops one thread of a process, and only that, as a debugger does, until the process is killed.
STOP_THREAD = '''
cat >/stop-thread <<'END'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
for request in (0x4206, 0x4207):  # PTRACE_SEIZE, PTRACE_INTERRUPT
    if libc.ptrace(request, int(sys.argv[1]), None, None) != 0:
        sys.exit(f'ptrace: {ctypes.get_errno()}')
while not os.WIFSIGNALED(os.waitpid(int(sys.argv[1]), 0x40000000)[1]):  # __WALL
    pass
END
'''


@pytest.fixture(scope='module', autouse=True)
def need_container(debian):
    """Not every machine lets systemd boot in a container: these tests need one."""
    done = subprocess.run(['systemd-nspawn', '--quiet', '--directory', debian / 'base', '--volatile',
                           '--register=no', '--keep-unit', '--pipe', '--private-network', 'true'],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f'no container: {done.stderr}')


def said(printed):
    """What "say" printed: the properties of the unit, the last of each."""
    return dict(re.findall(r'^(\w+)=(.*)$', printed, re.M))


def test_it_is_ready_when_systemd_says_so(machine):
    printed = machine.boot(START + '''
say ActiveState; say NRestarts; say StatusErrno
sallyctl info --json
stat -c 'socket %U %a' /run/dpdk/rte/dpdk_telemetry.v2 /run/dpdk/rte
grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/$(property MainPID)/status
ps() { cat /proc/$(property MainPID)/status; }; ps | grep ^Uid
id -u sallyport
systemctl stop sallyport.service
say ActiveState; say Result; say ExecMainStatus
[[ ! -e /run/dpdk/rte ]]
''')
    assert said(printed)['ActiveState'] == 'inactive'
    assert 'ActiveState=active\nNRestarts=0' in re.sub(r'^\+.*\n', '', printed, flags=re.M)
    assert (said(printed)['Result'], said(printed)['ExecMainStatus']) == ('success', '0')
    assert '"capacity": 1000' in printed
    assert 'socket sallyport 770\nsocket sallyport 750\n' in printed
    assert re.search(r'^CapEff:\t0000000000003000$', printed, re.M)
    assert re.search(r'^CapBnd:\t0000000000003000$', printed, re.M)
    assert 'NoNewPrivs:\t1\nSeccomp:\t2' in printed


def test_packets_pass(machine):
    """From client0, through lan0, sallyport and wan0, to server0."""
    printed = machine.boot(START + '''
ip netns add server
ip link set server0 netns server
ip -n server address add 198.18.0.2/24 dev server0
ip -n server link set server0 up
ip address add 198.18.0.1/24 dev client0
ping -c 3 -i 0.2 -W 20 198.18.0.2
sallyctl ct list
''')
    assert '3 packets transmitted, 3 received' in printed
    assert re.search(r'^icmp +1 .*src=198.18.0.1 dst=198.18.0.2 type=8', printed, re.M)


def test_the_journal_has_priorities(machine):
    printed = machine.boot(START + '''
systemctl kill --signal USR1 sallyport.service
for ((i = 0; i < 100; i++)); do
    journalctl --no-pager -o cat -u sallyport | grep -q '^statistics worker' && break; sleep 0.1
done
systemctl stop sallyport.service
journalctl --sync
journalctl --no-pager -o json -t sallyport >/all
python3 - <<'END'
import json
for line in open('/all'):
    entry = json.loads(line)
    print('entry', entry['PRIORITY'], entry['_TRANSPORT'], entry['MESSAGE'])
END
''')
    entries = re.findall(r'^entry (\d) (\w+) (.*)$', printed, re.M)
    assert ('5', 'stdout', 'Terminated, stopping') in entries
    assert any(entry[2].startswith('statistics packets packets=') for entry in entries)
    dpdk = [entry for entry in entries if entry[2].startswith('EAL: ')]
    assert dpdk and all(entry[1] == 'stdout' for entry in dpdk)  # and not from syslog once more
    assert len(set(dpdk)) == len(dpdk)


def test_a_worker_that_hangs_is_noticed(machine):
    printed = machine.boot(START + STOP_THREAD + '''
old=$(property MainPID)
for task in /proc/$old/task/*; do
    [[ $(<$task/comm) != *worker*1 ]] || worker=${task##*/}
done
sleep 10 # more than the watchdog waits
[[ $(property MainPID) == $old ]]
say NRestarts
python3 /stop-thread $worker &
await NRestarts 1
await ActiveState active
echo "restarts $(property NRestarts)"
[[ $(property MainPID) != $old ]]
sallyctl info
journalctl --no-pager -u sallyport
''')
    assert said(printed)['NRestarts'] == '0'
    assert 'restarts 1' in printed
    assert re.search(r'lcore 1 stands still: the watchdog is not fed', printed)
    assert 'Watchdog timeout' in printed


def test_a_bad_configuration_is_not_tried_again(machine):
    printed = machine.boot(PREPARE + f'''
echo nonsense >{CONFIG}
! systemctl start sallyport.service
sleep 3
say ActiveState; say NRestarts; say ExecMainStatus; say SubState
journalctl --no-pager -o cat -p err -t sallyport
''')
    assert (said(printed)['ActiveState'], said(printed)['NRestarts'],
            said(printed)['ExecMainStatus']) == ('failed', '0', '1')
    assert f'{CONFIG}:2: syntax error' in printed


def test_a_device_that_is_missing_may_come(machine):
    printed = machine.boot(PREPARE + '''
ip link del lan0
systemctl start sallyport.service || true
await NRestarts '[2-9]'
ip link add lan0 type veth peer name client0
ip link set lan0 up
await ActiveState active
sallyctl info
journalctl --no-pager -o cat -p err -t sallyport
journalctl --no-pager -o cat -u sallyport
''')
    assert printed.count('code=exited, status=3') >= 2
    assert re.search(r'^/etc/sallyport/sallyport.conf:\d+: port "lan"', printed, re.M)


def test_a_reload_changes_the_rules_and_not_the_process(machine):
    printed = machine.boot(START + f'''
old=$(property MainPID)
sed -i 's/name = "broken"/name = "torn"/' {CONFIG}
systemctl reload sallyport.service
[[ $(property MainPID) == $old ]]
sallyctl rules
''')
    assert re.search(r'\btorn\b', printed)


def test_a_reload_with_a_mistake_changes_nothing(machine):
    printed = machine.boot(START + f'''
old=$(property MainPID)
cp {CONFIG} saved
echo nonsense >>{CONFIG}
! systemctl reload sallyport.service
cp saved {CONFIG}
sed -i 's/^workers = .*/workers = 7;/' {CONFIG}
! systemctl reload sallyport.service
[[ $(property MainPID) == $old ]]
say ActiveState
sallyctl info
''')
    assert said(printed)['ActiveState'] == 'active'


def test_an_upgrade_starts_it_anew(machine):
    machine.boot(START + '''
old=$(property MainPID)
dpkg -i --force-confdef --force-confold /packages/2.deb
await ActiveState active
[[ $(property MainPID) != $old ]]
''')


def test_an_upgrade_leaves_it_when_the_configuration_has_mistakes(machine):
    printed = machine.boot(START + f'''
old=$(property MainPID)
echo nonsense >>{CONFIG}
dpkg -i --force-confdef --force-confold /packages/2.deb
[[ $(property MainPID) == $old ]]
sallyctl info
''')
    assert 'the old version was left running' in printed


def test_installing_starts_nothing(bare):
    printed = bare.boot(PREPARE.split('sed', maxsplit=1)[0] + '''
dpkg -i /packages/1.deb
systemctl is-enabled sallyport.service || true
systemctl is-active sallyport.service || true
''')
    assert '\ndisabled\n' in printed
    assert '\ninactive\n' in printed


def test_purging_stops_it(machine):
    machine.boot(START + '''
systemctl enable sallyport.service
dpkg --purge sallyport
! pgrep_sallyport=$(grep -l sallyport /proc/[0-9]*/comm)
[[ ! -e /etc/systemd/system/multi-user.target.wants/sallyport.service ]]
[[ ! -e /run/dpdk/rte ]]
! getent passwd sallyport
''')
