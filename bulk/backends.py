"""Where the chunks are labelled: on this machine's cores, or on a Dask cluster's workers.

joblib does the work on either. It would take on chunks as fast as they are labelled, however slowly
they are written; here it is handed a window of them at a time, so that no more are under way than a
window has.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from threading import Event
from typing import Any

from joblib import Parallel, delayed, effective_n_jobs, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError

from bulk.interrupts import interrupts_deferred, interrupts_held
from bulk.labelling import Labelled, Task, check_worker, label_chunk
from bulk.orphans import end_with
from bulk.readahead import Readahead
from bulk.source import Chunk
from model.errors import BulkError, UserError

WINDOW_CHUNKS = 32
"""For each worker: the wait for a window's last chunk is then about a hundredth of its time."""
CHUNK_SECONDS = 600
"""A chunk takes less than a second; longer than this its worker is not coming back."""
CONNECT_SECONDS = 10

Outcomes = Callable[[Task, Iterator[Chunk]], Generator[tuple[Chunk, Labelled], None, None]]


def local(jobs: int) -> AbstractContextManager[Outcomes]:
    """Label on so many processes of this machine, -1 for one for each core that may be used."""
    ending = {"initializer": _begin, "initargs": (os.getpid(),)}
    return _outcomes(parallel_config(backend="loky", **ending), jobs, lambda task: None)


def _begin(parent: int) -> None:
    """Begin a worker process: it ends with its parent, and leaves Ctrl-C to it."""
    # joblib may start one from a thread of its own, which holds no interrupts back.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent)


@contextmanager
def dask(scheduler: str) -> Iterator[Outcomes]:
    """Label on all workers of the Dask cluster with this scheduler.

    Raises BulkError when Dask is not installed or the cluster cannot be used.
    """
    try:
        from distributed import Client
    except ImportError:
        raise BulkError(
            "--backend dask needs Dask: run `pip install -r requirements-cluster.txt`"
        ) from None
    try:
        connect: Callable[..., Any] = Client
        client = connect(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BulkError(
            f"no Dask scheduler answers at {scheduler} ({error}): give the address that"
            " `dask scheduler` prints, such as tcp://127.0.0.1:8786"
        ) from None
    with client:

        def check(task: Task) -> None:
            if not _checked(client, task):
                raise BulkError(f"the cluster at {scheduler} has no workers: start some")

        config = parallel_config(backend="dask", client=client)
        with _outcomes(config, -1, check) as outcomes:
            yield outcomes


def _checked(client: Any, task: Task) -> object:
    """Have every worker load what it needs; what each says by its address."""
    try:
        return client.run(check_worker, task)
    except UserError:
        raise
    except Exception as error:
        raise BulkError(
            f"a worker of the cluster cannot label ({type(error).__name__}: {error}): start the"
            " workers in a copy of this folder, with PYTHONPATH=. and requirements-cluster.txt"
        ) from error


@contextmanager
def _outcomes(
    config: AbstractContextManager[Any], jobs: int, check: Callable[[Task], None]
) -> Iterator[Outcomes]:
    """Give the function from chunks to outcomes, in order, by joblib's backend of a context."""
    with config:
        workers = effective_n_jobs(jobs)
        most = WINDOW_CHUNKS * workers
        parallel = Parallel(
            n_jobs=jobs,
            return_as="generator",
            # More than loky's own queue holds, it would lose its way among when the run is ended.
            pre_dispatch="2 * n_jobs",
            batch_size=1,
            # A single process of its own has nobody to wait for, and joblib would say so.
            timeout=CHUNK_SECONDS if workers > 1 else None,
        )
    with parallel:

        def outcomes(
            task: Task, chunks: Iterator[Chunk]
        ) -> Generator[tuple[Chunk, Labelled], None, None]:
            check(task)
            with closing(Readahead(chunks, most)) as ahead:
                while window := ahead.take(most):
                    yield from _labelled(parallel, task, window)

        yield outcomes


def _labelled(
    parallel: Parallel, task: Task, window: Sequence[Chunk]
) -> Generator[tuple[Chunk, Labelled], None, None]:
    ended = Event()

    def calls() -> Iterator[Any]:
        for chunk in window:
            if ended.is_set():
                return
            yield delayed(label_chunk)(task, chunk.data)

    with interrupts_held():
        results = parallel(calls())
    try:
        for chunk in window:
            # joblib, interrupted while it waits, would lose track of its processes.
            with interrupts_deferred():
                labelled = next(results)
            yield chunk, labelled
    except TerminatedWorkerError:
        raise BulkError(
            "a worker process was killed, mostly because memory ran out: give the run more, or"
            " fewer --jobs"
        ) from None
    except TimeoutError:
        raise BulkError(
            f"no worker labelled a chunk in {CHUNK_SECONDS} s: look whether the workers run"
        ) from None
    finally:
        # However this ends, the few chunks under way are waited for: workers are never torn off.
        ended.set()
        with interrupts_deferred(), suppress(Exception):
            deque(results, maxlen=0)
