"""A label that may be wrong looks so, and the page says why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.visit import classify, shown_label

ROOT = Path(__file__).resolve().parents[2]
FAMILIAR = "The goalie stopped the puck in overtime and the team won the game."
FOREIGN = "Der Hund schläft heute lange im Garten, und die Katze liegt in der Sonne."


@pytest.fixture(scope="module")
def trained_url(serve: Callable[..., Any]) -> str:
    """The address of a server with the committed model."""
    address: str = serve(model_dir=ROOT / "model" / "trained").url
    return address


@pytest.fixture
def page(browser: Any, trained_url: str) -> Iterator[Any]:
    """The page of the committed model."""
    page = browser.new_page()
    page.goto(trained_url)
    yield page
    page.close()


def size(page: Any) -> float:
    """How large the label is, in pixels."""
    found: float = page.locator("#label").evaluate(
        "it => parseFloat(getComputedStyle(it).fontSize)"
    )
    return found


def test_unsure_label_is_smaller_and_explained(page: Any) -> None:
    """A text in another language: the sentence counts its known words and names the next label."""
    classify(page, FAMILIAR)
    assert shown_label(page) == "hockey"
    assert page.inner_text("#doubts") == ""
    sure = size(page)
    classify(page, FOREIGN)
    page.wait_for_selector("#label.unsure")
    assert size(page) < 0.75 * sure
    doubts = page.inner_text("#doubts")
    assert re.match(r"Unsure: \w+ with [\d.]+ % is the likeliest, followed by \w+ with", doubts)
    assert re.search(r"The model knows \d of 14 words", doubts)
    assert "another language" in doubts
    classify(page, FAMILIAR)
    page.wait_for_selector("#label:not(.unsure)")
    assert page.inner_text("#doubts") == ""


def test_failure_takes_the_doubts_away(page: Any) -> None:
    """What is said of one answer does not stay beside the next."""
    classify(page, FOREIGN)
    page.wait_for_selector("#label.unsure")
    classify(page, " ")
    page.wait_for_selector("#failure:not([hidden])")
    assert page.inner_text("#doubts") == ""
    assert page.locator("#label.unsure").count() == 0


def test_label_that_is_none_of_the_scores_is_shown(page: Any) -> None:
    """A label that stands for "none" is shown as it is answered, with what was likeliest."""
    explanation = {"score": 0, "bias": 0, "supporting": [], "opposing": [], "rest": 0}
    answer = {"label": "unknown", "scores": {"a": 0.5, "b": 0.3}, "explanation": explanation}
    page.route("**/prediction?*", lambda route: route.fulfill(json=answer))
    classify(page, "anything")
    assert shown_label(page) == "unknown"
    assert "a with 50.0 % is the likeliest" in page.inner_text("#doubts")
