"""The service's own gunicorn settings, less the turn that a greenlet gives up after a request.

May import nothing of ours; see `python -m benchmarks --settings`.
"""

from __future__ import annotations

import runpy
from typing import Any

globals().update(
    {name: value for name, value in runpy.run_path("gunicorn.conf.py").items() if name[:2] != "__"}
)


def post_request(worker: Any, request: Any, environ: dict[str, Any], response: Any) -> None:
    """As the service's own, without `gevent.sleep(0)`."""
    request.unreader.sock.settimeout(None)
