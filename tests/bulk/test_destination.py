"""A file that has its name only when it is complete."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bulk.destination import Destination
from model.errors import BulkError


def test_name_appears_when_complete(tmp_path: Path) -> None:
    """Until it is finished a file of that name, if any, is the earlier one."""
    path = tmp_path / "out"
    path.write_bytes(b"earlier")
    with closing(Destination(str(path))) as written:
        written.begin_at(0)
        written.write(b"new")
        assert path.read_bytes() == b"earlier"
        written.finish()
    assert path.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_going_on_keeps_what_was_recorded(tmp_path: Path) -> None:
    """What was written after the record is cut off, and new bytes come in its place."""
    name = str(tmp_path / "out")
    with closing(Destination(name)) as written:
        written.write(b"recorded, and more")
    with closing(Destination(name)) as again:
        assert again.is_begun
        again.begin_at(8)
        again.write(b"!")
        again.finish()
    assert Path(name).read_bytes() == b"recorded!"


def test_lost_bytes_are_noticed(tmp_path: Path) -> None:
    """A partial file that is shorter than what was recorded is not gone on with."""
    with closing(Destination(str(tmp_path / "out"))) as written:
        written.write(b"abc")
    with (
        closing(Destination(str(tmp_path / "out"))) as written,
        pytest.raises(BulkError, match="3 bytes where the interrupted run wrote 4"),
    ):
        written.begin_at(4)


def test_empty_partial_file_is_not_left_behind(tmp_path: Path) -> None:
    """A run that wrote nothing leaves nothing."""
    Destination(str(tmp_path / "out")).close()
    assert [path.name for path in tmp_path.iterdir()] == []


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    """The second is refused, and the first is not disturbed."""
    with closing(Destination(str(tmp_path / "out"))) as written:
        with pytest.raises(BulkError, match="another run is writing"):
            Destination(str(tmp_path / "out"))
        written.write(b"x")
        written.finish()
    assert (tmp_path / "out").read_bytes() == b"x"


@pytest.mark.parametrize("name", [".", "missing/out", "a\0b"])
def test_what_cannot_be_written_is_told(tmp_path: Path, name: str) -> None:
    """A folder, or a file in one that is not there, is refused in one sentence."""
    with pytest.raises(BulkError, match="cannot be written"):
        Destination(f"{tmp_path}/{name}")


def test_devices_are_written_as_they_are() -> None:
    """A device gets no provisional name and is not replaced."""
    with closing(Destination("/dev/null")) as written:
        written.begin_at(0)
        written.write(b"x")
        written.finish()
    assert not Path("/dev/null").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_full_disk_is_told() -> None:
    """What the system says is in the sentence."""
    with closing(Destination("/dev/full")) as written, pytest.raises(BulkError, match="No space"):
        written.write(b"x")
