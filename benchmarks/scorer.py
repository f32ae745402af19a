"""The scorer against that of another checkout: python -m benchmarks.scorer --against FOLDER.

Make the other checkout with `git worktree add --detach FOLDER COMMIT`. Both score the same texts
with the model of the older one, in alternating rounds; figures are medians of processor time.
"""

from __future__ import annotations

import argparse
import http.client
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import joblib
import msgspec
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC

from benchmarks.posts import BATCH
from benchmarks.server import ROOT, Server, free_port, running
from model.dataset import find_file, read_examples

CHARACTER_TERMS = 400_000
POSTS = 27_000
ROUNDS = 9
FILE_ROUNDS = 3
SINGLE_THREADED = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

Measure = Callable[[], float]


@dataclass(frozen=True)
class Figure:
    """What is measured of both checkouts, and the most that this one may have of the other's."""

    name: str
    limit: float
    other: float
    this: float

    def line(self) -> str:
        """The row of the table."""
        ratio = self.this / self.other
        verdict = "met" if ratio <= self.limit else "NOT MET"
        return (
            f"| {self.name} | {self.other:.1f} | {self.this:.1f} | {ratio:.2f}"
            f" | ≤ {self.limit:.2f} | {verdict} |"
        )


def main(arguments: list[str]) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scorer")
    parser.add_argument("--against", type=Path, required=True, help="the other checkout")
    parser.add_argument("--data-dir", type=Path, default=ROOT / "data")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    folders = [options.against.resolve(), ROOT]
    data_dir = options.data_dir.resolve()
    print("| figure | other | this | ratio | limit | |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        for figure in _figures(folders, data_dir, Path(temporary), options.rounds):
            print(figure.line(), flush=True)


def _figures(folders: list[Path], data_dir: Path, work: Path, rounds: int) -> Iterator[Figure]:
    # The older code may not be able to read the newer model.
    model_dir = trained_model(folders[0])
    texts = read_examples(find_file(data_dir, "train")).texts
    characters = work / "characters.joblib"
    joblib.dump(_character_pipeline(data_dir), characters)
    with ExitStack() as stack:
        probes = [
            stack.enter_context(_probe(one, model_dir, data_dir, characters)) for one in folders
        ]

        def compare(name: str, probe: str, limit: float, count: int = rounds) -> Figure:
            return Figure(name, limit, *medians([partial(one, probe) for one in probes], count))

        yield compare("predict_many, batches of 256, µs a text", "batch", 17 / 40)
        yield compare("predict, one text, µs", "one text", 45 / 60)
        yield compare("characters, one text, µs", "characters", 1.0)
        yield compare("memory of a loaded scorer, MB", "loaded", 1.0, 1)
        yield compare("memory that a worker adds, MB", "worker", 1.0, 3)
        _, this = probes
        by_pipeline = [partial(this, "characters, pipeline"), partial(this, "characters")]
        name = "characters, one text, µs: pipeline, compiled"
        yield Figure(name, 200 / 3000, *medians(by_pipeline, rounds))
    with ExitStack() as stack:
        bodies = [
            msgspec.json.encode({"texts": texts[start : start + BATCH]})
            for start in range(0, len(texts) - BATCH + 1, BATCH)
        ]
        servers = [stack.enter_context(_server(folder, model_dir)) for folder in folders]
        served = [partial(_served, server, bodies) for server in servers]
        yield Figure("/predictions of 64 texts, µs a text", 0.5, *medians(served, rounds))
    files = _files(work, texts)
    runs = [partial(_file_cost, folder, model_dir, *files) for folder in folders]
    name = f"file of {POSTS:,} posts, one process, µs a row"
    yield Figure(name, 0.6, *medians(runs, min(rounds, FILE_ROUNDS)))


def trained_model(checkout: Path) -> Path:
    """The folder of a checkout's trained model."""
    (manifest,) = checkout.glob("model/**/manifest.json")
    return manifest.parent


def interpreter(checkout: Path) -> str:
    """The Python of a checkout's .venv where it has one, which may hold other packages."""
    own = checkout / ".venv" / "bin" / "python"
    return str(own) if own.exists() else sys.executable


def medians(measures: Sequence[Measure], rounds: int) -> list[float]:
    """The median of each, measured in turns, which go back and forth."""
    found: list[list[float]] = [[] for _ in measures]
    for number in range(rounds):
        pairs = list(zip(found, measures, strict=True))
        for values, measure in reversed(pairs) if number % 2 else pairs:
            values.append(measure())
    return list(map(median, found))


def _character_pipeline(data_dir: Path) -> Pipeline:
    examples = read_examples(find_file(data_dir, "train"))
    vectorizer = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 5), max_features=CHARACTER_TERMS, sublinear_tf=True
    )
    pipeline = Pipeline(
        [("features", vectorizer), ("classifier", LinearSVC(C=0.1, random_state=0))]
    )
    return pipeline.fit(examples.texts, examples.labels)


