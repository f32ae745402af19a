"""The candidates of the comparison, and the changed tokenisers among the neighbours."""

from __future__ import annotations

import pytest

from evaluation.comparison.candidates import (
    BASELINE,
    CANDIDATES,
    NEIGHBOURS,
    SERVED,
    Candidate,
    digits_kept,
    final_s_kept,
    subject_once,
)
from model.pipeline import build_pipeline
from model.tokens import tokenize

TEXTS = ["orbit of the moon", "the moon probe", "a moon rocket", "bread oven", "hot bread", "bread"]
LABELS = ["space", "space", "space", "food", "food", "food"]
POST = "From: me\nSubject: Boats 42\n\nBoats, 17 of them, as ships go"


@pytest.mark.parametrize("candidate", [*CANDIDATES, *NEIGHBOURS], ids=lambda one: one.name)
def test_every_candidate_learns(candidate: Candidate) -> None:
    """Each builds a pipeline that goes from raw texts to labels."""
    fitted = candidate.build().fit(TEXTS, LABELS)
    assert fitted.predict(["moon", "bread"]).tolist() == ["space", "food"]


def test_names_are_unique() -> None:
    """A name stands for one candidate, since results are kept by name."""
    names = [one.name for one in [*CANDIDATES, *NEIGHBOURS]]
    assert len(set(names)) == len(names)


def test_what_gaps_are_shown_of_is_compared() -> None:
    """The served model and the baseline are among the candidates."""
    assert BASELINE in CANDIDATES
    assert SERVED in CANDIDATES


def test_the_served_candidate_is_what_is_trained() -> None:
    """The served candidate has the parameters of the pipeline that training fits."""
    ours, theirs = (
        {name: value for name, value in pipeline.get_params().items() if "__" in name}
        for pipeline in (SERVED.build(), build_pipeline())
    )
    assert ours == theirs


@pytest.mark.parametrize(
    "candidate", [one for one in NEIGHBOURS if not one.first_view_only], ids=lambda one: one.name
)
def test_every_neighbour_differs_from_the_served(candidate: Candidate) -> None:
    """Every neighbour changes something of the served pipeline."""
    ours, theirs = (
        {name: value for name, value in pipeline.get_params().items() if "__" in name}
        for pipeline in (candidate.build(), SERVED.build())
    )
    assert ours != theirs


def test_digits_kept_tells_numbers_apart() -> None:
    """Two numbers of equal length are two words, and all other words are as served."""
    words, served = digits_kept(POST), tokenize(POST)
    numbers = {ours for ours, theirs in zip(words, served, strict=True) if ours != theirs}
    assert len(numbers) == 2
    assert [w for w in words if w not in numbers] == [w for w in served if w != "00"]


def test_final_s_kept_tells_plurals_apart() -> None:
    """A plural and its singular are two words, an `s` elsewhere is untouched."""
    singular, plural, shouted = final_s_kept("ship ships SHIPS")
    assert singular != plural == shouted
    assert final_s_kept("sister visit") == tokenize("sister visit")
    assert final_s_kept(POST).count("boat") == 0


def test_subject_once_repeats_nothing() -> None:
    """The words are those of the text, without the repeats of the Subject line."""
    words = subject_once(POST)
    assert words == tokenize(POST)[: len(words)]
    assert words.count("boat") == 2
