"""Views of a text, and the groups that belong together: what training sees of the data.

A *view* is one rendering of a text on which the model must do well. Newsgroup posts have three;
texts that are not mail have one, the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

# The functions behind `fetch_20newsgroups(remove=...)`. scikit-learn publishes them only
# through that loader, so this is a private module.
from sklearn.datasets._twenty_newsgroups import (
    strip_newsgroup_footer,
    strip_newsgroup_header,
    strip_newsgroup_quoting,
)

from model.text import clean

View = Callable[[str], str]

MAIL_SHARE = 0.9
"""Share of the texts that must open with a mail header for a dataset to count as mail."""

_MAIL = re.compile(r"[A-Za-z][A-Za-z-]{0,40}:[ \t][^\n]*\n(?:[^\n]+\n)*\n")
_SUBJECT = re.compile(r"^Subject:[ \t]*([^\n]*)", re.MULTILINE | re.IGNORECASE)
_FROM = re.compile(r"^From:[ \t]*([^\n]*)", re.MULTILINE | re.IGNORECASE)
_REPLY = re.compile(r"(?:re|fwd?)(?:\[\d+\]|\^\d+)?:", re.IGNORECASE)
_WORD = re.compile(r"\w+")


def post(text: str) -> str:
    """The text as the model sees it."""
    return clean(text)


def body(text: str) -> str:
    """The post without its mail header."""
    return str(strip_newsgroup_header(clean(text)))


def plain(text: str) -> str:
    """The post without header, then quoted lines, then signature: what the author wrote."""
    return str(strip_newsgroup_footer(strip_newsgroup_quoting(body(text))))


def loader_plain(text: str) -> str:
    """The post as `fetch_20newsgroups(remove=("headers", "footers", "quotes"))` leaves it.

    It looks for the signature before the quotations are gone, and takes more of the text for one
    than `plain` does, so the two are not comparable.
    """
    return str(strip_newsgroup_quoting(strip_newsgroup_footer(body(text))))


MAIL_VIEWS: Mapping[str, View] = {"post": post, "body": body, "plain": plain}
TEXT_VIEWS: Mapping[str, View] = {"text": post}


def is_mail(text: str) -> bool:
    """Whether `text` opens with `Name: value` and has a blank line to end its header."""
    return _MAIL.match(clean(text)) is not None


def views_for(texts: Sequence[str]) -> Mapping[str, View]:
    """The views of a dataset: `MAIL_VIEWS` when nearly all texts are mail, else `TEXT_VIEWS`.

    The header stripper drops the first paragraph of any text, so it must not meet plain prose.
    """
    mail = sum(map(is_mail, texts))
    return MAIL_VIEWS if texts and mail >= MAIL_SHARE * len(texts) else TEXT_VIEWS


def build_views(texts: Sequence[str]) -> dict[str, list[str]]:
    """Every view of every text: `{view name: n texts}`, row i of each view being text i."""
    return {name: [view(text) for text in texts] for name, view in views_for(texts).items()}


def thread_of(text: str) -> str | None:
    """The thread of a post: its subject in lower-case words, reply marks removed.

    Returns None for a text without a subject.
    """
    found = _SUBJECT.search(_header(text))
    words = _WORD.findall(_without_replies(found[1]).lower()) if found else []
    return " ".join(words) or None


def author_of(text: str) -> str | None:
    """The `From:` line of a post in lower case, or None for a text without one."""
    found = _FROM.search(_header(text))
    return (found[1].strip().lower() or None) if found else None


def group_ids(
    texts: Iterable[str], key: Callable[[str], str | None] = thread_of
) -> npt.NDArray[np.intp]:
    """Numbers such that texts of one key share one: shape (n,), in order of appearance.

    A text whose key is None forms a group of its own.
    """
    numbers: dict[object, int] = {}
    names = (key(text) for text in texts)
    keys = [(i,) if name is None else name for i, name in enumerate(names)]
    return np.array([numbers.setdefault(name, len(numbers)) for name in keys], dtype=np.intp)


def _header(text: str) -> str:
    text = clean(text)
    return text.partition("\n\n")[0] if is_mail(text) else ""


def _without_replies(subject: str) -> str:
    subject = subject.strip()
    while reply := _REPLY.match(subject):
        subject = subject[reply.end() :].lstrip()
    return subject
