"""A virtual environment that knows what was installed into it, and sees when that has changed.

Runs before anything is installed, so it uses the standard library alone.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.errors import UserError

# The venv module, ended by Ctrl-C without a traceback.
MAKE_ENVIRONMENT = """
import runpy, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
runpy.run_module("venv", run_name="__main__")
"""

# Size and time of change of every file, by its path within the environment.
Files = dict[str, list[int]]


@dataclass(frozen=True)
class LockFile:
    """A file of pinned requirements, complete and with hashes."""

    path: Path
    content: bytes

    @property
    def name(self) -> str:
        """The file's name, by which the environment records it."""
        return self.path.name

    @property
    def digest(self) -> str:
        """What changes with any byte of the file."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def pins(self) -> dict[str, bool]:
        """Names of the pinned packages, and whether each is needed on every platform."""
        lines = re.findall(r"(?m)^([\w.-]+)==([^\\\n]*)", self.content.decode())
        return {canonical(name): ";" not in rest for name, rest in lines}


def read_lock_file(name: str) -> LockFile:
    """Read a lock file; raises UserError when that cannot be done."""
    try:
        return LockFile(Path(name), Path(name).read_bytes())
    except OSError as error:
        raise UserError(
            f"{name} cannot be read ({error.strerror}): run this from the project's folder, with"
            " the names of its lock files"
        ) from None


class Environment:
    """A virtual environment in a folder, that is being made for good or to be moved to `home`.

    It is trusted by its records: one of the environment as it was made, and one of each lock file
    whose packages were installed completely. A record lists files with size and time of change.
    """

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        self._folder = folder.absolute()
        self._home = (home or folder).absolute()
        self._records = self._folder / "installed"

    @property
    def python(self) -> str:
        """The path of its interpreter."""
        return str(self._folder / "bin" / "python")

    def make(self) -> None:
        """Make it in its folder, which must not exist; raises UserError when that fails."""
        self._folder.mkdir()
        # The prompt of a shell in which it is activated is to name where it ends up.
        words = ["--prompt", self._home.name, str(self._folder)]
        command = [sys.executable, "-c", MAKE_ENVIRONMENT, *words]
        if subprocess.run(command).returncode == 0:
            return
        if all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
            raise UserError(
                "no virtual environment could be made: see the message above, and run the command"
                " again"
            )
        raise UserError(
            "this Python cannot make virtual environments: install its venv module (on Debian and"
            " Ubuntu the package python3-venv)"
        )

    def install(self, lock: LockFile) -> None:
        """Install exactly what a lock file names; raises UserError when pip cannot.

        Nothing is resolved: a release that is published later cannot change what is installed.
        """
        options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
        if self._pip("install", *options, "-r", str(lock.path)).returncode:
            raise UserError(
                f"{lock.name} could not be installed: see pip's message above, check the network,"
                " or name a mirror in PIP_INDEX_URL, and run the command again"
            )

    def conflicts(self, *locks: LockFile) -> str:
        """Name what is missing or does not fit together; an empty string when all is well."""
        present = self._distributions()
        for lock in locks:
            for name, is_always_needed in lock.pins.items():
                if is_always_needed and name not in present:
                    return f"{name} of {lock.name} is not there"
        checked = self._pip("check", stdout=subprocess.PIPE)
        return checked.stdout.strip().replace("\n", "; ") if checked.returncode else ""

    def move_paths(self) -> None:
        """Make the scripts in bin/ name the folder that the environment is about to move to."""
        here, there = (os.fsencode(path) for path in (self._folder, self._home))
        for path in (self._folder / "bin").iterdir():
            if not path.is_symlink() and here in (content := path.read_bytes()):
                path.write_bytes(content.replace(here, there))

    def record(self, *locks: LockFile) -> None:
        """Record the environment as it is now, and that these lock files are installed in it."""
        self._records.mkdir(exist_ok=True)
        if not (self._records / "environment.json").exists():
            self._write("environment", _identity(self._home) | {"files": self._own_files()})
        for lock in locks:
            self._write(lock.name, {"sha256": lock.digest, "files": self._files_of(lock)})

    def begin_adding(self, lock: LockFile) -> None:
        """Note that a lock file is being installed into an environment that is in use."""
        (self._records / f"{lock.name}.unfinished").touch()

    def end_adding(self, lock: LockFile) -> None:
        """Record the lock file, which is installed by now."""
        self.record(lock)
        (self._records / f"{lock.name}.unfinished").unlink()

    def has_record(self, lock: LockFile) -> bool:
        """Whether the lock file was installed, in whatever version."""
        return (self._records / f"{lock.name}.json").exists()

    def defect(self, *locks: LockFile) -> str:
        """Say why the environment cannot be used as it is; an empty string when it can.

        A lock file that was never installed is no defect: it can be added.
        """
        record = self._read("environment")
        expected = _identity(self._home)
        if any(record.get(key) != value for key, value in expected.items()):
            return "was not finished, or made for another Python or folder"
        changed = self._first_change(record)
        for lock in locks:
            if (self._records / f"{lock.name}.unfinished").exists():
                return f"lacks a part of {lock.name}, whose installation was broken off"
            if not self.has_record(lock):
                continue
            record = self._read(lock.name)
            if record.get("sha256") != lock.digest:
                return f"holds another version of {lock.name}"
            changed = changed or self._first_change(record)
        if changed:
            return f"is damaged ({changed} is gone or changed)"
        return "" if self._runs() else "has an interpreter that does not run"

    def _pip(self, *words: str, stdout: int | None = None) -> subprocess.CompletedProcess[str]:
        # Isolated: neither this folder nor PYTHONPATH may pass for the environment's own packages.
        command = [self.python, "-I", "-m", "pip", "--disable-pip-version-check", *words]
        return subprocess.run(command, stdout=stdout, text=True)

    def _runs(self) -> bool:
        try:
            return subprocess.run([self.python, "-I", "-S", "-c", ""]).returncode == 0
        except OSError:
            return False

    def _site(self) -> Path:
        (found,) = self._folder.glob("lib/python*/site-packages")
        return found

    def _distributions(self) -> dict[str, Path]:
        """The metadata folder of every installed package."""
        found = self._site().glob("*.dist-info")
        return {canonical(path.name.split("-")[0]): path for path in found}

    def _own_files(self) -> Files:
        """What makes the environment itself: interpreter, activation, pip."""
        paths = {str(self._folder / "pyvenv.cfg"), *map(str, (self._folder / "bin").iterdir())}
        return _stated(self._folder, paths | _recorded(self._distributions()["pip"]))

    def _files_of(self, lock: LockFile) -> Files:
        present = self._distributions()
        folders = [present[name] for name in lock.pins if name in present]
        return _stated(self._folder, {path for folder in folders for path in _recorded(folder)})

    def _first_change(self, record: dict[str, Any]) -> str:
        """The first file that is not as it was when recorded; an empty string when all are."""
        root = str(self._folder)
        for path, (size, changed_at) in record["files"].items():
            try:
                found = os.lstat(f"{root}/{path}")
            except OSError:
                return str(path)
            if (found.st_size, found.st_mtime_ns) != (size, changed_at):
                return str(path)
        return ""

    def _read(self, name: str) -> dict[str, Any]:
        """A record; empty when there is none that can be used."""
        try:
            record = json.loads((self._records / f"{name}.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) and "files" in record else {}

    def _write(self, name: str, record: dict[str, Any]) -> None:
        """Write a record in one step: an interruption leaves none that is half written."""
        path = self._records / f"{name}.json"
        path.with_suffix(".new").write_text(json.dumps(record))
        path.with_suffix(".new").replace(path)


def canonical(name: str) -> str:
    """A package's name as all its spellings have it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _identity(home: Path) -> dict[str, str]:
    """What an environment is bound to: its interpreter, and its folder, whose path it holds."""
    return {
        "python": sys.version,
        "interpreter": str(Path(sys.executable).resolve()),
        "folder": str(home),
    }


def _recorded(distribution: Path) -> set[str]:
    """Paths of the files that a package installed, without the bytecode that Python adds."""
    with (distribution / "RECORD").open(newline="", encoding="utf-8") as stream:
        paths = [row[0] for row in csv.reader(stream)]
    site = str(distribution.parent)
    return {os.path.normpath(f"{site}/{path}") for path in paths if not path.endswith(".pyc")}


def _stated(folder: Path, paths: set[str]) -> Files:
    found = {os.path.relpath(path, folder): os.lstat(path) for path in sorted(paths)}
    return {path: [each.st_size, each.st_mtime_ns] for path, each in found.items()}
