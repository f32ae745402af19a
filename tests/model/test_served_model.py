"""The committed artifact, held against the full dataset where DATA_DIR has it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from model import artifact
from model.artifact import Artifact
from model.classifier import Classifier, CompiledScorer, make_scorer
from model.compiled import CompiledPipeline
from model.dataset import Examples, find_file, read_examples
from model.errors import DatasetError
from model.sources import CHALLENGE
from model.views import MAIL_VIEWS

ROOT = Path(__file__).resolve().parents[2]

# Accuracy and macro-F1 that the served model was asked to reach on each view.
REACH = {"post": (0.963, 0.962), "body": (0.941, 0.940), "plain": (0.870, 0.867)}


@pytest.fixture(scope="module")
def served() -> Artifact:
    """The committed artifact; the tests are skipped where somebody's own stands in its place."""
    loaded = artifact.load(ROOT / "model" / "trained")
    if loaded.manifest.data.source != CHALLENGE.name:
        pytest.skip(f"model/ was trained on {loaded.manifest.data.source}")
    return loaded


@pytest.fixture(scope="module")
def test_set() -> Examples:
    """The challenge's test set; the test is skipped where it is not to be had."""
    data_dir = ROOT / os.environ.get("DATA_DIR", "data")
    try:
        return read_examples(find_file(data_dir, "test"))
    except DatasetError as error:
        pytest.skip(f"the full dataset is needed: {error}")


def test_artifact_is_small(served: Artifact) -> None:
    """The committed dump stays within 3 MB."""
    assert (ROOT / "model" / "trained" / served.manifest.pipeline.file).stat().st_size <= 3_000_000


@pytest.mark.parametrize("view", MAIL_VIEWS)
def test_compiled_agrees_on_the_test_set(served: Artifact, test_set: Examples, view: str) -> None:
    """Compiled, the pipeline gives every text the same label and the same decision values."""
    assert isinstance(make_scorer(served.pipeline, served.manifest), CompiledScorer)
    texts = [MAIL_VIEWS[view](text) for text in test_set.texts]
    values, _ = CompiledPipeline(served.pipeline).score_many(texts)
    stock = served.pipeline.decision_function(texts)
    assert np.array_equal(
        served.pipeline.classes_[values.argmax(axis=1)], served.pipeline.predict(texts)
    )
    assert np.abs(values - (stock - stock.mean(axis=1, keepdims=True))).max() <= 1e-5


@pytest.mark.parametrize("view", MAIL_VIEWS)
def test_quality_is_what_the_manifest_says(served: Artifact, test_set: Examples, view: str) -> None:
    """The figures that are published are those that the artifact has, and they meet the reach."""
    classifier = Classifier(make_scorer(served.pipeline, served.manifest), served.manifest)
    predicted = [classifier.predict(MAIL_VIEWS[view](text)).label for text in test_set.texts]
    accuracy = accuracy_score(test_set.labels, predicted)
    macro_f1 = f1_score(test_set.labels, predicted, average="macro")
    assert served.manifest.evaluation is not None, "run `make evaluate`"
    assert served.manifest.evaluation.test_sha256 == test_set.sha256
    published = served.manifest.evaluation.views[view]
    assert (accuracy, macro_f1) == pytest.approx(
        (published["accuracy"], published["macro_f1"]), abs=1e-6
    )
    assert accuracy >= REACH[view][0]
    assert macro_f1 >= REACH[view][1]
