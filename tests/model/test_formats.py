"""Files are read as what they are, or named."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from typing import cast

import pytest

from model.errors import FormatError
from model.formats import Format, as_lines, check_head, detect, unpacked

TEXT = "The kiln is hot.\nFire the glaçure.\n"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, bytes])
def test_compressed_content_is_unpacked(pack: Callable[[bytes], bytes]) -> None:
    """gzip, bzip2 and xz are known by their first bytes; what is not compressed stays."""
    file = io.BufferedReader(cast(io.RawIOBase, io.BytesIO(pack(TEXT.encode()))))
    assert unpacked(file).read() == TEXT.encode()


@pytest.mark.parametrize("bom", [True, False])
@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_other_encoding_is_named_and_read(codec: str, bom: bool) -> None:
    """The message names an encoding by which the text is read."""
    content = (("\ufeff" if bom else "") + TEXT * 9).encode(codec)
    with pytest.raises(FormatError, match=codec[:6].upper()) as caught:
        check_head(content, None)
    named = str(caught.value).partition("--encoding ")[2].partition(",")[0]
    check_head(content, named)
    lines = as_lines(io.BytesIO(content), "text", named).read().decode()
    assert lines.lstrip("\ufeff") == TEXT * 9


def test_latin_1_is_read_when_named() -> None:
    """An encoding that cannot be detected is given."""
    assert as_lines(io.BytesIO(TEXT.encode("latin-1")), "text", "latin-1").read() == TEXT.encode()


def test_unknown_or_wrong_encoding_is_an_error() -> None:
    """A misspelt encoding, and one that the bytes are not of, end in a sentence."""
    with pytest.raises(FormatError, match="--encoding utf-61 is not known"):
        as_lines(io.BytesIO(b"x"), "text", "utf-61")
    with pytest.raises(FormatError, match="cannot be decoded"):
        as_lines(io.BytesIO(b"\xff\xff"), "text", "ascii").read()


def zipped() -> bytes:
    """A zip archive."""
    with zipfile.ZipFile(made := io.BytesIO(), "w") as archive:
        archive.writestr("a.txt", TEXT)
    return made.getvalue()


def archived() -> bytes:
    """A tar archive."""
    with tarfile.open(fileobj=(made := io.BytesIO()), mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (zipped(), "zip"),
        (archived(), "tar"),
        (b"\x28\xb5\x2f\xfd\x24", "zstd"),
        (b"PAR1", "Parquet"),
        (b"SQLite format 3\0", "SQLite"),
        (b"\x89PNG\r\n", "picture"),
        (bytes(range(256)) * 4 + b"\0" * 400, "null bytes"),
    ],
)
def test_what_is_no_text_is_named(content: bytes, named: str) -> None:
    """Documents, archives, databases, pictures and other bytes are not taken for texts."""
    with pytest.raises(FormatError, match=named):
        check_head(content[:4096], None)


@pytest.mark.parametrize("head", [b"", b"a\0b" + b"text " * 50, TEXT.encode(), b"{}"])
def test_text_is_text(head: bytes) -> None:
    """A stray null byte does not make a file binary."""
    check_head(head, None)


@pytest.mark.parametrize(
    ("name", "head", "named"),
    [
        ("a.csv", b"x", "--format csv"),
        ("a.tsv.gz", b"x", "--format tsv"),
        ("a", b"id,text\n1,x\n", "--format csv"),
        ("a.json", b'[{"text": "x"}]', "--format json"),
        ("a", b' [\n {"text": "x"}]', "--format json"),
        ("a", b"<!DOCTYPE html><p>x", "HTML"),
        ("a.html", b"<html>", "HTML"),
        ("a", b'<?xml version="1.0"?>', "XML"),
    ],
)
def test_other_formats_must_be_asked_for(name: str, head: bytes, named: str) -> None:
    """What would be labelled line by line, and is no lines of texts, is named."""
    with pytest.raises(FormatError, match=named):
        detect(name, head)


@pytest.mark.parametrize(
    ("name", "head", "found"),
    [
        ("a.jsonl", b"x", "jsonl"),
        ("a.txt", b"{", "text"),
        ("a.mbox", b"From a", "mbox"),
        ("a.eml.xz", b"From: a", "eml"),
        ("a", b"[sic] as he wrote", "text"),
        ("a", b"Dear all, the text is this\n", "text"),
    ],
)
def test_format_is_detected(name: str, head: bytes, found: str) -> None:
    """By the name's ending, under that of a compression, or by the first bytes."""
    assert detect(name, head) == found


def rows(content: str, form: Format) -> list[dict[str, str]]:
    """The rows of a file in a format."""
    lines = as_lines(io.BytesIO(content.encode()), form, None)
    return [json.loads(line) for line in lines]


def test_formats_become_json_lines() -> None:
    """Tables, arrays and messages are rows with a text."""
    assert rows('id,text\n1,"a, b\nc"\n', "csv") == [{"id": "1", "text": "a, b\nc"}]
    assert rows("id\ttext\n1\ta b\n", "tsv") == [{"id": "1", "text": "a b"}]
    assert rows('[\n {"text": "a\\nb",\n  "n": 1}, {"text": "c"}\n]', "json") == [
        {"text": "a\nb", "n": 1},
        {"text": "c"},
    ]
    mbox = "From a Tue Feb 9\nSubject: x\n\nhi\n>From me\n\nFrom b Tue\nSubject: y\n\nho\n"
    assert rows(mbox, "mbox") == [
        {"text": "Subject: x\n\nhi\nFrom me\n\n"},
        {"text": "Subject: y\n\nho\n"},
    ]
    assert rows("Subject: x\n\nhi\n", "eml") == [{"text": "Subject: x\n\nhi\n"}]


@pytest.mark.parametrize(
    ("content", "form", "named"),
    [
        ("a,b\n1,2\n", "csv", "no column named text"),
        ("text,b\n1\n", "csv", "another number of fields"),
        ('text\n"a', "csv", "no CSV"),
        ("{}", "json", "no JSON array"),
        ("[1,", "json", "no JSON array"),
    ],
)
def test_malformed_content_is_named(content: str, form: Format, named: str) -> None:
    """What is not of the format that was asked for ends in a sentence."""
    with pytest.raises(FormatError, match=named):
        rows(content, form)
