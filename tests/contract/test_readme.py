"""README tells the truth: its commands answer what it shows, its tables are those of the code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.config import PREFIX, Config
from model.manifest import read_manifest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()

# A shell block with one curl, and what it prints in the block after it.
EXCHANGES = re.findall(
    r"```sh\n(curl [^\n]+)\n```\n\n```(json|text)\n(.+?)\n```", README, re.DOTALL
)


@pytest.fixture(scope="module")
def address(serve: Callable[..., Any]) -> str:
    """Where the committed model is served."""
    url: str = serve(model_dir=ROOT / "model" / "trained").url
    return url.removeprefix("http://")


def comparable(value: Any) -> Any:
    """Return a JSON value with its floats rounded, and without what no two requests share."""
    if isinstance(value, dict):
        return {key: comparable(each) for key, each in value.items() if key != "instance"}
    if isinstance(value, list):
        return [comparable(each) for each in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


@pytest.mark.parametrize(("command", "kind", "answer"), EXCHANGES)
def test_curl_answers_what_readme_shows(command: str, kind: str, answer: str, address: str) -> None:
    """Each curl, as it stands but for the port, prints what follows it."""
    here = command.replace("localhost:8080", address)
    done = subprocess.run(["bash", "-c", here], capture_output=True, text=True, check=True)
    if kind == "json":
        assert comparable(json.loads(done.stdout)) == comparable(json.loads(answer))
    else:
        assert done.stdout.strip() == answer


def test_every_curl_is_followed_by_its_answer() -> None:
    """No curl of README escapes the test above."""
    assert len(EXCHANGES) == README.count("\ncurl ") > 0


def test_settings_table_is_complete() -> None:
    """The table names every setting of the code and no other."""
    named = re.findall(rf"^\| `{PREFIX}([A-Z_]+)` ", README, re.MULTILINE)
    assert sorted(named) == sorted(field.name.upper() for field in msgspec.structs.fields(Config))


def test_results_table_is_that_of_the_artifact() -> None:
    """The figures of the results table are those that evaluating wrote into the manifest."""
    manifest = read_manifest(ROOT / "model" / "trained")
    if manifest.evaluation is None:
        pytest.skip("the model in model/ was not evaluated: run `make evaluate`")
    rows = re.findall(r"^\| (\w+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|", README, re.MULTILINE)
    shown = {view: figures for view, *figures in rows}
    assert shown == {
        view: [f"{figures[name]:.3f}" for name in ("accuracy", "macro_f1", "ece")]
        for view, figures in manifest.evaluation.views.items()
    }


def test_file_is_labelled_as_readme_shows(tmp_path: Path) -> None:
    """The example of make predict, run by this interpreter, prints what follows it."""
    (found,) = re.findall(
        r"```sh\n(echo [^`]+make predict [^`]+)```\n\n```text\n(.+?\n)```", README, re.DOTALL
    )
    commands, printed = found
    script = []
    for command in commands.splitlines():
        if command.startswith("make "):
            words = [*command.split(), "--dry-run", "VENV_PYTHON=python"]
            planned = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
            (command,) = [x for x in planned.stdout.splitlines() if "scripts.predict" in x]
            command = command.replace("python", f"{sys.executable}", 1)
            command += f" --model-dir {ROOT / 'model' / 'trained'}"
        script.append(command)
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == printed
