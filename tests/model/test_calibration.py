"""Tests of folds, out-of-fold scores and the temperature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from model.calibration import (
    fit_calibrated,
    fit_temperature,
    grouped_folds,
    out_of_fold,
)
from model.pipeline import build_pipeline

TOPICS = {
    "space": ["orbit probe moon", "rocket launch orbit", "moon lander probe", "launch rocket moon"],
    "food": ["bread oven flour", "soup onion pot", "flour bread yeast", "onion soup oven"],
    "music": ["piano chord song", "violin song bow", "chord piano tune", "bow violin tune"],
}
TEXTS = [f"{text} number {i}" for texts in TOPICS.values() for text in texts for i in range(3)]
LABELS = np.repeat(list(TOPICS), 12)
GROUPS = np.repeat(np.arange(12), 3)


def test_groups_never_straddle() -> None:
    """No group is both trained on and held out, and every row is held out once."""
    held_out = []
    for train, held in grouped_folds(LABELS, GROUPS.tolist()):
        assert not set(GROUPS[train]) & set(GROUPS[held])
        held_out += held.tolist()
    assert sorted(held_out) == list(range(36))


def test_related_rows_are_not_trained_on() -> None:
    """Rows related to a held-out row are in neither part of the pair's training."""
    related = np.tile(np.arange(18), 2)
    folds = list(grouped_folds(LABELS, None, related.tolist()))
    assert folds
    for train, held in folds:
        assert not set(related[train]) & set(related[held])


def test_a_label_of_one_group_gives_no_folds() -> None:
    """A label that occurs in one group only cannot be both learned and held out."""
    assert list(grouped_folds(np.array(["a", "a", "b", "b"]), [0, 1, 2, 2])) == []


def test_folds_depend_on_the_seed_only() -> None:
    """The same seed gives the same folds, another seed others."""
    first, again, other = (
        [held.tolist() for _, held in grouped_folds(LABELS, GROUPS.tolist(), seed=seed)]
        for seed in (0, 0, 1)
    )
    assert first == again != other


def test_out_of_fold_scores_every_text_in_every_view() -> None:
    """Each view has one row of log-probabilities a text, at temperature 1."""
    views = {"long": TEXTS, "short": [text.split()[0] for text in TEXTS]}
    outside = out_of_fold(build_pipeline(), views, LABELS)
    assert outside.classes.tolist() == ["food", "music", "space"]
    assert outside.known().all()
    for scores in outside.scores.values():
        np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1.0)


def test_temperature_recovers_the_true_one() -> None:
    """Labels drawn from softmax(scores / 0.5) give a temperature near 0.5."""
    random = np.random.default_rng(0)
    scores = random.normal(size=(4000, 3))
    codes = (softmax(scores / 0.5, axis=1).cumsum(axis=1) < random.random((4000, 1))).sum(axis=1)
    assert fit_temperature(scores, codes) == pytest.approx(0.5, rel=0.1)


def test_perfect_scores_on_few_texts_do_not_ask_for_certainty() -> None:
    """Scores without an error leave doubt, and less of it the more texts there are."""
    few = fit_temperature(np.eye(3), np.arange(3))
    many = fit_temperature(np.tile(np.eye(3), (100, 1)), np.tile(np.arange(3), 100))
    assert softmax(np.array([1.0, 0.0, 0.0]) / few)[0] == pytest.approx(1 - 2 / (3 * 4), abs=0.01)
    assert 0.05 < many < few


def test_fit_calibrated_sets_the_temperature() -> None:
    """The fitted pipeline has its own temperature; the one passed in is left alone."""
    pipeline = build_pipeline()
    before = pipeline.get_params()["classifier__temperature"]
    fitted = fit_calibrated(pipeline, {"text": TEXTS}, LABELS.tolist(), GROUPS.tolist())
    outside = out_of_fold(pipeline, {"text": TEXTS}, LABELS, GROUPS)
    codes = np.searchsorted(outside.classes, LABELS)
    expected = fit_temperature(outside.scores["text"], codes)
    assert fitted.get_params()["classifier__temperature"] == expected != before
    assert pipeline.get_params()["classifier__temperature"] == before
    assert fitted.score(TEXTS, LABELS) == 1.0


def test_fit_calibrated_warns_when_it_cannot_calibrate() -> None:
    """With one text a label the default temperature stays, under a warning."""
    with pytest.warns(UserWarning, match="Too few texts"):
        fitted = fit_calibrated(build_pipeline(), {"text": ["up", "low"]}, ["a", "b"])
    assert fitted[-1].temperature == build_pipeline()[-1].temperature
    assert fitted.predict(["up"]).tolist() == ["a"]
