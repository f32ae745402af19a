"""The servers that are measured: how each is started, and what it is asked."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.server import ROOT, Server, free_port, running

PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
# Every server computes on one thread a worker, as this service does.
SINGLE_THREADED = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

PREDICTION = "/prediction, 1 worker"
BATCHES = "/predictions, batch of 64, 1 worker"
CONSTANT = "constant Flask view, same settings"
NAIVE = "peer: Flask, gunicorn sync"


@dataclass(frozen=True)
class Target:
    """A server and the requests that it is asked; PORT stands for the port in its command."""

    name: str
    command: Sequence[str]
    workers: int = 1
    ready: str = "/readyz"
    path: str = "/prediction"
    answers_labels: bool = True
    env: Mapping[str, str] = field(default_factory=dict)

    def start(self) -> AbstractContextManager[Server]:
        """Start the server on a free port. Raises ServerError when it does not answer."""
        port = free_port()
        env = {"TEXTCLF_HOST": "127.0.0.1", "TEXTCLF_PORT": str(port)}
        env |= {"TEXTCLF_WORKERS": str(self.workers), **SINGLE_THREADED, **self.env}
        command = [part.replace("PORT", str(port)) for part in self.command]
        return running(command, port=port, ready=self.ready, env=env)


def ours(name: str, *options: str, workers: int = 1, path: str = "/prediction") -> Target:
    """Return the service itself, with options for gunicorn on top of its own settings."""
    return Target(name, [sys.executable, "-m", "gunicorn", *options], workers, path=path)


PREDICTIONS_BY_WORKERS = {
    1: ours(PREDICTION),
    2: ours("/prediction, 2 workers", workers=2),
    4: ours("/prediction, 4 workers", workers=4),
}

SERVICE = [
    Target(
        CONSTANT,
        [sys.executable, "-m", "gunicorn", "benchmarks.constant:application"],
        answers_labels=False,
    ),
    *PREDICTIONS_BY_WORKERS.values(),
    ours(BATCHES, path="/predictions"),
]


def _peer(name: str, *command: str, ready: str = "/readyz") -> Target:
    return Target(
        f"peer: {name}",
        [str(PEERS_PYTHON), "-m", *command],
        ready=ready,
        env={"BENTOML_DO_NOT_TRACK": "True"},
    )


_UVICORN = ("uvicorn", "--port", "PORT", "--no-access-log", "--log-level", "warning")

PEERS = [
    # Another settings file than the service's own, which stands in the folder: none.
    _peer(
        "Flask, gunicorn sync",
        *("gunicorn", "--config", os.devnull, "--no-control-socket", "--bind", "127.0.0.1:PORT"),
        "benchmarks.peers.flask_sync:application",
    ),
    _peer("FastAPI, uvicorn", *_UVICORN, "benchmarks.peers.fastapi_async:application"),
    _peer("FastAPI, onnxruntime", *_UVICORN, "benchmarks.peers.fastapi_onnx:application"),
    _peer("LitServe", "benchmarks.peers.litserve_app", "PORT", ready="/health"),
    _peer(
        "BentoML",
        *("bentoml", "serve", "--host", "127.0.0.1", "--port", "PORT"),
        "benchmarks.peers.bentoml_service:TextClassifier",
    ),
]

_CHANGED = str(Path(__file__).with_name("changed_settings.py"))


def _changed(name: str, workers: int = 1, **settings: object) -> Target:
    target = ours(f"as set, {name}", "--config", _CHANGED, workers=workers)
    return replace(target, env={"CHANGED": json.dumps(settings)})


SETTINGS = [
    ours("as set"),
    _changed("gthread, 1 thread", worker_class="gthread", threads=1),
    _changed("gthread, 2 threads", worker_class="gthread", threads=2),
    _changed("gthread, 4 threads", worker_class="gthread", threads=4),
    _changed("sync (no keep-alive)", worker_class="sync"),
    _changed("backlog 64", backlog=64),
    _changed("heartbeat on disk", worker_tmp_dir=str(ROOT)),
    ours("as set, 2 workers", workers=2),
    _changed("2 workers, no preload", workers=2, preload_app=False),
]
"""The service under other settings than its own."""


def installed_peers() -> list[Target]:
    """Return the services that this one is compared with, if `make benchmark-peers` was run."""
    return PEERS if PEERS_PYTHON.exists() else []
