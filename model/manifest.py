"""What is known of a trained artifact without unpickling it: its manifest, and who reads it.

The manifest is the commit of an artifact: it names the dump and states its hash, so replacing it
switches from one whole artifact to the next.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Annotated, Any

import joblib
import msgspec
import numpy as np
import sklearn

from model.atomic import replace_file
from model.errors import ArtifactError

FORMAT = 1
MANIFEST = "manifest.json"
RETRAIN = "run `make train`"


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
    canaries: Annotated[list[Canary], msgspec.Meta(min_length=1)]
    evaluation: EvaluationSummary | None = None

    @property
    def version(self) -> str:
        """Short name of this very model: the first twelve digits of the dump's SHA-256."""
        return self.pipeline.sha256[:12]


def read_manifest(directory: Path) -> Manifest:
    """Read the manifest of a folder; raises ArtifactError when there is none or it is not valid."""
    path = directory / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise ArtifactError(f"{directory} holds no trained model: {RETRAIN}") from None
    except OSError as error:
        raise unreadable(path, error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ArtifactError(f"{path} is not a valid manifest ({error}): {RETRAIN}") from None
    if manifest.format != FORMAT:
        raise ArtifactError(
            f"{path} has format {manifest.format}, this version reads {FORMAT}: {RETRAIN}"
        )
    return manifest


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Replace the manifest of a folder in one step."""
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    replace_file(directory / MANIFEST, content)


def current_versions() -> dict[str, str]:
    """Versions of what a dump depends on."""
    return {
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "joblib": joblib.__version__,
    }


def unreadable(path: Path, error: OSError | ValueError) -> ArtifactError:
    """The error of a file of an artifact that cannot be read."""
    reason = getattr(error, "strerror", None) or error
    return ArtifactError(f"{path} cannot be read ({reason}): correct that, or {RETRAIN}")
