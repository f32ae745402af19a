"""The page in a real browser: what a visitor sees and does, by mouse, by keyboard, on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.visit import ask, classify, shown_label

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

ROOT = Path(__file__).resolve().parents[2]
MARKUP = "<img src=x onerror=\"document.title='owned'\"> the goalie's <b>puck</b> </textarea>"


def test_visitor_sees_the_label_its_scores_and_the_time(page: Any, url: str) -> None:
    """Label and percentages on the page are those that the service answers."""
    text = "The goalie lost the puck in orbit."
    classify(page, text)
    expected = ask(url, text)
    assert shown_label(page) == expected["label"]
    for label, score in expected["scores"].items():
        row = page.locator(f"#scores li[data-label={label}]")
        assert row.inner_text().split() == [label, f"{100 * score:.1f}", "%"]
    best = page.locator("#scores li.best")
    assert best.get_attribute("data-label") == expected["label"]
    width = best.locator(".fill").evaluate("it => it.style.width")
    assert float(width.rstrip("%")) == pytest.approx(100 * expected["scores"][expected["label"]])
    assert re.match(r"[\d.]+ ms round trip", page.inner_text("#timing"))


def test_each_example_gets_an_answer(page: Any, url: str) -> None:
    """A click on an example puts it into the field and shows what the service says of it."""
    chips = page.locator(".chip[data-text]").all()
    assert len(chips) == 6
    for chip in chips:
        chip.click()
        text = chip.get_attribute("data-text")
        assert page.input_value("#text") == text
        playwright.expect(page.locator("#label")).to_have_text(ask(url, text)["label"])


def test_words_are_marked_by_what_they_did(page: Any, url: str) -> None:
    """The strongest words are marked for or against as the service explains, the rest is whole."""
    text = "Goalie's PUCK, moon-orbit; zzyzx naïve 火箭 goalie@ice.example!"
    classify(page, text)
    page.wait_for_selector("#why:not([hidden])")
    assert page.inner_text("#marked") == text
    explanation = ask(url, text)["explanation"]
    sides = {"for": explanation["supporting"], "against": explanation["opposing"]}
    for kind, terms in sides.items():
        marked = {it.lower() for it in page.locator(f"#marked .{kind}").all_inner_texts()}
        assert marked
        assert marked <= {term["term"] for term in terms}
    assert "puck" in {it.lower() for it in page.locator("#marked .for").all_inner_texts()}
    styles = {
        kind: page.locator(f"#marked .{kind}").first.evaluate(
            "it => getComputedStyle(it).borderBottomStyle"
        )
        for kind in sides
    }
    assert styles == {"for": "solid", "against": "dashed"}
    listed = page.locator("#supporting li").first.inner_text().split()
    assert listed[0] == explanation["supporting"][0]["term"]


def test_words_are_found_by_the_terms_of_the_committed_model(
    serve: Callable[..., Any], browser: Any
) -> None:
    """A word is marked though its term lost a final s: "playoffs" counts as "playoff"."""
    page = browser.new_page()
    page.goto(serve(model_dir=ROOT / "model" / "trained").url)
    classify(page, "They reached the playoffs.")
    page.wait_for_selector("#why:not([hidden])")
    assert "playoffs" in page.locator("#marked .for").all_inner_texts()


def test_markup_in_a_text_stays_text(page: Any) -> None:
    """Whatever a text holds is shown as it is written, wherever it is shown."""
    classify(page, MARKUP)
    page.wait_for_selector("#why:not([hidden])")
    assert page.inner_text("#marked") == MARKUP
    assert page.locator("main img, main b").count() == 0
    assert page.title() == "Text classifier"


def test_errors_are_told_in_words(page: Any) -> None:
    """A refused text shows the service's reason, takes the old answer away and can be corrected."""
    classify(page, "the goalie")
    shown_label(page)
    classify(page, "   ")
    page.wait_for_selector("#failure:not([hidden])")
    assert "blank" in page.inner_text("#error")
    assert page.inner_text("#label") == "no label"
    assert page.locator("#why").is_hidden()
    classify(page, "the goalie")
    shown_label(page)
    assert page.locator("#failure").is_hidden()


