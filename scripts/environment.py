"""The virtual environment: made, checked and repaired with the standard library alone.

What each requirement file installed is recorded with the file's hash, so that serving does not
depend on what happened to the tools. Every run compares the record with what is there. What is
missing or damaged is installed again in place; the environment is replaced only when it cannot be
used at all, and comes back when its replacement fails.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

VENV = Path(".venv")
OLD = Path(".venv.old")
RECORD = VENV / "installed.json"

# Runs in the environment. A package counts when each of its files is there with the size that it
# was installed with; what Python compiles is written anew at need.
LIST_PACKAGES = """
import csv, importlib.metadata, json, os
def whole(distribution):
    root = str(distribution.locate_file(""))
    rows = csv.reader((distribution.read_text("RECORD") or "").splitlines())
    try:
        return all(
            os.stat(os.path.join(root, row[0])).st_size == int(row[2])
            for row in rows
            if row[2] and not row[0].endswith(".pyc")
        )
    except OSError:
        return False
print(json.dumps(sorted({
    f"{each.name}=={each.version}" for each in importlib.metadata.distributions() if whole(each)
})))
"""


def main(names: list[str]) -> None:
    """Bring the environment to hold these requirement files, doing nothing where it does.

    Whatever keeps it from that ends the process with one sentence.
    """
    try:
        hashes = {name: hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in names}
    except OSError as error:
        sys.exit(
            f"error: {error.filename} cannot be read ({error.strerror}): run this from the"
            " project's folder, with the names of its requirement files"
        )
    record = read_record()
    there = packages()
    if is_usable(record, there):
        install(hashes, record, there)
    else:
        replace(hashes)


def read_record() -> dict[str, Any]:
    """Return what was installed, by requirement file; empty when nothing is known."""
    try:
        record = json.loads(RECORD.read_text())
        return record if isinstance(record, dict) else {}
    except (OSError, ValueError):
        return {}


def is_usable(record: dict[str, Any], there: set[str]) -> bool:
    """Whether packages can be installed into the environment that is there."""
    same = all(record.get(key) == value for key, value in identity().items())
    return same and any(each.startswith("pip==") for each in there)


def identity() -> dict[str, str]:
    """Return what an environment is bound to: its interpreter, and the folder it lies in."""
    return {
        "python": sys.version,
        "interpreter": str(Path(sys.executable).resolve()),
        "folder": str(VENV.absolute()),
    }


def packages() -> set[str]:
    """Return the undamaged packages of the environment; none when its interpreter does not run."""
    # Isolated: neither this folder nor PYTHONPATH may add packages to the environment's own.
    command = [python(), "-I", "-c", LIST_PACKAGES]
    try:
        result = subprocess.run(command, capture_output=True, check=True)
        found: list[str] = json.loads(result.stdout)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return set()
    return set(found)


def install(hashes: dict[str, str], record: dict[str, Any], there: set[str]) -> None:
    """Install the requirement files of which something is new, missing or damaged."""
    installed = record.setdefault("installed", {})
    for name, digest in hashes.items():
        known = installed.get(name, {})
        lost = set(known.get("packages", [])) - there
        if known.get("sha256") == digest and not lost:
            continue
        print(f"{'repairing' if lost else 'installing'} {name} in {VENV}", flush=True)
        # The files name every package, so nothing is resolved: no release of a package can change
        # or break what is installed.
        command = ["install", "--quiet", "--no-deps", "--require-hashes", "-r", name]
        if pip(*command, *(["--force-reinstall"] if lost else [])):
            sys.exit(
                f"error: {name} could not be installed: see pip's message above, check the"
                " network, or name a mirror in PIP_INDEX_URL, and run the command again"
            )
        if pip("check"):
            sys.exit(
                f"error: {VENV} lacks a package or has one that does not fit (see above): the"
                " requirement files are not complete, run `make lock` and the command again"
            )
        installed[name] = {"sha256": digest, "packages": sorted(packages())}
        write_record(record)


def write_record(record: dict[str, Any]) -> None:
    """Write the record as a whole or not at all."""
    new = RECORD.with_suffix(".new")
    new.write_text(json.dumps(identity() | record))
    new.replace(RECORD)


def replace(hashes: dict[str, str]) -> None:
    """Make the environment anew; the one that was there comes back when that fails.

    It is moved aside, not the new one made elsewhere, because an environment holds its own path.
    """
    if os.path.lexists(VENV):
        print(f"{VENV} cannot be used: making it again", flush=True)
    try:
        remove(OLD)
        if os.path.lexists(VENV):
            VENV.rename(OLD)
        try:
            make()
            install(hashes, {}, packages())
        except BaseException:
            remove(VENV)
            if os.path.lexists(OLD):
                OLD.rename(VENV)
            raise
        remove(OLD)
    except OSError as error:
        sys.exit(
            f"error: {error.filename or VENV} cannot be written ({error.strerror}): the environment"
            " is made in the project's folder, so make that writable or copy the project elsewhere"
        )


def make() -> None:
    """Make an empty environment. Raises OSError where the folder cannot be written."""
    VENV.mkdir()
    if subprocess.run([sys.executable, "-m", "venv", str(VENV)]).returncode:
        sys.exit(
            "error: this Python cannot make virtual environments: install its venv module"
            " (on Debian and Ubuntu the package python3-venv)"
        )


def remove(path: Path) -> None:
    """Remove what lies there: a folder, a file, or a link but not what it points to."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def pip(*arguments: str) -> int:
    """Run the environment's pip, whose messages are shown when it fails; return its exit code."""
    command = [python(), "-m", "pip", *arguments, "--disable-pip-version-check"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(done.stdout, end="", file=sys.stderr)
    return done.returncode


def python() -> str:
    """Return the path of the environment's interpreter."""
    return str(VENV / "bin" / "python")
