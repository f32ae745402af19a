"""Ways in which a text changes on its way to the service, although its author wrote the same.

Each perturbation takes a text, and a generator of random numbers for what it makes up, and returns
the text as mail software, an editor or a colleague's reply would pass it on. All boilerplate here
is invented.
"""

from __future__ import annotations

import base64
import binascii
import textwrap
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from email.header import Header
from email.message import EmailMessage
from html import escape

import numpy as np

Perturb = Callable[[str, np.random.Generator], str]

ATTACHMENT_BYTES = 3_600


@dataclass(frozen=True)
class Perturbation:
    """A change, the texts that it is for, and the share of labels that may change by it."""

    name: str
    target: float
    perturb: Perturb
    posts: bool = True
    """Whether it changes posts with their header; otherwise plain texts."""
    before: Perturb = lambda text, random: text
    """Makes the text that is compared with the changed one."""


def header_and_body(text: str) -> tuple[list[str], str]:
    """Return the lines of a post's header, and what follows the blank line."""
    head, _, body = text.partition("\n\n")
    return head.split("\n"), body


def _lines(ending: str) -> Perturb:
    return lambda text, random: text.replace("\n", ending)


def _blank_lines(blank: str) -> Perturb:
    return lambda text, random: text.replace("\n\n", f"\n{blank}\n")


def _letters(mapping: dict[int, int]) -> Perturb:
    return lambda text, random: text.translate(mapping)


_FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1) if chr(code) != ":"}
_MATHEMATICAL = {ord("a") + i: 0x1D41A + i for i in range(26)} | {
    ord("A") + i: 0x1D400 + i for i in range(26)
}


def _nfc(text: str, random: np.random.Generator) -> str:
    return text.replace("ai", "aï").replace("oo", "öo")


def _nfd(text: str, random: np.random.Generator) -> str:
    return unicodedata.normalize("NFD", _nfc(text, random))


def _within_words(character: str) -> Perturb:
    def perturb(text: str, random: np.random.Generator) -> str:
        head, body = header_and_body(text)
        words = [f"{w[:2]}{character}{w[2:]}" if len(w) > 3 else w for w in body.split(" ")]
        return "\n".join(head) + "\n\n" + " ".join(words)

    return perturb


def _header(change: Callable[[list[str]], list[str]]) -> Perturb:
    def perturb(text: str, random: np.random.Generator) -> str:
        head, body = header_and_body(text)
        return "\n".join(change(head)) + "\n\n" + body

    return perturb


def _lower_names(head: list[str]) -> list[str]:
    return [line.partition(":")[0].lower() + ":" + line.partition(":")[2] for line in head]


def _upper_names(head: list[str]) -> list[str]:
    return [line.partition(":")[0].upper() + ":" + line.partition(":")[2] for line in head]


def _folded(head: list[str]) -> list[str]:
    return [line.replace(" ", "\n\t", 2).replace("\n\t", " ", 1) for line in head]


def _encoded_words(head: list[str]) -> list[str]:
    return [
        f"Subject: {Header(line[9:], 'utf-8').encode()}" if line.startswith("Subject: ") else line
        for line in head
    ]


def _quoted(mark: str) -> Perturb:
    return lambda text, random: "".join(f"{mark}{line}\n" for line in text.split("\n"))


def _mail(text: str) -> EmailMessage:
    """Return a mail with the author and subject of a post, and the fields of today's mail."""
    head, _ = header_and_body(text)
    message = EmailMessage()
    for line in head:
        name, _, value = line.partition(": ")
        if name in ("From", "Subject", "Organization", "Keywords", "Summary"):
            message[name] = value.strip().encode("ascii", "ignore").decode()
    return message


def _content(encoding: str, subtype: str = "plain") -> Perturb:
    def perturb(text: str, random: np.random.Generator) -> str:
        message = _mail(text)
        _, body = header_and_body(text)
        content = _html(body) if subtype == "html" else body
        message.set_content(content, subtype=subtype, cte=encoding)
        return message.as_string()

    return perturb


def _html(body: str) -> str:
    paragraphs = "".join(f"<p class=MsoNormal>{escape(each)}</p>" for each in body.split("\n\n"))
    return (
        "<html><head><meta charset=utf-8><style>p.MsoNormal {margin:0in; font-size:11pt;}"
        f" a:link {{color:#0563C1;}}</style></head><body lang=EN-US>{paragraphs}</body></html>"
    )


