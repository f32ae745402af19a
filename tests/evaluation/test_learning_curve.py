"""The learning curve."""

from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.pipeline import Pipeline

from evaluation.figures import CurvePoint, Score
from evaluation.learning_curve import learning_curve, summarise
from evaluation.scoring import HeldOut, hold_out
from tests.evaluation.examples import make_lines, same, train_linear, write_lines


class Recorder:
    """Trains, and keeps what it was given to train on."""

    def __init__(self) -> None:
        self.given: list[list[str]] = []

    def train(self, texts: list[str], labels: list[str]) -> Pipeline:
        self.given.append(texts)
        return train_linear(texts, labels)


@pytest.fixture
def test_set(tmp_path: Path) -> HeldOut:
    """Thirty texts to judge by, in one view."""
    examples = write_lines(tmp_path / "test.jsonl", make_lines(30, seed=2))
    return hold_out(examples, ["fruit", "metal", "river"], {"text": same}, same)


def test_threads_stay_whole_and_parts_are_nested(tmp_path: Path, test_set: HeldOut) -> None:
    """The model of a quarter sees whole threads alone, and all of an eighth's of the same draw."""
    lines = [
        {**line, "text": f"t{i // 4} {line['text']}"} for i, line in enumerate(make_lines(640, 1))
    ]
    examples = write_lines(tmp_path / "train.jsonl", lines)
    threads = [text.split()[0] for text in examples.texts]
    recorder = Recorder()
    curve = learning_curve(examples, threads, test_set, recorder.train, seed=0, jobs=1)
    assert [point.threads for point in curve.points] == [20, 40, 80, 160]
    assert [point.repeats for point in curve.points] == [3, 3, 3, 1]
    assert [point.examples for point in curve.points] == [80, 160, 320, 640]
    parts = [set(texts) for texts in recorder.given]
    for part in parts:
        whole = {text.split()[0] for text in part}
        assert part == {text for text in examples.texts if text.split()[0] in whole}
    eighths, quarters = parts[-3:], parts[-6:-3]
    assert all(small < large for small, large in zip(eighths, quarters, strict=True))


def test_parts_without_enough_of_a_label_are_left_out(tmp_path: Path, test_set: HeldOut) -> None:
    """Of 15 examples of each label a half cannot have ten of each: no gain can be shown."""
    examples = write_lines(tmp_path / "train.jsonl", make_lines(45, seed=1))
    threads = [str(i) for i in range(45)]
    curve = learning_curve(examples, threads, test_set, train_linear, seed=0, jobs=1)
    assert [point.fraction for point in curve.points] == [1.0]
    assert (curve.gain_per_doubling, curve.last_doubling) == (None, None)


def test_very_small_training_data_has_no_curve(tmp_path: Path, test_set: HeldOut) -> None:
    """With two examples of each label not even the whole is a point."""
    tiny = write_lines(tmp_path / "tiny.jsonl", make_lines(6, seed=1))
    curve = learning_curve(tiny, list("abcdef"), test_set, train_linear, seed=0, jobs=1)
    assert curve.points == []


def test_gain_is_the_slope_over_doublings() -> None:
    """Scores 0.5, 0.7, 0.8 at 100, 200, 400 texts: a slope of 0.15, and 0.1 at last."""
    points = [
        CurvePoint(1 / 2**i, 1, n, float(n), {"text": Score(0.0, score)})
        for i, n, score in [(2, 100, 0.5), (1, 200, 0.7), (0, 400, 0.8)]
    ]
    curve = summarise(points)
    assert curve.gain_per_doubling == {"text": pytest.approx(0.15)}
    assert curve.last_doubling == {"text": pytest.approx(0.1)}
