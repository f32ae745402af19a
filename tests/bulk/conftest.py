"""A job over the tiny model, and the bytes that it makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bulk import backends, source
from bulk.labelling import Task
from bulk.options import Options
from bulk.run import Job, Summary, label_file
from model.artifact import read_manifest

Run = Callable[..., Summary]


@pytest.fixture
def run(tiny_artifact: Path) -> Run:
    """A function that labels a file in this process, by options as the command has them."""

    def label(given: Path | str, output: Path | str, **options: Any) -> Summary:
        progress = options.pop("progress", lambda _: None)
        backend = options.pop("backend", None) or backends.local(1)
        defaults = {"label_field": "label", "model_dir": tiny_artifact}
        job = Job(input=str(given), output=str(output), **defaults | options)
        return label_file(job, backend, progress)

    return label


@pytest.fixture
def task(tiny_artifact: Path) -> Callable[..., Task]:
    """A function that makes the task of labelling by the tiny model."""

    def make(skip: bool = False, zipped: bool = False, **options: Any) -> Task:
        sha256 = read_manifest(tiny_artifact).pipeline.sha256
        chosen = Options(**{"format": "jsonl"} | options)
        return Task(chosen, str(tiny_artifact), sha256, zipped, skip)

    return make


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of a few lines each, so that a small file has many."""
    monkeypatch.setattr(source, "CHUNK_BYTES", 100)
