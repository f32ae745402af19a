"""The commands of the documents: each names what there is, whether or not a test can run it here.

What README shows by curl is run by test_readme.py, what it shows by make by tests/server.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(document: Path) -> list[list[str]]:
    """The simple commands of a document's shell blocks, each as its words; no curls."""
    found: list[list[str]] = []
    for block in re.findall(r"```sh\n(.*?)```", document.read_text(), re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("curl "):
                continue
            words = shlex.shlex(line, posix=True, punctuation_chars=True)
            words.whitespace_split = True
            command: list[str] = []
            for word in words:
                if word in {"|", "&&", ";"}:
                    found.append(command)
                    command = []
                else:
                    command.append(word)
            found.append(command)
    return [command for command in found if command]


def check_make(*words: str) -> None:
    """Every target is one of the Makefile's, and every variable one that it reads."""
    for word in words:
        if "=" in word:
            assert f"$({word.split('=')[0]})" in (ROOT / "Makefile").read_text(), word
    done = subprocess.run(
        ["make", "--dry-run", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def check_kubectl(*words: str) -> None:
    """Files exist, and objects are those of the manifests, in their namespace."""
    manifests = [
        document
        for path in (ROOT / "k8s").rglob("*.yaml")
        for document in yaml.safe_load_all(path.read_text())
    ]
    objects = {f"{it['kind'].lower()}/{it['metadata']['name']}" for it in manifests}
    namespaces = {it["metadata"]["name"] for it in manifests if it["kind"] == "Namespace"}
    for option, value in pairwise(words):
        if option in {"-n", "--namespace"}:
            assert value in namespaces
        if option == "-f" and value != "-":
            assert list((ROOT / value).glob("*.yaml"))
    assert {word for word in words if re.match(r"(deployment|service)/", word)} <= objects


def check_docker(*words: str) -> None:
    """The one command is that of the compose file."""
    assert words[:2] == ("compose", "up")
    assert (ROOT / "docker-compose.yml").is_file()


def check_python(*words: str) -> None:
    """The script is there, or the module can be run."""
    if words[0] == "-m":
        done = subprocess.run(
            [sys.executable, "-m", words[1], "--help"], cwd=ROOT, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
    else:
        assert all((ROOT / word).is_file() for word in words)


def check_pre_commit(*words: str) -> None:
    """The tool is one of those that `make install` installs."""
    assert "\npre-commit==" in (ROOT / "requirements-dev.txt").read_text()


def check_pip(*words: str) -> None:
    """The requirements that are to be installed are there."""
    assert words[:2] == ("install", "-r")
    assert (ROOT / words[2]).is_file()


def check_dask(*words: str) -> None:
    """It is one of the two parts of a cluster; tests/bulk/test_dask.py runs one."""
    assert words[0] in {"scheduler", "worker"}


def check_example(*words: str) -> None:
    """It is a part of README's example of a file, which test_readme.py runs whole."""
    (example,) = re.findall(r"```sh\n(echo .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert all(word in example for word in words)


def check_sed(*words: str) -> None:
    """The file that is read is there; what comes out is applied by tests/deploy."""
    assert (ROOT / words[-1]).is_file()


CHECKS: dict[str, Callable[..., None]] = {
    "make": check_make,
    "kubectl": check_kubectl,
    "docker": check_docker,
    "python3": check_python,
    ".venv/bin/python": check_python,
    ".venv/bin/pre-commit": check_pre_commit,
    "sed": check_sed,
    "python": check_python,
    "pip": check_pip,
    "dask": check_dask,
    "echo": check_example,
    "cat": check_example,
}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_of_shell_blocks_can_be_run(document: Path) -> None:
    """Each command of each shell block is known here, and what it names exists."""
    for command in commands(document):
        program, *words = (word for word in command if not re.match("[A-Z]+=", word))
        assert program in CHECKS, f"{document.name} shows {program}: add a check of it"
        CHECKS[program](*words)


def test_readme_and_contributing_show_commands() -> None:
    """The test above has something to look at, from README's first command on."""
    assert commands(ROOT / "README.md")[0] == ["make", "run"]
    assert commands(ROOT / "CONTRIBUTING.md")[0] == ["make", "install"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_targets_named_in_prose_exist(document: Path) -> None:
    """Whatever the text calls `make something` is a target."""
    for code in re.findall(r"`([^`\n]+)`", document.read_text()):
        for targets in re.findall(r"\bmake((?: [a-z-]+\b(?!=))+)", code):
            check_make(*targets.split())


@pytest.mark.parametrize(
    "document",
    [*DOCUMENTS, ROOT / "CHANGELOG.md", ROOT / "model" / "trained" / "MODEL_CARD.md"],
    ids=lambda path: path.name,
)
def test_links_lead_somewhere(document: Path) -> None:
    """What a document links to within the project is there."""
    for target in re.findall(r"\]\(([^)#]+)\)|src=\"([^\"]+)\"", document.read_text()):
        path = "".join(target)
        if not path.startswith("http"):
            assert (document.parent / path).exists(), path