def test_everything_can_be_done_by_keyboard(page: Any, url: str) -> None:
    """Tab reaches each control with a visible focus, arrows change tabs, Ctrl+Enter predicts."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "tab-classify"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-several"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-metrics"
    assert page.locator("#metrics").is_visible()
    assert page.locator("#classify").is_hidden()
    page.keyboard.press("ArrowRight")
    assert page.locator("#classify").is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type("the goalie and the puck")
    page.keyboard.press("Control+Enter")
    assert shown_label(page) == "hockey"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "predict"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    example = page.locator(".chip[data-text]").first.get_attribute("data-text")
    assert page.input_value("#text") == example
    playwright.expect(page.locator("#label")).to_have_text(ask(url, example)["label"])


def test_characters_are_counted_as_the_service_does(page: Any) -> None:
    """A character outside of the basic plane is one, not two."""
    page.fill("#text", "🏒a")
    assert page.inner_text("#length") == "2 characters"


@pytest.mark.parametrize("view", ["classify", "several", "metrics"])
def test_phone_needs_no_sideways_scrolling(open_page: Callable[..., Any], view: str) -> None:
    """At 320 pixels, even with a word that is too long, the page is no wider than the screen."""
    page = open_page(viewport={"width": 320, "height": 640})
    classify(page, "goalie " + "x" * 500)
    shown_label(page)
    page.click("#tab-several")
    page.fill("#lines", "goalie\n" + "x" * 500)
    page.click("#classify-all")
    page.wait_for_selector("#ended:has-text('2 labelled')")
    page.click(f"#tab-{view}")
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_metrics_view_tells_what_prometheus_is_told(
    open_page: Callable[..., Any], serve: Callable[..., Any]
) -> None:
    """Figures are those of /metrics, and follow when something happens."""
    page = open_page()
    server = serve(workers=2)
    page.goto(f"{server.url}/#metrics")

    def headline() -> dict[str, str]:
        page.wait_for_selector("#headline dt")
        names = page.locator("#headline dt").all_inner_texts()
        return dict(zip(names, page.locator("#headline dd").all_inner_texts(), strict=True))

    assert headline()["predictions"] == "0"
    for _ in range(7):
        assert ask(server.url, "the goalie")["label"] == "hockey"
    playwright.expect(page.locator("#headline dd").first).to_have_text("7")
    assert headline()["predictions"] == "7"
    assert headline()["workers"] == "2"
    rows = [row.split() for row in page.locator("#statuses tr").all_inner_texts()]
    assert ["200", "POST", "/prediction", "7"] in rows
    mix = {row.split()[0]: row.split()[1:3] for row in page.locator("#mix li").all_inner_texts()}
    assert mix["hockey"] == ["100.0", "%"]
    latency = {
        row.split()[0]: [float(figure) for figure in row.split()[1:]]
        for row in page.locator("#latency tr").all_inner_texts()
    }
    count, median, _, longest = latency["/prediction"]
    assert count == 7
    assert 0 < median <= longest
    assert page.locator("#confidence li").count() >= 1


def test_metrics_are_only_read_while_in_view(page: Any) -> None:
    """The page asks for /metrics while that view is open, and not otherwise."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []
    page.click("#tab-metrics")
    page.wait_for_selector("#headline dt")
    page.click("#tab-classify")
    page.wait_for_timeout(200)
    seen = len(asked)
    assert seen >= 1
    page.wait_for_timeout(2500)
    assert len(asked) == seen


def test_dark_scheme_is_dark(open_page: Callable[..., Any]) -> None:
    """The page follows the visitor's scheme."""

    def brightness(scheme: str) -> int:
        page = open_page(color_scheme=scheme)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)))

    assert brightness("dark") < 150 < 600 < brightness("light")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", ["classify", "several", "metrics", "error"])
def test_page_is_accessible(
    open_page: Callable[..., Any], scheme: str, view: str, width: int
) -> None:
    """Axe finds no fault with any view in either scheme, contrast of WCAG AA included."""
    page = open_page(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        reduced_motion="reduce",
        # The checker is put into the page, which the page's own policy would forbid.
        bypass_csp=True,
    )
    classify(page, " " if view == "error" else "the goalie and the rocket in orbit")
    page.wait_for_selector("#failure:not([hidden])" if view == "error" else "#why:not([hidden])")
    if view == "several":
        page.click("#tab-several")
        page.fill("#lines", "the goalie\nthe rocket")
        page.click("#classify-all")
        page.wait_for_selector("#ended:has-text('2 labelled')")
    elif view == "metrics":
        page.click("#tab-metrics")
        page.wait_for_selector("#headline dt")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = axe.Axe().run(page, options={"runOnly": tags})
    assert found.violations_count == 0, found.generate_report()
