"""Labelling a file in bulk: python -m benchmarks.bulk [--posts N] [--interrupt] [--data-dir DIR].

The posts are those of the training set, repeated and made distinct by a number at their end, in a
file that is removed afterwards.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from operator import methodcaller
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.inprocess import COMPILED_BATCH, InProcess
from benchmarks.posts import sample
from benchmarks.reaches import Reach
from benchmarks.report import reach_line
from benchmarks.server import ROOT, Server
from bulk.workspace import Workspace
from model.dataset import find_file, read_examples

POSTS = 20_000
JOBS = (1, 2)
ROUNDS = 3
WARM_UP = 10
"""The start of processes is left out of rates: they are of what a file has more than its tenth."""
STAGES = (0.1, 0.5, 0.9)
"""Parts of the result at which memory is looked at."""


class Bulk(msgspec.Struct, frozen=True):
    """What labelling a file took."""

    posts: int
    rate: float
    """Posts a second, once the processes are up."""
    cpu_us: float
    """Processor time of a post, of all processes, once they are up."""
    seconds: float
    """From the command's start to its end."""
    pss_mb: list[float]
    """Memory of all processes at the stages of the run."""


class Files:
    """A file of posts, its tenth, and where results go."""

    def __init__(self, data_dir: Path, folder: Path, posts: int) -> None:
        self.posts, self.folder = posts, folder
        self.whole, self.tenth = folder / "posts.jsonl", folder / "tenth.jsonl"
        texts = itertools.cycle(read_examples(find_file(data_dir, "train")).texts)
        with self.whole.open("wb") as whole, self.tenth.open("wb") as tenth:
            for number in range(posts):
                row = {"id": number, "text": f"{next(texts)}\npost {number}"}
                line = msgspec.json.encode(row) + b"\n"
                whole.write(line)
                if number < posts // WARM_UP:
                    tenth.write(line)


def measure(files: Files, jobs: int) -> Bulk:
    """Label the posts by so many processes."""
    few, few_cpu, _ = _run(files, files.tenth, jobs)
    seconds, cpu, memory = _run(files, files.whole, jobs)
    more = files.posts - files.posts // WARM_UP
    return Bulk(files.posts, more / (seconds - few), (cpu - few_cpu) / more * 1e6, seconds, memory)


def measure_all(files: Files, data_dir: Path) -> tuple[list[Bulk], float]:
    """Measure with one process and with two, and what `predict_many` costs, in turns: medians."""
    measured: list[list[Bulk]] = [[] for _ in JOBS]
    inprocess_us = []
    for _ in range(ROUNDS):
        inprocess_us.append(inprocess_cost(data_dir, JOBS[-1]))
        for jobs, rounds in zip(JOBS, measured, strict=True):
            rounds.append(measure(files, jobs))
    return [_typical(rounds) for rounds in measured], median(inprocess_us)


def _typical(rounds: Sequence[Bulk]) -> Bulk:
    """The median of each figure; memory, which hardly varies, is that of the first round."""
    figures = {
        name: [getattr(one, name) for one in rounds] for name in ("rate", "cpu_us", "seconds")
    }
    return msgspec.structs.replace(rounds[0], **{n: median(of) for n, of in figures.items()})


def reaches(measured: Sequence[Bulk], inprocess_us: float) -> list[Reach]:
    """Return what one and two processes are to reach."""
    one, two = measured
    return [
        Reach("bulk: posts/s by 2 processes / by 1", two.rate / one.rate, 1.8, True),
        Reach("bulk: posts a CPU-second, 2 / 1, twice", 2 * one.cpu_us / two.cpu_us, 1.8, True),
        Reach("bulk: posts a CPU-second / in-process batch", inprocess_us / two.cpu_us, 0.85, True),
    ]


