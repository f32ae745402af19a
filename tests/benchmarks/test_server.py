"""Accounting of a process tree, and starting and stopping a server."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from benchmarks.server import Server, ServerError, cpu_seconds, free_port, running, tree

# Starts another process from a thread, which computes for a while, and waits for it.
PARENT = """
import subprocess, sys, threading
run = lambda: subprocess.run([sys.executable, "-c", sys.argv[1]])
threading.Thread(target=run).start()
sys.stdin.read()
"""
CHILD = """
import time
while time.process_time() < 0.3: pass
"""


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[bytes]]:
    """A process whose child computes for 0.3 s."""
    process = subprocess.Popen([sys.executable, "-c", PARENT, CHILD], stdin=subprocess.PIPE)
    yield process
    process.communicate()


def test_children_of_threads_belong_to_the_tree(parent: subprocess.Popen[bytes]) -> None:
    """A process that a thread started is found below the one that has the thread."""
    deadline = time.monotonic() + 30
    while len(found := tree(parent.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert found[0] == parent.pid
    assert len(found) == 2


def test_time_of_ended_children_stays_counted(parent: subprocess.Popen[bytes]) -> None:
    """What a child used is counted while it runs and after it has ended: the sum never falls."""
    server = Server(port=0, pid=parent.pid, start_seconds=0.0)
    seen = [server.cpu_seconds()]
    deadline = time.monotonic() + 60
    while cpu_seconds(parent.pid) < 0.3 and time.monotonic() < deadline:
        time.sleep(0.01)
        seen.append(server.cpu_seconds())
    assert tree(parent.pid) == [parent.pid]
    assert seen[-1] >= 0.3
    assert cpu_seconds(os.getpid()) > 0


def test_server_that_ends_is_an_error_with_what_it_wrote() -> None:
    """The message of the error holds the server's own words."""
    command = [sys.executable, "-c", "print('no such model')"]
    with (
        pytest.raises(ServerError, match="no such model"),
        running(command, port=free_port(), ready="/readyz"),
    ):
        pass


def test_server_is_stopped_in_the_end() -> None:
    """A server that answers is handed out with its start-up time, and ends with the context."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    with running(command, port=port, ready="/") as server:
        assert server.start_seconds > 0
        assert server.pss_megabytes() > 0
        server.pin(sorted(os.sched_getaffinity(0))[:1])
        assert len(os.sched_getaffinity(server.pid)) == 1
    with pytest.raises(OSError, match=str(server.pid)):
        cpu_seconds(server.pid)
