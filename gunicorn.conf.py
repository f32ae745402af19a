"""Gunicorn's settings: everything about processes and connections, each with its reason.

Costs are what a request takes in parts of an in-process pipeline.predict([text]), as nine rounds of
`python -m benchmarks --settings --rounds 9` had it on a shared machine: as everything is set here,
0.42. There, differences of less than a tenth say nothing.
"""

import gc
import os
import shutil
import signal
import socket
import sys
from importlib import import_module
from pathlib import Path

# One thread of arithmetic a worker: the workers already use every CPU, and the products are small.
# Set before NumPy is imported, because its libraries read these only once.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

from gunicorn.arbiter import Arbiter
from gunicorn.http.message import Request
from gunicorn.workers.base import Worker

from app.logs import ServerLogger
from app.metrics import workers as numbered
from app.metrics.directory import make_directory
from app.settings import SettingsError, read_settings
from model.errors import UserError

try:
    _settings = read_settings(os.environ)
    # Twice the workers: at a reload the new ones start before the old ones end.
    _metrics_dir = make_directory(_settings.metrics_dir, _settings.workers * numbered.ROOM)
except SettingsError as error:
    sys.exit(f"error: {error}")
numbered.share_counts(_metrics_dir)

wsgi_app = "app.wsgi:start()"
bind = f"{_settings.host}:{_settings.port}"
workers = _settings.workers

# A slow or silent client costs a gevent worker one greenlet; it would hold a whole sync worker or
# one of the few threads of a gthread worker. That decides, because CPU time hardly does: 0.48, 0.42
# and 0.40 with 1, 2 and 4 threads of gthread, 0.45 with sync, 0.41 with gunicorn's own gevent
# worker, which has neither deadlines nor an end to how many may wait.
worker_class = "app.connections.Worker"

# The model is loaded once, before forking: workers share its memory (two take 78 MB each, and 92
# without), and a bad artifact fails the start as a whole instead of each worker over and over.
preload_app = True

# Gevent imports these when a worker starts: shared, they save 2 MB in each.
for name in ("events", "local", "selectors", "signal", "ssl", "subprocess", "threading", "time"):
    import_module(f"gevent.{name}")

timeout = _settings.worker_timeout
graceful_timeout = _settings.graceful_timeout

# How long a connection may rest before a request. Longer than the 60 s after which common load
# balancers drop an idle connection: the side that closes first must be theirs, or a request can
# meet a closing connection. With a connection for each request it would cost 0.51.
keepalive = 75

# The heartbeat file lives in memory, where touching it cannot block on a disk. On an idle disk it
# costs the same (0.40), and so does a shorter backlog than gunicorn's 2048: 64 had 0.40.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None

# No control socket: nothing here uses it, and it cannot be made on a read-only root.
control_socket_disable = True

# Not whichever is installed: the newest parser in C that is published is older than what this
# release of gunicorn asks for, and a parser decides where a request ends. It would save 0.03.
http_parser = "python"

# A prediction's request line and headers are short; what is longer is not meant for this service.
limit_request_line = 2048
limit_request_fields = 64
limit_request_field_size = 4096

# Whether Transfer_Encoding is Transfer-Encoding, two servers in a row may judge differently.
header_map = "refuse"

# Nothing here depends on what a proxy says of the client, so nobody is believed. Gunicorn's default
# would take the scheme, and even paths, from any process on the same host.
forwarded_allow_ips = ""

# Bytes of answers that the system keeps for a client, which it doubles. By default that grows to
# megabytes, for each client that does not read, and counts as memory of the container.
SEND_BUFFER = 131_072

# Files, too, are sent by the connection's own method, which has a deadline; they are small.
sendfile = False

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


def post_worker_init(worker: Worker) -> None:
    """Let the application see whether its worker is ending, and end it quietly on Ctrl-C.

    A terminal's Ctrl-C reaches the workers as well. By default they would quit at once, in the
    midst of their requests, and gevent would print that with a traceback.
    """
    worker.wsgi.extensions["worker"] = worker
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, worker.handle_exit)


def pre_request(worker: Worker, request: Request) -> None:
    """Log nothing; gunicorn's own hook would log the path, as the client wrote it."""


def on_reload(server: Arbiter) -> None:
    """Load the artifact anew on SIGHUP; a bad one is refused and the old one keeps serving.

    With preload_app gunicorn forks the new workers from the application it holds already, so the
    new one must be put in its place.
    """
    from app.wsgi import application

    try:
        server.app.callable = application()
    except (UserError, SettingsError) as error:
        server.log.error("reload refused, the earlier model keeps serving: %s", error)
    settle_memory()


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Number the worker, for its counts; the service works on should there be no room for them."""
    try:
        numbered.number(worker, list(server.WORKERS.values()))
    except OSError as error:
        server.log.error("no room for the metrics in %s: %s", _metrics_dir, error)


def post_fork(server: Arbiter, worker: Worker) -> None:
    """Begin to count as this worker."""
    numbered.begin(worker)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Keep the counts of a worker that ended, and forget what it had under way."""
    numbered.end(worker)


def on_exit(server: Arbiter) -> None:
    """Leave no counts behind."""
    shutil.rmtree(_metrics_dir, ignore_errors=True)
