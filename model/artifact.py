"""The trained artifact on disk: one joblib dump and the readable manifest that vouches for it.

May import nothing of ours but the errors. Two rules hold here. Nothing is unpickled before its
bytes match the manifest's hash, because unpickling runs code. And the manifest is the commit: the
dump's name carries its own hash, so replacing the manifest switches from one whole artifact to the
next, and a crash at any moment leaves the old one whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import platform
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import msgspec
import numpy as np
import sklearn
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.pipeline import Pipeline

from model.errors import ArtifactError

FORMAT = 1
MANIFEST = "manifest.json"
RETRAIN = "run `make train`"

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


class DumpFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The joblib dump: its file name beside the manifest and the SHA-256 of its bytes."""

    file: str
    sha256: str


class TrainingData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the pipeline was trained on."""

    source: str
    sha256: str
    examples: int
    examples_per_label: dict[str, int]
    views: list[str]


class Canary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text and the probabilities that the pipeline gave it when it was trained."""

    text: str
    scores: dict[str, float]


class EvaluationSummary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Headline figures per view on the test file with this SHA-256."""

    test_sha256: str
    examples: int
    views: dict[str, dict[str, float]]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything known of an artifact that can be read without unpickling it."""

    format: int
    pipeline: DumpFile
    labels: list[str]
    trained_at: str
    training_seconds: float
    data: TrainingData
    hyperparameters: dict[str, Any]
    versions: dict[str, str]
    canaries: list[Canary]
    evaluation: EvaluationSummary | None = None

    @property
    def version(self) -> str:
        """Short name of this very model: the first twelve digits of the dump's SHA-256."""
        return self.pipeline.sha256[:12]


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

    Raises ArtifactError when the folder cannot be written.
    """
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
        canaries=_canaries(pipeline),
    )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _replace(directory / manifest.pipeline.file, dump)
        write_manifest(directory, manifest)
        for other in directory.glob("pipeline-*.joblib"):
            if other.name != manifest.pipeline.file:
                other.unlink()
    except OSError as error:
        raise ArtifactError(f"{directory} cannot be written: {error.strerror or error}") from None
    return manifest


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Replace the manifest of a folder in one step."""
    _replace(directory / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))


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
    labels = [str(label) for label in pipeline.classes_]
    if labels != manifest.labels:
        raise ArtifactError(
            f"{directory} disagrees with itself: the manifest lists the labels"
            f" {manifest.labels}, the pipeline {labels}: {RETRAIN}"
        )
    _check_canaries(pipeline, manifest, directory)
    return Artifact(pipeline, manifest)


def read_manifest(directory: Path) -> Manifest:
    """Read the manifest of a folder; raises ArtifactError when there is none or it is not valid."""
    path = directory / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise ArtifactError(f"{directory} holds no trained model: {RETRAIN}") from None
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror or error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path} is not a valid manifest ({error}): {RETRAIN}") from None
    if manifest.format != FORMAT:
        raise ArtifactError(
            f"{path} has format {manifest.format}, this version reads {FORMAT}: {RETRAIN}"
        )
    return manifest


def current_versions() -> dict[str, str]:
    """Versions of what a dump depends on."""
    return {
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "joblib": joblib.__version__,
    }


def _verified_bytes(directory: Path, dump: DumpFile) -> bytes:
    if Path(dump.file).name != dump.file:
        raise ArtifactError(f"the manifest of {directory} names a dump outside it: {RETRAIN}")
    path = directory / dump.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror or error}") from None
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
        raise ArtifactError(f"{path} cannot be unpickled here ({error}): {RETRAIN}") from error
    if not isinstance(pipeline, Pipeline):
        raise ArtifactError(f"{path} holds no scikit-learn Pipeline: {RETRAIN}")
    return pipeline


def dumped(pipeline: Pipeline) -> bytes:
    """The bytes of a pipeline, equal for equal pipelines."""
    for _, step in pipeline.steps:
        # scikit-learn's vectorisers note the address of their stop words to check them only once:
        # without it they check again, with it the bytes would differ from process to process.
        vars(step).pop("_stop_words_id", None)
    buffer = io.BytesIO()
    # xz makes the smallest file; unpacking it takes a few milliseconds at start-up.
    joblib.dump(pipeline, buffer, compress=("xz", 6))
    return buffer.getvalue()


def _canaries(pipeline: Pipeline) -> list[Canary]:
    labels = [str(label) for label in pipeline.classes_]
    return [
        Canary(text, dict(zip(labels, map(float, row), strict=True)))
        for text, row in zip(CANARY_TEXTS, pipeline.predict_proba(CANARY_TEXTS), strict=True)
    ]


def _check_canaries(pipeline: Pipeline, manifest: Manifest, directory: Path) -> None:
    rows = pipeline.predict_proba([canary.text for canary in manifest.canaries])
    for canary, row in zip(manifest.canaries, rows, strict=True):
        expected = [canary.scores.get(label, np.nan) for label in manifest.labels]
        # A NaN on either side must count as a difference.
        if not np.all(np.abs(row - expected) <= CANARY_TOLERANCE):
            raise ArtifactError(
                f"{directory} scores the text {canary.text!r} otherwise than when it was trained:"
                f" run `make install`, or {RETRAIN}"
            )


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that its name holds the old content or the new, whole, and nothing else."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes private files; an artifact is read by other users, such as a server's.
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
