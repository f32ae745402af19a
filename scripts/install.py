"""Make or repair the virtual environment: python3 scripts/install.py REQUIREMENTS...

Runs on the bare interpreter, so it uses the standard library alone, and the version check comes
before anything that an older Python could not parse. An environment is trusted only when it was
finished by this script, for this interpreter and folder, and still has every package it had then.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "error: Python 3.11 or newer is needed, this is %d.%d: name a newer one, for example"
        " `make PYTHON=python3.12 run` or `python3.12 scripts/install.py requirements.txt`"
        % sys.version_info[:2]
    )

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

VENV = Path(".venv")
STAMP = VENV / "installed.json"
LIST_PACKAGES = (
    "import importlib.metadata as m, json;"
    "print(json.dumps(sorted(f'{d.name}=={d.version}' for d in m.distributions())))"
)


def main(names: list[str]) -> None:
    """Bring the environment to hold these requirement files, doing nothing where it does."""
    try:
        requirements = {name: hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in names}
    except OSError as error:
        sys.exit(
            f"error: {error.filename} cannot be read ({error.strerror}): run this from the"
            " project's folder, with the names of its requirement files"
        )
    stamp = read_stamp()
    installed = dict(stamp.get("requirements", {}))
    if not is_whole(stamp):
        make_environment()
        installed = {}
    missing = [name for name in names if installed.get(name) != requirements[name]]
    if not missing:
        return
    # Without its stamp an environment counts as half-made, so an interruption is noticed.
    STAMP.unlink(missing_ok=True)
    for name in missing:
        print(f"installing {name} into {VENV}", flush=True)
        # The files name every package, so nothing is resolved: no release of a package can change
        # or break what is installed.
        if pip("install", "--quiet", "--no-deps", "--require-hashes", "-r", name):
            sys.exit(
                f"error: {name} could not be installed: see pip's message above, check the"
                " network, or name a mirror in PIP_INDEX_URL, and run the command again"
            )
    if pip("check"):
        sys.exit(
            f"error: {VENV} lacks a package or has one that does not fit (see above): the"
            " requirement files are not complete, run `make lock` and the command again"
        )
    STAMP.write_text(
        json.dumps(identity() | {"requirements": installed | requirements, "packages": packages()})
    )


def read_stamp() -> dict[str, Any]:
    """What was installed when this script last finished; empty when it never did."""
    try:
        stamp = json.loads(STAMP.read_text())
        return stamp if isinstance(stamp, dict) else {}
    except (OSError, ValueError):
        return {}


def is_whole(stamp: dict[str, Any]) -> bool:
    """Whether the environment is still what the stamp says."""
    same = all(stamp.get(key) == value for key, value in identity().items())
    return same and set(stamp["packages"]) <= set(packages())


def identity() -> dict[str, str]:
    """What an environment is bound to: its interpreter and its folder, whose path it holds."""
    return {
        "python": sys.version,
        "interpreter": str(Path(sys.executable).resolve()),
        "folder": str(VENV.resolve()),
    }


def packages() -> list[str]:
    """Packages of the environment; none when its interpreter does not run."""
    # Isolated: neither this folder nor PYTHONPATH may add packages to the environment's own.
    command = [python(), "-I", "-c", LIST_PACKAGES]
    try:
        result = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    found: list[str] = json.loads(result.stdout)
    return found


def pip(*arguments: str) -> int:
    """Run the environment's pip, whose messages are shown when it fails; return its exit code."""
    command = [python(), "-m", "pip", *arguments, "--disable-pip-version-check"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(done.stdout, end="", file=sys.stderr)
    return done.returncode


def make_environment() -> None:
    """Make the environment anew, with nothing of an earlier one left."""
    if VENV.exists():
        print(f"{VENV} is stale or half-made: making it anew", flush=True)
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)
    if subprocess.run([sys.executable, "-m", "venv", str(VENV)]).returncode:
        sys.exit(
            "error: this Python cannot make virtual environments: install its venv module"
            " (on Debian and Ubuntu the package python3-venv)"
        )


def python() -> str:
    """The environment's interpreter."""
    return str(VENV / "bin" / "python")


if __name__ == "__main__":
    main(sys.argv[1:])
