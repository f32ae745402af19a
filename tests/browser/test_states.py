"""What a visitor sees while the service is slow, and when it or a proxy fails."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.visit import classify, shown_label

PROBLEM = '{"title": "Overloaded", "detail": "More requests wait than the service takes up."}'


def fail_with(page: Any, **answer: Any) -> None:
    """Have something answer in the place of the service."""
    page.route("**/prediction?*", lambda route: route.fulfill(**answer))


def error(page: Any) -> str:
    """What the page says of a failure."""
    page.wait_for_selector("#failure:not([hidden])")
    said: str = page.inner_text("#error")
    return said


def test_waiting_is_seen_at_once_and_said_after_a_second(page: Any) -> None:
    """A slow answer leaves no doubt that it is awaited, and then takes that away."""
    held: list[Any] = []
    page.route("**/prediction?*", lambda route: held.append(route))
    classify(page, "the goalie")
    page.wait_for_selector("#verdict.waiting")
    assert page.inner_text("#timing") == "Classifying …"
    page.wait_for_selector("#timing:has-text('Still waiting for the service: 1 s')")
    held[0].continue_()
    assert shown_label(page) == "hockey"
    assert page.locator("#verdict.waiting").count() == 0
    assert "round trip" in page.inner_text("#timing")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (429, "it lets no more requests through for now"),
        (502, "it got no answer from the service"),
        (500, "not the service"),
        (200, "not the service"),
    ],
)
def test_pages_of_a_proxy_are_named(page: Any, status: int, reason: str) -> None:
    """HTML in the place of an answer is a proxy's, whose status the page shows."""
    fail_with(page, status=status, content_type="text/html", body="<html>")
    classify(page, "the goalie")
    said = error(page)
    assert said.startswith(f"A proxy answered {status}")
    assert reason in said
    assert page.get_attribute("#predict", "aria-disabled") is None


def test_overload_says_when_to_try_again(page: Any) -> None:
    """The service's own reason is shown, with the seconds that it asks for."""
    fail_with(page, status=503, headers={"Retry-After": "3"}, body=PROBLEM)
    classify(page, "the goalie")
    assert error(page) == "More requests wait than the service takes up. Try again in 3 s."


def test_failed_request_can_be_sent_again(page: Any) -> None:
    """One button asks again, and the answer takes the failure away."""
    page.route("**/prediction?*", lambda route: route.abort(), times=1)
    classify(page, "the goalie")
    assert "did not answer" in error(page)
    page.click("#retry")
    assert shown_label(page) == "hockey"
    assert page.locator("#failure").is_hidden()


def test_faults_of_the_page_are_not_blamed_on_the_service(browser: Any, url: str) -> None:
    """An answer that the page cannot show is said to be the page's failure."""
    page = browser.new_page()
    page.goto(url)
    fail_with(page, status=200, json={"label": "hockey"})
    classify(page, "the goalie")
    assert error(page).startswith("This page failed")
    page.close()
