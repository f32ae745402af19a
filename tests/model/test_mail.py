"""Mail is read as a mail program shows it."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from model.text import clean
from model.tokens import tokenize

BODY = "The kiln cracked: glaçure lost, 5 €.\n\nAny advice?\n"
POST = f"From: kim@example.com\nSubject: the old kiln\n\n{BODY}"


@pytest.mark.parametrize(
    "header",
    [
        "from: kim@example.com\nsubject: the old kiln",
        "FROM: kim@example.com\nSUBJECT:the old kiln",
        "From: kim@example.com\nSubject: the\n old\n\tkiln",
        "From: kim@example.com\nSubject : the old kiln",
        "From: kim@example.com\nSubject: =?utf-8?q?the_old_kiln?=",
        "From: kim@example.com\nSubject: =?utf-8?B?dGhlIG9sZA==?= =?utf-8?B?IGtpbG4=?=",
        "From kim@example.com Tue Feb  9 10:12:45 2021\nFrom: kim@example.com\n"
        "Subject: the old kiln",
        "Received: from a.example (b [192.0.2.1])\n\tby c.example; Tue, 9 Feb 2021 10:12:45 +0000\n"
        "DKIM-Signature: v=1; bh=Qk9mZ3Vz=\nFrom: kim@example.com\nX-Old-Subject: a puzzle\n"
        "Subject: the old kiln\nMessage-ID: <1@example.com>",
    ],
)
def test_header_has_one_spelling(header: str) -> None:
    """Case, folding, encoding and what servers add make no difference."""
    assert clean(f"{header}\n\n{BODY}") == POST


def test_old_subject_is_not_the_subject() -> None:
    """The words that count more are those of Subject, wherever the other field stands."""
    first = clean("X-Old-Subject: puzzle\nSubject: kiln\nFrom: a\n\nHello.")
    assert tokenize(first).count("kiln") == 4
    assert "puzzle" not in tokenize(first)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
def test_body_is_decoded(encoding: str, charset: str) -> None:
    """Transfer encodings are undone, in the charset that the mail states."""
    body = BODY.replace("€", "F") if charset == "iso-8859-1" else BODY
    message = _message()
    message.set_content(body, charset=charset, cte=encoding)
    assert clean(message.as_bytes().decode(charset)) == POST.replace(BODY, body)


def test_plain_part_is_preferred() -> None:
    """Of two forms of a text the plain one is taken, and attachments are none."""
    message = _message()
    message.set_content(BODY)
    message.add_alternative("<p>Something else</p>", subtype="html")
    message.add_attachment(b"\x00\x01" * 500, maintype="image", subtype="png", filename="a.png")
    message.add_attachment("not this", subtype="plain", filename="notes.txt")
    assert clean(message.as_string()).split() == POST.split()


def test_html_is_shown() -> None:
    """Tags, style, scripts and comments go, entities are decoded, blocks begin lines."""
    message = _message()
    message.set_content(
        "<html><head><title>t</title><style>p {color: red}</style></head><body><!-- no -->"
        "<p class=x>Salt &amp; pepper</p><p>on<b>ly</b><br>twice<script>run()</script></p>",
        subtype="html",
    )
    body = clean(message.as_string()).partition("\n\n")[2]
    assert body.split() == ["Salt", "&", "pepper", "only", "twice"]


def test_nested_message_is_read() -> None:
    """A forwarded message within a mail has its text, too."""
    inner, outer = _message(), _message()
    inner.set_content("The inner words.")
    outer.set_content("The outer words.")
    outer.add_attachment(inner)
    attached = list(outer.iter_parts())[1]
    attached.replace_header("Content-Disposition", "inline")
    assert "inner" in clean(outer.as_string())


@pytest.mark.parametrize(
    "text",
    [
        "title: Kilns\nauthor: Kim\n\nA book.",
        "note: fire the kiln\n",
        "def fire(kiln):\n    kiln: str\n\n    return kiln\n",
        "11:30 the kiln was hot\n\nthen cold",
        "<html><body><p>A page</p></body></html>",
    ],
)
def test_other_texts_are_left_alone(text: str) -> None:
    """What has no field of a mail is none."""
    assert clean(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "From: a\nContent-Type: text/plain; charset=no-such\n"
        "Content-Transfer-Encoding: base64\n\nQUJD",
        "From: a\nContent-Type: multipart/mixed\n\nno boundary",
        "From: a\nContent-Type: \n\nno type",
        "From: a\nContent-Transfer-Encoding: base64\n\n!!! no base64 !!!",
        "From: a\nSubject: =?no-such?B?QUJD?=\n\nx",
        "From: a\nSubject: =?utf-8?B?QUJ?=\n\nx",
    ],
)
def test_malformed_mail_is_read_as_well_as_can_be(text: str) -> None:
    """Nothing that a mail gets wrong is an error."""
    assert clean(text).startswith("From: a\n")


def _message() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "kim@example.com"
    message["Subject"] = "the old kiln"
    return message
