"""A Docker Engine of the tests' own, and the image that it builds from the unmodified Dockerfile.

Debian's `docker.io` started on a private socket and folder, without a bridge or any change to the
machine's network. Where the base image cannot be pulled, `mmdebstrap` makes a stand-in for it under
its own name: that proves the Dockerfile's steps, not the official image's content.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
BASE = "python:3.11-slim"
IMAGE = "text-classifier:test"
DOCKERD, DOCKER, MMDEBSTRAP = "/usr/sbin/dockerd", "/usr/bin/docker", "/usr/bin/mmdebstrap"
ALONE = "--bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false"
# For a root that lacks CAP_SYS_RESOURCE: it may neither raise limits nor lower its OOM score.
MODEST = "--storage-driver=overlay2 --oom-score-adjust=0 --default-ulimit=nofile=16384:16384"
CONFINED = "--network host --read-only --cap-drop=ALL --security-opt no-new-privileges"
LIMITS = "--user 10001:10001 --memory 256m --memory-swap 256m --pids-limit 64"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def until(condition: Callable[[], Any], what: str, seconds: float = 60) -> None:
    """Wait until a condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.1)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Container:
    """The service in a container, confined as Kubernetes would, on a port of 127.0.0.1."""

    engine: Engine
    name: str
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def state(self) -> dict[str, Any]:
        """The engine's account of it."""
        found: dict[str, Any] = json.loads(
            self.engine.docker("inspect", "--format", "{{json .State}}", self.name)
        )
        return found

    def log(self) -> list[dict[str, Any]]:
        """The lines that it logged."""
        return [json.loads(line) for line in self.engine.docker("logs", self.name).splitlines()]

    def execute(self, *command: str) -> str:
        """What a command prints inside."""
        return self.engine.docker("exec", self.name, *command)

    def is_ready(self) -> bool:
        """Whether it may be sent traffic."""
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def stop(self) -> float:
        """Stop it as Kubernetes would, without the pause before; the seconds that it took."""
        start = time.monotonic()
        self.engine.docker("stop", "--time", "30", self.name)
        return time.monotonic() - start


@dataclass
class Engine:
    """A running Docker Engine."""

    socket: Path
    base: str
    """Where the base image came from, for the report."""
    containers: int = 0

    def docker(self, *arguments: str) -> str:
        """Run the engine's own client; what it prints. Fails with its message when it fails."""
        environ = os.environ | {"DOCKER_HOST": f"unix://{self.socket}", "DOCKER_BUILDKIT": "1"}
        done = subprocess.run(
            [DOCKER, *arguments],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def run(self, options: str = "", *, port: int | None = None, **settings: object) -> Container:
        """Start the image and wait until it is ready."""
        self.containers += 1
        container = Container(self, f"test-{self.containers}", port or free_port())
        given = {"host": "127.0.0.1", "port": container.port} | settings
        environ = [f"--env=TEXTCLF_{name.upper()}={value}" for name, value in given.items()]
        command = f"run --detach --name {container.name} {CONFINED} {LIMITS} {options}".split()
        self.docker(*command, *environ, IMAGE)
        until(lambda: container.is_ready() or not container.state["Running"], "a ready container")
        assert container.state["Running"], self.docker("logs", container.name)
        return container


@contextmanager
def running_engine(cache: Path) -> Iterator[Engine]:
    """An engine that has the base image; it and all that it made is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="docker-"))
    paths = f"--host unix://{folder}/socket --data-root {folder}/data --exec-root {folder}/exec"
    command = f"{DOCKERD} {paths} --pidfile {folder}/pid {ALONE} {MODEST}".split()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    engine = Engine(folder / "socket", "pulled from its registry")
    try:
        until(engine.socket.exists, (folder / "log").read_text(), 60)
        if not pull(engine):
            engine.docker("import", str(stand_in(cache)), BASE)
            engine.base = f"NOT the official {BASE}: a stand-in made of Debian packages"
        yield engine
        if names := engine.docker("ps", "--all", "--quiet").split():
            engine.docker("rm", "--force", *names)
    finally:
        process.terminate()
        process.wait(60)
        unmount(folder)
        shutil.rmtree(folder)


def unmount(folder: Path) -> None:
    """Unmount what the engine leaves mounted below its folder, such as its network's name."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for path in reversed(mounted):
        if Path(path).is_relative_to(folder):
            subprocess.run(["umount", path], check=True, timeout=60)


def pull(engine: Engine) -> bool:
    """Pull the official base image; whether that was possible."""
    try:
        engine.docker("pull", "--quiet", BASE)
    except AssertionError:
        return False
    return True


def stand_in(cache: Path) -> Path:
    """An archive of Debian with Python, made once: what the Dockerfile needs of its base."""
    archive = cache / "base.tar"
    if not archive.exists():
        made = archive.with_suffix(".new.tar")
        without = [
            f"--dpkgopt=path-exclude=/usr/share/{each}/*" for each in ("doc", "man", "locale")
        ]
        hooks = [
            'rm --force "$1"/usr/lib/python3*/EXTERNALLY-MANAGED',
            'ln --symbolic /usr/bin/python3 "$1"/usr/local/bin/python',
            'ln --symbolic /usr/bin/pip3 "$1"/usr/local/bin/pip',
            f"copy-in {CERTIFICATES} /etc/ssl/certs",
        ]
        done = subprocess.run(
            [
                MMDEBSTRAP,
                "--variant=minbase",
                "--include=python3,python3-venv,python3-pip,ca-certificates",
                *without,
                *(f"--customize-hook={hook}" for hook in hooks),
                "bookworm",
                str(made),
            ],
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        made.rename(archive)
    return archive
