"""A real Dask cluster of several processes on this machine, also with one of them killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bulk import backends, source
from bulk.run import Progress
from model.dataset import Examples
from model.errors import ArtifactError, BulkError

pytest.importorskip("distributed", reason="Dask is not installed: requirements-cluster.txt")

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., Any]


class Cluster:
    """A scheduler and workers, each a process of its own."""

    def __init__(self, folder: Path, stack: ExitStack, workers: int) -> None:
        self._folder, self._stack = folder, stack
        known = folder / "scheduler.json"
        self._start("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(known))
        deadline = time.monotonic() + 60
        while not known.exists() or not known.read_text():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)
        self.address = json.loads(known.read_text())["address"]
        options = ["--no-nanny", "--no-dashboard", "--nthreads", "1"]
        self.workers = [self._start("worker", self.address, *options) for _ in range(workers)]

    def log(self) -> str:
        """All that the processes wrote."""
        return (self._folder / "log").read_text()

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *words, "--host", "127.0.0.1"]
        log = self._stack.enter_context((self._folder / "log").open("ab"))
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            env=os.environ
            | {"PYTHONPATH": str(ROOT), "DASK_TEMPORARY_DIRECTORY": str(self._folder)},
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Cluster]]:
    """A function that starts a cluster of so many workers."""
    with ExitStack() as stack:
        yield lambda workers: Cluster(tmp_path_factory.mktemp("dask"), stack, workers)


@pytest.fixture
def posts(tmp_path: Path, tiny_examples: Examples) -> Path:
    """A file of some hundred chunks."""
    path = tmp_path / "posts.jsonl"
    texts = [f"{text} {i}" for i in range(300) for text in tiny_examples.texts]
    path.write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in enumerate(texts)))
    return path


def wait_for(cluster: Cluster, workers: int) -> None:
    """Wait until the scheduler knows all workers."""
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(workers, timeout=60)


def test_killed_worker_loses_and_doubles_nothing(
    run: Run,
    posts: Path,
    tmp_path: Path,
    start: Callable[[int], Cluster],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a worker killed mid-run, the result is the local one byte for byte."""
    monkeypatch.setattr(source, "CHUNK_BYTES", 2000)
    run(posts, tmp_path / "local.jsonl")
    cluster = start(3)
    wait_for(cluster, 3)
    at = []

    def kill(progress: Progress) -> None:
        if not at and progress.done.lines > 500:
            at.append(progress.done.lines)
            cluster.workers[0].kill()

    backend = backends.dask(cluster.address)
    summary = run(posts, tmp_path / "dask.jsonl", backend=backend, progress=kill)
    assert 500 < at[0] < 4000
    assert cluster.workers[0].poll() is not None
    assert summary.done.lines == summary.done.labelled == 5400
    assert (tmp_path / "dask.jsonl").read_bytes() == (tmp_path / "local.jsonl").read_bytes()


def test_cluster_that_cannot_label_is_told(
    run: Run,
    posts: Path,
    tmp_path: Path,
    start: Callable[[int], Cluster],
    small_artifact: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody there, or workers without the model: each is one sentence."""
    monkeypatch.setattr(backends, "CONNECT_SECONDS", 2)
    with pytest.raises(BulkError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        run(posts, tmp_path / "out", backend=backends.dask("tcp://127.0.0.1:1"))
    cluster = start(1)
    wait_for(cluster, 1)
    # A folder that only this process sees, by its relative name.
    monkeypatch.chdir(tmp_path)
    shutil.copytree(small_artifact, "only-here")
    with pytest.raises(ArtifactError, match="only-here holds no trained model"):
        run(
            posts,
            tmp_path / "out",
            model_dir=Path("only-here"),
            backend=backends.dask(cluster.address),
        )
