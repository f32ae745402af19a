"""Saving an artifact: whole or not at all, the same bytes every time, nothing left behind."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from model import artifact
from model.dataset import Examples
from model.errors import ArtifactError
from model.manifest import MANIFEST, Manifest, read_manifest

# Fits and saves in a process of its own: argument 1 is the unfitted pipeline, 2 the folder.
SAVE_ELSEWHERE = """
import sys
from pathlib import Path
import joblib
from model import artifact
pipeline, texts, labels, data = joblib.load(sys.argv[1])
pipeline.fit(texts, labels)
artifact.save(Path(sys.argv[2]), pipeline, trained_at="", training_seconds=0, data=data,
              hyperparameters={})
"""

Patch = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture
def folder(tiny_artifact: Path, tmp_path: Path) -> Path:
    """A copy of the artifact that a test may replace."""
    return Path(shutil.copytree(tiny_artifact, tmp_path / "model"))


@pytest.fixture(scope="session")
def other_pipeline(tiny_pipeline: Pipeline, tiny_examples: Examples) -> Pipeline:
    """A pipeline of other weights than the artifact's."""
    pipeline = clone(tiny_pipeline).set_params(estimator__C=0.5)
    return pipeline.fit(tiny_examples.texts, tiny_examples.labels)


def save(folder: Path, pipeline: Pipeline, like: Path) -> Manifest:
    """Save a pipeline with the particulars of another artifact."""
    return artifact.save(
        folder,
        pipeline,
        trained_at="2025-01-02T03:04:05+00:00",
        training_seconds=1.5,
        data=read_manifest(like).data,
        hyperparameters={"C": 0.5},
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Return all that a folder holds, hidden files too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def fail_at(owner: object, name: str, call: int, error: BaseException) -> Patch:
    """Make one call of a function, counted from 1, raise; the others pass through."""
    real = getattr(owner, name)
    calls = []

    def failing(*args: object, **kwargs: object) -> object:
        calls.append(args)
        if len(calls) == call:
            raise error
        return real(*args, **kwargs)

    return lambda monkeypatch: monkeypatch.setattr(owner, name, failing)


def test_saving_replaces_the_earlier_artifact(folder: Path, other_pipeline: Pipeline) -> None:
    """Only the new dump and manifest remain; both may be read by other users."""
    before = contents(folder)
    manifest = save(folder, other_pipeline, like=folder)
    assert sorted(contents(folder)) == sorted([MANIFEST, manifest.pipeline.file])
    assert manifest.pipeline.file not in before
    assert artifact.load(folder).manifest == manifest
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}


def test_saving_makes_the_folder(
    tmp_path: Path, tiny_artifact: Path, tiny_pipeline: Pipeline
) -> None:
    """Folders on the way to the artifact are made."""
    manifest = save(tmp_path / "new" / "model", tiny_pipeline, like=tiny_artifact)
    assert artifact.load(tmp_path / "new" / "model").manifest == manifest


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("call", [1, 2], ids=["dump", "manifest"])
@pytest.mark.parametrize(
    ("owner", "name"),
    [(tempfile, "mkstemp"), (os, "fsync"), (os, "chmod"), (os, "replace")],
    ids=["mkstemp", "fsync", "chmod", "replace"],
)
def test_crash_while_saving_leaves_the_earlier_artifact_whole(
    folder: Path,
    other_pipeline: Pipeline,
    owner: object,
    name: str,
    call: int,
    error: BaseException,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whichever step fails, by a full disk or an interruption, the old artifact still loads."""
    before = contents(folder)
    fail_at(owner, name, call, error)(monkeypatch)
    with pytest.raises((ArtifactError, KeyboardInterrupt)) as caught:
        save(folder, other_pipeline, like=folder)
    if isinstance(error, OSError):
        sentence = "cannot be written (No space left on device): correct that and run `make train`"
        assert str(caught.value) == f"{folder} {sentence}"
    monkeypatch.undo()
    assert before.items() <= contents(folder).items()
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    artifact.load(folder)
    # What the failed attempt may leave, a whole dump, the next one clears away.
    save(folder, other_pipeline, like=folder)
    assert len(contents(folder)) == 2


def test_crash_while_clearing_up_leaves_the_new_artifact_whole(
    folder: Path, other_pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old dumps go last: when they cannot be removed, the new artifact is there already."""
    fail_at(Path, "unlink", 1, OSError(errno.EPERM, "Operation not permitted"))(monkeypatch)
    with pytest.raises(ArtifactError, match="Operation not permitted"):
        save(folder, other_pipeline, like=folder)
    assert artifact.load(folder).manifest.hyperparameters == {"C": 0.5}


def test_folder_that_cannot_be_made_is_told(
    tiny_artifact: Path, tiny_pipeline: Pipeline, tmp_path: Path
) -> None:
    """A file in the folder's place is named, with what to do."""
    (tmp_path / "model").touch()
    with pytest.raises(
        ArtifactError, match=r"model cannot be written \(File exists\): correct that"
    ):
        save(tmp_path / "model", tiny_pipeline, like=tiny_artifact)


def test_pipeline_of_no_numbers_is_not_saved(folder: Path) -> None:
    """A pipeline that gives NaN does not replace one that works."""
    before = contents(folder)
    pipeline = artifact.load(folder).pipeline
    pipeline["estimator"].intercept_[:] = np.nan
    with pytest.raises(ArtifactError, match=r"no numbers, so it was not saved: .* `make train`$"):
        save(folder, pipeline, like=folder)
    assert contents(folder) == before


def test_same_pipeline_has_the_same_hash(folder: Path, tiny_pipeline: Pipeline) -> None:
    """Saving again, and after more use, gives the same dump; its first record stays."""
    before = read_manifest(folder)
    tiny_pipeline.predict(["Knead the dough."])
    after = save(folder, tiny_pipeline, like=folder)
    assert after == before
    assert read_manifest(folder) == before


def test_same_training_has_the_same_hash_in_every_process(
    tiny_artifact: Path, tiny_pipeline: Pipeline, tiny_examples: Examples, tmp_path: Path
) -> None:
    """Neither the seed of Python's hashes nor memory addresses reach the dump."""
    recipe = tmp_path / "recipe"
    data = read_manifest(tiny_artifact).data
    joblib.dump((clone(tiny_pipeline), tiny_examples.texts, tiny_examples.labels, data), recipe)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SAVE_ELSEWHERE, str(recipe), str(tmp_path / seed)],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for seed in ("1", "2")
    ]
    assert [process.wait() for process in processes] == [0, 0]
    first, second = (artifact.load(tmp_path / seed).manifest.pipeline for seed in ("1", "2"))
    assert first == second


def test_saving_waits_while_the_artifact_is_kept(
    folder: Path, other_pipeline: Pipeline, tiny_artifact: Path
) -> None:
    """Whoever writes beside an artifact finds at the end the one that there was at the start."""
    manifest = read_manifest(folder)
    with ThreadPoolExecutor(1) as executor:
        with artifact.unchanged(folder, manifest):
            saving = executor.submit(save, folder, other_pipeline, tiny_artifact)
            with pytest.raises(TimeoutError):
                saving.result(timeout=0.5)
            assert read_manifest(folder) == manifest
        newer = saving.result(timeout=30)
    assert read_manifest(folder) == newer != manifest
