"""GET /healthz and /readyz: is this process alive, and may it be sent traffic?

May import nothing of ours. Neither does any work: a probe that waits for the model turns a busy
service into a restarted one.
"""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Liveness: this answer itself is the proof."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Readiness: the app exists only once its model is loaded and has reproduced its canaries."""
    return jsonify(status="ready")
