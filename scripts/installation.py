"""Brings .venv to hold what lock files name, without harming one that is in use.

A lock file that was never installed is added to the environment that is there. Anything else that
is to change makes a new environment beside it, and the two are swapped when the new one is
complete: until then, whatever fails or interrupts leaves the old one as it was. The new one is
made under another name and moved, rather than made in place of the old, so that a server which
runs from .venv finds its files there at every moment but that between two renames.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.errors import UserError
from scripts.environment import Environment, LockFile, read_lock_file

VENV, NEW, OLD = Path(".venv"), Path(".venv.new"), Path(".venv.old")


def install(names: list[str]) -> None:
    """Bring the environment to hold these lock files, doing nothing where it does.

    Raises UserError when it cannot, with the environment that was there unchanged.
    """
    locks = [read_lock_file(name) for name in names]
    if _is_complete(locks):
        return
    try:
        with _one_at_a_time():
            _recover()
            # Another command may have installed them while this one waited.
            if not _is_complete(locks):
                _install(locks)
    except OSError as error:
        raise UserError(
            f"{error.filename or Path.cwd()} cannot be written ({error.strerror}): give yourself"
            " the right to write there and free disk space, or use a copy of the project in a"
            " folder of your own"
        ) from None


def _is_complete(locks: list[LockFile]) -> bool:
    environment = Environment(VENV)
    return all(environment.has_record(lock) for lock in locks) and not environment.defect(*locks)


def _install(locks: list[LockFile]) -> None:
    environment = Environment(VENV)
    defect = environment.defect(*locks) if os.path.lexists(VENV) else "is not there"
    if not defect:
        missing = [lock for lock in locks if not environment.has_record(lock)]
        defect = _add(environment, missing)
    elif os.path.lexists(VENV):
        print(f"{VENV} {defect}: making a new one", flush=True)
    if defect:
        _replace(locks)


def _add(environment: Environment, locks: list[LockFile]) -> str:
    """Install lock files beside what is there; return what does not fit together then."""
    for lock in locks:
        environment.begin_adding(lock)
        _announce(lock)
        environment.install(lock)
        if conflicts := environment.conflicts(lock):
            print(f"{VENV} does not fit {lock.name} ({conflicts}): making a new one", flush=True)
            return conflicts
        environment.end_adding(lock)
    return ""


def _replace(locks: list[LockFile]) -> None:
    """Make a new environment and put it in the place of the old one."""
    new = Environment(NEW, home=VENV)
    try:
        new.make()
        for lock in locks:
            _announce(lock)
            new.install(lock)
        if conflicts := new.conflicts(*locks):
            names = " and ".join(lock.name for lock in locks)
            raise UserError(f"{names} cannot be used together here: {conflicts}")
        new.move_paths()
        new.record(*locks)
        _swap()
    finally:
        _remove(NEW)


def _announce(lock: LockFile) -> None:
    print(
        f"installing {lock.name} into {VENV}: {len(lock.pins)} packages, often in under a minute",
        flush=True,
    )


def _swap() -> None:
    """Put the new environment in the old one's place, whatever signal comes in between."""
    waiting = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        if os.path.lexists(VENV):
            VENV.rename(OLD)
        NEW.rename(VENV)
    finally:
        _recover()
        signal.pthread_sigmask(signal.SIG_SETMASK, waiting)


def _recover() -> None:
    """Clear away what a command that was killed left, and bring back what it had moved."""
    if os.path.lexists(OLD) and not os.path.lexists(VENV):
        OLD.rename(VENV)
    _remove(OLD)
    _remove(NEW)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold the project's folder, so that two commands never install at the same time."""
    folder = os.open(".", os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another command to finish {VENV}", flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
