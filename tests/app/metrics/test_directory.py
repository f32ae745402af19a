"""The folder of a server's counts: made, locked, refused with a reason, removed when abandoned."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.config import ConfigError
from app.metrics.directory import make_directory, remove_abandoned

ROOT = Path(__file__).resolve().parents[3]
MAKE = """
import sys, pathlib
from app.metrics.directory import make_directory
print(make_directory(pathlib.Path(sys.argv[1]), 4096), flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Let each test begin as a process that made no folder yet."""
    make_directory.cache_clear()
    yield
    make_directory.cache_clear()


def start_server(base: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start another process that makes its folder and then waits."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKE, str(base)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_folder_is_private_and_the_same_at_a_reload(tmp_path: Path) -> None:
    """The folder is the owner's alone; asked again, as at a reload, it is the same."""
    made = make_directory(tmp_path, 4096)
    assert made.parent == tmp_path
    assert made.stat().st_mode & 0o777 == 0o700
    assert make_directory(tmp_path, 4096) == made


def test_temporary_folder_serves_where_memory_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the first folder cannot be used the next one is, unless one is named."""
    monkeypatch.setattr("app.metrics.directory.DEFAULTS", (tmp_path / "none", tmp_path))
    assert make_directory(None, 4096).parent == tmp_path


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_folder_that_cannot_be_written_is_refused(tmp_path: Path, kind: str) -> None:
    """The message names the folder, the reason and the setting; no other folder is tried."""
    base = tmp_path / kind
    if kind == "file":
        base.touch()
    with pytest.raises(ConfigError, match=rf"KiB free \({base}: .+\): .*TEXTCLF_METRICS_DIR$"):
        make_directory(base, 4096)


def test_folder_without_room_is_refused(tmp_path: Path) -> None:
    """Room is asked for at the start, and nothing is left behind where there is not enough."""
    with pytest.raises(ConfigError, match="KiB free"):
        make_directory(tmp_path, 1 << 60)
    assert list(tmp_path.iterdir()) == []


def test_folder_of_a_killed_server_is_removed(tmp_path: Path) -> None:
    """A later start removes what a killed server left, and leaves alone who still runs."""
    killed, abandoned = start_server(tmp_path)
    running, used = start_server(tmp_path)
    with killed, running:
        (abandoned / "counter_1.db").touch()
        killed.kill()
        killed.wait()
        remove_abandoned(tmp_path)
        assert not abandoned.exists()
        assert used.exists()
        running.kill()


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    """Only folders of this service's own name are ever removed."""
    other = Path(tempfile.mkdtemp(dir=tmp_path))
    remove_abandoned(tmp_path)
    assert other.exists()


def test_what_others_hold_does_not_delay_a_start(tmp_path: Path) -> None:
    """Neither another program's lock of the folder nor a named pipe in it is waited for."""
    os.mkfifo(tmp_path / "textclf-metrics-pipe")
    held = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        server, made = start_server(tmp_path)
        with server:
            assert made.is_dir()
            server.kill()
    finally:
        os.close(held)


def test_servers_started_at_once_keep_their_folders(tmp_path: Path) -> None:
    """No server takes the folder that another is just making for an abandoned one."""
    make = make_directory.__wrapped__
    with ThreadPoolExecutor(8) as servers:
        made = list(servers.map(lambda _: make(tmp_path, 4096), range(200)))
    assert len(set(made)) == 200
    assert all(folder.is_dir() for folder in made)


def test_no_temporary_folder_is_needed() -> None:
    """Where nothing but memory can be written, asking for a temporary folder would fail."""
    code = (
        "import tempfile; tempfile._get_default_tempdir = lambda: 1 / 0;"
        "import app.metrics.directory as directory; print(directory.DEFAULTS[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "/dev/shm\n"
