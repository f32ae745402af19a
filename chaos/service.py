"""The service under trial: started with settings of the trial's own, on a free port.

May import the benchmark's server.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager

from benchmarks.server import Server, free_port, running, tree


def serving(
    *options: str, port: int | None = None, **settings: object
) -> AbstractContextManager[Server]:
    """Start the service with options for gunicorn and TEXTCLF_ settings; stop it in the end.

    Two workers unless told otherwise. Raises ServerError when it does not answer.
    """
    port = port or free_port()
    given = {"host": "127.0.0.1", "port": port, "workers": 2} | settings
    env = {f"TEXTCLF_{name.upper()}": str(value) for name, value in given.items()}
    command = [sys.executable, "-m", "gunicorn", *options]
    return running(command, port=port, ready="/readyz", env=env)


def workers(server: Server) -> list[int]:
    """Process ids of the server's workers."""
    return tree(server.pid)[1:]
