"""The command line that fetches the dataset files."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.cli import run
from scripts.fetch_data import main


def give_arguments(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    """Set the command line."""
    monkeypatch.setattr("sys.argv", ["fetch_data", "--data-dir", str(data_dir)])


def test_sources_of_present_files_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With both files there, the command names their sources on stdout and succeeds."""
    paths = [tmp_path / "train.jsonl", tmp_path / "test.jsonl"]
    for path in paths:
        path.write_bytes(b"mine")
    give_arguments(monkeypatch, tmp_path)
    run(main)
    assert capsys.readouterr().out == "".join(f"{path}: own data\n" for path in paths)


def test_unusable_folder_is_one_line_and_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A data folder that cannot be made ends the command with a single error line."""
    (tmp_path / "file").touch()
    give_arguments(monkeypatch, tmp_path / "file" / "data")
    with pytest.raises(SystemExit) as caught:
        run(main)
    assert caught.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.startswith("error: ") for line in lines] == [True]
