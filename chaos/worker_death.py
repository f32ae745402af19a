"""Workers killed at random under load, as the kernel's out-of-memory killer would."""

from __future__ import annotations

import os
import random
import re
import signal
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from benchmarks.server import PROC, Server
from chaos.clients import Asked, asking, await_requests, failures
from chaos.outcome import Outcome
from chaos.service import serving, workers

KILLS = 20
CLIENTS = 12
WORKERS = 2
REACH = 2.0
PATIENCE = 30.0
ESTABLISHED = "01"
COUNTED = re.compile(r'^http_requests_total\{.*route="/prediction".*\} (\S+)$', re.MULTILINE)


def trial(kills: int = KILLS) -> list[Outcome]:
    """Kill a worker so many times; after each, wait for the service to be whole again."""
    source = random.Random(0)
    held, lost, back, counts = [], [], [], [0.0]
    with serving(workers=WORKERS) as server:
        with asking(server.port, CLIENTS) as seen:
            for _ in range(kills):
                await_requests(seen, len(seen) + 20 * CLIENTS)
                before = len(failures(seen))
                victim = source.choice(workers(server))
                # Stopped first, so that what it holds is what it held when it died.
                os.kill(victim, signal.SIGSTOP)
                held.append(connections(victim, server.port))
                killed = time.monotonic()
                os.kill(victim, signal.SIGKILL)
                back.append(_await_whole(server, seen, victim, killed))
                counts.append(counted(server.port))
                lost.append(len(failures(seen)) - before)
        counts.append(counted(server.port))
    answered = len(seen) - len(failures(seen))
    within = all(fewer <= most for fewer, most in zip(lost, held, strict=True))
    sums = answered <= counts[-1] <= len(seen)
    return [
        Outcome(
            "A worker's death costs only what it held",
            f"{sum(lost)} of {len(seen)} requests failed in {kills} kills, at most {max(lost)} in"
            f" one; the killed held {sum(held)} connections",
            "at each kill no more than the connections that the worker held",
            within and len(failures(seen)) == sum(lost),
        ),
        Outcome(
            "The service is whole again",
            f"{WORKERS} workers, and an answer to a request sent after the kill,"
            f" after {max(back):.2f} s at most",
            f"< {REACH:.0f} s",
            max(back) < REACH,
        ),
        Outcome(
            "Metrics still add up",
            f"{counts[-1]:.0f} counted of {len(seen)} sent and {answered} answered;"
            f" {'never fell' if counts == sorted(counts) else f'fell: {counts}'}",
            "never falls; answered <= counted <= sent",
            sums and counts == sorted(counts),
        ),
    ]


def connections(pid: int, port: int) -> int:
    """Connections of a process to a port that it listens on."""
    inodes = set()
    for each in (PROC / str(pid) / "fd").iterdir():
        with suppress(FileNotFoundError):  # that of the listing itself
            inodes.add(str(each.readlink()).removeprefix("socket:[").removesuffix("]"))
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(
        row[1].endswith(f":{port:04X}") and row[3] == ESTABLISHED and row[9] in inodes
        for row in rows
    )


def counted(port: int) -> float:
    """Requests to /prediction that the service has counted, whatever their status."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
        return sum(map(float, COUNTED.findall(answer.read().decode())))


def _await_whole(server: Server, seen: list[Asked], victim: int, killed: float) -> float:
    """Seconds until there are all workers, and a request sent after the kill was answered."""
    while time.monotonic() < killed + PATIENCE:
        running = set(workers(server))
        answered = any(one.label and one.sent > killed for one in seen[-10 * CLIENTS :])
        if victim not in running and len(running) == WORKERS and answered:
            return time.monotonic() - killed
        time.sleep(0.01)
    raise TimeoutError(f"not whole again {PATIENCE:.0f} s after worker {victim} was killed")
