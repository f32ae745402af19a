"""The service's own gunicorn settings, and a turn that a greenlet gives up after each request.

May import nothing of ours; see `python -m benchmarks --settings`.
"""

from __future__ import annotations

import runpy
from typing import Any

import gevent

globals().update(
    {name: value for name, value in runpy.run_path("gunicorn.conf.py").items() if name[:2] != "__"}
)


def post_request(worker: Any, request: Any, environ: dict[str, Any], response: Any) -> None:
    """Let others come first whose request is already there."""
    gevent.sleep(0)
