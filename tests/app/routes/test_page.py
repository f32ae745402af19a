"""GET /: who gets the page and who the index, and what the page may load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.config import Config
from app.examples import EXAMPLES
from model.classifier import load_classifier

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.fixture(scope="module")
def app(small_artifact: Path) -> Flask:
    """The application around the small model."""
    return create_app(Config(), load_classifier(small_artifact))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Its client."""
    return app.test_client()


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (BROWSER, "text/html"),
        ("text/html", "text/html"),
        ("text/html, application/json", "text/html"),
        ("*/*", "application/json"),
        (None, "application/json"),
        ("application/json", "application/json"),
        ("application/json, text/html;q=0.9", "application/json"),
        ("text/*", "application/json"),
    ],
)
def test_html_is_for_those_who_name_it(
    client: FlaskClient, accept: str | None, media_type: str
) -> None:
    """A browser gets the page; curl and programs, which accept anything, get JSON."""
    response = client.get("/", headers={"Accept": accept} if accept else {})
    assert response.status_code == 200
    assert response.mimetype == media_type
    assert response.headers["Vary"] == "Accept"


def test_index_lists_the_routes_that_there_are(client: FlaskClient, app: Flask) -> None:
    """Each rule but those of files is listed with its methods and with what it is for."""
    routes = {route["path"]: route for route in client.get("/").get_json()["routes"]}
    assert routes["/prediction"]["methods"] == ["POST"]
    assert routes["/prediction"]["summary"]
    assert routes["/"]["methods"] == ["GET"]
    rules = {rule.rule for rule in app.url_map.iter_rules() if "<path" not in rule.rule}
    assert rules == set(routes)


def test_page_has_an_example_for_each_known_label(client: FlaskClient) -> None:
    """The chips carry the examples of the model's labels, and the bars all of its labels."""
    html = client.get("/", headers={"Accept": BROWSER}).get_data(as_text=True)
    chips = re.findall(r'class="chip" data-text="[^"]+">(\w+)<', html)
    bars = re.findall(r'<li data-label="(\w+)">', html)
    assert chips == bars == sorted(EXAMPLES)


def test_labels_without_an_example_have_no_chip(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A label that nobody wrote an example for is a bar, not a chip."""
    monkeypatch.delitem(EXAMPLES, "space")
    html = client.get("/", headers={"Accept": BROWSER}).get_data(as_text=True)
    assert 'data-label="space"' in html
    assert ">space</button>" not in html


def test_policy_lets_nothing_in_from_elsewhere(client: FlaskClient) -> None:
    """Scripts and styles come from the service's own files, none from the page's source."""
    response = client.get("/", headers={"Accept": BROWSER})
    html = response.get_data(as_text=True)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", html)


@pytest.mark.parametrize("accept", [BROWSER, "application/json"])
def test_page_and_index_can_be_revalidated(client: FlaskClient, accept: str) -> None:
    """Who has the current version gets 304, without its content."""
    first = client.get("/", headers={"Accept": accept})
    again = client.get("/", headers={"Accept": accept, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.get_data() == b""


def test_the_two_answers_have_two_validators(client: FlaskClient) -> None:
    """A cache cannot take the page for the index."""
    tags = {client.get("/", headers={"Accept": it}).headers["ETag"] for it in (BROWSER, "*/*")}
    assert len(tags) == 2


def test_files_are_served_with_validators(client: FlaskClient) -> None:
    """Script and style have the types that browsers insist on, and need not be sent twice."""
    for name, media_type in (("page.js", "text/javascript"), ("page.css", "text/css")):
        with client.get(f"/static/{name}") as first:
            assert first.mimetype == media_type
            validator = {"If-None-Match": first.headers["ETag"]}
        with client.get(f"/static/{name}", headers=validator) as again:
            assert again.status_code == 304
