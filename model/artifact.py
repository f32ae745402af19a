"""The trained artifact on disk: one joblib dump and the readable manifest that vouches for it.

Two rules hold here. Nothing is unpickled before its bytes match the manifest's hash, because
unpickling runs code. And the dump's name carries its own hash, so that a crash at any moment leaves
the earlier artifact whole.
"""

from __future__ import annotations

import hashlib
import io
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline

from model.atomic import locked, replace_file
from model.errors import ArtifactError
from model.manifest import (
    FORMAT,
    RETRAIN,
    Canary,
    DumpFile,
    Manifest,
    TrainingData,
    current_versions,
    read_manifest,
    unreadable,
    write_manifest,
)

# Probabilities of the same pipeline may differ in the last bits between processors.
CANARY_TOLERANCE = 1e-5

# Written for this purpose: plain and shouted, with digits and addresses, in other scripts, and one
# with no known word at all, so that a pipeline that tokenises or weighs differently shows up.
CANARY_TEXTS = (
    "The probe entered orbit around the moon after a four day flight.",
    "Which resistor do I need so that the LED does not burn out at 12 volts?",
    "The cipher is only as strong as the secrecy of its 128-bit key.",
    "Parliament voted on the new tax law late on Tuesday evening.",
    "The goalie stopped every shot in overtime and won the cup.",
    "HE PITCHED NINE INNINGS, gave up two hits & struck out 11 batters!!!",
    "Write to someone@example.org or see the manual; it's a well-known problem.",
    "Ракета вышла на орбиту, la fusée est en orbite, 火箭进入轨道.",
    "zzyzx qwfpgj",
)


@dataclass(frozen=True)
class Artifact:
    """A verified pipeline and its manifest."""

    pipeline: Pipeline
    manifest: Manifest


def save(
    directory: Path,
    pipeline: Pipeline,
    *,
    trained_at: str,
    training_seconds: float,
    data: TrainingData,
    hyperparameters: dict[str, Any],
) -> Manifest:
    """Write a fitted pipeline and its manifest, replacing the folder's earlier artifact whole.

    The same training gives the same dump in every process. Where the folder holds that already,
    nothing is written, and the record of the first training stays. Raises ArtifactError when the
    scores are no numbers or the folder cannot be written.
    """
    canaries = _canaries(pipeline)
    dump = dumped(pipeline)
    sha256 = hashlib.sha256(dump).hexdigest()
    manifest = Manifest(
        format=FORMAT,
        pipeline=DumpFile(file=f"pipeline-{sha256[:12]}.joblib", sha256=sha256),
        labels=[str(label) for label in pipeline.classes_],
        trained_at=trained_at,
        training_seconds=training_seconds,
        data=data,
        hyperparameters=hyperparameters,
        versions=current_versions(),
        canaries=canaries,
    )
    earlier = _earlier(directory)
    if earlier and (earlier.pipeline, earlier.data) == (manifest.pipeline, data):
        return earlier
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with locked(directory):
            replace_file(directory / manifest.pipeline.file, dump)
            write_manifest(directory, manifest)
            for other in directory.glob("pipeline-*.joblib"):
                if other.name != manifest.pipeline.file:
                    other.unlink()
    except OSError as error:
        raise ArtifactError(
            f"{directory} cannot be written ({error.strerror or error}): correct that and {RETRAIN}"
        ) from None
    return manifest


@contextmanager
def unchanged(directory: Path, manifest: Manifest) -> Iterator[None]:
    """Keep the folder's artifact as it is while something is written beside it.

    Raises ArtifactError when the artifact is no longer the one of this manifest.
    """
    with locked(directory):
        if read_manifest(directory).pipeline != manifest.pipeline:
            raise ArtifactError(
                f"{directory} holds another model by now than the one that was evaluated, so"
                " nothing was written: run `make evaluate` again"
            )
        yield


def _earlier(directory: Path) -> Manifest | None:
    """Return the manifest of an artifact that is there and whole."""
    try:
        manifest = read_manifest(directory)
        _verified_bytes(directory, manifest.pipeline)
    except ArtifactError:
        return None
    return manifest


