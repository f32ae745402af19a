"""The service under trial, started with settings of the trial's own, and its log."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.server import ROOT, Server, free_port, running, tree
from chaos.rawhttp import HOST


@dataclass(frozen=True)
class Service:
    """A service that runs: its server, and the file that its log goes to."""

    server: Server
    log_file: Path

    @property
    def port(self) -> int:
        """Where it listens, on the loopback interface."""
        return self.server.port

    @property
    def log(self) -> str:
        """All that it has logged so far."""
        return self.log_file.read_text()

    def workers(self) -> list[int]:
        """Process ids of its workers."""
        return workers(self.server)


COMMAND = (sys.executable, "-m", "gunicorn")


@dataclass(frozen=True)
class Failure:
    """A start that failed: its exit code, all that was said, and the seconds that it took."""

    code: int
    said: str
    seconds: float


@contextmanager
def service(*prefix: str, **settings: object) -> Iterator[Service]:
    """Run the service with some of its settings, others by default, and stop it in the end.

    The prefix is a command that then executes the service's. Raises ServerError when it
    does not start.
    """
    with TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with serving(*prefix, log=log, **{"graceful_timeout": 1} | settings) as server:
            yield Service(server, log)


def serving(
    *prefix: str, log: Path | None = None, **settings: object
) -> AbstractContextManager[Server]:
    """Run the service alike, two workers unless set otherwise, without a look at its log."""
    port = free_port()
    env = _variables({"port": port, "workers": 2} | settings)
    return running([*prefix, *COMMAND], port=port, ready="/readyz", env=env, log=log)


def workers(server: Server) -> list[int]:
    """Process ids of a server's workers."""
    return sorted(tree(server.pid)[1:])


def failing_start(*prefix: str, **settings: object) -> Failure:
    """Start a service that must not start.

    Raises subprocess.TimeoutExpired when it is still running after a minute.
    """
    started = time.perf_counter()
    done = subprocess.run(
        [*prefix, *COMMAND],
        cwd=ROOT,
        env=os.environ | _variables(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = done.stdout + done.stderr
    return Failure(done.returncode, said, time.perf_counter() - started)


def _variables(settings: dict[str, object]) -> dict[str, str]:
    local = {"host": HOST} | settings
    return {f"TEXTCLF_{name.upper()}": str(value) for name, value in local.items()}


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition; return whether it came to hold in time."""
    deadline = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return held
