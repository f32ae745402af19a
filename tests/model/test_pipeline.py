"""Tests of the pipelines."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import joblib
import numpy as np
import pytest

from model.pipeline import baseline_pipeline, build_pipeline
from model.tokens import tokenize

ROOT = Path(__file__).parents[2]

TEXTS = ["the moon orbits", "a rocket to the moon", "bake the bread", "bread and soup", "hot soup"]
LABELS = ["space", "space", "food", "food", "food"]

DUMP = """
import sys
from tests.model.test_pipeline import dumped
sys.stdout.buffer.write(dumped())
"""


def dumped() -> bytes:
    """The artifact of the served pipeline fitted on this file's texts."""
    stream = io.BytesIO()
    joblib.dump(build_pipeline().fit(TEXTS, LABELS), stream, compress=("zlib", 9))
    return stream.getvalue()


@pytest.mark.parametrize("factory", [build_pipeline, baseline_pipeline])
def test_learns_and_predicts(factory: object) -> None:
    """Both pipelines go from raw texts to labels and probabilities."""
    fitted = factory().fit(TEXTS, LABELS)  # type: ignore[operator]
    assert fitted.predict(["moon rocket", "fresh bread"]).tolist() == ["space", "food"]
    np.testing.assert_allclose(fitted.predict_proba(["moon"]).sum(), 1.0)


def test_parameters_reach_the_steps() -> None:
    """Every argument of `build_pipeline` sets the parameter it names."""
    parameters = build_pipeline(2, 0.3, 0.7, 5.0, 9).get_params()
    assert parameters["features__min_df"] == 2
    assert parameters["classifier__nb_weight"] == 0.3
    assert parameters["classifier__smoothing"] == 0.7
    assert parameters["classifier__C"] == 5.0
    assert parameters["classifier__random_state"] == 9


def test_unknown_words_give_the_intercept() -> None:
    """A text without a known word is scored by the intercept alone."""
    fitted = build_pipeline().fit(TEXTS, LABELS)
    scores = fitted.decision_function(["", "xyzzy"])
    np.testing.assert_allclose(scores, fitted[-1].intercept_.repeat(2))


def test_prediction_folds_into_one_matrix() -> None:
    """Counting words and one product with idf-scaled weights give the pipeline's score."""
    fitted = build_pipeline().fit(TEXTS, LABELS)
    _, vectorizer, classifier = fitted
    text = "moon moon soup unknown"
    counts = {w: n for w, n in Counter(tokenize(text)).items() if w in vectorizer.vocabulary_}
    columns = [vectorizer.vocabulary_[word] for word in counts]
    values = (1 + np.log(list(counts.values()))) * vectorizer.idf_[columns]
    score = values @ classifier.coef_[0, columns] / np.linalg.norm(values)
    expected = fitted.decision_function([text])[0]
    assert score + classifier.intercept_[0] == pytest.approx(expected, rel=1e-5)


def test_artifact_is_the_same_in_every_process() -> None:
    """A dump made in a process with another hash seed is equal byte for byte."""
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
    }
    done = subprocess.run(
        [sys.executable, "-c", DUMP], env=environment, capture_output=True, check=True
    )
    assert done.stdout == dumped()
