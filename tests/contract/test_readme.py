"""README and docs/ are true: commands answer what they show, tables are those of the code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.errors import UserError
from scripts.document import ARCHITECTURE, LINK, filled, linked, tables

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
API = (ROOT / "docs" / "api.md").read_text()

# A shell block with one curl, and what it prints in the block after it.
EXCHANGES = re.findall(
    r"```sh\n(curl [^\n]+)\n```\n\n```(json|text)\n(.+?)\n```", README + API, re.DOTALL
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
def test_curl_answers_what_is_shown(command: str, kind: str, answer: str, address: str) -> None:
    """Each curl, as it stands but for the port, prints what follows it."""
    here = command.replace("localhost:8080", address)
    done = subprocess.run(["bash", "-c", here], capture_output=True, text=True, check=True)
    if kind == "json":
        assert comparable(json.loads(done.stdout)) == comparable(json.loads(answer))
    else:
        assert done.stdout.strip() == answer


def test_every_curl_is_followed_by_its_answer() -> None:
    """No curl escapes the test above."""
    assert len(EXCHANGES) == (README + API).count("\ncurl ") > 0


@pytest.mark.parametrize(("document", "name"), list(tables()))
def test_tables_are_those_of_code_and_artifact(document: str, name: str) -> None:
    """`make docs` would change nothing."""
    text = (ROOT / document).read_text()
    assert filled(text, name, tables()[document, name]) == text


def test_links_lead_to_the_lines_of_the_code() -> None:
    """`make docs` would change no line number of the architecture."""
    text = ARCHITECTURE.read_text()
    assert LINK.findall(text)
    assert linked(text, ARCHITECTURE.parent) == text


def test_a_link_to_no_function_is_an_error() -> None:
    """What was renamed or removed must not stay linked."""
    with pytest.raises(UserError, match="defines no remember"):
        linked("[`remember`](classifier.py#L1)", ROOT / "model")


def test_a_table_without_its_place_is_an_error() -> None:
    """A document must have the two comments between which the table stands, once."""
    with pytest.raises(UserError, match="a document has 0 tables of results"):
        filled("# Results", "results", "| view |\n")


def test_readme_is_short() -> None:
    """Reference material belongs into docs/."""
    assert len(README.splitlines()) <= 170


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
