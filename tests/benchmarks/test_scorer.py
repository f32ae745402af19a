"""The comparison of two scorers, on a small model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import joblib
import pytest
from sklearn.pipeline import Pipeline

from benchmarks import scorer
from benchmarks.scorer import Figure
from benchmarks.server import ROOT


@pytest.mark.parametrize(("this", "verdict"), [(4.9, "met"), (5.1, "NOT MET")])
def test_verdict_is_that_of_the_ratio(this: float, verdict: str) -> None:
    """A figure is met when this checkout needs no more than its share of the other's."""
    line = Figure("cost", 0.5, 10.0, this).line()
    assert line == f"| cost | 10.0 | {this} | {this / 10:.2f} | ≤ 0.50 | {verdict} |"


def test_measures_take_turns() -> None:
    """Rounds go back and forth, so that what slows the machine meets both alike."""
    order: list[str] = []

    def measure(name: str, value: float) -> float:
        order.append(name)
        return value + len(order)

    measures = [lambda: measure("a", 0.0), lambda: measure("b", 100.0)]
    assert scorer.medians(measures, 3) == [4.0, 103.0]
    assert order == ["a", "b", "b", "a", "a", "b"]


def test_probe_answers_with_figures(
    tmp_path: Path, tiny_artifact: Path, tiny_pipeline: Pipeline
) -> None:
    """Each question has a number for an answer, of the scorer on PYTHONPATH."""
    rows = [{"text": f"salt and wind {number}", "label": "cooking"} for number in range(300)]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    joblib.dump(tiny_pipeline, tmp_path / "characters.joblib")
    script = ROOT / "benchmarks" / "scorer_probe.py"
    questions = ["one text", "batch", "characters", "characters, pipeline", "loaded", "worker"]
    done = subprocess.run(
        [sys.executable, script, tiny_artifact, tmp_path, tmp_path / "characters.joblib"],
        input="".join(f"{question}\n" for question in questions),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    ready, *answers = done.stdout.splitlines()
    assert ready == "ready"
    one, batch, *others = map(float, answers)
    assert one > batch > 0
    assert len(others) == 4
