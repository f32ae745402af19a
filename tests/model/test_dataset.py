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
    Fields,
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
strings = st.text().filter(str.strip)
labelled = st.tuples(strings, strings)


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
        (b'{"text": " ", "label": "b"}', "the text is empty: write one or remove the line"),
        (b'{"text": ["a"], "label": "b"}', "the text is no string but a list: quote it, or set"),
        (b'{"text": "a", "label": ["b"]}', "the label is a list: each text has one label"),
        (b'{"text": "a", "label": null}', "the field 'label' is null: give it a value or remove"),
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
    with pytest.raises(DatasetError, match=rf"^\S+/file, line 1: {sentence}"):
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


def test_a_field_that_a_later_line_lacks_is_named(tmp_path: Path) -> None:
    """The fields are those of the first row; a line without one is an error of its own."""
    path = write(tmp_path / "file", GOOD + b'{"text": "a"}')
    with pytest.raises(DatasetError, match=r"/file, line 2: the field 'label' is missing: give"):
        read_examples(path)


def test_all_lines_with_an_empty_field_are_counted(tmp_path: Path) -> None:
    """One sentence names the first such lines and how many there are beside them."""
    path = write(tmp_path / "file", GOOD + b'{"text": "", "label": "b"}\n' * 5)
    with pytest.raises(DatasetError, match=r"/file, lines 2, 3, 4 and 2 more: the text is empty"):
        read_examples(path)


@pytest.mark.parametrize(
    ("label", "read"), [("3", "3"), ("true", "true"), ("-1.5", "-1.5"), ('"3"', "3")]
)
def test_labels_become_strings(tmp_path: Path, label: str, read: str) -> None:
    """Numbers and booleans are labels by their string, and a note says so."""
    path = write(tmp_path / "file", f'{{"text": "a", "label": {label}}}'.encode())
    examples = read_examples(path)
    assert examples.labels == [read]
    assert any("become strings" in note for note in examples.notes) == (label[0] != '"')


def test_usual_names_of_fields_are_known(tmp_path: Path) -> None:
    """Without settings the fields are found by their names, and a note says which they are."""
    path = write(tmp_path / "file.csv", b"id,Review,stars\n1,good,5\n")
    examples = read_examples(path)
    assert (examples.texts, examples.labels) == (["good"], ["5"])
    assert examples.notes == ("text is 'Review', label 'stars'",)


def test_fields_can_be_named(tmp_path: Path) -> None:
    """Settings go before the usual names; a name that is not there is an error that lists them."""
    path = write(tmp_path / "file", b'{"text": "a", "label": "b", "body": "c", "kind": "d"}')
    examples = read_examples(path, Fields("body", "kind"))
    assert (examples.texts, examples.labels) == (["c"], ["d"])
    sentence = "no field 'size': set LABEL_FIELD to one of its fields, 'text', 'label', 'body'"
    with pytest.raises(DatasetError, match=sentence):
        read_examples(path, Fields(label="size"))
    path.write_bytes(b'{"words": "a", "label": "b"}')
    with pytest.raises(DatasetError, match="set TEXT_FIELD to one of its fields, 'words', 'label'"):
        read_examples(path)


def test_a_label_that_is_a_text_is_an_error(tmp_path: Path) -> None:
    """A label over 256 characters comes of the wrong field."""
    path = write(tmp_path / "file", json.dumps({"text": "a", "label": "b" * 257}).encode())
    with pytest.raises(DatasetError, match=r"a label of 257 characters, 'bbb.*: set LABEL_FIELD"):
        read_examples(path)


def test_dataset_file_is_found_in_any_format(tmp_path: Path) -> None:
    """A folder of that name is none, and two files are an error that names both."""
    plain = write(tmp_path / "test.jsonl", GOOD)
    assert find_file(tmp_path, "test") == plain
    (tmp_path / "train.jsonl.gz").mkdir()
    (tmp_path / "train.json").symlink_to(plain)
    assert find_file(tmp_path, "train") == tmp_path / "train.json"
    write(tmp_path / "test.jsonl.gz", ZIPPED)
    with pytest.raises(DatasetError, match=r"both test.jsonl.gz and test.jsonl: remove all but"):
        find_file(tmp_path, "test")


def test_folder_without_the_file_says_how_to_get_it(tmp_path: Path) -> None:
    """The error names the formats and the command that fetches the challenge's."""
    sentence = r"holds no train\.jsonl, train\.csv, .* \(or \.gz\): run `make data`, or set DATA"
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


def test_line_of_a_table_counts_the_line_ends_in_quotes(tmp_path: Path) -> None:
    """The line named is the one at which the row begins."""
    content = b'text,label\n"two\nlines",a\n\nb\n'
    path = write(tmp_path / "train.csv", content)
    with pytest.raises(DatasetError, match=r"line 5: the row has 1 fields, the first line names 2"):
        read_examples(path)


@pytest.mark.parametrize("delimiter", [";", "|", "\t"])
def test_delimiter_of_a_table_is_that_of_its_first_line(tmp_path: Path, delimiter: str) -> None:
    """Spreadsheets of many countries write semicolons."""
    path = write(tmp_path / "file.csv", f"text{delimiter}label\na, b{delimiter}c\n".encode())
    examples = read_examples(path)
    assert (examples.texts, examples.labels) == (["a, b"], ["c"])


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json"])
@pytest.mark.parametrize("codec", ["utf-16", "utf-32", "utf-8-sig"])
def test_encoding_that_a_mark_names_is_read(tmp_path: Path, codec: str, ending: str) -> None:
    """Files of spreadsheets in UTF-16 are read as they are."""
    content = {"csv": "text,label\nà,b\n", "json": '[{"text": "à", "label": "b"}]'}
    text = content.get(ending, '{"text": "à", "label": "b"}\n')
    examples = read_examples(write(tmp_path / f"file.{ending}", text.encode(codec)))
    assert (examples.texts, examples.labels) == (["à"], ["b"])


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"text,label\n", "holds no examples: .* below the line that names its columns"),
        ("a.csv", b'text,label\n"a,b\n', "line 2: unexpected end of data: correct the quotes"),
        ("a.csv", b"text,label\n\xff,b\n", r"is not UTF-8 \(.*\): save it as UTF-8"),
        ("a.json", b"[3]", "is no JSON array of objects .*: correct it, or write one object a"),
        ("a.parquet", b"PAR1", "is a (damaged )?Parquet file"),
    ],
)
def test_table_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    """What is wrong with a file and what to do stand in the error."""
    with pytest.raises(DatasetError, match=sentence):
        read_examples(write(tmp_path / name, content))


def test_array_is_read(tmp_path: Path) -> None:
    """A JSON array of objects is read under any name, with its numbers as labels."""
    path = write(tmp_path / "file", b'[{"text": "a", "label": 1}, {"text": "b", "label": 2}]')
    assert read_examples(path).labels == ["1", "2"]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le"])
def test_other_encoding_is_named(tmp_path: Path, codec: str) -> None:
    """A dataset in another encoding, without its mark, is an error that names it."""
    path = write(tmp_path / "file", (GOOD.decode() * 20).encode(codec))
    with pytest.raises(DatasetError, match=codec[:6].upper()):
        read_examples(path)
