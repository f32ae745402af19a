"""The command line of the comparison."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation.comparison.figures import Comparison
from model.dataset import Examples
from scripts import compare
from scripts.cli import run


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A folder with a training file of ten examples, and no test file."""
    lines = [json.dumps({"text": f"text {i}", "label": "ab"[i % 2]}) for i in range(10)]
    (tmp_path / "train.jsonl").write_text("\n".join(lines))
    return tmp_path


def test_options_reach_the_comparison(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The training file alone is compared, thinned to the limit, and the folder is passed on."""
    seen: dict[str, object] = {}

    def fake_compare(examples: Examples, *, fast: bool, jobs: int) -> None:
        seen.update(texts=examples.texts, fast=fast, jobs=jobs)

    def fake_write(comparison: Comparison, reports_dir: Path) -> None:
        seen.update(reports_dir=reports_dir)

    monkeypatch.setattr(compare, "compare", fake_compare)
    monkeypatch.setattr(compare, "write", fake_write)
    options = ["--limit", "4", "--fast", "--jobs", "3", "--reports-dir", "elsewhere"]
    monkeypatch.setattr("sys.argv", ["compare", "--data-dir", str(data_dir), *options])
    run(compare.main)
    assert seen == {
        "texts": ["text 0", "text 3", "text 6", "text 9"],
        "fast": True,
        "jobs": 3,
        "reports_dir": Path("elsewhere"),
    }
    assert "elsewhere/comparison.md" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--limit", "--jobs"])
def test_counts_must_be_positive(
    option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A count of nothing is refused before anything is read."""
    monkeypatch.setattr("sys.argv", ["compare", option, "0"])
    with pytest.raises(SystemExit):
        run(compare.main)
    assert "0 is not a positive number" in capsys.readouterr().err
