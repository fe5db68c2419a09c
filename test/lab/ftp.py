# SPDX-License-Identifier: BSD-3-Clause
"""An FTP server, vsftpd, and an FTP client, curl, in namespaces of a lab."""

import os
import pathlib
import shutil
import tempfile

SERVER_USER = 'ftp'  # of Debian's package
PATIENCE_SEC = 60    # of both: packets of a worker that has to share its CPU may take seconds

SETTINGS = '''\
listen=NO
listen_ipv6=YES
background=NO
anonymous_enable=YES
no_anon_password=YES
local_enable=NO
write_enable=YES
anon_upload_enable=YES
anon_umask=022
anon_root={folder}/files
secure_chroot_dir={folder}/empty
connect_from_port_20=YES
accept_timeout={patience}
connect_timeout={patience}
isolate=NO
isolate_network=NO
seccomp_sandbox=NO
xferlog_enable=NO
'''

# What makes curl use one command and no other.
COMMANDS = {
    'PASV': ['--disable-epsv'],
    'EPSV': [],
    'PORT': ['--ftp-port', '-', '--disable-eprt'],
    'EPRT': ['--ftp-port', '-'],
}


class Vsftpd:
    """Serves a folder of its own to everybody: files can be read, incoming be written to."""

    def __init__(self, namespace):
        self.namespace = namespace
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='sallyport-ftp-'))
        self.files = self.folder / 'files'
        self.incoming = self.files / 'incoming'
        self.process = None

    def __enter__(self):
        (self.folder / 'empty').mkdir(mode=0o555)
        self.files.mkdir()
        self.incoming.mkdir()
        os.chmod(self.files, 0o555)  # it refuses to serve a root that can be written to
        shutil.chown(self.incoming, SERVER_USER)
        settings = self.folder / 'vsftpd.conf'
        settings.write_text(SETTINGS.format(folder=self.folder, patience=PATIENCE_SEC))
        self.process = self.namespace.start('vsftpd', settings)
        self.namespace.wait_for_port(21)
        return self

    def __exit__(self, *reason):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder)


def curl(namespace, command, *words, patience_sec=PATIENCE_SEC):
    """One transfer that uses this command for the data connection. What curl says of the control
    connection is on standard error."""
    return namespace.run('curl', '--verbose', '--no-progress-meter', '--globoff',
                         '--max-time', patience_sec, *COMMANDS[command], *words, check=False,
                         timeout=2 * PATIENCE_SEC)


def url(address, path):
    return f'ftp://[{address}]/{path}' if ':' in address else f'ftp://{address}/{path}'
