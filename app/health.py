"""GET /healthz and /readyz: is this process alive, and may it be sent traffic?

May import the problems of ours. Neither does any work: a probe that waits for the model turns a
busy service into a restarted one.
"""

from __future__ import annotations

from typing import Protocol

from flask import Blueprint, Response, current_app, jsonify

from app.problems import NotReady

blueprint = Blueprint("health", __name__)


class Worker(Protocol):
    """What is asked of the server's worker, `app.extensions["worker"]` where there is one."""

    alive: bool
    """False from the signal to end on."""


@blueprint.get("/healthz")
def healthz() -> Response:
    """Liveness: this answer itself is the proof."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Readiness: the app exists only once its model is loaded, so all that can end it is the end.

    A worker that drains has closed its listener, but goes on answering on connections kept alive.
    """
    worker: Worker | None = current_app.extensions.get("worker")
    if worker is not None and not worker.alive:
        raise NotReady("This process is ending: it finishes what it has, and takes nothing new.")
    return jsonify(status="ready")
