"""Labelled examples read from JSON Lines files.

The labels are whatever the file holds: no module here knows any of their names.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import lzma
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from typing import cast

import msgspec

from model.errors import DatasetError, FormatError
from model.formats import HEAD_BYTES, Format, as_lines, check_head, unpacked
from model.jsonlines import reason


class _Line(msgspec.Struct):
    """One line of a dataset file; other fields are ignored."""

    text: str
    label: str


_decode_line = msgspec.json.Decoder(_Line).decode


@dataclass(frozen=True)
class Examples:
    """Texts and their labels, in file order, with the identity of the file they came from."""

    texts: list[str]
    labels: list[str]
    path: Path
    sha256: str

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def counts(self) -> dict[str, int]:
        """Number of examples per label, in the labels' sorted order."""
        return dict(sorted(Counter(self.labels).items()))


def find_file(data_dir: Path, name: str) -> Path:
    """Return the dataset file `name` ("train", "test") of a folder: JSON Lines, CSV or TSV.

    Raises DatasetError when the folder holds none or cannot be looked into.
    """
    endings = ("jsonl.gz", "jsonl", "csv.gz", "csv", "tsv.gz", "tsv")
    candidates = [data_dir / f"{name}.{ending}" for ending in endings]
    for candidate in candidates:
        try:
            if candidate.is_file():
                return candidate
        except OSError as error:
            raise _unreadable(candidate, error) from None
    raise DatasetError(
        f"{data_dir} holds neither {candidates[0].name} nor {candidates[1].name}, .csv or .tsv:"
        " run `make data`, or set DATA_DIR to the folder of your own files"
    )


def read_examples(path: Path) -> Examples:
    """Read a file of `{"text": string, "label": string}` objects, or a table of such columns.

    It may be compressed. Blank lines are skipped. Raises DatasetError, naming file and line, for
    anything that is not such an object, an empty label, labels that look alike, bad UTF-8, damaged
    data or an empty file.
    """
    texts: list[str] = []
    labels: list[str] = []
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        example = _parse(line, f"{path}, line {number}")
        texts.append(example.text)
        labels.append(example.label)
    _check_alike(labels, path)
    if not texts:
        raise DatasetError(f"{path} holds no examples: give a file with one object a line")
    return Examples(texts, labels, path, _sha256(path))


def read_training_examples(path: Path) -> Examples:
    """Read a file to train on: as `read_examples`, and it must hold at least two labels."""
    examples = read_examples(path)
    if len(examples.counts) < 2:
        raise DatasetError(
            f"{path} holds the single label {examples.labels[0]!r}:"
            " a classifier needs examples of at least two labels"
        )
    return examples


def thinned(examples: Examples, count: int) -> Examples:
    """At most `count` of the examples, evenly spaced over the file."""
    kept = range(0, len(examples), max(1, -(-len(examples) // count)))
    return replace(
        examples,
        texts=[examples.texts[i] for i in kept],
        labels=[examples.labels[i] for i in kept],
    )


def check_labels(examples: Examples, known: list[str]) -> None:
    """Raise DatasetError when the examples carry a label that the classifier was not trained on."""
    unknown = sorted(set(examples.labels) - set(known))
    if unknown:
        raise DatasetError(
            f"{examples.path} has labels that the training data lacks:"
            f" {', '.join(map(repr, unknown))}; train on data that has them, or remove these lines"
        )


def _check_alike(labels: list[str], path: Path) -> None:
    """Raise DatasetError for labels that differ only in blanks, case or Unicode form."""
    seen: dict[str, str] = {}
    for label in sorted(set(labels)):
        key = " ".join(unicodedata.normalize("NFKC", label).casefold().split())
        other = seen.setdefault(key, label)
        if other != label:
            raise DatasetError(
                f"{path} has the labels {other!r} and {label!r}, which look alike: write them the"
                " same, or give them different names"
            )


def _parse(line: bytes, where: str) -> _Line:
    try:
        # msgspec does not look inside fields that it skips: decode first to see all bad UTF-8.
        example = _decode_line(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{where}: it is not UTF-8 ({error.reason}): re-encode the file as UTF-8"
        ) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise DatasetError(
            f"{where}: {reason(error)};"
            ' each line must be an object {"text": string, "label": string}'
        ) from None
    if not example.label.strip():
        raise DatasetError(f"{where}: the label is empty: name one or remove the line")
    return example


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file, as JSON, unpacked and without byte order marks."""
    try:
        with path.open("rb") as raw:
            file = unpacked(raw)
            head = cast(BufferedReader, file).peek(HEAD_BYTES)[:HEAD_BYTES]
            check_head(head, None)
            ending = path.name.lower().removesuffix(".gz").rpartition(".")[2]
            form: Format = "csv" if ending == "csv" else "tsv" if ending == "tsv" else "jsonl"
            for line in as_lines(file, form, None):
                # A file that was joined of several has a mark at the start of each.
                yield line.removeprefix(codecs.BOM_UTF8)
    except FormatError as error:
        raise DatasetError(f"{path} {error}") from None
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise DatasetError(
            f"{path}: damaged compressed data ({error}): fetch or compress the file again"
        ) from None
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> DatasetError:
    return DatasetError(
        f"{path} cannot be read ({error.strerror or error}): give a file that is there and readable"
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
