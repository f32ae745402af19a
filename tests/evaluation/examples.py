"""Small synthetic examples and models for the tests of the evaluation."""

from __future__ import annotations

import json
import random
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from model import artifact
from model.artifact import Artifact
from model.dataset import Examples, read_examples
from model.manifest import TrainingData

WORDS = {
    "fruit": ["apple", "pear", "plum", "cherry", "grape"],
    "metal": ["iron", "copper", "zinc", "silver", "tin"],
    "river": ["rhine", "danube", "nile", "volga", "seine"],
}
COMMON = ["the", "old", "man", "saw", "a", "big", "one", "there"]


def make_lines(count: int, seed: int, labels: list[str] | None = None) -> list[dict[str, str]]:
    """Make examples whose words mostly, but not always, show the label."""
    rng = random.Random(seed)
    names = labels or list(WORDS)
    lines = []
    for number in range(count):
        label = names[number % len(names)]
        spoken = rng.choice(list(WORDS)) if rng.random() < 0.25 else label
        words = rng.choices(WORDS[spoken], k=2) + rng.choices(COMMON, k=rng.randint(1, 9))
        rng.shuffle(words)
        lines.append({"text": " ".join(words), "label": label})
    return lines


def write_lines(path: Path, lines: list[dict[str, str]]) -> Examples:
    """Write examples to a file and read them as the product does."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return read_examples(path)


def train_linear(texts: list[str], labels: list[str]) -> Pipeline:
    """Train a small linear model."""
    steps = [("tfidf", TfidfVectorizer()), ("estimator", LogisticRegression())]
    return Pipeline(steps).fit(texts, labels)


def save_model(directory: Path, pipeline: Pipeline, train: Examples, views: list[str]) -> Artifact:
    """Save a pipeline as the training does, and load it again."""
    artifact.save(
        directory,
        pipeline,
        trained_at="2020-01-01T00:00:00Z",
        training_seconds=1.0,
        data=TrainingData(train.path.name, train.sha256, len(train), train.counts, views),
        hyperparameters={"C": 1.0},
    )
    return artifact.load(directory)


def same(text: str) -> str:
    """Show or name a text by itself."""
    return text


def first_words(text: str) -> str:
    """Show the first three words of a text."""
    return " ".join(text.split()[:3])
