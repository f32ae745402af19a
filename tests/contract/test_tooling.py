"""What tools read of the project: settings in one place, one version, the same checks."""

from __future__ import annotations

import re
import subprocess
import tomllib
from datetime import date
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]

# Each of these would be read instead of pyproject.toml, or before it.
OVERRIDING = {
    *("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg"),
    *("mypy.ini", ".mypy.ini", "ruff.toml", ".ruff.toml", ".coveragerc", ".coveragerc.toml"),
    *(".importlinter", "uv.toml"),
}


def test_tools_have_their_settings_in_one_place() -> None:
    """No file of a tool's own hides what pyproject.toml says."""
    assert {path.name for path in ROOT.iterdir()} & OVERRIDING == set()


def test_newest_release_is_this_version() -> None:
    """The changelog's first release is the project's version, and its releases go back in time."""
    changelog = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## \[(.+?)\](?: - (\S+))?$", changelog, re.MULTILINE)
    (unreleased, undated), *releases = headings
    assert (unreleased, undated) == ("Unreleased", "")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert releases[0][0] == project["version"]
    dates = [date.fromisoformat(day) for _, day in releases]
    assert dates == sorted(dates, reverse=True)


def test_hooks_are_the_checks_of_make_lint() -> None:
    """What runs before a commit is what `make lint` runs, in the same environment."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    printed = subprocess.run(
        ["make", "--dry-run", "lint"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    checks = [
        line for line in printed.stdout.splitlines() if line.startswith((".venv/", "scripts/lint"))
    ]
    assert [hook["entry"] for hook in hooks] == checks
    assert {repo["repo"] for repo in config["repos"]} == {"local"}
