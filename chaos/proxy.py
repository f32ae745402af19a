"""An nginx before several replicas.

May import the benchmark's server.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.server import ServerError, free_port

PATIENCE = 30.0

CONFIGURATION = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream service {{
    {servers}
    keepalive 16;
  }}
  server {{
    listen 127.0.0.1:{port};
    keepalive_requests 1000000;
    location / {{
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_next_upstream {again};
    }}
  }}
}}
"""


class Proxy:
    """A running nginx."""

    def __init__(self, folder: Path, again: str) -> None:
        self.port = free_port()
        self._folder, self._again = folder, again
        self._process: subprocess.Popen[bytes] | None = None

    def serve(self, *ports: int) -> None:
        """Send requests to these from now on; those under way stay where they are.

        Returns once the workers of the earlier configuration take no more requests.
        """
        servers = " ".join(f"server 127.0.0.1:{port};" for port in ports)
        path = self._folder / "nginx.conf"
        path.write_text(
            CONFIGURATION.format(
                folder=self._folder, servers=servers, port=self.port, again=self._again
            )
        )
        if self._process is None:
            self._process = subprocess.Popen([_nginx(), "-p", self._folder, "-c", path])
        else:
            self._process.send_signal(signal.SIGHUP)
        # A cluster's proxies take a while, too: the pause before the signal is for this.
        time.sleep(2)

    def stop(self) -> None:
        """End it."""
        if self._process:
            self._process.terminate()
            self._process.wait(PATIENCE)


@contextmanager
def proxying(*ports: int, again: str) -> Iterator[Proxy]:
    """Start an nginx before replicas on these ports; `again`: its directive proxy_next_upstream.

    Raises ServerError where there is no nginx.
    """
    with tempfile.TemporaryDirectory() as folder:
        proxy = Proxy(Path(folder), again)
        try:
            proxy.serve(*ports)
            yield proxy
        finally:
            proxy.stop()


def _nginx() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        raise ServerError("nginx is not installed: apt-get install nginx-light")
    return found
