"""The served classifier: its predictions, its explanations and what it does not do per text."""

from __future__ import annotations

import builtins
import io
import logging
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline

from model import artifact
from model.classifier import (
    Classifier,
    CompiledScorer,
    PipelineScorer,
    load_classifier,
    make_scorer,
)
from model.dataset import Examples
from model.errors import ArtifactError
from model.manifest import Canary, Manifest, read_manifest

TEXT = "The soup needs SALT, salt and wind; water the zyx again, суп"
TEXTS = [TEXT, "", "zyx", "Prune the roses.", "帆船 在 海上", "A boat, a boat!"]


class Reversed(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """An estimator with weights that do not mean what those of a linear model mean."""

    def fit(self, X: Any, y: list[str]) -> Reversed:  # scikit-learn's own name
        self._inner = LogisticRegression(C=10.0).fit(X, y)
        self.classes_ = self._inner.classes_
        self.coef_, self.intercept_ = -self._inner.coef_, self._inner.intercept_
        return self

    def predict(self, X: Any) -> NDArray[np.str_]:
        """The likeliest labels."""
        labels: NDArray[np.str_] = self._inner.predict(X)
        return labels

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities, by other weights than `coef_`."""
        probabilities: NDArray[np.float64] = self._inner.predict_proba(X)
        return probabilities


OTHERWISE = "compiled, it would score the text 'The probe entered orbit"
UNCOMPILABLE = {
    "other steps": (CountVectorizer(), MultinomialNB(), "its features are made by CountVectorizer"),
    "naive Bayes": (TfidfVectorizer(), MultinomialNB(), "its estimator MultinomialNB has no coef_"),
    "one against rest": (
        TfidfVectorizer(),
        OneVsRestClassifier(LogisticRegression()),
        "its estimator OneVsRestClassifier has no coef_",
    ),
    "calibrated": (
        TfidfVectorizer(),
        CalibratedClassifierCV(LogisticRegression(), cv=3),
        "its estimator CalibratedClassifierCV has no coef_",
    ),
    "other link": (TfidfVectorizer(), SGDClassifier(loss="log_loss", random_state=0), OTHERWISE),
    "other weights": (TfidfVectorizer(), Reversed(), OTHERWISE),
}


@dataclass(frozen=True)
class Pair:
    """A classifier and the pipeline that it was made from."""

    classifier: Classifier
    pipeline: Pipeline


@pytest.fixture
def compiled(tiny_artifact: Path, tiny_pipeline: Pipeline) -> Pair:
    """A classifier loaded from disk, which compiles."""
    return Pair(load_classifier(tiny_artifact), tiny_pipeline)


def manifest_of(pipeline: Pipeline, like: Path) -> Manifest:
    """Return the manifest of another artifact with this pipeline's canaries."""
    rows = pipeline.predict_proba(artifact.CANARY_TEXTS).tolist()
    canaries = [
        Canary(text, dict(zip(pipeline.classes_, row, strict=True)))
        for text, row in zip(artifact.CANARY_TEXTS, rows, strict=True)
    ]
    return msgspec.structs.replace(read_manifest(like), canaries=canaries)


@pytest.fixture(params=UNCOMPILABLE)
def uncompilable(request: pytest.FixtureRequest, tiny_examples: Examples) -> tuple[Pipeline, str]:
    """A fitted pipeline that does not compile, and why."""
    vectorizer, estimator, reason = UNCOMPILABLE[request.param]
    pipeline = Pipeline([("vectorizer", clone(vectorizer)), ("estimator", clone(estimator))])
    return pipeline.fit(tiny_examples.texts, tiny_examples.labels), reason


@pytest.mark.parametrize("text", TEXTS)
def test_compiled_prediction_is_the_pipelines(compiled: Pair, text: str) -> None:
    """Label and probabilities are those that the pipeline itself gives."""
    prediction = compiled.classifier.predict(text)
    expected = compiled.pipeline.predict_proba([text])[0]
    np.testing.assert_allclose(prediction.probabilities, expected, rtol=0, atol=1e-5)
    assert prediction.label == compiled.pipeline.predict([text])[0]
    assert prediction.probability == max(prediction.probabilities)
    assert compiled.classifier.labels == ("cooking", "jardín", "sailing")


@pytest.mark.parametrize("n", [0, 1, len(TEXTS)])
def test_predictions_together_are_those_one_by_one(compiled: Pair, n: int) -> None:
    """Many texts, or none, get each the very prediction that it gets by itself, in order."""
    classifier = compiled.classifier
    assert classifier.predict_many(TEXTS[:n]) == [classifier.predict(text) for text in TEXTS[:n]]


def test_first_of_equally_probable_labels_is_given(tiny_artifact: Path) -> None:
    """A tie has the answer that scikit-learn gives, for one text as for many."""

    class Tied:
        def predict_proba(self, texts: list[str]) -> NDArray[np.float64]:
            return np.array([[0.2, 0.4, 0.4]] * len(texts))

    classifier = Classifier(PipelineScorer(Tied()), read_manifest(tiny_artifact))
    assert classifier.predict("salt").label == "jardín"
    assert [one.label for one in classifier.predict_many(["salt", "wind"])] == ["jardín"] * 2


def test_prediction_tells_how_much_of_the_text_was_known(compiled: Pair) -> None:
    """The share of known terms lets a caller doubt a guess."""
    assert compiled.classifier.predict("salt bread zyx qwv").known_share == 0.5


def test_pipeline_that_compiles_is_served_compiled(
    tiny_artifact: Path, tiny_pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is logged where nothing is lost."""
    scorer = make_scorer(tiny_pipeline, read_manifest(tiny_artifact))
    assert isinstance(scorer, CompiledScorer)
    assert caplog.records == []


def test_other_pipelines_are_served_as_they_are(
    uncompilable: tuple[Pipeline, str], tiny_artifact: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Predictions are exactly the pipeline's, and one warning says why it is not compiled."""
    pipeline, reason = uncompilable
    manifest = manifest_of(pipeline, tiny_artifact)
    classifier = Classifier(make_scorer(pipeline, manifest), manifest)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"the pipeline is served uncompiled: {reason}")
    for text in TEXTS:
        prediction = classifier.predict(text)
        expected = pipeline.predict_proba([text])[0]
        np.testing.assert_array_equal(prediction.probabilities, expected)
        assert prediction.label == pipeline.predict([text])[0]
        assert math.isnan(prediction.known_share)


def log_ratios(pipeline: Pipeline, text: str) -> NDArray[np.float64]:
    """Log-probability of each label less the mean over the labels."""
    logs: NDArray[np.float64] = np.log(pipeline.predict_proba([text])[0])
    centred: NDArray[np.float64] = logs - logs.mean()
    return centred


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("most", [0, 1, 3, 99])
def test_explanation_adds_up_to_the_score(compiled: Pair, text: str, most: int) -> None:
    """Bias, listed terms and rest sum to the centred log-probability of any label."""
    expected = log_ratios(compiled.pipeline, text)
    for label, ratio in zip(compiled.classifier.labels, expected, strict=True):
        reported = compiled.classifier.explain(text, label, most)
        assert reported.label == label
        assert reported.score == pytest.approx(ratio, abs=1e-4)
        listed = sum(weight for _, weight in reported.supporting + reported.opposing)
        assert reported.bias + listed + reported.rest == pytest.approx(reported.score, abs=1e-9)


@pytest.mark.parametrize("most", [1, 2, 99])
def test_evidence_is_ranked_and_cut(compiled: Pair, most: int) -> None:
    """Terms for and against stand apart, strongest first, at most so many of each."""
    whole = compiled.classifier.explain(TEXT, "cooking", 99)
    reported = compiled.classifier.explain(TEXT, "cooking", most)
    supporting = [weight for _, weight in reported.supporting]
    opposing = [weight for _, weight in reported.opposing]
    assert supporting == sorted(supporting, reverse=True)
    assert opposing == sorted(opposing)
    assert min(supporting) > 0 > max(opposing)
    assert reported.supporting == whole.supporting[:most]
    assert reported.opposing == whole.opposing[:most]
    assert len(whole.supporting) > 2
    assert len(whole.opposing) > 2


def test_evidence_names_the_texts_own_known_terms(compiled: Pair) -> None:
    """A typical word speaks for its topic and against another; unknown ones say nothing."""
    for_cooking = compiled.classifier.explain("salt zyx", "cooking", 9)
    assert [term for term, _ in for_cooking.supporting] == ["salt"]
    assert for_cooking.opposing == []
    against_sailing = compiled.classifier.explain("salt zyx", "sailing", 9)
    assert [term for term, _ in against_sailing.opposing] == ["salt"]
    assert against_sailing.supporting == []


def test_uncompiled_explanation_lists_no_terms(
    tiny_artifact: Path, tiny_pipeline: Pipeline
) -> None:
    """Where nothing is known of what made a score, all of it is bias."""
    classifier = Classifier(PipelineScorer(tiny_pipeline), read_manifest(tiny_artifact))
    expected = log_ratios(tiny_pipeline, TEXT)
    for label, ratio in zip(classifier.labels, expected, strict=True):
        reported = classifier.explain(TEXT, label, 9)
        assert (reported.supporting, reported.opposing, reported.rest) == ([], [], 0.0)
        assert reported.score == reported.bias == pytest.approx(ratio, abs=1e-6)


def test_uncompiled_predictions_together_are_those_one_by_one(
    tiny_artifact: Path, tiny_pipeline: Pipeline
) -> None:
    """A pipeline served as it is predicts many texts as it does each; what is known is unknown."""
    classifier = Classifier(PipelineScorer(tiny_pipeline), artifact.read_manifest(tiny_artifact))
    together = classifier.predict_many(TEXTS)
    assert [one.label for one in together] == list(tiny_pipeline.predict(TEXTS))
    assert all(math.isnan(one.known_share) for one in together)


def test_label_of_no_probability_still_has_a_score() -> None:
    """A probability of 0 is explained by a finite number, far below the others."""

    class Certain:
        def predict_proba(self, texts: list[str]) -> NDArray[np.float64]:
            return np.array([[1.0, 0.0]] * len(texts))

    _, _, bias = PipelineScorer(Certain()).evidence("salt")
    assert np.isfinite(bias).all()
    assert bias[0] > 40 > -40 > bias[1]


def test_predicting_costs_no_pipeline_and_no_file(
    compiled: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Per text, a compiled classifier calls no part of the pipeline and opens nothing."""

    def forbidden(*args: object, **kwargs: object) -> NoReturn:
        raise AssertionError("not on the way of a prediction")

    expected = [compiled.classifier.predict(text) for text in TEXTS]
    for owner, names in (
        (Pipeline, ["predict", "predict_proba", "__getitem__"]),
        (TfidfVectorizer, ["__init__", "transform", "build_analyzer", "build_tokenizer"]),
        (LogisticRegression, ["predict", "predict_proba", "decision_function"]),
        (artifact, ["load", "read_manifest"]),
        (builtins, ["open"]),
        (io, ["open"]),
        (os, ["open", "stat"]),
    ):
        for name in names:
            monkeypatch.setattr(owner, name, forbidden)
    reported = [compiled.classifier.predict(text) for text in TEXTS]
    reported += compiled.classifier.predict_many(TEXTS)
    explained = [compiled.classifier.explain(text, "sailing", 3) for text in TEXTS]
    monkeypatch.undo()
    assert [prediction.label for prediction in reported] == [
        prediction.label for prediction in expected * 2
    ]
    assert len(explained) == len(TEXTS)


def test_folder_without_a_model_is_the_users_to_mend(tmp_path: Path) -> None:
    """Loading from an empty folder says to train a model."""
    with pytest.raises(ArtifactError, match="holds no trained model: run `make train`"):
        load_classifier(tmp_path)
