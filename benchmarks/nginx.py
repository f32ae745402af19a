"""The nginx before several instances of the service, for what measures them and what tries them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
"""None where nginx is not installed."""

# Connections are kept alive on both sides for longer than a run, and bodies kept in memory.
CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 10000000;
  client_body_buffer_size 256k;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream service {{
    {servers}
    keepalive 64;
    keepalive_requests 10000000;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_next_upstream {again};
    }}
  }}
}}
"""


def configure(
    folder: Path, port: int, instances: Sequence[int], again: str = "error timeout"
) -> list[str]:
    """Write a configuration that shares requests to a port out to instances, given by their ports.

    `again` is the directive proxy_next_upstream: after what another instance is tried; by default
    nginx's own. Returns the command that starts nginx so.
    """
    file = folder / "nginx.conf"
    servers = " ".join(f"server 127.0.0.1:{instance};" for instance in instances)
    file.write_text(CONFIGURATION.format(folder=folder, servers=servers, port=port, again=again))
    return [str(PROGRAM), "-e", "stderr", "-p", str(folder), "-c", str(file)]
