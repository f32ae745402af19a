"""Artifacts that differ in every answer, so that an answer shows which of them made it."""

from __future__ import annotations

from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from chaos.texts import SENTENCES
from model import artifact
from model.manifest import TrainingData


def train(directory: Path, generation: int) -> None:
    """Train a small model into a folder; its labels end with the number of its generation."""
    texts = [sentence for some in SENTENCES.values() for sentence in some]
    labels = [f"{label} {generation}" for label, some in SENTENCES.items() for _ in some]
    pipeline = Pipeline(
        [
            ("vectorizer", TfidfVectorizer(sublinear_tf=True)),
            ("estimator", LogisticRegression(C=10.0)),
        ]
    ).fit(texts, labels)
    artifact.save(
        directory,
        pipeline,
        trained_at="2026-01-02T03:04:05+00:00",
        training_seconds=1.0,
        data=TrainingData(
            source="trial",
            sha256="0" * 64,
            examples=len(texts),
            examples_per_label={label: labels.count(label) for label in labels},
            views=["full"],
        ),
        hyperparameters={"C": 10.0},
    )
