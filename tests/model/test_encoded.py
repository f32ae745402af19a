"""Encoded files and armour within a text are no words of it."""

from __future__ import annotations

import base64
import random
from binascii import b2a_hex, b2a_uu

import pytest

from model.text import clean

TEXT = "The kiln is hot.\n\nA picture of it is below."
CONTENT = random.Random(1).randbytes(1200)


def wrapped(encoded: bytes, width: int) -> str:
    """Lines of a width."""
    text = encoded.decode()
    return "\n".join(text[start : start + width] for start in range(0, len(text), width))


def dump(separator: str, width: int) -> str:
    """Lines of an offset and bytes in hexadecimal."""
    rows = range(0, len(CONTENT), 16)
    return "\n".join(
        f"{row:08x}{separator}{CONTENT[row : row + 16].hex(' ', width)}" for row in rows
    )


UUENCODED = "".join(b2a_uu(CONTENT[i : i + 45]).decode() for i in range(0, 1200, 45))
BLOCKS = {
    "uuencode": f"begin 644 kiln.gif\n{UUENCODED}`\nend",
    "uuencode without its first line": UUENCODED.rstrip("\n"),
    "base64": wrapped(base64.b64encode(CONTENT), 76),
    "base64 in lines of 64": wrapped(base64.b64encode(CONTENT), 64),
    "base64 in one line": base64.b64encode(CONTENT).decode(),
    "base32": wrapped(base64.b32encode(CONTENT), 64),
    "ascii85": wrapped(base64.a85encode(CONTENT), 75),
    "adobe ascii85": base64.a85encode(CONTENT, wrapcol=72, adobe=True).decode(),
    "base85": wrapped(base64.b85encode(CONTENT), 70),
    "hexadecimal": wrapped(b2a_hex(CONTENT), 60),
    "xxd": dump(": ", 2),
    "hexdump -C": dump("  ", 1),
    "xxd of four bytes": dump(": ", 4),
    "yEnc": "=ybegin line=128 size=9 name=a\nj*+, any\x84bytes\nmore*+\n=yend size=9",
    "key": "-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: 1\n\n"
    f"{wrapped(base64.b64encode(CONTENT), 64)}\n=aB3d\n-----END PGP PUBLIC KEY BLOCK-----",
    "certificate": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
@pytest.mark.parametrize("mark", ["", "> "])
def test_encoded_block_is_dropped(block: str, mark: str) -> None:
    """Below a text, within it and quoted, a block leaves no word."""
    quoted = "\n".join(mark + line for line in block.split("\n"))
    assert clean(f"{TEXT}\n{quoted}\n").split() == TEXT.split()
    inside = clean(f"{TEXT}\n\n{quoted}\n\nSo far.").split()
    assert inside == [*TEXT.split(), "So", "far."]


def test_signed_message_keeps_its_text() -> None:
    """Armour and signature go, the text stays."""
    signature = wrapped(base64.b64encode(CONTENT[:200]), 64)
    signed = (
        f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{TEXT}\n"
        f"-----BEGIN PGP SIGNATURE-----\n\n{signature}\n-----END PGP SIGNATURE-----\n"
    )
    assert clean(signed).split() == TEXT.split()


@pytest.mark.parametrize(
    "text",
    [
        "=" * 70 + "\nKILN\n" + "=" * 70 + "\n" + "-" * 70,
        "https://example.com/" + "a1B2" * 12 + "\n" + "https://example.com/" + "c3D4" * 12,
        "BEGIN THE FIRE\nMAKE IT HOT\nMIND THE DOOR\n",
        "begin again\nend\n",
        "Temperatures: 12 14 16 18\n20 22 24 26\n",
        "one_very_long_name_of_a_function_in_some_program_text\nshort\n",
        "-----BEGIN nothing that ends",
        f"begin 1\n{'> ' * 20}\n{'|' * 30}\n\n{' ' * 30}x",
        "窯" * 60 + "\n" + "火" * 60 + "\n" + "土" * 60,
    ],
)
def test_what_is_not_encoded_stays(text: str) -> None:
    """Rules, addresses, shouting, numbers, names and scripts without spaces are text."""
    assert clean(text).split() == text.split()


def test_armour_that_does_not_end_keeps_what_follows() -> None:
    """A cut message loses its first line only."""
    text = "-----BEGIN PGP MESSAGE-----\n\nThe words that follow."
    assert clean(text).split() == ["The", "words", "that", "follow."]
