"""The image, built for real, and run as confined as Kubernetes would run it."""

from __future__ import annotations

import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection
from typing import Any

import pytest
import requests

from tests.deploy.engine import BASE, IMAGE, until
from tests.deploy.traffic import ANSWER, BODY, asking


def errors(container: Any) -> list[dict[str, Any]]:
    """What it logged that somebody should look at."""
    return [line for line in container.log() if line["level"] not in {"DEBUG", "INFO"}]


def predict(container: Any) -> Any:
    """A prediction, on a connection of its own."""
    return requests.post(
        f"{container.url}/prediction", json={"text": "He won in overtime, puck!"}, timeout=30
    ).json()


def workers_of(container: Any) -> int:
    """How many workers the metrics show."""
    text = requests.get(f"{container.url}/metrics", timeout=30).text
    return int(float(re.search(r"^gunicorn_workers (\S+)", text, re.MULTILINE)[1]))  # type: ignore[index]


@pytest.fixture(scope="module")
def container(engine: Any) -> Any:
    """A container for all tests that leave it as it was."""
    return engine.run("--cpus 1")


def test_image_says_what_it_is(engine: Any) -> None:
    """The image starts gunicorn itself as nobody in particular, and names what it is made of."""
    config = json.loads(engine.docker("inspect", "--format", "{{json .Config}}", IMAGE))
    assert config["Cmd"] == ["python", "-m", "gunicorn"]
    assert config["User"] == "10001:10001"
    assert config["Healthcheck"]["Test"][:2] == ["CMD", "python"]
    labels = {name.rpartition(".")[2]: value for name, value in config["Labels"].items()}
    assert labels["version"] == "1.2.3"
    assert labels["revision"] == "abc"
    assert labels["source"] == "https://example.org/source"
    assert labels["licenses"] == "MIT"


def test_image_holds_the_service_and_nothing_else(engine: Any, container: Any) -> None:
    """Code and artifact belong to root; there are no tests, training data, compilers or pip."""
    files = container.execute("find", "/srv", "/opt/venv", "-printf", "%u %p\n").splitlines()
    assert len(files) > 1000
    assert {line.split()[0] for line in files} == {"root"}
    paths = [line.split(maxsplit=1)[1] for line in files]
    own = {path.split("/")[2] for path in paths if path.startswith("/srv/")}
    assert own == {
        "LICENSE",
        "__pycache__",
        "app",
        "bulk",
        "gunicorn.conf.py",
        "model",
        "scripts",
        "server",
    }
    assert "/srv/model/trained/manifest.json" in paths
    unwanted = re.compile(r"/tests?$|/site-packages/(pip|matplotlib)$|/evaluation$|\.(c|h|pyi|a)$")
    assert [path for path in paths if unwanted.search(path)] == []
    assert container.execute("sh", "-c", "command -v gcc cc make || true") == ""


def test_container_is_confined(container: Any) -> None:
    """Seen from inside: no rights, none to be had, and nowhere to write but in memory."""
    status = container.execute("cat", "/proc/1/status")
    read = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert read["Uid"].split() == ["10001"] * 4
    assert {int(read[name], 16) for name in read if name.startswith("Cap")} == {0}
    assert (read["NoNewPrivs"], read["Seccomp"]) == ("1", "2")
    assert "python" in container.execute("cat", "/proc/1/cmdline")
    written = container.execute("sh", "-c", "touch /srv/x /tmp/x 2>&1 || true")
    assert written.count("Read-only file system") == 2


def test_container_becomes_healthy(container: Any) -> None:
    """The image's own health check succeeds, run by the engine inside the container."""
    until(lambda: container.state["Health"]["Status"] != "starting", "a health check's result")
    assert container.state["Health"]["Status"] == "healthy"
    assert predict(container) == {"label": "hockey"}
    assert requests.get(f"{container.url}/docs", timeout=30).status_code == 200
    assert errors(container) == []


def test_image_labels_files(engine: Any) -> None:
    """What the batch job runs is in the image, and needs nothing to write but its results."""
    container = engine.run("--memory 1g --memory-swap 1g")  # beside the service that runs in it
    rows = r'{"text": "He won in overtime, puck!"}\n{"text": "The probe is in orbit."}\n'
    command = f"printf '{rows}' | python -m scripts.predict - --jobs 2 2>/dev/null"
    lines = container.execute("sh", "-c", command).splitlines()
    assert [json.loads(line)["label"] for line in lines] == ["hockey", "space"]