def as_text(measured: Sequence[Bulk]) -> list[str]:
    """Return a line for each run."""
    lines = []
    for jobs, one in zip(JOBS, measured, strict=True):
        memory = zip(STAGES, one.pss_mb, strict=False)
        shown = ", ".join(f"{share:.0%}: {megabytes:.0f}" for share, megabytes in memory)
        lines.append(
            f"bulk, {one.posts:,} posts, {jobs} at a time: {one.rate:,.0f} posts/s,"
            f" {one.cpu_us:.0f} CPU-us a post, {one.seconds:.0f} s in all; PSS MB at {shown}"
        )
    return lines


def inprocess_cost(data_dir: Path, jobs: int) -> float:
    """Processor microseconds of a post by `predict_many`, in so many processes at a time.

    With as many cores busy as in the run that it is compared with: cores share caches and clock.
    """
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        costs = list(pool.map(_inprocess_cost, [data_dir] * jobs))
    return sum(costs) / jobs


def _inprocess_cost(data_dir: Path) -> float:
    inprocess = InProcess(ROOT / "model" / "trained", sample(data_dir))
    rounds = [inprocess.round()[COMPILED_BATCH] for _ in range(3)]
    return sum(rounds) / len(rounds)


def interrupted(files: Files, jobs: int) -> Iterator[str]:
    """Kill a run and stop another, resume both, and compare with one that was left alone.

    Yields a line for each.
    """
    result = files.folder / "labelled.jsonl"
    _watch(files, files.whole, jobs, {})
    expected = _sha256(result)
    for sent in (signal.SIGKILL, signal.SIGTERM):
        result.unlink()
        _watch(files, files.whole, jobs, {0.3: methodcaller("send_signal", sent)}, stopped=True)
        _watch(files, files.whole, jobs, {}, "--resume")
        equal = _sha256(result) == expected
        yield f"{sent.name} and --resume: {'equal byte for byte' if equal else 'DIFFERENT'}"


def _run(files: Files, given: Path, jobs: int) -> tuple[float, float, list[float]]:
    """Seconds, processor seconds and memory of one run."""
    memory: list[float] = []

    def look(process: subprocess.Popen[bytes]) -> None:
        memory.append(Server(0, process.pid, 0.0).pss_megabytes())

    before, started = _children_cpu(), time.perf_counter()
    _watch(files, given, jobs, dict.fromkeys(STAGES, look))
    return time.perf_counter() - started, _children_cpu() - before, memory


def _watch(
    files: Files,
    given: Path,
    jobs: int,
    stages: dict[float, Callable[[subprocess.Popen[bytes]], None]],
    *options: str,
    stopped: bool = False,
) -> None:
    """Label a file, and do something when its result has come to be so large a part of it."""
    result = files.folder / "labelled.jsonl"
    partial, size = Workspace(result).content, given.stat().st_size
    command = [sys.executable, "-m", "scripts.predict", str(given), str(result)]
    command += ["--model-dir", str(ROOT / "model" / "trained"), "--jobs", str(jobs), *options]
    left = dict(stages)
    with subprocess.Popen(command, cwd=ROOT, stdout=sys.stderr) as process:
        while process.poll() is None:
            done = partial.stat().st_size / size if partial.exists() else 0.0
            for share in [share for share in left if share <= done]:
                left.pop(share)(process)
            time.sleep(0.02)
    if bool(process.returncode) != stopped:
        raise SystemExit(f"error: {' '.join(command)} ended with {process.returncode}")


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__)
    parser.add_argument("--posts", type=int, default=POSTS, help=f"default: {POSTS}")
    parser.add_argument("--interrupt", action="store_true", help="kill and resume runs instead")
    parser.add_argument("--data-dir", type=Path, default=Path(os.environ.get("DATA_DIR", "data")))
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        files = Files(given.data_dir, Path(scratch), given.posts)
        if given.interrupt:
            for line in interrupted(files, JOBS[-1]):
                print(line, flush=True)
            return
        measured, inprocess_us = measure_all(files, given.data_dir)
        print("\n".join(as_text(measured)))
        print(f"predict_many in {JOBS[-1]} processes at a time: {inprocess_us:.0f} CPU-us a post")
        print("\n".join(map(reach_line, reaches(measured, inprocess_us))))


if __name__ == "__main__":
    main(sys.argv[1:])
