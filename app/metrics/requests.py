"""Counts and times every request, around the whole application.

May import nothing of ours. A WSGI layer sees each request once, whatever becomes of it inside, with
the time that the framework itself takes; hooks of the framework see neither. Every request pays for
this module, hence the children of the metrics are looked up once and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Of the sizes that a prediction takes, and up to where a client has given up.
SECONDS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)

# A client may send any word as its method; each would be a series of its own.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

UNMATCHED = "unmatched"

# What counts as the answer where the application ended without one: the server then sends its own.
FAILED = "500 Internal Server Error"

# What the server says of a request that it has no time for.
OVERLOADED = (503, None)


class RequestMeter:
    """WSGI middleware; which URL rule a request met, it is told by Werkzeug's request object."""

    def __init__(self, inner: WSGIApplication, registry: CollectorRegistry | None) -> None:
        self._inner = inner
        self._requests = Counter(
            "http_requests",
            "Requests answered, by URL rule.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._durations = Histogram(
            "http_request_duration_seconds",
            "Time from a request's head to its answer, by URL rule.",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        self.set_waiting = Gauge(
            "http_requests_waiting",
            "Whole requests that wait for their turn in a worker.",
            multiprocess_mode="livesum",
            registry=registry,
        ).set
        self._count_refused = Counter(
            "http_requests_refused",
            "Requests answered with 503, because too many waited.",
            registry=registry,
        ).inc
        self._recorders: dict[tuple[str, str, str], tuple[Any, Any]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = perf_counter()
        status, rule = FAILED, None

        def start(given: str, *rest: Any) -> Callable[[bytes], object]:
            nonlocal status, rule
            status = given
            # Flask takes the request away once it is done with it. It has seen none where the
            # server rejected one.
            request = environ.get("werkzeug.request")
            rule = request and request.url_rule
            return start_response(given, *rest)

        try:
            return self._inner(environ, start)
        finally:
            key = (environ["REQUEST_METHOD"], rule.rule if rule else UNMATCHED, status)
            count, observe = self._recorders.get(key) or self._recorder(*key)
            count()
            observe(perf_counter() - started)
            if environ.get("server.error") == OVERLOADED:
                self._count_refused()

    def _recorder(self, method: str, route: str, status: str) -> tuple[Any, Any]:
        known = method in METHODS
        shown = method if known else "other"
        # At 0 before there is any, or the first errors would not be seen as an increase.
        self._requests.labels(shown, route, FAILED[:3])
        recorder = (
            self._requests.labels(shown, route, status[:3]).inc,
            self._durations.labels(route).observe,
        )
        if known:
            self._recorders[method, route, status] = recorder
        return recorder
