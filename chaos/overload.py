"""Twice as many requests as the service can answer, for a minute.

One worker on a CPU of its own, the clients on another. What is compared is answers a second of the
worker's processor time: whatever else runs on the machine takes from the rate at any moment, and
much less from that.
"""

from __future__ import annotations

import http.client
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.server import Server
from chaos.arrivals import HUNG, Answer, Arrivals, counts
from chaos.outcome import Outcome
from chaos.service import serving
from chaos.texts import bodies

CPUS = sorted(os.sched_getaffinity(0))
CLIENTS = 16
FACTOR = 2
LEAST = 0.95
RECOVERY = 2.0
ANSWERED, REFUSED = "200", "503"


def trial(seconds: float = 60.0) -> list[Outcome]:
    """Overload the service for some seconds, with kept connections and with one a request."""
    with serving(workers=1) as server:
        server.pin(CPUS[:1])
        os.sched_setaffinity(0, CPUS[-1:])
        try:
            return [*overload(server, seconds, keep=True), *overload(server, seconds, keep=False)]
        finally:
            os.sched_setaffinity(0, CPUS)


def overload(server: Server, seconds: float, *, keep: bool) -> list[Outcome]:
    """Measure the peak, overload the server, and see whether it comes back to the peak."""
    kind = "connections kept" if keep else "a connection for each request"
    clients = Arrivals(server.port, requests(keep), keep=keep)
    clients.saturate(CLIENTS, seconds / 30)  # to warm up
    before, peak_rate, _ = per_cpu_second(server, lambda: clients.saturate(CLIENTS, seconds / 6))
    with probing(server.port) as probes:
        goodput, rate, answers = per_cpu_second(
            server, lambda: clients.run(FACTOR * peak_rate, seconds)
        )
    time.sleep(RECOVERY)
    after, _, _ = per_cpu_second(server, lambda: clients.saturate(CLIENTS, seconds / 6))
    clients.close()
    # Before and after, because the machine's other work comes and goes.
    peak = (before + after) / 2
    found = counts(answers)
    others = {name: n for name, n in found.items() if name not in (ANSWERED, REFUSED)}
    longest = max(answer.wait for answer in answers)
    return [
        Outcome(
            f"Overload bends: {kind}",
            f"goodput {goodput / peak:.1%} of peak a processor second ({goodput:.0f} of {peak:.0f};"
            f" by the clock {rate:.0f} of {peak_rate:.0f} a second)",
            f">= {LEAST:.0%} at {FACTOR}x the peak for {seconds:.0f} s",
            goodput >= LEAST * peak,
        ),
        Outcome(
            f"Never breaks: {kind}",
            f"of {len(answers)} requests {found[ANSWERED]} answered, {found[REFUSED]} refused with"
            f" Retry-After, {found[HUNG]} hung, others: {others or 'none'};"
            f" longest {longest:.2f} s",
            "all answered, or refused with 503 and Retry-After",
            not others and found[REFUSED] > 0,
        ),
        Outcome(
            f"Probes get through: {kind}",
            f"{sum(wait is not None for wait in probes)} of {len(probes)} GET /healthz answered,"
            f" the slowest after {max((w for w in probes if w), default=0.0):.2f} s",
            "all",
            bool(probes) and None not in probes,
        ),
        Outcome(
            f"Full speed again: {kind}",
            f"{after / before:.1%} of peak from {RECOVERY:.0f} s after the end on",
            f">= {LEAST:.0%} after {RECOVERY:.0f} s",
            after >= LEAST * before,
        ),
    ]


def requests(keep: bool) -> list[bytes]:
    """Whole requests for predictions."""
    close = b"" if keep else b"Connection: close\r\n"
    return [
        b"POST /prediction HTTP/1.1\r\nHost: chaos\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n%b\r\n%b" % (len(body), close, body)
        for body in bodies(256)
    ]


def per_cpu_second(
    server: Server, load: Callable[[], list[Answer]]
) -> tuple[float, float, list[Answer]]:
    """Answers a second of the server's processor time and of the clock, and what was answered."""
    cpu, started = server.cpu_seconds(), time.perf_counter()
    answers = load()
    answered = counts(answers)[ANSWERED]
    return (
        answered / (server.cpu_seconds() - cpu),
        answered / (time.perf_counter() - started),
        answers,
    )


@contextmanager
def probing(port: int) -> Iterator[list[float | None]]:
    """Probe GET /healthz, each time on a new connection; seconds to the answer, or None."""
    waits: list[float | None] = []
    ended = threading.Event()
    thread = threading.Thread(target=probe, args=(port, waits, ended))
    thread.start()
    try:
        yield waits
    finally:
        ended.set()
        thread.join()


def probe(port: int, waits: list[float | None], ended: threading.Event) -> None:
    """Ask every half second until it is to end."""
    while not ended.wait(0.5):
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/healthz")
            healthy = connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            healthy = False
        finally:
            connection.close()
        waits.append(time.perf_counter() - started if healthy else None)
