"""The page of the API in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")


@pytest.fixture
def open_docs(open_page: Callable[..., Any], url: str) -> Callable[..., Any]:
    """A function that opens the page and waits until the API is drawn."""

    def open_(**options: Any) -> Any:
        page = open_page(**options)
        page.goto(f"{url}/docs")
        page.wait_for_selector(".opblock")
        return page

    return open_


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_around_swagger_ui_is_accessible(
    open_docs: Callable[..., Any], scheme: str, width: int
) -> None:
    """Axe finds no fault outside of Swagger UI, and no part of the page is wider than it."""
    viewport = {"width": width, "height": 800}
    page = open_docs(color_scheme=scheme, viewport=viewport, bypass_csp=True)
    context = {"exclude": [["#swagger-ui"]]}
    found = axe.Axe().run(page, context=context)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_page_follows_the_scheme(open_docs: Callable[..., Any]) -> None:
    """In the dark scheme both Swagger UI and what is around it are dark."""

    def brightness(page: Any, selector: str) -> int:
        colour = page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).color")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    for selector in ("#errors", ".opblock-summary-path"):
        dark = brightness(open_docs(color_scheme="dark"), selector)
        assert brightness(open_docs(color_scheme="light"), selector) < 400 < dark


def test_problem_type_leads_to_its_explanation(open_docs: Callable[..., Any], url: str) -> None:
    """The type of a problem, followed, has its explanation and status in view."""
    page = open_docs()
    page.goto(f"{url}/docs#overloaded")
    page.reload()
    page.wait_for_selector(".opblock")
    playwright.expect(page.locator("#overloaded")).to_be_in_viewport()
    assert page.inner_text("#overloaded") == "Overloaded 503"
