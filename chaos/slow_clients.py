"""Trial: clients that send slowly, stop half-way, never read or never hang up.

The timeouts are set shorter than by default, so that their effect can be waited for.
"""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Sequence
from contextlib import closing

from chaos.crowd import Client, Crowd, Kind
from chaos.outcome import Outcome
from chaos.rawhttp import GOALIE, HOST
from chaos.service import Service, service

CLIENT_TIMEOUT = 5
SLACK_SECONDS = 2.0
"""How much later than the timeout a connection may be seen closed, on a busy machine."""
PATIENCE_SECONDS = 40.0
HONEST_MILLISECONDS = 100.0

HEAD = b"POST /prediction HTTP/1.1\r\nHost: x\r\n"
LONG_HEAD = HEAD + b"Content-Length: 100000\r\n\r\n"
# More than any buffer between them holds.
GREEDY = b"GET /docs/swagger-ui/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 10
LAST = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(GOALIE) + GOALIE

SLOW_HEAD = Kind("a byte a second of the head", 200, b"", HEAD + b"X-Slow: " + b"x" * 1000)
SLOW_BODY = Kind("a byte a second of the body", 200, LONG_HEAD, b"x" * 1000)
SLOW_CHUNKS = Kind(
    "a byte a second of chunks",
    64,
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
    b"1\r\nx\r\n" * 99,
)
HALF_HEAD = Kind("half a head", 64, HEAD)
HALF_BODY = Kind("half a body", 64, LONG_HEAD + GOALIE)
NEVER_READING = Kind("never reads", 200, GREEDY, reads=False)
LINGERING = Kind("Connection: close, never hangs up", 16, LAST)

BODIES = (SLOW_BODY, SLOW_CHUNKS, HALF_BODY)
KINDS = (SLOW_HEAD, HALF_HEAD, *BODIES, NEVER_READING, LINGERING)


def trial() -> list[Outcome]:
    """Let all kinds of slow clients loose at a time, and ask honestly meanwhile."""
    with service(client_timeout=CLIENT_TIMEOUT) as running:
        crowd = Crowd(running.port, KINDS)
        with crowd.misbehaving():
            times, failed = _ask_honestly(running, crowd)
        return [
            _honest(times, failed),
            *(_closed(kind, crowd.of(kind)) for kind in KINDS),
            _quiet(running),
        ]


def _ask_honestly(running: Service, crowd: Crowd) -> tuple[list[float], int]:
    """Ask one at a time, on a connection each, until all others are closed or patience ends.

    Returns the milliseconds of each answer and the number of failures.
    """
    times, failed = [], 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and not crowd.all_closed():
        started = time.perf_counter()
        with closing(http.client.HTTPConnection(HOST, running.port, timeout=10)) as connection:
            try:
                connection.request("POST", "/prediction", GOALIE)
                failed += connection.getresponse().status != 200
            except (OSError, http.client.HTTPException):
                failed += 1
        times.append((time.perf_counter() - started) * 1000)
        time.sleep(0.02)
    return times, failed


def _honest(times: Sequence[float], failed: int) -> Outcome:
    p99 = statistics.quantiles(times, n=100)[98]
    return Outcome(
        f"{sum(kind.clients for kind in KINDS)} slow clients do honest ones no harm",
        f"{failed} of {len(times)} failed; median {statistics.median(times):.0f} ms,"
        f" p99 {p99:.0f} ms, longest {max(times):.0f} ms",
        f"0 failed, p99 < {HONEST_MILLISECONDS:.0f} ms",
        failed == 0 and p99 < HONEST_MILLISECONDS,
    )


def _closed(kind: Kind, clients: Sequence[Client]) -> Outcome:
    lives = [client.lived for client in clients if client.lived is not None]
    longest = f"{max(lives):.1f} s" if lives else "never"
    seen = f"{len(lives)} of {len(clients)} closed, the last after {longest}"
    in_time = len(lives) == len(clients) and max(lives) <= CLIENT_TIMEOUT + SLACK_SECONDS
    expected = {408} if kind in BODIES else {200} if kind is LINGERING else set()
    if expected:
        seen += f", answered {sorted({client.status for client in clients})}"
    return Outcome(
        f"slow client: {kind.name}",
        seen,
        f"all closed after {CLIENT_TIMEOUT} s, at most {SLACK_SECONDS:.0f} s late"
        + "".join(f", answered {status}" for status in expected),
        in_time and (not expected or {client.status for client in clients} == expected),
    )


def _quiet(running: Service) -> Outcome:
    faults = running.log.count('"ERROR"')
    return Outcome(
        "slow clients are no fault of the service", f"{faults} errors logged", "0", faults == 0
    )
