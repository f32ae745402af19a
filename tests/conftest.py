"""Small invented examples, what is made of them, and a real server: for all rooms' tests."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from hypothesis import settings
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from model import artifact
from model.dataset import Examples
from model.manifest import Manifest, TrainingData


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where NO_SKIPS is set, a test that would be skipped fails: something it needs is missing."""
    report = yield
    expected = hasattr(report, "wasxfail") or item.get_closest_marker("may_skip")
    if report.skipped and os.environ.get("NO_SKIPS") and not expected:
        report.outcome = "failed"
        report.longrepr = f"skipped although NO_SKIPS is set: {report.longrepr}"
    return report


# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

TEXTS = {
    "cooking": [
        "Knead the dough, let it rise twice and bake the bread in a hot oven.",
        "The soup needs salt, pepper and a crème fraîche on top.",
        "Fry the onions in butter until they are golden, then add garlic.",
        "A sharp knife and a heavy pan are all that this stew asks for.",
        "Борщ варят дважды, суп подают горячим.",
        "Simmer the sauce; taste it, taste it again, then add more salt.",
    ],
    "jardín": [
        "Prune the roses in March and water the seedlings every morning.",
        "The soil under the apple tree is dry, so mulch it with leaves.",
        "Tomato plants need a stake, sun and plenty of compost.",
        "Las rosas del jardín necesitan agua, sol y buena tierra.",
        "Slugs ate the lettuce again; the hedge shelters a hedgehog.",
        "Sow the beans after the last frost, two seeds to a hole.",
    ],
    "sailing": [
        "Reef the mainsail before the wind reaches twenty knots.",
        "The harbour is shallow: drop anchor outside and row ashore.",
        "She tacked twice and rounded the buoy ahead of every other boat.",
        "帆船 在 海上 顺风 航行。",
        "Check the tide, the rudder and the life jackets before you leave port.",
        "A loose sheet flogged the sail until the seam tore.",
    ],
}


