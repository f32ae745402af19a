"""The input: its format, its chunks from any place on, and its shards."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bulk import source
from bulk.options import WHOLE, Shard
from bulk.source import Chunk, Source
from model.errors import BulkError

LINES = [b"%d %b\n" % (number, b"x" * (number * 37 % 90)) for number in range(60)]


def write(path: Path, content: bytes) -> str:
    """Write a file, gzipped in two members where its name says so."""
    if path.suffix == ".gz":
        half = len(content) // 2
        content = gzip.compress(content[:half]) + gzip.compress(content[half:])
    path.write_bytes(content)
    return str(path)


def chunks(name: str, shard: Shard = WHOLE, offset: int | None = None) -> list[Chunk]:
    """All chunks of a source."""
    with Source(name, shard) as opened:
        return list(opened.chunks(opened.start if offset is None else offset))


def data(found: list[Chunk]) -> bytes:
    """The lines of chunks."""
    return b"".join(chunk.data for chunk in found)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.jsonl", b"x", "jsonl"),
        ("a.NDJSON.gz", b"x", "jsonl"),
        ("a.txt", b"{", "text"),
        ("a.txt.gz", b"{", "text"),
        ("a", b' \n{"text"', "jsonl"),
        ("a", b"\xef\xbb\xbf{", "jsonl"),
        ("a.gz", b"{", "jsonl"),
        ("a.log", b"hello {", "text"),
        ("a", b"", "text"),
    ],
)
def test_format_is_detected_by_name_or_first_character(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    """A known ending decides, under that of gzip; else an object's brace does."""
    with Source(write(tmp_path / name, content)) as opened:
        assert opened.format == expected
        assert data(list(opened.chunks(0))) == content


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("name", ["plain", "packed.gz"])
@pytest.mark.parametrize("end", [b"", b"the last line has no end"])
def test_chunks_are_whole_lines_and_all_of_them(tmp_path: Path, name: str, end: bytes) -> None:
    """Chunks end at line ends, are of some hundred bytes, and say how many lines they hold."""
    content = b"".join(LINES) + end
    found = chunks(write(tmp_path / name, content))
    assert data(found) == content
    assert all(chunk.data.endswith(b"\n") for chunk in found[:-1])
    assert len(found) > 10
    assert [chunk.lines for chunk in found] == [len(c.data.splitlines()) for c in found]
    assert [chunk.end for chunk in found][-1] == len(content)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_chunks_from_a_place_on_are_those_of_the_whole(tmp_path: Path, name: str) -> None:
    """Going on behind any chunk gives the chunks that come after it, cut the same."""
    path = write(tmp_path / name, b"".join(LINES))
    whole = chunks(path)
    for number, chunk in enumerate(whole):
        assert chunks(path, offset=chunk.end) == whole[number + 1 :]


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("name", ["plain", "packed.gz"])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 500])
def test_shards_concatenated_are_the_whole(tmp_path: Path, name: str, count: int) -> None:
    """Every line is in exactly one shard, in order, however many shards there are."""
    content = b"".join(LINES) + b"end"
    path = write(tmp_path / name, content)
    parts = [data(chunks(path, Shard(index, count))) for index in range(count)]
    assert b"".join(parts) == content
    assert all(
        part.endswith(b"\n") or part in {b"", parts[-1]} or part.endswith(b"end") for part in parts
    )
    if count < 10:
        assert max(map(len, parts)) < len(content) / count + 100


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_lines_before_a_shard_are_counted(tmp_path: Path, name: str) -> None:
    """A shard knows how many lines of the file come before its own."""
    path = write(tmp_path / name, b"".join(LINES))
    before = 0
    for index in range(4):
        with Source(path, Shard(index, 4)) as opened:
            assert opened.lines_before() == before
            before += sum(chunk.lines for chunk in opened.chunks(opened.start))
    assert before == len(LINES)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(
    ("name", "shard"), [("plain", "0/1"), ("plain", "1/3"), ("a.gz", "0/1"), ("a.gz", "1/3")]
)
def test_positions_rise_to_the_total(tmp_path: Path, name: str, shard: str) -> None:
    """What a bar shows goes up to its end, whatever is read."""
    index, count = map(int, shard.split("/"))
    with Source(write(tmp_path / name, b"".join(LINES)), Shard(index, count)) as opened:
        positions = [chunk.position for chunk in opened.chunks(opened.start)]
        assert positions == sorted(positions)
        assert opened.total is not None
        assert opened.total <= positions[-1] < opened.total + 100


def test_line_that_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory stays bounded: no line of any length is collected, also with nothing before it."""
    monkeypatch.setattr(source, "CHUNK_BYTES", 10)
    monkeypatch.setattr(source, "MAX_LINE_BYTES", 1 << 20)
    assert data(chunks(write(tmp_path / "fits", b"x" * (1 << 19)))) == b"x" * (1 << 19)
    with pytest.raises(BulkError, match="line of over 1 MiB at byte 2"):
        chunks(write(tmp_path / "long", b"a\n" + b"x" * (5 << 20)))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda b: b[:-20], "damaged compressed data"),
        (lambda b: b + b"junk", "damaged compressed data"),
    ],
)
def test_damaged_gzip_is_told(tmp_path: Path, damage: object, said: str) -> None:
    """A file that was cut off or added to ends in a sentence, and not as if it were complete."""
    path = tmp_path / "a.gz"
    path.write_bytes(damage(gzip.compress(b"".join(LINES))))  # type: ignore[operator]
    with pytest.raises(BulkError, match=said):
        chunks(str(path))


@pytest.mark.parametrize("name", ["missing", ".", "a\0b"])
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str) -> None:
    """A file that is not there, a folder and a name that cannot be are refused in one sentence."""
    with pytest.raises(BulkError, match="cannot be read"):
        chunks(str(tmp_path / name))
