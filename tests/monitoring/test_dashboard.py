"""The dashboard's queries, asked of a real Prometheus that scrapes a real server."""

from __future__ import annotations

import itertools
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

FOLDER = Path(__file__).resolve().parents[2] / "monitoring"
PROMETHEUS = shutil.which("prometheus")
PANELS = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
QUERIES = [
    pytest.param(target["expr"], id=f"{panel['title']}, {target['legendFormat']}")
    for panel in PANELS
    for target in panel["targets"]
]

pytestmark = pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is not installed")


@pytest.fixture(scope="module")
def prometheus(
    serve: Callable[..., Any], small_texts: dict[str, list[str]], tmp_path_factory: Any
) -> Iterator[str]:
    """The address of a Prometheus that has watched a server answer a few hundred requests."""
    server = serve(workers=2)
    folder = tmp_path_factory.mktemp("prometheus")
    target = server.url.removeprefix("http://")
    config = (FOLDER / "prometheus.yml").read_text()
    config = config.replace("localhost:8080", target).replace("15s", "1s")
    (folder / "prometheus.yml").write_text(config)
    shutil.copy(FOLDER / "alerts.yml", folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    arguments = [
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([str(PROMETHEUS), *arguments], stdout=log, stderr=log)
    try:
        for _ in range(2):
            drive(server.url, small_texts)
            await_scrapes(f"http://{address}", 2)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(30)


def query(prometheus: str, expression: str) -> list[dict[str, Any]]:
    """The instant vector of an expression."""
    answer = requests.get(
        f"{prometheus}/api/v1/query", params={"query": expression}, timeout=30
    ).json()
    assert answer["status"] == "success", answer
    result: list[dict[str, Any]] = answer["data"]["result"]
    return result


def await_scrapes(prometheus: str, more: int) -> None:
    """Wait until the server was scraped so many times more."""

    def scrapes() -> int:
        try:
            found = query(prometheus, 'count_over_time(up{job="text-classifier"}[1h])')
        except requests.ConnectionError:
            return 0
        return int(found[0]["value"][1]) if found else 0

    deadline = time.monotonic() + 60
    wanted = scrapes() + more
    while scrapes() < wanted:
        assert time.monotonic() < deadline, "prometheus does not scrape the server"
        time.sleep(0.2)


def drive(url: str, texts: dict[str, list[str]]) -> None:
    """Send a few hundred requests, some of them not valid."""
    with requests.Session() as session:
        for _ in range(10):
            for text in itertools.chain(*texts.values()):
                assert session.post(f"{url}/prediction", json={"text": text}, timeout=30).ok
            assert session.post(f"{url}/prediction", data="{", timeout=30).status_code == 405


@pytest.mark.parametrize("expression", QUERIES)
def test_query_finds_data(prometheus: str, expression: str) -> None:
    """Every query of every panel finds numbers where requests were answered."""
    for name, value in (
        ("$__rate_interval", "1m"),
        ("$__range", "1m"),
        ("$job", "text-classifier"),
    ):
        expression = expression.replace(name, value)
    found = [float(series["value"][1]) for series in query(prometheus, expression)]
    assert found
    assert any(number == number for number in found), "nothing but NaN"


def test_figures_are_those_of_what_happened(prometheus: str) -> None:
    """What Prometheus counted is what was sent; no alert is pending on a healthy service."""
    job = '{job="text-classifier"}'
    assert query(prometheus, f"sum(predictions_total{job})")[0]["value"][1] == "240"
    assert query(prometheus, f"sum(validation_failures_total{job})")[0]["value"][1] == "20"
    assert query(prometheus, 'ALERTS{alertname!="TextClassifierAbsent"}') == []


def test_panels_do_not_overlap() -> None:
    """Every panel has its own place on the grid, 24 columns wide."""
    places = [panel["gridPos"] for panel in PANELS]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