@pytest.mark.parametrize("cpus", ["0.5", "2"])
def test_workers_are_as_many_as_the_cpu_limit(engine: Any, cpus: str) -> None:
    """There is a worker for each CPU that the container may use, and one for a part of one."""
    container = engine.run(f"--cpus {cpus} --tmpfs /tmp:size=1m")
    expected = max(1, int(float(cpus)))
    until(lambda: workers_of(container) >= expected, "all workers")
    assert workers_of(container) == expected
    assert predict(container) == {"label": "hockey"}
    container.stop()
    assert errors(container) == []


def test_wrong_setting_ends_the_container(engine: Any) -> None:
    """A container with an unknown setting ends at once and says why."""
    with pytest.raises(AssertionError, match="TEXTCLF_WORKER is no setting"):
        engine.run(worker=2)


def test_stop_loses_nothing(engine: Any) -> None:
    """`docker stop` at full load: what was begun is finished, and the exit code is 0."""
    container = engine.run("--cpus 1")
    with ExitStack() as stack:
        traffic = stack.enter_context(asking(container.port))
        until(lambda: traffic.answered > 500, "some traffic")
        slow = HTTPConnection("127.0.0.1", container.port, timeout=30)
        stack.enter_context(closing(slow)).putrequest("POST", "/prediction")
        slow.putheader("Content-Length", str(len(BODY)))
        slow.endheaders(BODY[:10].encode())
        stopping = stack.enter_context(ThreadPoolExecutor()).submit(container.stop)
        until(lambda: traffic.refused > 8, "clients to find it gone")
        slow.send(BODY[10:].encode())
        assert slow.getresponse().read() == ANSWER
        # Kept open, it would be waited for until the graceful timeout.
        slow.close()
        assert stopping.result() < 20
    assert traffic.failed == {}
    assert container.state["ExitCode"] == 0
    assert errors(container) == []


def test_bodies_do_not_fill_the_memory(engine: Any) -> None:
    """More bodies at a time than memory has room for wait to be read; others are still answered."""
    container = engine.run("--cpus 1")
    assert predict(container) == {"label": "hockey"}
    body = b"POST /prediction HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n" + b" " * 10**6
    with ExitStack() as stack:
        for _ in range(300):
            connection = socket.create_connection(("127.0.0.1", container.port), timeout=30)
            stack.enter_context(closing(connection)).settimeout(0.05)
            with suppress(TimeoutError):  # nothing more of it is read for now
                connection.sendall(body)
        assert predict(container) == {"label": "hockey"}
        assert container.is_ready()
    assert errors(container) == []
    metrics = requests.get(f"{container.url}/metrics", timeout=30).text
    assert 'http_requests_total{method="POST",route="/prediction",status="200"} 2.0' in metrics
    assert container.state["Running"]


def test_measure(engine: Any, report: list[str]) -> None:
    """What the image costs: its layers, the time to ready, and memory at rest and under load."""
    start = time.monotonic()
    container = engine.run("--cpus 1 --memory 1g --memory-swap 1g")
    ready = time.monotonic() - start
    rest = memory_of(container)
    with asking(container.port, clients=16) as traffic:
        until(lambda: traffic.answered > 2000, "some traffic")
        load = memory_of(container)
    total = int(engine.docker("inspect", "--format", "{{.Size}}", IMAGE))
    history = engine.docker("history", "--format", "{{.Size}} {{.CreatedBy}}", IMAGE).splitlines()
    layers = [line[:30] for line in history if not line.startswith("0B")]
    report += [
        f"base image: {engine.base}",
        f"image: {total / 1e6:.0f} MB, by layer: {'; '.join(layers)}; base {BASE}",
        f"ready {ready:.1f} s after docker run; memory at rest {rest}, under load {load}",
    ]
    assert traffic.failed == {}
    assert "MiB" in rest


def memory_of(container: Any) -> str:
    """The memory that a container uses, as the engine reports it."""
    usage = container.engine.docker(
        "stats", "--no-stream", "--format", "{{.MemUsage}}", container.name
    )
    return str(usage.partition(" / ")[0])
