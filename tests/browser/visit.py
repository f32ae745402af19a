"""What a visitor does and sees on the page, and what the service itself says of it."""

from __future__ import annotations

from typing import Any

import requests


def classify(page: Any, text: str) -> None:
    """Have a text classified."""
    page.fill("#text", text)
    page.click("#predict")


def shown_label(page: Any) -> str:
    """The label, once there is one."""
    page.wait_for_selector("#label:not(.none)")
    label: str = page.inner_text("#label")
    return label


def ask(url: str, text: str) -> Any:
    """What the service itself answers."""
    query = {"scores": "true", "explain": "1000"}
    return requests.post(f"{url}/prediction", params=query, json={"text": text}, timeout=30).json()
