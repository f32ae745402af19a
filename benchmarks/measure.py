"""A server measured: started and checked once, then put under full load in each round."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TypeVar

import msgspec
import numpy as np

from benchmarks.load import Load, LoadError, ask, closed_loop, open_loop
from benchmarks.posts import BATCH, bodies, usual, write_batches, write_singles
from benchmarks.server import Server
from benchmarks.targets import Target

CPUS = sorted(os.sched_getaffinity(0))[:2]
# For each worker: few, and with more workers each would be woken for fewer requests at a time,
# which costs more, and is a cost of idling and not of company.
CONNECTIONS = 16
CHECKED = 20
HALF = 0.5

Figures = TypeVar("Figures", bound=msgspec.Struct)


class Measured(msgspec.Struct, frozen=True):
    """What a target took for a request; where batches are sent, rate and cost are of one text."""

    rate: float
    """Requests (or texts) answered a second."""
    cpu_us: float
    """Processor time of the whole server tree."""
    generator_us: float
    """Processor time of the load generator."""
    free_rate: float
    """As `rate`, the time that the generator took of the server's CPUs not counted."""
    p50_us: float
    p99_us: float
    pss_mb: float
    """Memory of the whole server tree, shared pages counted once."""
    start_seconds: float
    proxy_us: float = 0.0
    """Processor time of the proxy before the server, where there is one."""
    errors: int = 0


class Posts:
    """What is sent: the texts, their labels by the stock pipeline, and files of request bodies."""

    def __init__(self, texts: Sequence[str], labels: Sequence[str], directory: Path) -> None:
        self.texts, self.labels = texts, labels
        self.bodies = bodies(texts)
        self.usual = bodies(usual(texts))
        """Bodies of the posts that are not much longer than most."""
        self.files = {
            "/prediction": write_singles(directory / "singles", texts),
            "/predictions": write_batches(directory / "batches", texts),
        }
        self.usual_file = write_singles(directory / "usual", usual(texts))


@contextmanager
def started(target: Target, posts: Posts) -> Iterator[Server]:
    """A server that runs, gives the right labels and is warm; it is stopped in the end.

    Raises ServerError when it does not start, LoadError at any error or wrong label.
    """
    with target.start() as server:
        if target.answers_labels:
            check(server, target, posts)
        server.pin(CPUS[: target.workers])
        full_load(server, target, posts.files[target.path], 1)
        yield server


def measure(server: Server, target: Target, posts: Posts, seconds: int) -> Measured:
    """Load a server fully for some seconds. Raises LoadError at any error."""
    before, before_proxy = server.cpu_seconds(), server.proxy_seconds()
    load = full_load(server, target, posts.files[target.path], seconds)
    used, by_proxy = server.cpu_seconds() - before, server.proxy_seconds() - before_proxy
    found = summarise(target, load, used, server.pss_megabytes(), server.start_seconds)
    return msgspec.structs.replace(found, proxy_us=by_proxy / load.requests * 1e6)


def full_load(server: Server, target: Target, file: Path, seconds: int) -> Load:
    """Load a server fully; the generator keeps off the CPU of a single worker."""
    return closed_loop(
        server.port,
        target.path,
        file,
        seconds=seconds,
        connections=CONNECTIONS * target.workers,
        cpus=CPUS if target.workers > 1 else CPUS[-1:],
    )


def summarise(target: Target, load: Load, used: float, pss_mb: float, start: float) -> Measured:
    """Reckon what a request (or a text of a batch) took."""
    answered = load.requests * (BATCH if target.path == "/predictions" else 1)
    shared = load.generator_seconds / len(CPUS) if target.workers > 1 else 0.0
    return Measured(
        rate=answered / load.seconds,
        cpu_us=used / answered * 1e6,
        generator_us=load.generator_seconds / answered * 1e6,
        free_rate=answered / (load.seconds - shared),
        p50_us=load.p50_us,
        p99_us=load.p99_us,
        pss_mb=pss_mb,
        start_seconds=start,
        errors=load.errors,
    )


def typical(rounds: Sequence[Figures]) -> Figures:
    """Return the median of each figure.

    The best of each would flatter whatever is measured more often, or by shorter windows.
    """
    kind = type(rounds[0])
    fields = kind.__struct_fields__
    return kind(**{name: median(getattr(one, name) for one in rounds) for name in fields})


def check(server: Server, target: Target, posts: Posts) -> None:
    """Raise LoadError unless the server gives the labels that the stock pipeline gives."""
    expected = list(posts.labels[:CHECKED])
    if target.path == "/predictions":
        body = msgspec.json.encode({"texts": list(posts.texts[:CHECKED])})
        found = msgspec.json.decode(ask(server.port, target.path, body))["labels"]
    else:
        answers = [ask(server.port, target.path, body) for body in posts.bodies[:CHECKED]]
        found = [msgspec.json.decode(answer)["label"] for answer in answers]
    if found != expected:
        raise LoadError(f"{target.name} answers {found} where the pipeline says {expected}")


class Latency(msgspec.Struct, frozen=True):
    """Answer times at a fixed rate, in microseconds, from the moment that a request was due."""

    rate: float
    p50_us: float
    p99_us: float

    @property
    def ratio(self) -> float:
        """How much worse the tail is than the middle."""
        return self.p99_us / self.p50_us


def latency(server: Server, bodies: Sequence[bytes], rate: float, seconds: float) -> Latency:
    """Send predictions at a fixed rate. Raises LoadError when any of them fails."""
    times = open_loop(server.port, "/prediction", bodies, rate=rate, seconds=seconds)
    p50, p99 = np.percentile(times, [50, 99])
    return Latency(rate, float(p50), float(p99))


def half_load(server: Server, target: Target, posts: Posts, seconds: int) -> Latency:
    """Answer times at half of what the server can take, with posts of usual length alone.

    Any queue for one worker has a tail where it is long posts that others wait for, however quick
    the service. Raises LoadError when any request fails.
    """
    most = full_load(server, target, posts.usual_file, seconds).rate
    return latency(server, posts.usual, HALF * most, seconds)