def _multipart(text: str, random: np.random.Generator) -> str:
    message = _mail(text)
    _, body = header_and_body(text)
    message.set_content(body)
    message.add_alternative(_html(body), subtype="html")
    picture = random.bytes(ATTACHMENT_BYTES)
    message.add_attachment(picture, maintype="image", subtype="png", filename="team.png")
    return message.as_string()


def _signed(text: str, random: np.random.Generator) -> str:
    head, body = header_and_body(text)
    return (
        "\n".join(head)
        + "\n\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n"
        + body.rstrip("\n")
        + "\n"
        + _armour("PGP SIGNATURE", random.bytes(384))
    )


def _armour(kind: str, content: bytes) -> str:
    lines = textwrap.fill(base64.b64encode(content).decode(), 64)
    return f"-----BEGIN {kind}-----\n\n{lines}\n=aB3d\n-----END {kind}-----\n"


def _key(random: np.random.Generator) -> str:
    return _armour("PGP PUBLIC KEY BLOCK", random.bytes(1_500))


def _below(make: Callable[[np.random.Generator], str]) -> Perturb:
    return lambda text, random: f"{text.rstrip()}\n\n{make(random)}"


def _uuencoded(random: np.random.Generator) -> str:
    content = random.bytes(ATTACHMENT_BYTES)
    pieces = (content[start : start + 45] for start in range(0, len(content), 45))
    lines = "".join(binascii.b2a_uu(piece).decode() for piece in pieces)
    return f"begin 644 team.gif\n{lines}`\nend\n"


def _wrapped(encode: Callable[[bytes], bytes], width: int) -> Callable[[np.random.Generator], str]:
    def make(random: np.random.Generator) -> str:
        content = encode(random.bytes(ATTACHMENT_BYTES)).decode()
        pieces = (content[start : start + width] for start in range(0, len(content), width))
        return "\n".join(pieces) + "\n"

    return make


