"""The lock files install on every supported Python of this machine, by an old and a new pip.

Needs a package index, and takes about two minutes for each interpreter.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.txt", "requirements-dev.txt"]
OTHER_LOCKS = [
    *("requirements-dev.txt", "requirements-cluster.txt"),
    "benchmarks/peers/requirements.txt",
]
# Fewer would not show that a lock file holds for more than the Python it was compiled with.
WANTED = 3
# What Python 3.11 and 3.12 bring, which resolves requirements by other rules than later ones.
OLD_PIP = "pip==23.2"
ANSWER = """
from app import create_app
from app.config import read_config
from model.classifier import load_classifier
settings = read_config({})
client = create_app(settings, load_classifier(settings.model_dir)).test_client()
print(client.post("/prediction", json={"text": "The goalie stopped 38 shots in overtime."}).text)
"""


def run(*command: str | Path, folder: Path = ROOT) -> str:
    """Run a command that must succeed; return what it prints."""
    # As for a user who has activated nothing: no packages but the environment's own.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_enough_interpreters_are_tried(versions: list[str]) -> None:
    """The machine has three of the supported versions, or NO_SKIPS is not set."""
    if len(versions) < WANTED:
        pytest.skip(f"only Python {', '.join(versions) or '(none)'}: install {WANTED} versions")


def test_installer_makes_an_environment(interpreter: Path, tmp_path: Path) -> None:
    """Serving and tools install by the pip that the interpreter brings, and the model answers.

    The second run has nothing to do: what was installed is what the lock files name.
    """
    locks = [str(ROOT / name) for name in LOCKS]
    install = [interpreter, ROOT / "scripts" / "install.py", *locks]
    assert "installing requirements-dev.txt into .venv" in run(*install, folder=tmp_path)
    assert run(*install, folder=tmp_path) == ""
    python = tmp_path / ".venv" / "bin" / "python"
    assert run(python, "-c", ANSWER).strip() == '{"label":"hockey"}'
    run(python, "-m", "pytest", "-q", "tests/app/routes/test_descriptions.py")


@pytest.mark.parametrize("pip", [OLD_PIP, "pip"], ids=["old pip", "newest pip"])
def test_locks_install_by_other_pips(interpreter: Path, tmp_path: Path, pip: str) -> None:
    """What the image and a user without make run succeeds by an old pip and by the newest.

    Of the lock files besides serving, pip takes every line and has a wheel for it.
    """
    run(interpreter, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--upgrade", pip)
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    run(python, "-m", "pip", "install", *options, "-r", ROOT / "requirements.txt")
    run(python, "-m", "pip", "check")
    assert run(python, "-c", ANSWER).strip() == '{"label":"hockey"}'
    for lock in OTHER_LOCKS:
        run(python, "-m", "pip", "install", "--dry-run", *options, "-r", ROOT / lock)
