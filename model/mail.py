"""Mail as a reader sees it: the fields that say something, and the decoded text of the body.

A text is taken for mail when it opens with header fields (RFC 5322), of which one is `From`,
`Subject` or added by a mail server. Other texts are left as they are.
"""

from __future__ import annotations

import email.header
import email.parser
import html
import re
from collections.abc import Callable
from email.message import Message

KEPT = {name.lower(): name for name in ("From", "Subject", "Organization", "Keywords", "Summary")}
"""Fields that an author writes, by their name in lower case. All others are dropped: mail software
adds them, and posts are labelled as well without (thread-grouped cross-validation)."""

# The most frequent others. A header of these alone, spelt like this, is read by its lines.
_KNOWN = frozenset(
    (
        *(*KEPT.values(), "Lines", "Nntp-Posting-Host", "NNTP-Posting-Host", "Distribution"),
        *("Reply-To", "Article-I.D.", "Originator", "In-Reply-To", "Date", "To", "Message-ID"),
    )
)
_MARKS = frozenset(
    {"from", "subject", "received", "return-path", "dkim-signature", "message-id", "mime-version"}
)

# A line of an mbox that comes before a message (RFC 4155).
_ENVELOPE = re.compile(r"From \S+ [^\n]*\d\n")
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*:[ \t]*(.*)")
_BLANKS = re.compile(r"[ \t]*\n[ \t]+")

_LONGEST_HEADER = 65_536
# More levels than mail has; each costs the parser another pass.
_MOST_BOUNDARIES = 8
# The standard library takes quadratic time to decode more words than a subject has.
_LONGEST_VALUE = 4_000

# Tags that begin a line.
_BLOCK = re.compile(r"<(?:/?(?:p|div|tr|table|h\d|ul|ol|blockquote)|br|li)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[!/?a-zA-Z][^<>]*>")
_HIDDEN = re.compile(r"<(style|script|head|title)\b|<!--", re.IGNORECASE)
_ENDS = {
    name: re.compile(rf"</{name}[^<>]*>", re.IGNORECASE)
    for name in ("style", "script", "head", "title")
}
_END_OF_COMMENT = re.compile("-->")

Fields = list[tuple[str, str]]


def read_mail(text: str, normalise: Callable[[str], str]) -> tuple[str, bool]:
    """Return a mail with its fields in one spelling and its body decoded; other texts unchanged.

    And whether anything was decoded, to which `normalise` is applied.
    """
    if text.startswith("From ") and (envelope := _ENVELOPE.match(text)):
        text = text[envelope.end() :]
    # Most texts have no colon at the end of a first word.
    colon = text.find(":", 0, 80)
    if colon <= 0 or " " in text[:colon].rstrip(" \t"):
        return text, False
    end = text.find("\n\n")
    if not 0 <= end <= _LONGEST_HEADER:
        return text, False
    head = text[:end]
    if (kept := _kept_lines(head)) is not None:
        return (text if len(kept) == len(head) else kept + text[end:]), False
    fields = _fields(head)
    if not any(name.lower() in _MARKS for name, _ in fields):
        return text, False
    body = text[end + 2 :]
    shown = [
        f"{KEPT[name.lower()]}: {normalise(_decoded(value))}"
        for name, value in fields
        if name.lower() in KEPT
    ]
    if any(name.lower().startswith("content-") for name, _ in fields):
        body = normalise(_body(fields, body))
    return "\n".join([*shown, "", body]), True


def _kept_lines(head: str) -> str | None:
    """Return the lines that are kept of a header; None when it must be read field by field."""
    if "=?" in head:
        return None
    kept = []
    for line in head.split("\n"):
        name = line.partition(": ")[0]
        if name not in _KNOWN:
            return None
        if name.lower() in KEPT:
            kept.append(line)
    return "\n".join(kept) if kept else None


def _fields(head: str) -> Fields:
    """Return name and value of each field; none when some line is no field."""
    fields = []
    for line in _BLANKS.sub(" ", head).split("\n"):
        found = _FIELD.fullmatch(line)
        if found is None:
            return []
        fields.append((found[1], found[2]))
    return fields


def _decoded(value: str) -> str:
    """Return a field's value with its encoded words (RFC 2047) decoded, where that can be done."""
    if "=?" not in value or len(value) > _LONGEST_VALUE:
        return value
    try:
        return str(email.header.make_header(email.header.decode_header(value)))
    except (LookupError, ValueError, email.errors.HeaderParseError):
        return value


def _body(fields: Fields, body: str) -> str:
    """Return the text of a body that the fields describe (RFC 2045)."""
    if body.lower().count("boundary=") > _MOST_BOUNDARIES:
        return body
    head = "".join(f"{name}: {value}\n" for name, value in fields if _describes(name))
    return _text_of(email.parser.Parser().parsestr(f"{head}\n{body}"))


def _describes(name: str) -> bool:
    return name.lower() in ("content-type", "content-transfer-encoding", "mime-version")


def _text_of(message: Message) -> str:
    """Return the text of a message or part: plain if there is any, or made of its HTML."""
    if message.get_content_disposition() == "attachment":
        return ""
    if message.is_multipart():
        parts = [part for part in message.get_payload() if isinstance(part, Message)]
        texts = [_text_of(part) for part in parts]
        if message.get_content_subtype() == "alternative":
            plain = [
                text
                for part, text in zip(parts, texts, strict=True)
                if part.get_content_type() == "text/plain" and text.strip()
            ]
            return next(iter([*plain, *filter(str.strip, reversed(texts))]), "")
        return "\n".join(filter(None, texts))
    if message.get_content_maintype() != "text":
        return ""
    text = _payload(message)
    return text_of_html(text) if message.get_content_subtype() == "html" else text


def _payload(part: Message) -> str:
    """Return the decoded payload of a part."""
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding not in ("base64", "quoted-printable"):
        return str(part.get_payload())
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    charset = part.get_content_charset("utf-8")
    for name in (charset, "utf-8"):
        try:
            return payload.decode(name)
        except (LookupError, UnicodeError):
            continue
    return payload.decode("latin-1")


def text_of_html(source: str) -> str:
    """Return what a browser would show of an HTML document, without its style.

    In linear time whatever the document is; the standard library's parser takes quadratic time for
    some malformed ones in versions that are in use.
    """
    shown = _TAG.sub("", _BLOCK.sub("\n", _visible(source)))
    lines = (line.strip() for line in html.unescape(shown).split("\n"))
    return "\n".join(lines)


def _visible(source: str) -> str:
    """Return the source without comments and without elements that are not shown."""
    parts, position = [], 0
    while found := _HIDDEN.search(source, position):
        parts.append(source[position : found.start()])
        ending = _ENDS[found[1].lower()] if found[1] else _END_OF_COMMENT
        end = ending.search(source, found.end())
        if end is None:
            return "".join(parts)
        position = end.end()
    return "".join([*parts, source[position:]])
