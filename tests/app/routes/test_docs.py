"""GET /docs: a page that needs nothing from outside and explains every problem type."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from app.errors import TYPES, ApiError, anchor


@pytest.fixture
def page(client: FlaskClient) -> str:
    """The page's HTML."""
    return client.get("/docs").text


def test_every_problem_type_has_its_anchor(page: str) -> None:
    """The type of each problem leads to an explanation on the page."""
    ids = re.findall(r'<dt id="([^"]+)">', page)
    assert ids == [anchor(title) for title in TYPES]


def test_every_problem_type_has_the_status_that_is_answered(page: str) -> None:
    """The status beside each title is that of the errors with this title."""
    statuses = dict(re.findall(r'<dt id="([^"]+)">[^<]+<span class="status">(\d+)', page))
    assert statuses.keys() == {anchor(title) for title in TYPES}
    answered = [error for error in subclasses(ApiError) if hasattr(error, "title")]
    assert len(answered) >= 7
    for error in answered:
        assert statuses[anchor(error.title)] == str(error.code)


def subclasses(error: type[ApiError]) -> list[type[ApiError]]:
    """All classes that derive from a class, however far."""
    return [it for own in error.__subclasses__() for it in (own, *subclasses(own))]


def test_page_and_docs_link_to_each_other(client: FlaskClient, page: str) -> None:
    """From each of the two pages there is a way to the other."""
    assert '<a href="/">' in page
    assert '<a href="/docs">' in client.get("/", headers={"Accept": "text/html"}).text


def test_all_that_the_page_links_to_is_served(client: FlaskClient, page: str) -> None:
    """Scripts, styles, icon and descriptions are all local, and there."""
    links = re.findall(r'(?:src|href|data-description)="([^"]+)"', page)
    assert len(links) >= 7
    for link in links:
        assert link.startswith("/")
        with client.get(link) as response:
            assert response.status_code == 200


def test_page_obeys_its_policy(client: FlaskClient, page: str) -> None:
    """The policy allows no inline code and no other host, and the page has none."""
    policy = client.get("/docs").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not re.search(r"<style|style=|<script(?![^>]*src=)| on[a-z]+=", page)
