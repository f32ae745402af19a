"""The code that a visitor copies does what the page did."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.browser.visit import ask, classify, shown_label

HARD = 'It\'s "the goalie" $HOME `id` \\ !\nand a second line, naïve 🏒'


def snippet(page: Any, language: str) -> str:
    """The code in one language, as it is copied."""
    page.select_option("#language", language)
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.click("#copy")
    copied: str = page.evaluate("window.copied")
    return copied


def run(command: list[str], script: str) -> str:
    """What an interpreter prints that reads this script."""
    done = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_is_two_lines_that_ask_for_the_label(page: Any, url: str) -> None:
    """The command, run by a shell, gets the label that the page shows, quotes and all."""
    classify(page, HARD)
    label = shown_label(page)
    command = snippet(page, "curl")
    assert page.inner_text("#snippet") == command
    assert len(command.splitlines()) == 2
    words = shlex.split(command)
    assert words[1] == f"{url}/prediction"
    assert json.loads(words[words.index("-d") + 1]) == {"text": HARD}
    if shutil.which("curl"):
        assert json.loads(run(["sh"], command)) == {"label": label}


def test_python_and_javascript_do_the_same(page: Any) -> None:
    """Both print the label that the page shows."""
    classify(page, HARD)
    label = shown_label(page)
    assert run([sys.executable, "-"], snippet(page, "python")).strip() == label
    if shutil.which("node"):
        node = ["node", "--input-type=module"]
        assert run(node, snippet(page, "javascript")).strip() == label


@pytest.mark.parametrize("characters", [400_000, 1_000_000])
def test_long_texts_are_answered_and_copied_whole(page: Any, url: str, characters: int) -> None:
    """A text of the largest size gets its label, marks piece by piece, and a command that runs."""
    text = ("the goalie's puck, orbit " * (characters // 25 + 1))[:characters].strip()
    classify(page, text)
    assert shown_label(page) == ask(url, text)["label"]
    assert page.locator("#failure").is_hidden()
    before = len(page.inner_text("#marked"))
    assert 20_000 <= before < 21_000
    page.click("#more")
    shown = page.inner_text("#marked")
    assert 2 * before - 100 <= len(shown) <= 2 * before + 100
    assert text.startswith(shown)
    assert len(page.inner_text("#snippet")) < 3000
    command = snippet(page, "curl")
    assert command.splitlines()[1:] == [
        "  --data-binary @- <<'END'",
        json.dumps({"text": text}, separators=(",", ":")),
        "END",
    ]
    if shutil.which("curl"):
        assert json.loads(run(["sh"], command))["label"] == shown_label(page)


def test_pieces_end_between_characters(page: Any) -> None:
    """A text without any blank is cut, but no character of it is."""
    classify(page, "x" + "🏒" * 15_000)
    shown_label(page)
    assert page.inner_text("#marked") == "x" + "🏒" * 10_000
