"""What mail software adds goes; what people write stays."""

from __future__ import annotations

import textwrap

import pytest

from model.text import clean

TEXT = "The kiln is hot.\n\nShall I open it?"

QUOTING = [
    "On Tue, Feb 9, 2021 at 10:12 AM Kim Example <kim@example.com> wrote:",
    "On 09/02/2021 10:12, Kim Example wrote:",
    "On Tue, 9 Feb 2021 at 10:12, Kim via Potters\n<potters@lists.example.org> wrote:",
    "Le mar. 9 févr. 2021 à 10:12, Kim Example <kim@example.com> a écrit :",
    "Am 09.02.21 um 10:12 schrieb Kim Example:",
    "-----Original Message-----\nFrom: Kim\nSent: Tuesday, 9 February\nTo: Sam\nSubject: RE: x",
    "________________________________\n\nFrom: Kim <kim@example.com>\nSent: 09 February 10:12\n"
    "To: Sam\nCc: Jo\nSubject: Re: x",
    "---------- Forwarded message ---------\n\nFrom: Kim\nDate: 9 Feb\nSubject: x\nTo: Sam",
    "Begin forwarded message:\n\nFrom: Kim\nDate: 9 Feb\nTo: Sam",
]


@pytest.mark.parametrize("lines", QUOTING)
@pytest.mark.parametrize("mark", ["", "> "])
def test_introduction_of_a_quotation_is_dropped(lines: str, mark: str) -> None:
    """Date, name and addresses of who is quoted are not words of the text."""
    quoted = "\n".join(mark + line for line in lines.split("\n"))
    left = clean(f"I think so.\n\n{quoted}\n\n{TEXT}")
    words = [word for word in left.split() if word.strip(">_")]
    assert words == ["I", "think", "so.", *TEXT.split()]


NOTES = [
    "_______________________________________________\nPotters mailing list\n"
    "Potters@lists.example.org\nhttps://lists.example.org/listinfo/potters",
    "You received this message because you are subscribed to the group. To unsubscribe, send a mail"
    " to potters+unsubscribe@example.com.",
    "Sent from my phone",
    "Get Outlook for Android",
    "The contents of this e-mail are confidential to the intended recipient. If you received this"
    " message in error, please delete it and notify the sender; any disclosure is prohibited.",
    "NOTICE: This communication may contain privileged and confidential information. If you are not"
    " the intended recipient, do not read, copy or distribute it, and destroy all copies.",
    "Any opinions expressed are solely those of the author and not of the company, which accepts no"
    " liability for the content of this email or for viruses transmitted by it.",
    "We process personal data according to our privacy policy. You may withdraw your consent to"
    " receiving messages, or request information on the data that we hold.",
]


@pytest.mark.parametrize("note", NOTES)
def test_note_below_a_text_is_dropped(note: str) -> None:
    """Footers, legal and privacy notes leave no word, alone or several together."""
    assert clean(f"{TEXT}\n\n{note}\n").split() == TEXT.split()
    assert clean(f"{TEXT}\n\n{note}\n\n{NOTES[4]}").split() == TEXT.split()


@pytest.mark.parametrize("note", NOTES[4:])
@pytest.mark.parametrize("width", [72, 1000])
def test_note_on_the_next_line_is_dropped(note: str, width: int) -> None:
    """No blank line is needed between text and note, in lines of any length."""
    assert clean(f"{TEXT}\n{textwrap.fill(note, width)}\n").split() == TEXT.split()


@pytest.mark.parametrize(
    "text",
    [
        "Is privacy a right?\n\nI say that it is, and that personal data belong to persons, not to"
        " firms. Cheap kilns and good glazes are another matter, of which I have written before.",
        "Who is it for?\n\nThe message was confidential.",
        "From: the kiln\nTo: the shelf\n",
        "On the whole, 9 of 10 pots that Kim wrote about were good.",
        "He wrote: nothing.\n\nSent by mail.",
        NOTES[4],
        "a\n____________________\nb",
    ],
)
def test_what_people_write_stays(text: str) -> None:
    """Words that notes use do not make a note, and a text is never removed whole."""
    assert clean(text).split() == text.split()
