"""The interpreters of this machine, of every supported version that it has."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHOW = "import sys; print(*sys.version_info[:2], sep='.'); print(sys.executable)"


def supported() -> list[str]:
    """The versions of the range in pyproject.toml, as in 3.11."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"])
    assert found is not None
    return [f"3.{minor}" for minor in range(int(found[1]), int(found[2]))]


def candidates(version: str) -> list[Path]:
    """What may be an interpreter of a version: on PATH, and where pyenv and uv keep theirs."""
    on_path = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    uv = Path.home() / ".local" / "share" / "uv" / "python"
    kept = [*pyenv.glob(f"{version}.*/bin/python3"), *uv.glob(f"cpython-{version}.*/bin/python3")]
    return [*([Path(on_path)] if on_path else []), *sorted(kept)]


def works(path: Path, version: str) -> bool:
    """Whether it runs, is of the version and can make environments; pyenv's shims may not."""
    done = subprocess.run(
        [path, "-c", f"import ensurepip, venv; {SHOW}"], capture_output=True, text=True, check=False
    )
    return done.returncode == 0 and done.stdout.split()[0] == version


def interpreters() -> dict[str, Path]:
    """An interpreter of each supported version that this machine has."""
    found = {}
    for version in supported():
        for path in candidates(version):
            if works(path, version):
                found[version] = path
                break
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what takes an interpreter with each that there is."""
    if "interpreter" in metafunc.fixturenames:
        found = interpreters()
        metafunc.parametrize("interpreter", list(found.values()), ids=list(found))


@pytest.fixture(scope="session")
def versions() -> list[str]:
    """The supported versions that this machine has an interpreter of."""
    return list(interpreters())
