"""Loading an artifact: what is verified, in which order, and the one sentence that refuses it."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.pipeline import Pipeline

from model import artifact
from model.artifact import CANARY_TEXTS
from model.errors import ArtifactError
from model.manifest import MANIFEST, current_versions, read_manifest

INSTALL_OR_TRAIN = r"run `make install`, or run `make train`$"


class Evil:
    """Touches a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return touch, (str(self.target),)


def touch(target: str) -> None:
    """What the evil dump runs."""
    Path(target).touch()


class Odd(Pipeline):  # type: ignore[misc]  # scikit-learn has no types
    """A pipeline without labels."""

    classes_ = property(lambda self: 1 / 0)


@pytest.fixture
def folder(tiny_artifact: Path, tmp_path: Path) -> Path:
    """A copy of the artifact that a test may damage."""
    return Path(shutil.copytree(tiny_artifact, tmp_path / "model"))


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the manifest of a folder."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))


def dump_of(folder: Path) -> Path:
    """Return the path of the dump that the manifest names."""
    return folder / read_manifest(folder).pipeline.file


def vouch(folder: Path, content: bytes) -> None:
    """Put other bytes in the dump's place, with a manifest that vouches for them."""
    dump_of(folder).write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    edit(folder, lambda manifest: manifest["pipeline"].update(sha256=sha256))


def dumped(thing: object) -> bytes:
    """Return what joblib writes of an object."""
    buffer = io.BytesIO()
    joblib.dump(thing, buffer)
    return buffer.getvalue()


def assert_refused(folder: Path, sentence: str, end: str = "run `make train`$") -> None:
    """Loading fails with this one sentence, which ends in what to run."""
    with pytest.raises(ArtifactError, match=sentence) as caught:
        artifact.load(folder)
    assert re.search(end, str(caught.value))
    assert "\n" not in str(caught.value)


def test_saved_pipeline_loads_back(tiny_artifact: Path, tiny_pipeline: Pipeline) -> None:
    """The loaded pipeline answers as the saved one; the manifest states what it is."""
    loaded = artifact.load(tiny_artifact)
    before = tiny_pipeline.predict_proba(CANARY_TEXTS)
    np.testing.assert_array_equal(loaded.pipeline.predict_proba(CANARY_TEXTS), before)
    manifest = loaded.manifest
    assert manifest.labels == ["cooking", "jardín", "sailing"]
    assert manifest.versions["scikit-learn"] == sklearn.__version__
    assert manifest.hyperparameters == {"C": 10.0}
    assert manifest.data.examples_per_label == dict.fromkeys(manifest.labels, 6)
    assert manifest == read_manifest(tiny_artifact)
    dump = tiny_artifact / manifest.pipeline.file
    assert dump.name == f"pipeline-{manifest.version}.joblib"
    assert hashlib.sha256(dump.read_bytes()).hexdigest().startswith(manifest.version)


def test_dump_of_another_hash_is_not_unpickled(folder: Path, tmp_path: Path) -> None:
    """Code in a dump that the manifest does not vouch for never runs."""
    target = tmp_path / "touched"
    dump_of(folder).write_bytes(dumped(Evil(target)))
    assert_refused(folder, "does not have the SHA-256 .* not opened: restore both")
    assert not target.exists()
    vouch(folder, dumped(Evil(target)))
    assert_refused(folder, "holds no scikit-learn Pipeline")
    assert target.exists(), "the evil dump does run once it is vouched for"


def test_dump_of_other_versions_is_not_unpickled(folder: Path, tmp_path: Path) -> None:
    """Versions are compared before unpickling, which may fail obscurely under others."""
    target = tmp_path / "touched"
    vouch(folder, dumped(Evil(target)))
    edit(folder, lambda manifest: manifest["versions"].update({"scikit-learn": "0.1.2"}))
    sentence = re.escape(f"with scikit-learn 0.1.2, installed is {sklearn.__version__}: ")
    assert_refused(folder, sentence, INSTALL_OR_TRAIN)
    assert not target.exists()


@pytest.mark.parametrize("name", ["scikit-learn", "numpy", "joblib"])
def test_version_that_is_not_stated_is_refused(folder: Path, name: str) -> None:
    """A manifest that does not say what the pipeline was trained with is not trusted."""
    edit(folder, lambda manifest: manifest["versions"].pop(name))
    assert_refused(folder, f"trained with {name} an unstated version, installed", INSTALL_OR_TRAIN)


