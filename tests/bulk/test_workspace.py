"""Nothing but a run's own files is written to or removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulk.workspace import Workspace
from model.errors import BulkError


def publish(result: Path) -> None:
    """Write a result."""
    space = Workspace(result)
    space.make()
    space.content.write_bytes(b"new")
    space.publish()


def test_link_stays_a_link(tmp_path: Path) -> None:
    """The file that a symbolic link leads to is replaced, be it there yet or not."""
    for name in ("there", "missing"):
        target, link = tmp_path / "folder" / name, tmp_path / f"link-{name}"
        target.parent.mkdir(exist_ok=True)
        if name == "there":
            target.write_bytes(b"old")
        link.symlink_to(target)
        publish(link)
        assert link.is_symlink()
        assert target.read_bytes() == b"new"
    assert sorted(path.name for path in (tmp_path / "folder").iterdir()) == ["missing", "there"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_mode_is_kept(tmp_path: Path, mode: int) -> None:
    """A result has the mode of the file that it replaces."""
    (tmp_path / "out").touch()
    (tmp_path / "out").chmod(mode)
    publish(tmp_path / "out")
    assert (tmp_path / "out").stat().st_mode & 0o7777 == mode


def test_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    """A result that replaces nothing is as open as any new file."""
    publish(tmp_path / "out")
    (tmp_path / "other").touch()
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_place_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    """A file or folder of somebody else is neither opened nor removed."""
    space = Workspace(tmp_path / "out")
    space.folder.mkdir()
    (space.folder / "content").write_bytes(b"theirs")
    with pytest.raises(BulkError, match="in the way"):
        space.make()
    assert (space.folder / "content").read_bytes() == b"theirs"
    (space.folder / "content").unlink()
    space.folder.rmdir()
    space.folder.write_bytes(b"theirs")
    with pytest.raises(BulkError, match="in the way"):
        space.make()
    assert space.folder.read_bytes() == b"theirs"


def test_long_names_have_a_place_too(tmp_path: Path) -> None:
    """A name of the greatest length leaves no room for an ending."""
    publish(tmp_path / ("x" * 255))
    assert (tmp_path / ("x" * 255)).read_bytes() == b"new"
