"""An nginx before several replicas."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.nginx import PROGRAM, configure
from benchmarks.server import ServerError, free_port

PATIENCE = 30.0


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
        command = configure(self._folder, self.port, ports, self._again)
        if self._process is None:
            self._process = subprocess.Popen(command)
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
    if PROGRAM is None:
        raise ServerError("nginx is not installed: apt-get install nginx-light")
    with tempfile.TemporaryDirectory() as folder:
        proxy = Proxy(Path(folder), again)
        try:
            proxy.serve(*ports)
            yield proxy
        finally:
            proxy.stop()
