"""A comparison of the candidates on a few invented texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import evaluation.comparison
from evaluation.comparison import costs
from evaluation.comparison.candidates import BASELINE, CANDIDATES, NEIGHBOURS, SERVED, Candidate
from evaluation.comparison.figures import Comparison
from model.dataset import Examples

WORDS = {
    "space": ["orbit", "moon", "probe", "rocket", "lander", "comet"],
    "food": ["bread", "oven", "soup", "onion", "flour", "yeast"],
}


@pytest.fixture(scope="session")
def posts() -> Examples:
    """Forty-eight posts in twelve threads by twelve authors, with headers, of two labels."""
    texts, labels = [], []
    for label, words in WORDS.items():
        for number, word in enumerate(words):
            for reply in range(4):
                author = f"{label}{number // 2}{reply % 2}@example.org"
                header = f"From: {author}\nSubject: Re: {word} question"
                body = f"The {word} and the {words[reply]} of our {label} group"
                texts.append(f"{header}\n\n{body}\n")
                labels.append(label)
    return Examples(texts, labels, Path("train.jsonl"), "0" * 64)


@pytest.fixture(scope="session")
def few_candidates() -> Iterator[None]:
    """Three candidates and three neighbours, of each the last slow, timed in a single round."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation.comparison, "CANDIDATES", (BASELINE, SERVED, *_slow(CANDIDATES)))
        digits = next(one for one in NEIGHBOURS if one.name == "digits kept")
        patch.setattr(
            evaluation.comparison, "NEIGHBOURS", (NEIGHBOURS[0], digits, *_slow(NEIGHBOURS))
        )
        patch.setattr(costs, "ROUNDS", 1)
        yield


@pytest.fixture(scope="session")
def comparison(posts: Examples, few_candidates: None) -> Comparison:
    """The comparison of the posts, in this process."""
    return evaluation.comparison.compare(posts, jobs=1)


def _slow(candidates: Sequence[Candidate]) -> list[Candidate]:
    return [one for one in candidates if one.slow]
