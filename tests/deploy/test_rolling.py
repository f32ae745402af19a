"""Two containers behind nginx, replaced one after the other under load."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.deploy.engine import free_port, until
from tests.deploy.traffic import asking

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

# A failed try is never repeated on the other container: it would hide what is lost.
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
    location / {{
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_next_upstream off;
    }}
  }}
}}
"""


@dataclass
class Proxy:
    """An nginx that shares requests out to containers."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def serve(self, *containers: Any) -> None:
        """Send requests to these containers from now on; those under way stay where they are."""
        servers = " ".join(f"server 127.0.0.1:{each.port};" for each in containers)
        path = self.folder / "nginx.conf"
        path.write_text(CONFIGURATION.format(folder=self.folder, servers=servers, port=self.port))
        if self.process is None:
            self.process = subprocess.Popen([str(NGINX), "-p", self.folder, "-c", path])
            return
        self.process.send_signal(signal.SIGHUP)
        # A cluster's proxies take a while, too: the pause before the signal is for this.
        time.sleep(2)


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    """An nginx that is not started yet, and ends with the test."""
    if NGINX is None:
        pytest.skip("nginx is not installed")
    proxy = Proxy(tmp_path, free_port())
    yield proxy
    if proxy.process:
        proxy.process.terminate()
        proxy.process.wait(30)


def served(container: Any) -> bool:
    """Whether a container has answered a prediction."""
    text = requests.get(f"{container.url}/metrics", timeout=30).text
    return 'route="/prediction",status="200"' in text


def test_rolling_replacement_loses_nothing(engine: Any, proxy: Proxy) -> None:
    """Each container is taken out, stopped and replaced; every client gets every answer."""
    containers = [engine.run("--cpus 1") for _ in range(2)]
    proxy.serve(*containers)
    until(lambda: (proxy.folder / "pid").exists(), "nginx")
    with asking(proxy.port, keep=False) as traffic:
        until(lambda: all(map(served, containers)), "requests on both containers")
        for old in list(containers):
            containers.remove(old)
            proxy.serve(*containers)
            old.stop()
            assert old.state["ExitCode"] == 0
            new = engine.run("--cpus 1")
            containers.append(new)
            proxy.serve(*containers)
            until(lambda: served(containers[-1]), "requests on the new container")
    assert traffic.failed == {}
    assert traffic.refused == 0
    assert traffic.answered > 100
