"""Several instances of the service behind one nginx, which shares requests out to them.

May import the benchmark's servers and targets.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.server import Server, cpu_seconds, free_port, running, tree
from benchmarks.targets import Target, ours

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

# Connections are kept alive on both sides for longer than a measurement, and bodies kept in memory.
CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr error;
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
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Cluster(Server):
    """The instances and their proxy: cost and memory are of the instances, the port is nginx's."""

    instances: tuple[Server, ...]

    def cpu_seconds(self) -> float:
        return sum(one.cpu_seconds() for one in self.instances)

    def proxy_seconds(self) -> float:
        return sum(map(cpu_seconds, tree(self.pid)))

    def pss_megabytes(self) -> float:
        return sum(one.pss_megabytes() for one in self.instances)

    def pin(self, cpus: Sequence[int]) -> None:
        """Put the instances on these CPUs in turns."""
        for place, one in enumerate(self.instances):
            one.pin([cpus[place % len(cpus)]])


@dataclass(frozen=True)
class Replicas(Target):
    """As many instances of one worker each as `workers` says."""

    @contextmanager
    def start(self) -> Iterator[Server]:
        """Start instances and proxy. Raises ServerError when one of them does not answer."""
        alone = replace(self, workers=1)
        with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
            instances = tuple(
                stack.enter_context(super(Replicas, alone).start()) for _ in range(self.workers)
            )
            port = free_port()
            servers = " ".join(f"server 127.0.0.1:{one.port};" for one in instances)
            file = Path(folder) / "nginx.conf"
            file.write_text(CONFIGURATION.format(folder=folder, servers=servers, port=port))
            command = [str(NGINX), "-e", "stderr", "-p", folder, "-c", str(file)]
            with running(command, port=port, ready=self.ready) as nginx:
                slowest = max(one.start_seconds for one in instances)
                yield Cluster(port, nginx.pid, slowest, instances)


def replicas(count: int) -> Target:
    """Return so many instances of the service behind nginx."""
    single = ours(f"/prediction, {count} replica{'s' * (count > 1)} behind nginx", workers=count)
    return Replicas(**vars(single))


REPLICAS = {count: replicas(count) for count in (1, 2, 4)} if NGINX else {}
"""By number of instances; nothing where nginx is not installed."""
