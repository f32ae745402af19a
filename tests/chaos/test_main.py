"""The harness of the trials: all of them run, and what they found is shown."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import chaos
from chaos.__main__ import main, trials

KEPT = """
from chaos.outcome import Outcome
def trial():
    return [Outcome("It stands", "0 of 20 fell", "none falls", True)]
"""
BROKEN = KEPT.replace("0 of 20 fell", "3 of 20 fell").replace("True", "False")
CRASHING = "def trial():\n    raise OSError('no such port')\n"
HELPER = "VALUE = 1\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package with a trial that is met and a module that is none; more can be written into it."""
    folder = tmp_path / "mayhem"
    folder.mkdir()
    for name, code in {"__init__": "", "kept": KEPT, "helper": HELPER}.items():
        (folder / f"{name}.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("mayhem")
    for name in [each for each in sys.modules if each.partition(".")[0] == "mayhem"]:
        del sys.modules[name]


def add(package: ModuleType, name: str, code: str) -> None:
    """Write one more module into the package."""
    (Path(package.__path__[0]) / f"{name}.py").write_text(code)
    importlib.invalidate_caches()


def run(package: ModuleType, tmp_path: Path, *names: str) -> int:
    """Run the package's trials with a folder for the report."""
    return main([*names, "--reports", str(tmp_path / "reports")], package)


def test_kept_promise_ends_with_0(
    package: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Figure and reach stand in the table and in the report."""
    assert run(package, tmp_path) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "It stands" in line)
    assert row.split("  ")[-1] == "met"
    assert row.index("0 of 20 fell") < row.index("none falls")
    report = json.loads((tmp_path / "reports" / "chaos.json").read_text())
    assert report == {
        "kept": [
            {"promise": "It stands", "seen": "0 of 20 fell", "reach": "none falls", "met": True}
        ]
    }


def test_broken_promise_ends_with_1(
    package: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One promise that is not kept is enough, and is said."""
    add(package, "broken", BROKEN)
    assert run(package, tmp_path) == 1
    out = capsys.readouterr().out
    assert "3 of 20 fell" in out
    assert out.count("NOT MET") == 1


def test_crash_of_a_trial_is_an_outcome(
    package: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error stands in the table as not met, and the trials after it are run."""
    add(package, "crashing", CRASHING)
    assert run(package, tmp_path) == 1
    said = capsys.readouterr()
    assert "OSError: no such port" in " ".join(said.out.split())
    assert "0 of 20 fell" in said.out
    assert "Traceback" in said.err


def test_only_the_named_are_run(
    package: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name chooses its trial; an unknown one is refused with those there are."""
    add(package, "broken", BROKEN)
    assert run(package, tmp_path, "kept") == 0
    assert "3 of 20 fell" not in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        run(package, tmp_path, "keep")
    assert ended.value.code == 2
    assert "no such trial: keep; there are broken, kept" in capsys.readouterr().err


def test_every_trial_is_found() -> None:
    """The modules that have a trial are found by themselves, and the others are not."""
    folder = Path(chaos.__path__[0])
    written = [path.stem for path in folder.glob("*.py") if "\ndef trial(" in path.read_text()]
    assert trials(chaos) == sorted(written)
