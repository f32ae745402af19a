"""Trial: artifacts that are damaged, foreign, contradictory or evil, at start and at a reload."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from app.config import Config
from chaos.outcome import Outcome
from chaos.rawhttp import HOCKEY, predict
from chaos.service import Service, failing_start, service, until
from model.manifest import MANIFEST, read_manifest

START_SECONDS = 30.0
LINES = 2
"""The server's own sentence, and at most one that it adds to it."""

Damage = Callable[[Path], None]


class Evil:
    """Unpickled, it touches a file: what an attacker's would do is up to the attacker."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Path.touch, (self.marker,)


def trial() -> list[Outcome]:
    """Try every damage on a copy of the artifact, at a start and at a reload."""
    with TemporaryDirectory() as folder:
        marker = Path(folder, "executed")
        damages = _damages(marker)
        reloads = _reload_each(Path(folder, "served"), damages)
        starts = {
            name: _start_refused(Path(folder, f"start-{number}"), damage)
            for number, (name, damage) in enumerate(damages.items())
        }
        return [
            *(_outcome(name, starts[name], reloads[name]) for name in damages),
            _evil(marker, works=_works(Path(folder, "control"))),
        ]


def _damages(marker: Path) -> dict[str, Damage]:
    """What is done to an artifact's folder, by name."""
    return {
        "truncated": lambda folder: _change_dump(folder, lambda dump: dump[: len(dump) // 2]),
        "one bit flipped": lambda folder: _change_dump(folder, _flip),
        "dump gone": lambda folder: _dump(folder).unlink(),
        "manifest gone": lambda folder: (folder / MANIFEST).unlink(),
        "manifest is no JSON": lambda folder: _write(folder / MANIFEST, b"{"),
        "hash of another dump": _change("pipeline", {"sha256": "0" * 64}),
        "other scikit-learn": _change("versions", {"scikit-learn": "0.1.0"}),
        "other canaries": _change_canary,
        "a label missing": _drop_label,
        "dump outside of the folder": _change("pipeline", {"file": "../evil.joblib"}),
        "evil pickle in the dump's place": lambda folder: _write(
            _dump(folder), pickle.dumps(Evil(marker))
        ),
    }


def _dump(folder: Path) -> Path:
    return folder / read_manifest(folder).pipeline.file


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _change_dump(folder: Path, change: Callable[[bytes], bytes]) -> None:
    path = _dump(folder)
    path.write_bytes(change(path.read_bytes()))


def _flip(dump: bytes) -> bytes:
    middle = len(dump) // 2
    return dump[:middle] + bytes([dump[middle] ^ 1]) + dump[middle + 1 :]


def _rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes())
    change(manifest)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))


def _change(part: str, values: dict[str, str]) -> Damage:
    return lambda folder: _rewrite(folder, lambda manifest: manifest[part].update(values))


def _change_canary(folder: Path) -> None:
    def change(manifest: dict[str, Any]) -> None:
        scores = manifest["canaries"][0]["scores"]
        scores.update(dict.fromkeys(scores, 1 / len(scores)))

    _rewrite(folder, change)


def _drop_label(folder: Path) -> None:
    _rewrite(folder, lambda manifest: manifest["labels"].pop())


def _copy(folder: Path) -> Path:
    """A folder with a good artifact."""
    source = Config().model_dir
    folder.mkdir(exist_ok=True)
    for name in (MANIFEST, read_manifest(source).pipeline.file):
        shutil.copy(source / name, folder / name)
    return folder


def _start_refused(folder: Path, damage: Damage) -> str:
    """Start on a damaged artifact; return what is wrong with how that was refused, or nothing."""
    damage(_copy(folder))
    failure = failing_start(model_dir=folder, port=1)
    lines = failure.said.strip().splitlines()
    wrong = {
        "exit code 0": failure.code == 0,
        "a traceback": "Traceback" in failure.said,
        "no sentence": failure.said.count("error: ") != 1 or len(lines) > LINES,
        f"{failure.seconds:.0f} s": failure.seconds > START_SECONDS,
    }
    return ", ".join(name for name, happened in wrong.items() if happened)


def _reload_each(folder: Path, damages: dict[str, Damage]) -> dict[str, str]:
    """Reload a server on each damaged artifact; return what is wrong with each, or nothing."""
    with service(model_dir=_copy(folder)) as running:
        return {name: _reload_refused(running, folder, damages[name]) for name in damages}


def _reload_refused(running: Service, folder: Path, damage: Damage) -> str:
    damage(_copy(folder))
    refusals, before = running.log.count("reload refused"), set(running.workers())
    os.kill(running.server.pid, signal.SIGHUP)
    # Gunicorn starts new workers all the same; they have the earlier model.
    if not until(lambda: running.log.count("reload refused") > refusals, 30):
        return "not refused"
    if not until(lambda: not before & set(running.workers()), 30):
        return "workers not replaced"
    answers = {predict(running.port) for _ in range(10)}
    return "" if answers == {HOCKEY} else f"answers {answers}"


def _works(marker: Path) -> bool:
    """Whether the evil pickle does what it says when somebody unpickles it."""
    pickle.loads(pickle.dumps(Evil(marker)))
    return marker.exists()


def _outcome(name: str, start: str, reload: str) -> Outcome:
    return Outcome(
        f"bad artifact: {name}",
        f"start {start or 'refused in a sentence'}; reload {reload or 'refused, earlier serves'}",
        "start refused in a sentence; reload refused, earlier serves",
        not start and not reload,
    )


def _evil(marker: Path, *, works: bool) -> Outcome:
    executed = marker.exists()
    return Outcome(
        "bad artifact: the evil pickle's payload",
        f"{'executed' if executed else 'not executed'}"
        f" ({'it works' if works else 'it does not work'} when unpickled by hand)",
        "not executed",
        works and not executed,
    )