def _hex_dump(random: np.random.Generator) -> str:
    content = random.bytes(ATTACHMENT_BYTES // 3)
    lines = []
    for start in range(0, len(content), 16):
        piece = content[start : start + 16]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        lines.append(f"{start:08x}: {piece.hex(' ', 2)}  {shown}\n")
    return "".join(lines)


def _chosen(*texts: str) -> Callable[[np.random.Generator], str]:
    return lambda random: texts[random.integers(len(texts))]


def _reply(make: Callable[[np.random.Generator], str]) -> Perturb:
    return lambda text, random: f"Thanks, see below.\n\n{make(random)}\n{text}"


_TRANSPORT = [
    "Received: from mx4.example.net (mx4.example.net [192.0.2.17])",
    "\tby in7.example.com (Postfix) with ESMTPS id 4KxR2m1Zs9z9sQ7",
    "\tfor <list@example.com>; Tue,  9 Feb 2021 10:12:45 +0000 (UTC)",
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=key1;",
    "\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=Qk9mZ3Vz7yWkKq0=",
    "List-Id: <members.lists.example.org>",
    "List-Unsubscribe: <https://lists.example.org/options/members>",
    "Message-ID: <CAF8xk2vTq@mail.example.net>",
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "X-Spam-Status: No, score=-1.9 required=5.0 tests=BAYES_00 autolearn=ham",
]


def _above_plain(text: str, random: np.random.Generator) -> str:
    return "\n".join([*_TRANSPORT, "", text])


_GMAIL = (
    "On Tue, Feb 9, 2021 at 10:12 AM Sam Example <sam@example.com> wrote:",
    "On 09/02/2021 10:12, Sam Example wrote:",
    "On Tue, 9 Feb 2021 at 10:12, Sam Example via Members\n<members@lists.example.org> wrote:",
)
_OUTLOOK = (
    "-----Original Message-----\nFrom: Sam Example [mailto:sam@example.com]\n"
    "Sent: Tuesday, February 9, 2021 10:12 AM\nTo: Kim Example\nSubject: RE: question\n",
    "________________________________\nFrom: Sam Example <sam@example.com>\n"
    "Sent: 09 February 2021 10:12\nTo: Kim Example <kim@example.com>\nSubject: Re: question\n",
)
_FOOTERS = (
    "_______________________________________________\nMembers mailing list\n"
    "Members@lists.example.org\nhttps://lists.example.org/listinfo/members",
    '-- \nYou received this message because you are subscribed to the group "members".\n'
    "To unsubscribe from this group and stop receiving emails from it, send an email to"
    " members+unsubscribe@groups.example.com.",
)
_DISCLAIMERS = (
    "This email and any files transmitted with it are confidential and intended solely for the use"
    " of the individual or entity to whom they are addressed. If you have received this email in"
    " error please notify the sender and delete it. Any unauthorised copying, disclosure or"
    " distribution is strictly prohibited.",
    "CONFIDENTIALITY NOTICE: The information contained in this message may be privileged and is for"
    " the intended recipient only. If you are not the intended recipient, you must not read, use or"
    " disclose it. Please inform us immediately and destroy all copies.",
    "The views expressed in this message are those of the sender and do not necessarily represent"
    " the company's. We accept no liability for damage caused by any virus transmitted by this"
    " email. Example Ltd, registered in England, company number 01234567.",
)
_PRIVACY = (
    "Your privacy matters to us. We process your personal data under the General Data Protection"
    " Regulation as described in our privacy policy. You may withdraw your consent at any time, or"
    " ask us to correct or delete the information that we hold about you.",
    "We use encryption to protect your personal information and never share it with third parties"
    " without your consent. See our privacy notice for how we collect, store and process data, and"
    " for your rights.",
)

PERTURBATIONS = (
    Perturbation("line ends CRLF", 0, _lines("\r\n")),
    Perturbation("line ends CR", 0, _lines("\r")),
    Perturbation("line ends U+2028", 0, _lines("\u2028")),
    Perturbation("blank lines with a space", 0, _blank_lines(" ")),
    Perturbation("blank lines with a no-break space", 0, _blank_lines("\xa0")),
    Perturbation("decomposed accents (NFD)", 0, _nfd, before=_nfc),
    Perturbation("full-width letters", 0, _letters(_FULL_WIDTH)),
    Perturbation("mathematical letters", 0, _letters(_MATHEMATICAL), posts=False),
    Perturbation("zero-width spaces in words", 0, _within_words("\u200b")),
    Perturbation("soft hyphens in words", 0, _within_words("\xad")),
    Perturbation("header names in lower case", 0, _header(_lower_names)),
    Perturbation("header names in upper case", 0, _header(_upper_names)),
    Perturbation("header in reverse order", 0, _header(lambda head: head[::-1])),
    Perturbation("folded header", 0, _header(_folded)),
    Perturbation("encoded subject (RFC 2047)", 0, _header(_encoded_words)),
    Perturbation('every line quoted by "> "', 0, _quoted("> ")),
    Perturbation('every line quoted by "|"', 0, _quoted("|")),
    Perturbation("body in base64", 0.01, _content("base64")),
    Perturbation("body in quoted-printable", 0.01, _content("quoted-printable")),
    Perturbation("body in HTML", 0.01, _content("quoted-printable", "html")),
    Perturbation("multipart with a picture", 0.01, _multipart),
    Perturbation("signed by PGP", 0.01, _signed),
    Perturbation("PGP key below", 0.01, _below(_key)),
    Perturbation("uuencoded file below", 0.01, _below(_uuencoded)),
    Perturbation("base64 below", 0.01, _below(_wrapped(base64.b64encode, 76))),
    Perturbation("base32 below", 0.01, _below(_wrapped(base64.b32encode, 64))),
    Perturbation("ascii85 below", 0.01, _below(_wrapped(base64.a85encode, 75))),
    Perturbation("hexadecimal below", 0.01, _below(_wrapped(binascii.b2a_hex, 60))),
    Perturbation("hex dump below", 0.01, _below(_hex_dump)),
    Perturbation("transport fields", 0.01, _header(lambda head: [*_TRANSPORT, *head])),
    Perturbation("transport fields on a plain text", 0.01, _above_plain, posts=False),
    Perturbation("quoted as Gmail does", 0.01, _reply(_chosen(*_GMAIL)), posts=False),
    Perturbation("quoted as Outlook does", 0.01, _reply(_chosen(*_OUTLOOK)), posts=False),
    Perturbation("footer of a mailing list", 0.01, _below(_chosen(*_FOOTERS)), posts=False),
    Perturbation("legal disclaimer below", 0.03, _below(_chosen(*_DISCLAIMERS)), posts=False),
    Perturbation("privacy note below", 0.03, _below(_chosen(*_PRIVACY)), posts=False),
)
