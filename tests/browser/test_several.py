"""Many texts at a time: pasted or out of files, labelled with progress, sorted and downloaded."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.visit import ask, shown_label

TEXTS = [
    "The goalie lost the puck, in overtime.",
    "The rocket is in orbit.",
    'A "cipher" needs a key,\nand a secret one; naïve',
]
ONE_LINERS = TEXTS[:2]
MAIL = "Subject: orbit\nFrom: someone@example.org\n\nThe rocket is in orbit.\n>From the moon.\n"

FILES = {
    "posts.txt": ("\n\n".join(ONE_LINERS).encode(), ONE_LINERS),
    "posts.csv": (b"id,text\r\n1,The rocket\r\n2,\r\n3,the goalie", ["The rocket", "the goalie"]),
    "semicolons.csv": ("Text;n\na;1\nb;2".encode("utf-16"), ["a", "b"]),
    "posts.jsonl": ("\n".join(json.dumps({"text": it}) for it in TEXTS).encode(), TEXTS),
    "posts.mbox": (f"From a b\n{MAIL}\nFrom c d\n{MAIL}".encode(), [MAIL.replace(">F", "F")] * 2),
    "old.txt": ("na\xefve\ncaf\xe9".encode("windows-1252"), ["naïve", "café"]),
}


@pytest.fixture
def page(page: Any) -> Any:
    """The page, with the view of several texts open."""
    page.click("#tab-several")
    return page


def drop(page: Any, name: str, content: bytes) -> None:
    """Drop a file anywhere on the page."""
    transfer = page.evaluate_handle(
        """([name, bytes]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], name));
            return transfer;
        }""",
        [name, list(content)],
    )
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})


def wait_for(page: Any, labelled: int, rejected: int = 0) -> None:
    """Wait until the run has ended with these counts."""
    page.wait_for_selector(f"#ended:has-text('{labelled:,} labelled, {rejected} rejected')")


def downloaded(page: Any, button: str) -> str:
    """The content of a file that a button saves."""
    with page.expect_download() as download:
        page.click(button)
    return Path(download.value.path()).read_bytes().decode()


def rows_of(page: Any) -> list[dict[str, Any]]:
    """The table as it is saved."""
    return [json.loads(line) for line in downloaded(page, "#as-json-lines").splitlines()]


def test_pasted_lines_get_labels_as_the_service_gives_them(page: Any, url: str) -> None:
    """Each line is a row with its label and probability; empty lines are none."""
    page.fill("#lines", f"{ONE_LINERS[0]}\n\n  \n{ONE_LINERS[1]}\n")
    page.click("#classify-all")
    wait_for(page, 2)
    for text, row in zip(ONE_LINERS, page.locator("#rows tr").all(), strict=True):
        answer = ask(url, text)
        percent = f"{100 * answer['scores'][answer['label']]:.1f} %"
        cells = [cell.strip() for cell in row.locator("td").all_inner_texts()]
        assert cells[1:] == [text, answer["label"], percent]


@pytest.mark.parametrize("name", FILES)
def test_dropped_files_are_read(page: Any, name: str) -> None:
    """Every form of file gives its texts, whatever its encoding."""
    content, texts = FILES[name]
    drop(page, name, content)
    wait_for(page, len(texts))
    found = [row["text"].rstrip("\n") for row in rows_of(page)]
    assert found == [text.rstrip("\n") for text in texts]


def test_a_file_of_one_text_is_opened_in_the_first_view(page: Any) -> None:
    """A message that is dropped is classified with the reasons for its label."""
    drop(page, "mail.eml", MAIL.encode())
    assert shown_label(page) == "space"
    assert page.input_value("#text") == MAIL
    assert page.locator("#several").is_hidden()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.pdf", b"%PDF", "a.pdf is not of a form"),
        ("a.csv", b"id,body\n1,x", "no column text; its columns are id, body"),
        ("a.csv", b'text\n"a"b', "row 2 has a quotation mark"),
        ("a.jsonl", b'{"text": "a"}\n{"txt": 1}', "line 2 is not an object"),
        ("a.txt", b"\n \n", "there is no text in it"),
    ],
)
def test_files_without_texts_are_explained(
    page: Any, name: str, content: bytes, reason: str
) -> None:
    """The message says what is wrong with the file, and where."""
    drop(page, name, content)
    page.wait_for_selector("#several-error:not([hidden])")
    assert reason in page.inner_text("#several-error")


def test_a_bad_text_does_not_cost_the_others_their_labels(
    open_page: Callable[..., Any], serve: Callable[..., Any]
) -> None:
    """What the service rejects has its reason in its row; all others are labelled."""
    page = open_page()
    page.goto(f"{serve(max_body_bytes=2000, max_batch=3).url}/#several")
    texts = [*ONE_LINERS, "x" * 3000, "\N{ZERO WIDTH SPACE}\N{ZERO WIDTH SPACE}", *ONE_LINERS]
    page.fill("#lines", "\n".join(texts))
    page.click("#classify-all")
    page.wait_for_selector("#ended:has-text('rejected')")
    rows = page.locator("#rows tr").all_inner_texts()
    assert "over the limit of 2000 bytes" in rows[2]
    assert "The text is blank" in rows[3]
    assert all("hockey" in row or "space" in row for row in rows[:2] + rows[4:])


def test_rows_can_be_sorted_by_keyboard(page: Any) -> None:
    """Each heading sorts by its column, and the other way at the second time."""
    page.fill("#lines", "the goalie and the puck\nword\nthe rocket in orbit")
    page.click("#classify-all")
    wait_for(page, 3)

    def numbers() -> list[str]:
        found: list[str] = page.locator("#rows td:first-child").all_inner_texts()
        return found

    page.focus("th[data-key=label] button")
    page.keyboard.press("Enter")
    labels = page.locator("#rows td:nth-child(3)").all_inner_texts()
    assert labels == sorted(labels)
    assert page.get_attribute("th[data-key=label]", "aria-sort") == "ascending"
    page.focus("th[data-key=probability] button")
    page.keyboard.press("Enter")
    assert numbers()[0] == "2"
    page.keyboard.press("Enter")
    assert numbers()[-1] == "2"
    assert page.locator("th[aria-sort]").count() == 1


def test_a_row_leads_to_the_reasons_of_its_label(page: Any) -> None:
    """A click on a text opens it in the first view."""
    page.fill("#lines", "\n".join(ONE_LINERS))
    page.click("#classify-all")
    wait_for(page, 2)
    page.click("#rows tr:nth-child(2) .excerpt")
    assert shown_label(page) == "space"
    assert page.input_value("#text") == ONE_LINERS[1]


def test_a_run_can_be_cancelled_and_gone_on_with(page: Any) -> None:
    """Cancelling keeps what there is; going on labels the rest, each text once."""
    asked: list[int] = []
    held: list[Any] = []

    def answer(route: Any) -> None:
        asked.append(len(route.request.post_data_json["texts"]))
        if len(asked) == 2:
            held.append(route)
        else:
            route.continue_()

    page.route("**/predictions?*", answer)
    page.fill("#lines", "\n".join(["the goalie"] * 250))
    page.click("#classify-all")
    page.wait_for_selector("#done:has-text('100 of 250 texts')")
    page.click("#stop")
    page.wait_for_selector("#ended:has-text('100 labelled')")
    page.click("#stop:has-text('Go on')")
    wait_for(page, 250)
    assert page.locator("#stop").is_hidden()
    assert sum(asked) == 350
    assert len(rows_of(page)) == 250


def test_a_failing_service_stops_the_run_until_it_is_gone_on_with(page: Any) -> None:
    """The reason is shown, and one button asks again."""
    page.route("**/predictions?*", lambda route: route.fulfill(status=502, body="<p>"), times=1)
    page.fill("#lines", "\n".join(ONE_LINERS))
    page.click("#classify-all")
    page.wait_for_selector("#several-error:has-text('A proxy answered 502')")
    page.click("#stop:has-text('Go on')")
    wait_for(page, 2)
    assert page.locator("#several-error").is_hidden()


def test_labels_can_be_saved(page: Any, url: str) -> None:
    """Both files hold every text as it was given, with its label and probability."""
    drop(page, "posts.jsonl", FILES["posts.jsonl"][0])
    wait_for(page, 3)
    saved = rows_of(page)
    assert [row["text"] for row in saved] == TEXTS
    first = ask(url, TEXTS[0])
    assert saved[0]["label"] == first["label"]
    assert saved[0]["probability"] == first["scores"][first["label"]]
    table = list(csv.DictReader(io.StringIO(downloaded(page, "#as-csv"), newline="")))
    assert [{name: str(value) for name, value in row.items()} for row in saved] == table


def test_ten_thousand_texts_stay_usable(page: Any) -> None:
    """All are labelled, while the table draws a part of them and offers more."""
    page.evaluate("document.querySelector('#lines').value = 'the goalie\\n'.repeat(10000)")
    page.click("#classify-all")
    wait_for(page, 10_000)
    assert page.locator("#rows tr").count() == 200
    page.click("#more-rows")
    assert page.locator("#rows tr").count() == 400
