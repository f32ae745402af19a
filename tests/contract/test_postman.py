"""The Postman collection holds against a real server, run by newman."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / "postman_collection.json"
NEWMAN = shutil.which("newman") or shutil.which("newman", path=str(ROOT / "node_modules" / ".bin"))


@pytest.fixture(scope="module")
def collection() -> dict[str, Any]:
    """The collection, decoded."""
    found: dict[str, Any] = json.loads(COLLECTION.read_text())
    return found


def requests_in(folder: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the requests of a folder."""
    found: list[dict[str, Any]] = folder["item"]
    return found


def test_every_route_has_its_folder(app: Flask, collection: dict[str, Any]) -> None:
    """There is one folder for each route of the application, named by its method and path."""
    routes = {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if not rule.rule.endswith("<path:filename>")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {folder["name"] for folder in collection["item"]} - {"Not found"} == routes


def test_every_request_is_tested_and_has_an_example(collection: dict[str, Any]) -> None:
    """Each request checks its answer, and shows one."""
    for folder in collection["item"]:
        for request in requests_in(folder):
            (event,) = request["event"]
            assert any("pm.test(" in line for line in event["script"]["exec"]), request["name"]
            assert request["response"], request["name"]


@pytest.mark.skipif(NEWMAN is None, reason="newman is not installed: run `npm ci`")
def test_collection_holds(serve: Callable[..., Any], tmp_path: Path) -> None:
    """Every test of the collection passes against a real server."""
    report = tmp_path / "report.json"
    command = [str(NEWMAN), "run", str(COLLECTION), "--env-var", f"baseUrl={serve().url}"]
    command += ["--reporters", "cli,json", "--reporter-json-export", str(report)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout
    run = json.loads(report.read_text())["run"]
    assert run["stats"]["assertions"]["total"] > 200
    assert run["failures"] == []