@contextmanager
def _probe(
    folder: Path, model_dir: Path, data_dir: Path, characters: Path
) -> Iterator[Callable[[str], float]]:
    """A process with the scorer of a checkout: a function that asks it for a figure."""
    script = Path(__file__).with_name("scorer_probe.py")
    command = [interpreter(folder), str(script), str(model_dir), str(data_dir), str(characters)]
    env = os.environ | SINGLE_THREADED | {"PYTHONPATH": str(folder)}
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    questions, answers = process.stdin, process.stdout

    def ask(probe: str) -> float:
        questions.write(f"{probe}\n")
        questions.flush()
        return float(answers.readline())

    with process:
        answers.readline()
        yield ask
        questions.close()


@contextmanager
def _server(folder: Path, model_dir: Path) -> Iterator[Server]:
    port = free_port()
    env = {"TEXTCLF_PORT": str(port), "TEXTCLF_WORKERS": "1", "TEXTCLF_HOST": "127.0.0.1"}
    env |= {"TEXTCLF_MODEL_DIR": str(model_dir), **SINGLE_THREADED}
    command = [interpreter(folder), "-m", "gunicorn"]
    with running(command, port=port, ready="/readyz", env=env, cwd=folder) as server:
        yield server


def _served(server: Server, bodies: list[bytes]) -> float:
    """Processor microseconds of the server for each text of these requests."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    before = server.cpu_seconds()
    for body in bodies:
        connection.request("POST", "/predictions", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status != http.HTTPStatus.OK:
            raise SystemExit(f"error: /predictions answered {answer.status}: {answer.read()!r}")
        answer.read()
    connection.close()
    return (server.cpu_seconds() - before) / (len(bodies) * BATCH) * 1e6


def _files(work: Path, texts: list[str]) -> tuple[Path, Path]:
    """A file of posts, and one of its first tenth: what both cost alike is the start."""
    lines = [
        msgspec.json.encode({"text": f"{texts[number % len(texts)]}\npost {number}"}) + b"\n"
        for number in range(POSTS)
    ]
    whole, tenth = work / "posts.jsonl", work / "tenth.jsonl"
    whole.write_bytes(b"".join(lines))
    tenth.write_bytes(b"".join(lines[: POSTS // 10]))
    return whole, tenth


def _file_cost(folder: Path, model_dir: Path, whole: Path, tenth: Path) -> float:
    """Processor microseconds that labelling takes for each further row."""
    seconds = [_label(folder, model_dir, path) for path in (tenth, whole)]
    return (seconds[1] - seconds[0]) / (POSTS - POSTS // 10) * 1e6


def _label(folder: Path, model_dir: Path, path: Path) -> float:
    command = [interpreter(folder), "-m", "scripts.predict", "--jobs", "1"]
    command += ["--model-dir", str(model_dir), str(path), str(path.with_suffix(".labelled"))]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main(sys.argv[1:])
