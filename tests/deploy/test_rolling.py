"""Two containers behind nginx, replaced one after the other under load."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from benchmarks.nginx import PROGRAM
from chaos.proxy import proxying
from tests.deploy.engine import until
from tests.deploy.traffic import asking


@pytest.fixture(autouse=True)
def nginx() -> None:
    """Skip where nginx is not installed."""
    if not PROGRAM:
        pytest.skip("nginx is not installed")


def served(container: Any) -> bool:
    """Whether a container has answered a prediction."""
    text = requests.get(f"{container.url}/metrics", timeout=30).text
    return 'route="/prediction",status="200"' in text


def ports(containers: list[Any]) -> list[int]:
    """Where the containers are reached."""
    return [container.port for container in containers]


def test_rolling_replacement_loses_nothing(engine: Any) -> None:
    """Each container is taken out, stopped and replaced; every client gets every answer."""
    containers = [engine.run("--cpus 1") for _ in range(2)]
    with (
        # A failed try is never repeated on the other container: it would hide what is lost.
        proxying(*ports(containers), again="off") as proxy,
        asking(proxy.port, keep=False) as traffic,
    ):
        until(lambda: all(map(served, containers)), "requests on both containers")
        for old in list(containers):
            containers.remove(old)
            proxy.serve(*ports(containers))
            old.stop()
            assert old.state["ExitCode"] == 0
            new = engine.run("--cpus 1")
            containers.append(new)
            proxy.serve(*ports(containers))
            until(lambda: served(containers[-1]), "requests on the new container")
    assert traffic.failed == {}
    assert traffic.refused == 0
    assert traffic.answered > 100
