"""What README does by make, done: train on data of one's own, judge it, serve it.

The recipes are the Makefile's; only the virtual environment is this interpreter's, since making one
takes a network.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "Makefile",
    "pyproject.toml",
    "gunicorn.conf.py",
    "app",
    "bulk",
    "evaluation",
    "model",
    "scripts",
    "server",
)
TOPICS = {
    "bread": ["Knead the dough", "Let the loaf rise", "Bake the bread", "Feed the sourdough"],
    "boats": ["Reef the mainsail", "Drop the anchor", "Row the dinghy", "Trim the jib"],
    "bees": ["Smoke the hive", "Find the queen", "Spin the honey", "Feed the swarm"],
}
TIMES = ["at dawn", "before noon", "in the rain", "twice a week", "with care", "as they taught us"]


LOOPBACK = os.environ | {"TEXTCLF_HOST": "127.0.0.1"}


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run make in a folder, and return how it ended."""
    done = subprocess.run(
        ["make", *words], cwd=folder, env=LOOPBACK, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    return done


@contextmanager
def making(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run make in a folder, in a process group as a terminal's, until Ctrl-C."""
    process = subprocess.Popen(
        ["make", *words],
        cwd=folder,
        env=LOOPBACK,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
        os.killpg(process.pid, signal.SIGINT)
        process.wait(30)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def until_answer(server: subprocess.Popen[str], url: str, text: str) -> str:
    """The label of a text, once the server answers."""
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            answer = requests.post(f"{url}/prediction", json={"text": text}, timeout=9)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            label: str = answer.json()["label"]
            return label
    pytest.fail("the server does not answer")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project whose model is trained on the folder `my texts`, by make."""
    folder = tmp_path_factory.mktemp("project")
    for name in PARTS:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    (folder / "GNUmakefile").write_text(
        f"include Makefile\nSETUP :=\nSETUP_DEV :=\nVENV_PYTHON := {sys.executable}\n"
    )
    (folder / "my texts").mkdir()
    for name, times in (("train", TIMES), ("test", ["once more"])):
        lines = [
            json.dumps({"text": f"{start} {when}.", "label": label})
            for label, starts in TOPICS.items()
            for start in starts
            for when in times
        ]
        (folder / "my texts" / f"{name}.jsonl").write_text("\n".join(lines))
    done = make(folder, "train", "DATA_DIR=my texts")
    assert done.returncode == 0, done.stderr
    return folder


def test_the_committed_model_stays(project: Path) -> None:
    """A model of own data goes to a folder of its own."""
    before, after = (
        sorted(path.name for path in (place / "model" / "trained").iterdir())
        for place in (ROOT, project)
    )
    assert before == after
    assert (project / "models" / "my texts" / "manifest.json").is_file()


def test_model_of_own_data_is_judged(project: Path) -> None:
    """Evaluating leaves a report, whatever the labels are."""
    done = make(project, "evaluate", "DATA_DIR=my texts")
    assert done.returncode == 0, done.stderr
    assert "bees" in (project / "reports" / "evaluation.html").read_text()


def test_model_of_own_data_is_served(project: Path) -> None:
    """Running answers the labels that were trained, until Ctrl-C."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with making(project, "run", "MODEL_DIR=models/my texts", f"PORT={port}", "WORKERS=1") as server:
        label = until_answer(server, f"http://127.0.0.1:{port}", "The queen left the hive.")
    assert label == "bees"


def test_port_that_is_taken_is_told(project: Path) -> None:
    """Where somebody listens already, the last line says so and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = make(project, "run", "MODEL_DIR=models/my texts", f"PORT={port}")
    assert done.returncode != 0
    said = [json.loads(line)["message"] for line in done.stdout.splitlines() if line[0] == "{"]
    assert f"Connection in use: ('127.0.0.1', {port})" in said
    assert said[-1] == (
        f"cannot listen on ('127.0.0.1', {port}) for the reason above: end what listens there, or"
        " name another port in TEXTCLF_PORT (`make run PORT=9000`)"
    )


def test_interpreter_that_is_not_there_is_told() -> None:
    """A machine without Python, or a misspelt name of one, gets a sentence that says what to do."""
    done = make(ROOT, "run", "PYTHON=python3.99")
    assert done.returncode != 0
    assert done.stderr.startswith("error: there is no python3.99 here: install Python 3.11 to 3.14")
