"""Metrics of a real gunicorn: exact over several workers, their deaths and reloads."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[2]


def samples(server: Any, name: str) -> dict[frozenset[tuple[str, str]], float]:
    """The series of one name, by their labels."""
    text = requests.get(f"{server.url}/metrics", timeout=30).text
    return {
        frozenset(sample.labels.items()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def predictions(server: Any) -> float:
    """Number of predictions counted."""
    return sum(samples(server, "predictions_total").values())


def predict(server: Any, times: int) -> None:
    """Make predictions over several connections, each of them answered."""

    def one(number: int) -> int:
        # A connection each, so that they spread over the workers.
        return requests.post(
            f"{server.url}/prediction", json={"text": f"puck {number}"}, timeout=30
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(times))) == {200}


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def test_counts_of_all_workers_are_exact(serve: Callable[..., Any]) -> None:
    """Any worker's answer to a scrape is the sum over all, equal to what was sent."""
    server = serve(workers=3)
    predict(server, 120)
    scrapes = [predictions(server) for _ in range(6)]
    assert scrapes == [120] * 6
    counted = samples(server, "http_request_duration_seconds_count")
    assert counted[frozenset({("route", "/prediction")})] == 120
    assert len(list(server.metrics_dir.glob("counter_*.db"))) == 3
    assert samples(server, "gunicorn_workers") == {frozenset(): 3}
    assert samples(server, "http_requests_waiting") == {frozenset(): 0}
    workers = {
        dict(labels)["worker"] for labels in samples(server, "gunicorn_process_cpu_seconds_total")
    }
    assert workers == {"1", "2", "3", "master"}


def test_killed_workers_take_no_count_along(serve: Callable[..., Any]) -> None:
    """Killed at once, again and again: nothing is lost, nothing falls, nothing piles up."""
    server = serve(workers=2)
    sent = 0
    for _ in range(4):
        predict(server, 20)
        sent += 20
        before = server.worker_pids()
        victim = before["1"]
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda before=before: server.worker_pids().get("1", before["1"]) != before["1"])
        wait_for(lambda: samples(server, "gunicorn_workers") == {frozenset(): 2})
        assert predictions(server) == sent
    names = sorted(path.name for path in server.metrics_dir.iterdir())
    kinds = ("counter", "gauge_livesum", "histogram")
    assert names == sorted(
        [f"{kind}_{n}.db" for kind in kinds for n in (1, 2)] + ["1.pid", "2.pid"]
    )


def test_reload_keeps_the_counts_and_names_the_new_model_only(
    serve: Callable[..., Any], train_small: Callable[..., Any], tmp_path: Path
) -> None:
    """After SIGHUP counts go on, and of two models the one that is served is shown."""
    first = train_small(tmp_path)
    server = serve(workers=2, model_dir=tmp_path)
    predict(server, 30)
    for strength in (1.0, 10.0):
        second = train_small(tmp_path, strength=strength)
        before = set(server.worker_pids().values())
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda before=before: not before & set(server.worker_pids().values()))
        predict(server, 30)
    assert first.version != second.version
    (labels,) = samples(server, "model_info")
    assert dict(labels)["version"] == second.version
    assert predictions(server) == 90
    assert samples(server, "gunicorn_workers") == {frozenset(): 2}
    assert len(list(server.metrics_dir.glob("counter_*.db"))) <= 4


def test_scrapes_succeed_and_never_fall_while_workers_die(serve: Callable[..., Any]) -> None:
    """Scrapes in the middle of deaths and births are whole, and counts only rise."""
    server = serve(workers=2)
    predict(server, 10)
    seen = [0.0]
    for round_ in range(3):
        victim = server.worker_pids()["2"]
        os.kill(victim, signal.SIGKILL)
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            try:
                seen.append(predictions(server))
            except requests.ConnectionError:  # it was answered by the one that was killed
                continue
        wait_for(lambda victim=victim: server.worker_pids().get("2", victim) != victim)
        predict(server, 10)
        assert predictions(server) == 10 * (round_ + 2)
    assert len(seen) > 10
    assert seen == sorted(seen)


def test_connections_that_wait_are_told(serve: Callable[..., Any]) -> None:
    """A scrape that stands at the head of a queue shows those behind it."""
    server = serve(workers=2)
    worker, other = server.worker_pids().values()
    host, port = server.url.removeprefix("http://").split(":")
    try:
        for pid in (worker, other):
            os.kill(pid, signal.SIGSTOP)
        queue = [socket.create_connection((host, int(port))) for _ in range(300)]
        queue[0].sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        os.kill(worker, signal.SIGCONT)  # it takes up its half; the other's half goes on waiting
        with queue[0].makefile("rb") as answer:
            found = re.search(rb"\ngunicorn_listen_backlog ([\d.]+)", answer.read())
    finally:
        for pid in (worker, other):
            os.kill(pid, signal.SIGCONT)
    for connection in queue:
        connection.close()
    assert found
    assert 1 <= float(found[1]) < 300


def test_stopped_server_leaves_nothing_behind(serve: Callable[..., Any]) -> None:
    """After SIGTERM the folder of counts is gone."""
    server = serve(workers=1)
    server.process.terminate()
    server.process.wait(30)
    assert list(server.metrics_base.iterdir()) == []


def test_start_without_a_usable_folder_says_so(small_artifact: Path, tmp_path: Path) -> None:
    """The server does not start; one line names the folder, the reason and the setting."""
    given = {"TEXTCLF_MODEL_DIR": str(small_artifact), "TEXTCLF_METRICS_DIR": f"{tmp_path}/none"}
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn"],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if "TEXTCLF_" not in k} | given,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "TEXTCLF_METRICS_DIR" in done.stderr
    assert str(tmp_path) in done.stderr


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no /dev/shm on this system")
def test_counts_are_kept_in_memory_by_default() -> None:
    """Unless another folder is named, no disk is written to while requests are answered."""
    code = (
        "from app.metrics.directory import make_directory as make; import shutil;"
        "path = make(None, 4096); print(path.parent); shutil.rmtree(path)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "/dev/shm"
