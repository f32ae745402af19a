"""Reading labelled examples: what is read, and the one sentence that refuses anything else."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from model.dataset import (
    Examples,
    check_labels,
    find_file,
    read_examples,
    read_training_examples,
)
from model.errors import DatasetError

GOOD = b'{"text": "Knead the dough.", "label": "cooking"}\n'
OTHER = '{"label": "jardín", "text": "Las rosas.", "id": 7}\n'.encode()
ZIPPED = gzip.compress(GOOD * 999)
NO_MAGIC_LEFT = ZIPPED[:2] + b"\x00" + ZIPPED[3:]
labelled = st.tuples(st.text(), st.text().filter(str.strip))


def write(path: Path, content: bytes) -> Path:
    """Write a file and return its path."""
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["train.jsonl", "train.jsonl.gz", "train"])
@pytest.mark.parametrize("zipped", [True, False])
def test_gzip_is_told_by_content_not_by_name(tmp_path: Path, name: str, zipped: bool) -> None:
    """A gzipped and a plain file read alike under any name."""
    content = GOOD + OTHER
    path = write(tmp_path / name, gzip.compress(content) if zipped else content)
    examples = read_examples(path)
    assert examples.texts == ["Knead the dough.", "Las rosas."]
    assert examples.labels == ["cooking", "jardín"]
    assert examples.path == path
    assert examples.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_examples_are_counted_per_label_in_sorted_order(tmp_path: Path) -> None:
    """The length is that of the lists; the counts are sorted by label, not by appearance."""
    examples = read_examples(write(tmp_path / "file", OTHER + GOOD + OTHER))
    assert len(examples) == 3
    assert list(examples.counts.items()) == [("cooking", 1), ("jardín", 2)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_last_line_may_end_in_any_way(tmp_path: Path, end: bytes) -> None:
    """Unix and Windows line ends, and none at all after the last line, are accepted."""
    content = GOOD.strip() + (end or b"\n") + GOOD.strip() + end
    assert len(read_examples(write(tmp_path / "file", content))) == 2


def test_blank_lines_are_skipped_but_counted(tmp_path: Path) -> None:
    """Lines of white space alone are no examples, and later errors name the true line."""
    blank = b"\n \t \r\n"
    path = write(tmp_path / "file", blank + GOOD + blank)
    assert len(read_examples(path)) == 1
    path.write_bytes(blank + GOOD + blank + b"nonsense")
    with pytest.raises(DatasetError, match=r"file, line 6: "):
        read_examples(path)


def label_key(label: str) -> str:
    """What two labels that look alike have in common."""
    return " ".join(unicodedata.normalize("NFKC", label).casefold().split())


@given(examples=st.lists(labelled, min_size=1), as_ascii=st.booleans(), zipped=st.booleans())
def test_any_text_reads_back(
    examples: list[tuple[str, str]],
    as_ascii: bool,
    zipped: bool,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Whatever Unicode text and label are written as JSON Lines are read back equal."""
    # Labels that look alike are an error.
    assume(len({label_key(label) for _, label in examples}) == len({x for _, x in examples}))
    lines = [
        json.dumps({"text": text, "label": label}, ensure_ascii=as_ascii)
        for text, label in examples
    ]
    content = "\n".join(lines).encode()
    path = tmp_path_factory.getbasetemp() / "round-trip"
    read = read_examples(write(path, gzip.compress(content) if zipped else content))
    assert list(zip(read.texts, read.labels, strict=True)) == examples


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"nonsense", "JSON is malformed"),
        (b'{"text": "a", "label": "b"} {}', "trailing characters"),
        (b'["a", "b"]', "Expected `object`, got `array`"),
        (b'{"label": "b"}', "missing required field `text`"),
        (b'{"text": "a"}', "missing required field `label`"),
        (b'{"text": null, "label": "b"}', r"Expected `str`, got `null` - at `\$.text`"),
        (b'{"text": "a", "label": 3}', r"Expected `str`, got `int` - at `\$.label`"),
        (b'{"text": "\\ud800", "label": "b"}', "JSON is malformed"),
        (b'{"id": ' + b"[" * 99_999, "nested too deep"),
    ],
)
def test_line_that_is_no_example_is_refused(tmp_path: Path, line: bytes, reason: str) -> None:
    """The error names file and line, says what is wrong and what a line must be."""
    path = write(tmp_path / "file", GOOD + line + b"\n" + GOOD)
    must = re.escape('; each line must be an object {"text": string, "label": string}')
    with pytest.raises(DatasetError, match=rf"^\S+/file, line 2: .*{reason}.*{must}$"):
        read_examples(path)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b'{"text": "a", "label": ""}', "the label is empty: name one or remove the line"),
        (b'{"text": "a", "label": " \\t"}', "the label is empty: name one or remove the line"),
        (
            b'{"text": "\xff", "label": "b"}',
            r"it is not UTF-8 \(invalid start byte\): re-encode the file as UTF-8",
        ),
        (
            b'{"text": "a", "label": "b", "ignored": "\xc3"}',
            r"it is not UTF-8 \(invalid continuation byte\): re-encode the file as UTF-8",
        ),
    ],
)
def test_line_with_a_known_remedy_names_it(tmp_path: Path, line: bytes, sentence: str) -> None:
    """An empty label and bad UTF-8 in any field are named with what to do."""
    path = write(tmp_path / "file", line + b"\n" + GOOD)
    with pytest.raises(DatasetError, match=rf"^\S+/file, line 1: {sentence}$"):
        read_examples(path)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(ZIPPED[:-9], id="truncated in the data"),
        pytest.param(ZIPPED[:-3], id="truncated in the checksum"),
        pytest.param(ZIPPED[:2], id="nothing but the magic bytes"),
        pytest.param(ZIPPED[:-8] + bytes(8), id="wrong checksum"),
        pytest.param(ZIPPED[:20] + b"\xff" * 20 + ZIPPED[40:], id="overwritten in the middle"),
        pytest.param(NO_MAGIC_LEFT, id="unknown method"),
        pytest.param(ZIPPED + b"rubbish", id="rubbish behind"),
    ],
)
def test_damaged_gzip_is_refused(tmp_path: Path, content: bytes) -> None:
    """Gzip data that does not unpack whole gives no examples, and the remedy."""
    path = write(tmp_path / "file", content)
    sentence = r"^\S+/file: damaged compressed data \(.+\): fetch or compress the file again$"
    with pytest.raises(DatasetError, match=sentence):
        read_examples(path)