@pytest.fixture(scope="session")
def tiny_examples() -> Examples:
    """Eighteen labelled texts on three topics, the topics taking turns."""
    rounds = zip(*TEXTS.values(), strict=True)
    texts = [text for one_each in rounds for text in one_each]
    labels = list(TEXTS) * (len(texts) // len(TEXTS))
    return Examples(texts, labels, Path("tiny.jsonl"), "0" * 64)


@pytest.fixture(scope="session")
def tiny_pipeline(tiny_examples: Examples) -> Pipeline:
    """A fitted pipeline of the kind that compiles."""
    pipeline = Pipeline(
        [
            ("tfidf", TfidfVectorizer(sublinear_tf=True)),
            ("estimator", LogisticRegression(C=10.0)),
        ]
    )
    return pipeline.fit(tiny_examples.texts, tiny_examples.labels)


@pytest.fixture(scope="session")
def tiny_artifact(
    tmp_path_factory: pytest.TempPathFactory, tiny_pipeline: Pipeline, tiny_examples: Examples
) -> Path:
    """A folder that holds the saved pipeline; copy it before changing anything in it."""
    directory = tmp_path_factory.mktemp("artifact")
    data = TrainingData(
        source="own data",
        sha256=tiny_examples.sha256,
        examples=len(tiny_examples),
        examples_per_label=tiny_examples.counts,
        views=["whole"],
    )
    artifact.save(
        directory,
        tiny_pipeline,
        trained_at="2024-05-06T07:08:09+00:00",
        training_seconds=0.5,
        data=data,
        hyperparameters={"C": 10.0},
    )
    return directory


ROOT = Path(__file__).resolve().parent.parent

SMALL_TEXTS = {
    "baseball": [
        "The pitcher struck out nine batters and the catcher threw to second base.",
        "A home run in the ninth inning won the baseball game for the home team.",
    ],
    "cryptography": [
        "A cipher needs a secret key, and the key must be random and long.",
        "They broke the encryption by guessing the password behind the private key.",
    ],
    "electronics": [
        "Solder the resistor and the capacitor to the circuit board.",
        "The voltage across the diode drops when the battery runs low.",
    ],
    "hockey": [
        "The goalie stopped the puck and the team won the hockey game on the ice.",
        "He skated past the defence and scored in overtime, shorthanded.",
    ],
    "politics": [
        "The government raised the tax and parliament voted on the law.",
        "The president spoke about the election and the rights of citizens.",
    ],
    "space": [
        "The rocket put a satellite into orbit around the moon.",
        "The shuttle launch was delayed, said the space agency of its mission.",
    ],
}


@dataclass
class Server:
    """A gunicorn that runs, its address and where it keeps its counts."""

    url: str
    process: subprocess.Popen[bytes]
    metrics_base: Path
    log: Path

    @property
    def metrics_dir(self) -> Path:
        """The server's own folder of counts."""
        (found,) = self.metrics_base.glob("textclf-metrics-*")
        return found

    def worker_pids(self) -> dict[str, int]:
        """Process ids of the workers by their number."""
        found = {}
        for path in self.metrics_dir.glob("*.pid"):
            with contextlib.suppress(FileNotFoundError):  # it ended just now
                found[path.stem] = int(path.read_text())
        return found


Serve = Callable[..., Server]


def train(directory: Path, *, strength: float = 100.0) -> Manifest:
    """Train a small model into a folder; its version depends on the strength."""
    texts = [(text, label) for label, some in SMALL_TEXTS.items() for text in some]
    pipeline = Pipeline(
        [
            ("vectorizer", TfidfVectorizer(sublinear_tf=True)),
            ("estimator", LogisticRegression(C=strength)),
        ]
    ).fit(*zip(*texts, strict=True))
    return artifact.save(
        directory,
        pipeline,
        trained_at="2026-01-02T03:04:05+00:00",
        training_seconds=1.0,
        data=TrainingData(
            source="tests",
            sha256="0" * 64,
            examples=len(texts),
            examples_per_label={label: len(some) for label, some in SMALL_TEXTS.items()},
            views=["full"],
        ),
        hyperparameters={"C": strength},
    )


@pytest.fixture(scope="session")
def train_small() -> Callable[..., Manifest]:
    """The function that trains a small model into a folder."""
    return train


@pytest.fixture(scope="session")
def small_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small trained model; not to be changed."""
    directory = tmp_path_factory.mktemp("artifact")
    train(directory)
    return directory


@pytest.fixture(scope="session")
def small_texts() -> dict[str, list[str]]:
    """The texts by label that the small model was trained on."""
    return SMALL_TEXTS


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory, small_artifact: Path) -> Iterator[Serve]:
    """A function that starts a gunicorn with the given settings and waits until it answers."""
    servers = []

    def start(**settings: object) -> Server:
        base = tmp_path_factory.mktemp("metrics")
        log = tmp_path_factory.mktemp("log") / "server.log"
        port = free_port()
        given = {"host": "127.0.0.1", "port": port, "metrics_dir": base, "workers": 2}
        given |= {"model_dir": small_artifact} | settings
        environ = {name: value for name, value in os.environ.items() if "TEXTCLF_" not in name}
        environ |= {f"TEXTCLF_{name.upper()}": str(value) for name, value in given.items()}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn"],
                cwd=ROOT,
                env=environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        server = Server(f"http://127.0.0.1:{port}", process, Path(str(given["metrics_dir"])), log)
        servers.append(server)
        await_answer(server)
        await_workers(server, int(str(given["workers"])))
        return server

    yield start
    for server in servers:
        server.process.terminate()
        try:
            server.process.wait(30)
        finally:
            server.process.kill()


@pytest.fixture
def unused_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    return free_port()


def await_workers(server: Server, number: int) -> None:
    """Wait until so many workers have begun to count."""
    deadline = time.monotonic() + 60
    while len(server.worker_pids()) < number:
        assert time.monotonic() < deadline, server.log.read_text()
        time.sleep(0.05)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_answer(server: Server) -> None:
    """Wait until the server answers; fail with its log when it ends or stays silent."""
    deadline = time.monotonic() + 60
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            requests.get(f"{server.url}/healthz", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server does not answer:\n{server.log.read_text()}")
