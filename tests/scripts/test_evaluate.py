"""`make evaluate` as a command."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from model import artifact
from model.dataset import read_examples
from model.manifest import TrainingData, read_manifest

LINES = [
    {"text": f"{word} and more {i % 4}", "label": label}
    for i in range(6)
    for word, label in [("apple", "fruit"), ("iron", "metal")]
]


def fit(texts: list[str], labels: list[str]) -> Pipeline:
    """Train a small linear model."""
    steps = [("tfidf", TfidfVectorizer()), ("estimator", LogisticRegression())]
    return Pipeline(steps).fit(texts, labels)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with data, and with a model that was trained on them."""
    content = "".join(json.dumps(line) + "\n" for line in LINES)
    for name in ("train", "test"):
        (tmp_path / f"{name}.jsonl").write_text(content)
    train = read_examples(tmp_path / "train.jsonl")
    artifact.save(
        tmp_path / "model",
        fit(train.texts, train.labels),
        trained_at="2020-01-01T00:00:00Z",
        training_seconds=1.0,
        data=TrainingData("own", train.sha256, len(train), train.counts, ["text"]),
        hyperparameters={},
    )
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, data: str = ".") -> None:
    """Run the command on the folder."""
    options = {
        "--data-dir": folder / data,
        "--model-dir": folder / "model",
        "--reports-dir": folder / "reports",
    }
    words = [str(word) for option in options.items() for word in option]
    monkeypatch.setattr(sys, "argv", ["evaluate", *words])
    runpy.run_module("scripts.evaluate", run_name="__main__")


def test_it_writes_the_reports_and_prints_a_summary(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The three files are there afterwards, and the terminal shows the accuracy."""
    run(monkeypatch, folder)
    assert (folder / "reports" / "evaluation.json").is_file()
    assert (folder / "reports" / "evaluation.html").is_file()
    assert (folder / "model" / "MODEL_CARD.md").is_file()
    assert read_manifest(folder / "model").evaluation is not None
    assert "text  1.000 [1.000, 1.000]" in capsys.readouterr().out


def test_missing_data_ends_it_with_one_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without data files the exit code is 1 and the message says what to run."""
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, folder, data="nowhere")
    assert ended.value.code == 1
    assert "make data" in capsys.readouterr().err