def load(directory: Path) -> Artifact:
    """Read, verify and unpickle the artifact of a folder.

    In this order: manifest readable, hash equal, versions compatible, labels equal, canaries
    reproduced. Raises ArtifactError, in one sentence that says what to run, at the first that
    fails; the dump is unpickled from the very bytes that were hashed.
    """
    manifest = read_manifest(directory)
    dump = _verified_bytes(directory, manifest.pipeline)
    _check_versions(directory, manifest)
    pipeline = _unpickle(dump, directory / manifest.pipeline.file)
    try:
        labels = [str(label) for label in pipeline.classes_]
        rows = pipeline.predict_proba([canary.text for canary in manifest.canaries])
    except Exception as error:
        raise ArtifactError(
            f"{directory} holds a pipeline that cannot predict ({_brief(error)}): {RETRAIN}"
        ) from error
    if labels != manifest.labels:
        raise ArtifactError(
            f"{directory} disagrees with itself: the manifest lists the labels"
            f" {manifest.labels}, the pipeline {labels}: {RETRAIN}"
        )
    _check_canaries(rows, manifest, directory)
    return Artifact(pipeline, manifest)


def dumped(pipeline: Pipeline) -> bytes:
    """The bytes of a pipeline, equal for equal pipelines."""
    _forget_addresses(pipeline)
    buffer = io.BytesIO()
    # xz makes the smallest file; unpacking it takes a few milliseconds at start-up.
    joblib.dump(pipeline, buffer, compress=("xz", 6))
    return buffer.getvalue()


def _verified_bytes(directory: Path, dump: DumpFile) -> bytes:
    if Path(dump.file).name != dump.file:
        raise ArtifactError(f"the manifest of {directory} names a dump outside it: {RETRAIN}")
    path = directory / dump.file
    try:
        content = path.read_bytes()
    # A name with a null character is a ValueError.
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    if hashlib.sha256(content).hexdigest() != dump.sha256:
        raise ArtifactError(
            f"{path} does not have the SHA-256 that its manifest states, so it was not opened:"
            f" restore both files together, or {RETRAIN}"
        )
    return content


def _check_versions(directory: Path, manifest: Manifest) -> None:
    """scikit-learn promises nothing across its versions; NumPy and joblib keep to their majors."""
    installed = current_versions()
    for name, compared in (("scikit-learn", 3), ("numpy", 1), ("joblib", 1)):
        trained = manifest.versions.get(name, "an unstated version")
        if trained.split(".")[:compared] != installed[name].split(".")[:compared]:
            raise ArtifactError(
                f"{directory} was trained with {name} {trained}, installed is {installed[name]}:"
                f" run `make install`, or {RETRAIN}"
            )


def _unpickle(dump: bytes, path: Path) -> Pipeline:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            pipeline = joblib.load(io.BytesIO(dump))
    except Exception as error:
        raise ArtifactError(f"{path} cannot be unpickled ({_brief(error)}): {RETRAIN}") from error
    if not isinstance(pipeline, Pipeline):
        raise ArtifactError(f"{path} holds no scikit-learn Pipeline: {RETRAIN}")
    return pipeline


def _brief(error: Exception) -> str:
    """One line of an error: those of other libraries may span a paragraph."""
    return textwrap.shorten(f"{type(error).__name__}: {error}", 120, placeholder="...")


def _canaries(pipeline: Pipeline) -> list[Canary]:
    labels = [str(label) for label in pipeline.classes_]
    rows = pipeline.predict_proba(CANARY_TEXTS)
    if not np.isfinite(rows).all():
        raise ArtifactError(
            "the trained pipeline gives scores that are no numbers, so it was not saved:"
            f" correct the data or the hyperparameters and {RETRAIN}"
        )
    return [
        Canary(text, dict(zip(labels, map(float, row), strict=True)))
        for text, row in zip(CANARY_TEXTS, rows, strict=True)
    ]


def _forget_addresses(pipeline: Pipeline) -> None:
    """Drop the memory address that a vectoriser keeps: equal dumps would differ by process.

    scikit-learn notes there which stop words it has checked already; it notes them again.
    """
    for _, step in pipeline.steps:
        getattr(step, "__dict__", {}).pop("_stop_words_id", None)


def _check_canaries(rows: NDArray[np.float64], manifest: Manifest, directory: Path) -> None:
    for canary, row in zip(manifest.canaries, rows, strict=True):
        expected = [canary.scores.get(label, np.nan) for label in manifest.labels]
        # A NaN on either side must count as a difference.
        if not np.all(np.abs(row - expected) <= CANARY_TOLERANCE):
            raise ArtifactError(
                f"{directory} scores the text {canary.text!r} otherwise than when it was trained:"
                f" run `make install`, or {RETRAIN}"
            )