def test_newer_minor_version_of_numpy_is_accepted(folder: Path) -> None:
    """NumPy's and joblib's dumps load across minor versions, so only majors are compared."""
    majors = {name: current_versions()[name].split(".")[0] + ".999" for name in ("numpy", "joblib")}
    edit(folder, lambda manifest: manifest["versions"].update(majors))
    assert artifact.load(folder).manifest.versions["numpy"] == majors["numpy"]
    edit(folder, lambda manifest: manifest["versions"].update(numpy="0.9"))
    assert_refused(folder, "with numpy 0.9, installed is", INSTALL_OR_TRAIN)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda dump: dump[:-1], id="truncated"),
        pytest.param(lambda dump: b"", id="empty"),
        pytest.param(lambda dump: dump[:99] + bytes([dump[99] ^ 1]) + dump[100:], id="bit flip"),
    ],
)
def test_damaged_dump_is_refused(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    """One wrong bit is enough."""
    path = dump_of(folder)
    path.write_bytes(damage(path.read_bytes()))
    assert_refused(folder, "does not have the SHA-256 that its manifest states")


def test_missing_dump_is_refused(folder: Path) -> None:
    """A manifest without its dump names the file that is not there."""
    dump_of(folder).unlink()
    assert_refused(folder, r"/pipeline-\w{12}\.joblib cannot be read \(No such file")


def test_missing_manifest_is_no_trained_model(tmp_path: Path) -> None:
    """An empty folder, and one that does not exist, hold no trained model."""
    assert_refused(tmp_path, "holds no trained model")
    assert_refused(tmp_path / "none", "holds no trained model")


def test_unreadable_manifest_is_refused(folder: Path) -> None:
    """A folder in the manifest's place, and a file in the folder's, say why they cannot be read."""
    assert_refused(folder / MANIFEST, r"cannot be read \(Not a directory\)")
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).mkdir()
    assert_refused(folder, r"manifest\.json cannot be read \(Is a directory\)")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "truncated"),
        (b"nonsense", "JSON is malformed"),
        (b"[]", "Expected `object`"),
        (b'{"trained_at": "\xff"}', "utf-8"),
        (b'{"hyperparameters": {"C": ' + b"[" * 99_999, "recursion"),
        (b'{"format": 1}', "missing required field"),
    ],
)
def test_manifest_that_is_none_is_refused(folder: Path, content: bytes, reason: str) -> None:
    """Anything but the JSON of a manifest is refused with the parser's reason."""
    (folder / MANIFEST).write_bytes(content)
    assert_refused(folder, rf"manifest\.json is not a valid manifest \(.*{reason}.*\): ")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda manifest: manifest.update(extra=1), r"is not a valid manifest \(.*`extra`"),
        (lambda manifest: manifest.update(format=2), "has format 2, this version reads 1"),
        (lambda manifest: manifest.update(canaries=[]), r"length >= 1 - at `\$.canaries`"),
        (lambda manifest: manifest["pipeline"].update(file="../p.joblib"), "a dump outside it"),
        (lambda manifest: manifest["pipeline"].update(file="/p.joblib"), "a dump outside it"),
        (lambda manifest: manifest["pipeline"].update(file=".."), r"read \(Is a directory\)"),
        (lambda manifest: manifest["pipeline"].update(file=""), r"read \(Is a directory\)"),
        (lambda manifest: manifest["pipeline"].update(file="\0"), r"read \(embedded null byte\)"),
        (lambda manifest: manifest["labels"].reverse(), "disagrees with itself: .*'sailing', 'jar"),
        (lambda manifest: manifest["labels"].pop(), "disagrees with itself: the manifest lists"),
    ],
)
def test_manifest_that_does_not_fit_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    """Unknown fields, another format, a dump elsewhere and other labels are each refused."""
    edit(folder, change)
    assert_refused(folder, reason)


@pytest.mark.parametrize("index", [0, -1])
@pytest.mark.parametrize("label", ["cooking", "sailing"])
def test_pipeline_that_scores_otherwise_is_refused(folder: Path, index: int, label: str) -> None:
    """Every label's score of every canary is compared, with little room for rounding."""

    def shift(manifest: dict[str, Any], by: float) -> None:
        manifest["canaries"][index]["scores"][label] += by

    edit(folder, lambda manifest: shift(manifest, 5e-6))
    artifact.load(folder)
    edit(folder, lambda manifest: shift(manifest, 5e-5))
    text = re.escape(repr(CANARY_TEXTS[index]))
    assert_refused(folder, f"scores the text {text} otherwise than when", INSTALL_OR_TRAIN)


def test_canary_without_a_label_is_a_difference(folder: Path) -> None:
    """A score that the manifest does not state equals none."""
    edit(folder, lambda manifest: manifest["canaries"][3]["scores"].pop("cooking"))
    assert_refused(folder, "scores the text .* otherwise", INSTALL_OR_TRAIN)


def test_scores_that_are_no_numbers_are_a_difference(folder: Path) -> None:
    """NaN equals nothing, so a pipeline that gives it is refused."""
    pipeline = artifact.load(folder).pipeline
    pipeline["estimator"].intercept_[:] = np.nan
    vouch(folder, dumped(pipeline))
    assert_refused(folder, "scores the text .* otherwise", INSTALL_OR_TRAIN)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no pickle", r"cannot be unpickled \(\w+: .+\)"),
        (dumped({"a": "dictionary"}), "holds no scikit-learn Pipeline"),
        (dumped(Pipeline([("estimator", "passthrough")])), r"cannot predict \(AttributeError: "),
        (dumped(Odd([("estimator", "passthrough")])), r"cannot predict \(ZeroDivisionError: "),
    ],
)
def test_dump_that_is_no_working_pipeline_is_refused(
    folder: Path, content: bytes, reason: str
) -> None:
    """What cannot be unpickled, is no Pipeline or cannot predict is refused with the reason."""
    vouch(folder, content)
    assert_refused(folder, reason)


def test_long_reason_is_cut_to_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dump whose own version warning fills a paragraph is still refused in one sentence."""
    monkeypatch.setattr("sklearn.base.__version__", "0.1.2")
    assert_refused(folder, r"cannot be unpickled \(InconsistentVersionWarning: .*\.\.\.\)")
