"""What fetching does to a data folder: which files it adds, keeps and leaves after a failure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from model.download import fetch_datasets
from model.errors import DatasetError
from model.sources import Source, SourceError

ZIPPED = {"train.jsonl.gz": b"first train", "test.jsonl.gz": b"first test"}
PLAIN = {"train.jsonl": b"second train", "test.jsonl": b"second test"}


def hashes(contents: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each content."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def source(name: str, files: Mapping[str, bytes]) -> Source:
    """Return a source that always answers with these files."""

    def put(wanted: Mapping[str, str], folder: Path) -> None:
        for file in wanted:
            (folder / file).write_bytes(files[file])

    return Source(name, hashes(files), put)


def failing(error: type[BaseException]) -> Source:
    """Return a source, named first, that fails after half a file."""

    def put(wanted: Mapping[str, str], folder: Path) -> None:
        (folder / next(iter(wanted))).write_bytes(b"first")
        raise error("why")

    return Source("first", hashes(ZIPPED), put)


FIRST, SECOND = source("first", ZIPPED), source("second", PLAIN)


def contents(folder: Path) -> dict[str, bytes]:
    """Return all that a folder holds; a folder inside it is an error."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_present_files_are_left_alone(tmp_path: Path, suffix: str) -> None:
    """A folder that has both files, in either form, needs no source and keeps its bytes."""
    own = {f"train.jsonl{suffix}": b"mine", "test.jsonl": b"mine too"}
    for name, content in own.items():
        (tmp_path / name).write_bytes(content)
    said: list[str] = []
    fetch_datasets(tmp_path, [], said.append)
    assert contents(tmp_path) == own
    assert said == [f"{tmp_path / name}: own data" for name in own]


def test_second_file_comes_from_the_source_of_the_first(tmp_path: Path) -> None:
    """A known file that is there decides the source, though one before it would answer."""
    (tmp_path / "test.jsonl").write_bytes(PLAIN["test.jsonl"])
    fetch_datasets(tmp_path, [FIRST, SECOND])
    assert contents(tmp_path) == PLAIN


def test_second_file_never_comes_from_another_source(tmp_path: Path) -> None:
    """When the source of the file that is there fails, no other stands in."""
    (tmp_path / "train.jsonl.gz").write_bytes(ZIPPED["train.jsonl.gz"])
    said: list[str] = []
    with pytest.raises(DatasetError, match=r"^no source gives the test data \(first: why\):"):
        fetch_datasets(tmp_path, [failing(SourceError), SECOND], said.append)
    assert list(contents(tmp_path)) == ["train.jsonl.gz"]
    assert "move it away to fetch both from any source" in said[0]


def test_mixed_sources_are_said(tmp_path: Path) -> None:
    """An own file beside one of a known source is kept, and the mixture is pointed out."""
    (tmp_path / "train.jsonl").write_bytes(b"mine")
    (tmp_path / "test.jsonl").write_bytes(PLAIN["test.jsonl"])
    said: list[str] = []
    fetch_datasets(tmp_path, [SECOND], said.append)
    assert said[-1] == "note: train and test are from different sources, so scores may mislead"


def test_nothing_is_fetched_beside_own_data(tmp_path: Path) -> None:
    """A folder with somebody's own training file is never completed with the challenge's test."""
    (tmp_path / "train.jsonl").write_bytes(b"mine")
    fetch_datasets(tmp_path, [SECOND])
    assert contents(tmp_path) == {"train.jsonl": b"mine"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, SourceError])
def test_interrupted_fetch_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    """A fetch that stops after half a file leaves the folder as it was."""
    with pytest.raises((KeyboardInterrupt, DatasetError)):
        fetch_datasets(tmp_path, [failing(error)])
    assert contents(tmp_path) == {}


def test_leftovers_of_a_killed_fetch_do_no_harm(tmp_path: Path) -> None:
    """A staging folder that a killed process left is not taken for data."""
    (tmp_path / ".fetch-killed").mkdir()
    (tmp_path / ".fetch-killed" / "train.jsonl").write_bytes(b"second tr")
    fetch_datasets(tmp_path, [SECOND])
    assert (tmp_path / "train.jsonl").read_bytes() == PLAIN["train.jsonl"]


def test_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """A data folder below a file is refused in one sentence."""
    (tmp_path / "file").touch()
    with pytest.raises(DatasetError, match=r"file/data cannot be used .* set DATA_DIR"):
        fetch_datasets(tmp_path / "file" / "data", [SECOND])


def test_source_that_is_not_named_is_not_asked(tmp_path: Path) -> None:
    """Where the source that is wanted fails, no other one's posts are taken for its own."""
    first = failing(SourceError)
    with pytest.raises(DatasetError, match=r"SOURCE=orange") as caught:
        fetch_datasets(tmp_path, [first, SECOND], only=first)
    assert "second" not in str(caught.value)
    assert contents(tmp_path) == {}
    fetch_datasets(tmp_path, [first, SECOND], only=SECOND)
    assert contents(tmp_path) == PLAIN
