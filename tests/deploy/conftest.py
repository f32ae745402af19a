"""The manifests, as they are and broken on purpose, and the tools that judge them."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient

from app import create_app
from app.config import Config
from model.classifier import load_classifier
from tests.deploy.engine import DOCKER, DOCKERD, IMAGE, MMDEBSTRAP, Engine, running_engine

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "k8s"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known by which a test says what it would notice."""
    config.addinivalue_line(
        "markers", "broken_by(file, old, new): the test fails with this change of a manifest"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on the manifests as they are, and on each break that it has to notice."""
    if "manifests" not in metafunc.fixturenames:
        return
    breaks = [marker.args for marker in metafunc.definition.iter_markers("broken_by")]
    assert breaks, f"{metafunc.definition.name} names no change that it would notice"
    names = ["as they are", *(f"broken: {new!r}" for _, _, new in breaks)]
    metafunc.parametrize("manifests", [None, *breaks], ids=names, indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, bool, bool]:
    """A test of broken manifests passes by noticing it."""
    callspec = getattr(pyfuncitem, "callspec", None)
    if callspec is None or callspec.params.get("manifests") is None:
        return (yield)
    with pytest.raises(AssertionError):
        yield
    return True


@dataclass
class Manifests:
    """The objects of all files under k8s/, and short ways to those that are asked for most."""

    files: dict[str, Any]
    """Parsed files by path within k8s/."""

    def one(self, kind: str) -> Any:
        """The only object of a kind, those of the batch job apart."""
        (found,) = [
            each
            for path, each in self.files.items()
            if each["kind"] == kind and not path.startswith("batch/")
        ]
        return found

    @property
    def batch(self) -> dict[str, Any]:
        """The batch job's objects by kind."""
        return {
            each["kind"]: each for path, each in self.files.items() if path.startswith("batch/")
        }

    @property
    def pod(self) -> Any:
        """The Deployment's template of a pod."""
        return self.one("Deployment")["spec"]["template"]

    @property
    def container(self) -> Any:
        """The only container of a pod."""
        (found,) = self.pod["spec"]["containers"]
        return found


@pytest.fixture
def manifests(request: pytest.FixtureRequest) -> Manifests:
    """The manifests, with the change that the test has to notice if there is one."""
    texts = {str(path.relative_to(FOLDER)): path.read_text() for path in FOLDER.rglob("*.yaml")}
    if request.param:
        file, old, new = request.param
        if old not in texts[file]:
            raise LookupError(f"{file} does not hold {old!r}")
        texts[file] = texts[file].replace(old, new)
    return Manifests({name: yaml.safe_load(text) for name, text in sorted(texts.items())})


QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|Ki|M|Mi|G|Gi)?")
UNITS = {"m": 1e-3, "k": 1e3, "Ki": 2**10, "M": 1e6, "Mi": 2**20, "G": 1e9, "Gi": 2**30}


@pytest.fixture
def quantity() -> Callable[[Any], float]:
    """A function that reads a Kubernetes quantity; it asserts that it is one."""

    def read(value: Any) -> float:
        match = QUANTITY.fullmatch(str(value))
        assert match, f"{value!r} is no quantity"
        return float(match[1]) * UNITS.get(match[2], 1)

    return read


@pytest.fixture
def tool() -> Callable[[str], str]:
    """A function that finds a program beside the interpreter or on the path, or skips the test."""

    def find(name: str) -> str:
        found = shutil.which(name, path=Path(sys.executable).parent) or shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed")
        return found

    return find


@pytest.fixture(scope="session")
def client(small_artifact: Path) -> FlaskClient:
    """A client of the application, without a server."""
    return create_app(Config(), load_classifier(small_artifact)).test_client()


REPORT = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> list[str]:
    """Lines to print at the end of the run: what was measured, and on what."""
    return request.config.stash.setdefault(REPORT, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured."""
    if lines := terminalreporter.config.stash.get(REPORT, []):
        terminalreporter.section("the image")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A Docker Engine that has built the image; all of it is gone after the tests."""
    if os.geteuid() or sys.platform != "linux":
        pytest.skip("a Docker Engine of one's own takes root on Linux")
    for program in (DOCKERD, DOCKER, MMDEBSTRAP):
        if not Path(program).exists():
            pytest.skip(f"{program} is not installed: apt-get install docker.io mmdebstrap")
    labels = {"VERSION": "1.2.3", "REVISION": "abc", "SOURCE": "https://example.org/source"}
    arguments = [f"--build-arg={name}={value}" for name, value in labels.items()]
    with running_engine(request.config.cache.mkdir("stand-in-base")) as engine:
        engine.docker("build", "--network=host", "--tag", IMAGE, *arguments, ".")
        yield engine
