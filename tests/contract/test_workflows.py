"""The public CI: it runs the make targets that .ci/run runs, on every Python that is supported."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"


def jobs(name: str) -> dict[str, Any]:
    """Return the jobs of a workflow."""
    found: dict[str, Any] = yaml.safe_load((WORKFLOWS / name).read_text())["jobs"]
    return found


def targets(commands: str) -> set[str]:
    """Return the make targets among commands."""
    return set(re.findall(r"^(?:.*\s)?make ([a-z-]+)", commands, re.MULTILINE))


def run(name: str) -> set[str]:
    """Return the make targets that a workflow runs."""
    steps = [step for job in jobs(name).values() for step in job["steps"]]
    return targets("\n".join(step.get("run", "") for step in steps))


def test_both_run_the_same_checks() -> None:
    """What .ci/run checks with make, the workflow checks as well."""
    assert {"lint", "test-all"} <= targets((ROOT / ".ci" / "run").read_text()) & run("ci.yml")


@pytest.mark.parametrize(("name", "job"), [("ci.yml", "test"), ("weekly.yml", "install")])
def test_every_supported_python_is_tried(name: str, job: str) -> None:
    """The matrix has the versions that the installer takes."""
    (_, first), (_, end) = runpy.run_path(str(ROOT / "scripts" / "install.py"))["supported"]()
    tried = jobs(name)[job]["strategy"]["matrix"]["python"]
    assert tried == [f"3.{minor}" for minor in range(first, end)]


def test_targets_exist() -> None:
    """Every target that a workflow names is one of the Makefile."""
    makefile = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for path in WORKFLOWS.glob("*.yml"):
        assert run(path.name) <= makefile
