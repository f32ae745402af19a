"""GET /healthz and /readyz: is this process alive, and may it be sent traffic?

Neither does any work: a probe that waits for the model turns a busy service into a restarted one.
"""

from __future__ import annotations

from typing import Protocol

from flask import Flask, Response, jsonify

from app.errors import NotReadyError
from app.services import Services


class Worker(Protocol):
    """What is asked of the server's worker, `app.extensions["worker"]` where there is one."""

    alive: bool
    """False from the signal to end on."""


def register(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/healthz")
    def healthz() -> Response:
        """Liveness: this answer itself is the proof."""
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> Response:
        """Readiness: the model is loaded, so a process is ready until it ends.

        A worker that drains has closed its listener, but goes on answering on kept connections.
        """
        worker: Worker | None = app.extensions.get("worker")
        if worker is not None and not worker.alive:
            raise NotReadyError(
                "This process is ending: it finishes what it has, and takes no more."
            )
        return jsonify(status="ready")
