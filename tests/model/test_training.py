"""Training as `make train` does it, on small examples."""

from __future__ import annotations

import pytest

from model.artifact import dumped
from model.dataset import Examples
from model.training import choose_views, train
from model.views import MAIL_VIEWS, TEXT_VIEWS

LETTER = "From: someone@example.org\nSubject: bread\n\nKnead the dough.\n"


@pytest.mark.parametrize(
    ("setting", "texts", "views"),
    [
        ("auto", [LETTER] * 3, MAIL_VIEWS),
        ("auto", ["Knead the dough.\n\nBake it."] * 3, TEXT_VIEWS),
        ("mail", ["Knead the dough."], MAIL_VIEWS),
        ("text", [LETTER], TEXT_VIEWS),
    ],
)
def test_views_are_those_of_the_setting(setting: str, texts: list[str], views: object) -> None:
    """By name the setting decides, whatever the texts; "auto" looks whether they are mail."""
    assert choose_views(texts, setting) is views


def test_trained_pipeline_knows_its_examples(tiny_examples: Examples) -> None:
    """The fitted pipeline gives the examples their labels, as probabilities that sum to 1."""
    trained = train(tiny_examples.texts, tiny_examples.labels, TEXT_VIEWS)
    assert list(trained.pipeline.predict(tiny_examples.texts)) == tiny_examples.labels
    rows = trained.pipeline.predict_proba(tiny_examples.texts)
    assert rows.sum(axis=1) == pytest.approx(1)
    assert trained.views == list(TEXT_VIEWS)


def test_training_is_deterministic(tiny_examples: Examples) -> None:
    """The same examples give the same bytes."""
    first, second = (
        dumped(train(tiny_examples.texts, tiny_examples.labels, TEXT_VIEWS).pipeline)
        for _ in range(2)
    )
    assert first == second


def test_hyperparameters_are_what_was_chosen(tiny_examples: Examples) -> None:
    """The record holds all of the estimator's parameters, of the vectoriser's the chosen ones."""
    trained = train(tiny_examples.texts, tiny_examples.labels, TEXT_VIEWS)
    estimator = trained.pipeline[-1].get_params()
    name = trained.pipeline.steps[-1][0]
    assert {f"{name}__{key}": value for key, value in estimator.items()}.items() <= (
        trained.hyperparameters.items()
    )
    rest = {key for key in trained.hyperparameters if not key.startswith(name)}
    assert rest == {"features__sublinear_tf"}