@pytest.mark.parametrize("content", [b"", b"\n \n", gzip.compress(b"")])
def test_file_without_examples_is_refused(tmp_path: Path, content: bytes) -> None:
    """An empty file, plain or gzipped, is not taken for an empty dataset."""
    path = write(tmp_path / "file", content)
    with pytest.raises(DatasetError, match=r"/file holds no examples: give a file with"):
        read_examples(path)


def test_what_is_no_readable_file_is_refused(tmp_path: Path) -> None:
    """A missing file and a folder in its place are distinguished, each in one sentence."""
    remedy = "give a file that is there and readable$"
    with pytest.raises(DatasetError, match=rf"/none cannot be read \(No such file.*\): {remedy}"):
        read_examples(tmp_path / "none")
    with pytest.raises(DatasetError, match=rf"cannot be read \(Is a directory\): {remedy}"):
        read_examples(tmp_path)


def test_training_needs_two_labels(tmp_path: Path) -> None:
    """A file of a single label reads as examples, but not as something to train on."""
    path = write(tmp_path / "file", GOOD + GOOD)
    assert read_examples(path).counts == {"cooking": 2}
    sentence = r"/file holds the single label 'cooking': a classifier needs .* at least two labels$"
    with pytest.raises(DatasetError, match=sentence):
        read_training_examples(path)
    path.write_bytes(GOOD + OTHER)
    assert read_training_examples(path).labels == ["cooking", "jardín"]


def test_labels_unknown_to_the_classifier_are_named() -> None:
    """Test labels may be fewer than those trained on; others are named, in one line."""
    examples = Examples(["a", "b", "c"], ["new\nline", "old", "also"], Path("test.jsonl"), "")
    check_labels(examples, ["old", "also", "new\nline", "spare"])
    sentence = r"^test\.jsonl has labels that the training data lacks: 'also', 'new\\nline'; train"
    with pytest.raises(DatasetError, match=sentence):
        check_labels(examples, ["old"])


def test_dataset_file_is_found_in_either_form(tmp_path: Path) -> None:
    """The gzipped form goes before the plain one; a folder of that name is none."""
    plain = write(tmp_path / "test.jsonl", GOOD)
    assert find_file(tmp_path, "test") == plain
    (tmp_path / "train.jsonl.gz").mkdir()
    (tmp_path / "train.jsonl").symlink_to(plain)
    assert find_file(tmp_path, "train") == tmp_path / "train.jsonl"
    zipped = write(tmp_path / "test.jsonl.gz", ZIPPED)
    assert find_file(tmp_path, "test") == zipped


def test_folder_without_the_file_says_how_to_get_it(tmp_path: Path) -> None:
    """The error names both forms and the command that fetches them."""
    sentence = r"nor train\.jsonl, \.csv or \.tsv: run `make data`, or set DATA_DIR"
    with pytest.raises(DatasetError, match=sentence):
        find_file(tmp_path, "train")


def test_folder_that_cannot_be_looked_into_is_told(tmp_path: Path) -> None:
    """A folder whose files cannot even be asked for is an error of its own."""
    with pytest.raises(DatasetError, match=r"cannot be read \(File name too long\): give"):
        find_file(tmp_path / ("x" * 300), "train")


@pytest.mark.parametrize(
    "pair", [("a", "a "), ("Space", "space"), ("caf\u00e9", "cafe\u0301"), ("a b", "a  b")]
)
def test_labels_that_look_alike_are_an_error(tmp_path: Path, pair: tuple[str, str]) -> None:
    """Labels that differ only in blanks, case or Unicode form are named."""
    rows = [{"text": "x", "label": label} for label in pair]
    path = write(tmp_path / "file", "".join(json.dumps(row) + "\n" for row in rows).encode())
    with pytest.raises(DatasetError, match="look alike"):
        read_examples(path)


def test_byte_order_marks_are_skipped(tmp_path: Path) -> None:
    """A file may have one, and one of several files joined has more."""
    path = write(tmp_path / "file", b"\xef\xbb\xbf" + GOOD + b"\xef\xbb\xbf" + GOOD)
    assert len(read_examples(path)) == 2


@pytest.mark.parametrize(("ending", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_table_is_read(tmp_path: Path, ending: str, delimiter: str) -> None:
    """Columns named text and label are examples, quoted fields with line ends included."""
    lines = [["label", "id", "text"], ["a", "1", '"two\nlines"'], ["b", "2", "other"]]
    content = "".join(delimiter.join(line) + "\n" for line in lines)
    path = write(tmp_path / f"train.{ending}", content.encode())
    found = read_examples(find_file(tmp_path, "train"))
    assert (found.texts, found.labels, found.path) == (["two\nlines", "other"], ["a", "b"], path)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_other_encoding_is_named(tmp_path: Path, codec: str) -> None:
    """A dataset in another encoding is an error that names it."""
    path = write(tmp_path / "file", (GOOD.decode() * 20).encode(codec))
    with pytest.raises(DatasetError, match=codec[:6].upper()):
        read_examples(path)
