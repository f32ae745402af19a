"""Gunicorn's settings: everything about processes and connections, each with its reason.

Costs are what a request takes in parts of an in-process pipeline.predict([text]), as nine rounds of
`python -m benchmarks --settings --rounds 9` had it on a shared machine: as everything is set here,
0.42. There, differences of less than a tenth say nothing.
"""

import gc
import os
import shutil
import socket
import sys
from pathlib import Path

# From any folder: python -m gunicorn --config PATH/gunicorn.conf.py
chdir = str(Path(__file__).resolve().parent)
sys.path.insert(0, chdir)

# One thread of arithmetic a worker: the workers already use every CPU, and the products are small.
# Set before NumPy is imported, because its libraries read these only once.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

from gunicorn.arbiter import Arbiter

from app.config import ConfigError, read_config
from app.logs import ServerLogger
from app.metrics import workers as numbered
from app.metrics.directory import make_directory
from app.middleware import describe
from model.errors import UserError
from server.protocol import Limits
from server.worker import Worker

try:
    _settings = read_config(os.environ)
    # Twice the workers: at a reload the new ones start before the old ones end.
    _metrics_dir = make_directory(_settings.metrics_dir, _settings.workers * numbered.ROOM)
except ConfigError as error:
    sys.exit(f"error: {error}")
numbered.share_counts(_metrics_dir)


class ServiceWorker(Worker):
    """The worker with this service's limits."""

    most_waiting = _settings.max_waiting
    limits = Limits(
        body=_settings.max_body_bytes,
        seconds=_settings.client_timeout,
        # Longer than the 60 s after which common load balancers drop an idle connection: the side
        # that closes first must be theirs, or a request can meet a closing connection.
        resting=75,
    )


wsgi_app = "app.wsgi:start()"
bind = _settings.bind
workers = _settings.workers

# Connections wait in an event loop, so a slow or silent client costs a file descriptor; it would
# hold a whole sync worker or one of the few threads of a gthread worker.
worker_class = ServiceWorker

# The model is loaded once, before forking: workers share its memory (two take 78 MB each, and 92
# without), and a bad artifact fails the start as a whole instead of each worker over and over.
preload_app = True

timeout = _settings.worker_timeout
graceful_timeout = _settings.graceful_timeout

# The heartbeat file lives in memory, where touching it cannot block on a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None

# No control socket: nothing here uses it, and it cannot be made on a read-only root.
control_socket_disable = True

# Bytes of answers that the system keeps for a client, which it doubles. By default that grows to
# megabytes, for each client that does not read, and counts as memory of the container.
SEND_BUFFER = 131_072

logger_class = ServerLogger
loglevel = _settings.log_level


def settle_memory() -> None:
    """Keep what is loaded out of garbage collection, so that its pages stay shared with workers.

    What was kept out before is let in first: after a reload it holds the model that was replaced.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def when_ready(server: Arbiter) -> None:
    """Settle the memory that the workers are about to share, and bound what a connection takes."""
    settle_memory()
    for listener in server.LISTENERS:
        # Connections inherit it from here.
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


def post_worker_init(worker: ServiceWorker) -> None:
    """Let the application see whether its worker is ending, and count what waits in it."""
    worker.wsgi.extensions["worker"] = worker
    # The benchmark serves other applications in this way.
    if "services" in worker.wsgi.extensions:
        worker.report_waiting = worker.wsgi.extensions["services"].metrics.requests.set_waiting


def worker_abort(worker: ServiceWorker) -> None:
    """Name the request in which a worker fell silent, before it is killed."""
    # Other worker classes do not say what they are answering.
    current = getattr(worker, "current", None)
    if current is not None:
        worker.log.error(
            "a request took more than %d s and is abandoned with its worker",
            worker.timeout,
            extra=describe(current),
        )


def on_reload(server: Arbiter) -> None:
    """Load the artifact again on SIGHUP; a bad one is rejected and the old one keeps serving.

    With preload_app gunicorn forks the new workers from the application it holds already, so the
    new one must be put in its place.
    """
    from app.wsgi import application

    try:
        server.app.callable = application()
    except (UserError, ConfigError) as error:
        server.log.error("reload refused, the earlier model keeps serving: %s", error)
    settle_memory()


def pre_fork(server: Arbiter, worker: ServiceWorker) -> None:
    """Number the worker, for its counts; the service works on should there be no room for them."""
    try:
        numbered.number(worker, list(server.WORKERS.values()))
    except OSError as error:
        server.log.error("no room for the metrics in %s: %s", _metrics_dir, error)


def post_fork(server: Arbiter, worker: ServiceWorker) -> None:
    """Begin to count as this worker; without room, only its line in the metrics is lost."""
    try:
        numbered.begin(worker)
    except OSError as error:
        server.log.error("no room for the metrics in %s: %s", _metrics_dir, error)


def child_exit(server: Arbiter, worker: ServiceWorker) -> None:
    """Keep the counts of a worker that ended, and forget what it had under way."""
    numbered.end(worker)


def on_exit(server: Arbiter) -> None:
    """Leave no counts behind."""
    shutil.rmtree(_metrics_dir, ignore_errors=True)
