# SPDX-License-Identifier: BSD-3-Clause
"""A web server, nginx, in a namespace of a lab."""

import pathlib
import shutil
import tempfile

SETTINGS = '''\
daemon off;
master_process off;
user root;
pid {folder}/pid;
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
    default_type application/octet-stream;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000;
    log_format peers '$remote_addr $remote_port $request_uri $status';
    access_log {folder}/access peers;
    server {{
        listen 80 backlog=4096;
        listen [::]:80 backlog=4096 ipv6only=on;
        root {folder}/files;
        location /answer/ {{ return 200 "$request_uri from $remote_port\\n"; }}
    }}
}}
'''


class Nginx:
    """Serves the folder files. What is asked for below /answer/ is answered with its own name and
    the port of the client."""

    def __init__(self, namespace):
        self.namespace = namespace
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='sallyport-web-'))
        self.files = self.folder / 'files'
        self.process = None

    def __enter__(self):
        self.files.mkdir()
        settings = self.folder / 'nginx.conf'
        settings.write_text(SETTINGS.format(folder=self.folder))
        self.process = self.namespace.start('nginx', '-c', settings, '-p', self.folder,
                                            '-e', 'stderr')
        self.namespace.wait_for_port(80)
        return self

    def __exit__(self, *reason):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder)

    def requests(self):
        """What it says of the requests so far: (address, port, what for, status)."""
        text = (self.folder / 'access').read_text(encoding='utf-8')
        return [(address, int(port), uri, int(status))
                for address, port, uri, status in map(str.split, text.splitlines())]


def url(address, path):
    return f'http://[{address}]/{path}' if ':' in address else f'http://{address}/{path}'
