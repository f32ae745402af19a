"""Trial: what the machine and the settings can do to the service.

File systems are made read-only, small and full in a mount namespace of the service's own, which
needs no rights where user namespaces are allowed.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from chaos.outcome import Outcome
from chaos.rawhttp import HOCKEY, HOST, exchange, predict, status
from chaos.service import Service, failing_start, service, until

NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec")
# All but what the kernel itself shows as files, and what is mounted under /dev.
READ_ONLY = """
for at in $(cut -d" " -f5 /proc/self/mountinfo); do
    case $at in /proc*|/sys*|/dev*) ;; *) mount -o remount,bind,ro "$at" ;; esac
done
if touch . 2>/dev/null || touch /tmp 2>/dev/null; then exit 1; fi"""
FULL = "no room for the metrics"
ASKED = 20
EXECUTE = '\nexec "$0" "$@"'


def trial() -> list[Outcome]:
    """Try each fault."""
    return [*_faults_of_settings(), *_faults_of_files()]


def _faults_of_settings() -> Iterator[Outcome]:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        yield _refused("a misspelt setting", "TEXTCLF_PROT is no setting", prot=1)
        yield _refused("a port too high", "TEXTCLF_PORT='70000'", port=70_000)
        yield _refused("a port that is a word", "TEXTCLF_PORT='http'", port="http")
        yield _refused("a port in use", f"Connection in use: ('{HOST}', {port})", port=port)
        yield _refused("another machine's address", "Cannot assign requested", host="192.0.2.1")
    unset = [f"--unset={name}" for name in os.environ]
    yield _served("an empty environment", "env", *unset)


def _faults_of_files() -> Iterator[Outcome]:
    with TemporaryDirectory() as folder:
        file = Path(folder, "file")
        file.touch()
        yield _refused("no metrics folder", "No such file", metrics_dir=Path(folder, "none"))
        yield _refused("a file for metrics", "Not a directory", metrics_dir=file)
        if not _may_mount():
            yield _outcome("file systems", "not tried: unshare --mount is not allowed", "tried")
            return
        small, ample = _mount("64k", folder), _mount("16m", "/dev/shm")
        none = _mount("16m,ro", "/dev/shm")
        yield _refused("a full disk for metrics", "KiB free", small, metrics_dir=folder)
        yield _refused("a read-only disk for metrics", "Read-only", READ_ONLY, metrics_dir=folder)
        yield _refused("no writable disk at all", "TEXTCLF_METRICS_DIR", none + READ_ONLY)
        yield _served("all read-only but /dev/shm", *_inside(ample + READ_ONLY))
        yield _fills_up(folder)


def _may_mount() -> bool:
    return subprocess.run([*NAMESPACE, _mount("64k", "/dev/shm")], check=False).returncode == 0


def _mount(options: str, at: str) -> str:
    return f"mount -t tmpfs -o size={options} tmpfs {at}\n"


def _inside(script: str) -> list[str]:
    """The command that prepares a namespace by a script and executes another command in it."""
    return [*NAMESPACE, script + EXECUTE]


def _refused(name: str, sentence: str, script: str = "", **settings: object) -> Outcome:
    """A start that must be refused by a sentence that says what is wrong."""
    failure = failing_start(*(_inside(script) if script else ()), **settings)
    wrong = {
        "exit code 0": failure.code == 0,
        "a traceback": "Traceback" in failure.said,
        f"not {sentence!r}": sentence not in failure.said,
    }
    seen = ", ".join(fault for fault, happened in wrong.items() if happened)
    return _outcome(name, seen or f"start refused: {sentence}", f"start refused: {sentence}")


def _served(name: str, *prefix: str) -> Outcome:
    """A fault that the service does not mind: nothing but a start that fails is an exception."""
    with service(*prefix) as running:
        right = predict(running.port) == HOCKEY
        errors = running.log.count('"ERROR"') + running.log.count('"WARNING"')
    seen = f"{'serves' if right else 'does not serve'}, {errors} errors logged"
    return _outcome(name, seen, "serves, 0 errors logged")


def _fills_up(folder: str) -> Outcome:
    """A disk that is full once the service runs: its workers are killed, and replaced twice."""
    with service(*_inside(_mount("900k", folder)), metrics_dir=folder) as running:
        # The folder as the service sees it.
        _fill(Path(f"/proc/{running.server.pid}/root{folder}"))
        right = [_ask(running)]
        for pid in running.workers():
            os.kill(pid, signal.SIGKILL)
        right.append(_ask(running))
        os.kill(running.server.pid, signal.SIGHUP)
        reported = until(lambda: FULL in running.log, 30)
        right.append(_ask(running))
        counted = _counted(running)
    asked = ASKED * len(right)
    return _outcome(
        "a disk for metrics that fills up",
        f"{sum(right)} of {asked} right, {counted} counted, {'' if reported else 'not '}logged",
        f"{asked} of {asked} right, {asked} counted, logged",
    )


def _fill(folder: Path) -> None:
    with suppress(OSError), (folder / "fill").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def _ask(running: Service) -> int:
    """How many predictions are right, once there is anybody to make any."""
    until(lambda: _answers(running.port), 30)
    return sum(predict(running.port) == HOCKEY for _ in range(ASKED))


def _answers(port: int) -> bool:
    return (
        status(exchange(port, b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[0])
        == 200
    )


def _counted(running: Service) -> int:
    """How many predictions the metrics count."""
    answer, _ = exchange(running.port, b"GET /metrics HTTP/1.0\r\n\r\n")
    return round(
        sum(map(float, re.findall(rb"^predictions_total\S* (\S+)$", answer, re.MULTILINE)))
    )


def _outcome(fault: str, seen: str, reach: str) -> Outcome:
    return Outcome(f"fault: {fault}", seen, reach, seen == reach)
