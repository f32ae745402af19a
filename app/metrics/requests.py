"""Counts and times of requests.

Every request pays for this module, so the children of the metrics are looked up once and kept.
"""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

# Of the sizes that a prediction takes, and up to where a client has given up.
SECONDS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)

# A client may send any word as its method; each would be a series of its own.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

UNMATCHED = "unmatched"
"""The route of requests that met none."""


class RequestMetrics:
    """Requests by method, route and status, their durations, and what waits or is turned away."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
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
        self.count_overloaded = Counter(
            "http_requests_refused",
            "Requests answered with 503, because too many waited.",
            registry=registry,
        ).inc
        self._recorders: dict[tuple[str, str | None, str], tuple[Any, Any]] = {}

    def observe(self, method: str, route: str | None, status: str, seconds: float) -> None:
        """Count a request by its method, URL rule and status line, and the time that it took."""
        key = (method, route, status)
        count, observe = self._recorders.get(key) or self._recorder(*key)
        count()
        observe(seconds)

    def _recorder(self, method: str, route: str | None, status: str) -> tuple[Any, Any]:
        is_known = method in METHODS
        labels = (method if is_known else "other", route or UNMATCHED)
        # At 0 before there is any, or the first errors would not be seen as an increase.
        self._requests.labels(*labels, "500")
        recorder = (
            self._requests.labels(*labels, status[:3]).inc,
            self._durations.labels(labels[1]).observe,
        )
        if is_known:
            self._recorders[method, route, status] = recorder
        return recorder
