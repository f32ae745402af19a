"""Tests of the views and of the thread and author groups."""

from __future__ import annotations

import pytest

from model.views import (
    author_of,
    build_views,
    group_ids,
    is_mail,
    loader_plain,
    plain,
    thread_of,
)

POST = (
    "From: Ann <ann@example.org>\nSubject: Re: Lost probe\n\n"
    "Bob wrote:\n> where is it?\n\nStill flying.\n\n--\nAnn, ground station\n"
)


def _post(subject: str, author: str = "a@example.org") -> str:
    return f"From: {author}\nSubject: {subject}\n\nSome words.\n"


def test_views_of_mail() -> None:
    """Mail has three views: all of it, without header, and only what the author wrote."""
    views = build_views([POST])
    assert views["post"] == [POST]
    assert views["body"][0].startswith("Bob wrote:")
    assert "Still flying." in views["plain"][0]
    assert "where is it" not in views["plain"][0]


def test_plain_drops_the_signature() -> None:
    """The plain view ends before the signature."""
    assert "ground station" not in plain(POST)


def test_other_texts_have_one_view() -> None:
    """Texts that are not mail keep their first paragraph, in a single view."""
    texts = ["A title\n\nA story.", "Note: bring water", POST]
    assert build_views(texts) == {"text": texts}


def test_no_texts_have_one_empty_view() -> None:
    """An empty dataset has the single view of ordinary texts."""
    assert build_views([]) == {"text": []}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (POST, True),
        ("Subject: x\n\n", True),
        ("Note: no blank line", False),
        ("Dear all,\n\nhello", False),
        ("", False),
    ],
)
def test_is_mail(text: str, expected: bool) -> None:
    """Mail opens with `Name: value` and has a blank line after its header."""
    assert is_mail(text) is expected


@pytest.mark.parametrize(
    "subject", ["Lost probe", "Re: lost PROBE!", "RE: Re: Lost  probe", "Fwd: Re[2]: lost probe?"]
)
def test_replies_share_the_thread(subject: str) -> None:
    """Reply marks, case and punctuation do not change the thread."""
    assert thread_of(_post(subject)) == "lost probe"


@pytest.mark.parametrize("text", [_post("Re:"), "From: a@b\n\nSubject: in the body", "Hello", ""])
def test_texts_without_subject_have_no_thread(text: str) -> None:
    """A text without a subject in its header has no thread."""
    assert thread_of(text) is None


def test_author() -> None:
    """The author is the From line in lower case; texts without one have none."""
    assert author_of(POST) == "ann <ann@example.org>"
    assert author_of("Hello") is None


def test_group_ids() -> None:
    """Texts of one thread share a number; each text without a thread has its own."""
    texts = [_post("Mars"), "Hello", _post("Re: mars"), "Hello", _post("Venus")]
    assert group_ids(texts).tolist() == [0, 1, 0, 2, 3]
    assert group_ids([_post("x", "b@c"), _post("y", "b@c")], author_of).tolist() == [0, 0]


def test_loader_takes_more_for_a_signature() -> None:
    """In the order of scikit-learn's loader an answer below a quotation passes for a footer."""
    text = "From: a\nSubject: b\n\n> Is it so?\n\nYes.\n"
    assert plain(text).strip() == "Yes."
    assert loader_plain(text).strip() == ""
