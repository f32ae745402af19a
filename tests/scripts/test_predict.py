"""`make predict` as a command: its words, its exit codes, and how it ends by a signal."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest

from model.dataset import Examples

ROOT = Path(__file__).resolve().parents[2]


def command(*words: object, model: Path) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "scripts.predict", *map(str, words), "--model-dir", str(model)]


def predict(*words: object, model: Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the command to its end."""
    return subprocess.run(
        command(*words, model=model), cwd=ROOT, capture_output=True, timeout=120, **options
    )


@pytest.fixture
def posts(tmp_path: Path, tiny_examples: Examples) -> Path:
    """Some megabytes of rows."""
    path = tmp_path / "posts.jsonl"
    rows = ({"text": f"{text} {i}"} for i in range(4000) for text in tiny_examples.texts)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_standard_streams(tiny_artifact: Path) -> None:
    """Rows come in and go out; what was done is printed on stderr, and no bar is drawn."""
    row = b'{"id":1.50,"text":"Bake the bread."}\n'
    done = predict("-", "--jobs", 1, model=tiny_artifact, input=row * 2)
    assert done.stdout == b'{"id":1.50,"text":"Bake the bread.","label":"cooking"}\n' * 2
    assert done.stderr == b"2 lines = 2 labelled + 0 rejected\n"
    assert done.returncode == 0


def test_cores_share_the_work_and_keep_the_order(posts: Path, tiny_artifact: Path) -> None:
    """Two processes write what one does, byte for byte."""
    one, two = posts.with_name("one"), posts.with_name("two")
    assert predict(posts, one, "--jobs", 1, model=tiny_artifact).returncode == 0
    done = predict(posts, two, "--jobs", 2, model=tiny_artifact)
    assert done.stdout == b"72,000 lines = 72,000 labelled + 0 rejected\n"
    assert done.stderr == b""
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_command_goes_on(
    posts: Path, tiny_artifact: Path, sent: signal.Signals
) -> None:
    """Ended by Ctrl-C, by a stop or by force while both processes work, it can be resumed."""
    whole, result = posts.with_name("whole"), posts.with_name("out")
    predict(posts, whole, "--jobs", 1, model=tiny_artifact)
    started = subprocess.Popen(
        command(posts, result, "--jobs", 2, model=tiny_artifact),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (posts.with_name(".out.unfinished") / "checkpoint.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    # A terminal's Ctrl-C is sent to all processes of the command.
    (os.killpg if sent == signal.SIGINT else os.kill)(started.pid, sent)
    _, said = started.communicate(timeout=60)
    if sent == signal.SIGKILL:
        assert started.returncode == -sent
    else:
        assert started.returncode == 128 + sent
        assert b"the same command with --resume goes on from there\n" in said
        assert len(said.splitlines()) <= 2
    assert not result.exists()
    done = predict(posts, result, "--jobs", 2, "--resume", model=tiny_artifact)
    assert b" of them by an earlier run" in done.stdout
    assert result.read_bytes() == whole.read_bytes()


def test_bar_on_a_terminal(posts: Path, tiny_artifact: Path) -> None:
    """A terminal is shown how much is done, the rate and the time left."""
    main, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 120))
    done = subprocess.Popen(
        command(posts, posts.with_name("out"), "--jobs", 1, model=tiny_artifact),
        cwd=ROOT,
        stderr=terminal,
        stdout=subprocess.DEVNULL,
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            shown += os.read(main, 1000)
        except OSError:
            break
    os.close(main)
    assert done.wait() == 0
    assert b"100%" in shown
    assert b"lines/s" in shown
    assert b"<" in shown


def test_reader_that_has_enough_is_no_error(posts: Path, tiny_artifact: Path) -> None:
    """Whoever closes the pipe, as head does, ends the command without a word."""
    words = " ".join(command(posts, "--jobs", 1, model=tiny_artifact))
    shell = f"{words} | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=ROOT, capture_output=True, timeout=60)
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""
    assert done.returncode == 128 + signal.SIGPIPE


def test_bad_lines(tmp_path: Path, tiny_artifact: Path) -> None:
    """They stop the command with one sentence, or are counted and named."""
    (tmp_path / "in.txt").write_bytes(b"a text\n\nanother\n")
    stopped = predict(tmp_path / "in.txt", tmp_path / "out", "--jobs", 1, model=tiny_artifact)
    assert stopped.returncode == 1
    assert b"in.txt, line 2: the text is blank" in stopped.stderr
    assert stopped.stderr.count(b"\n") == 1
    words = ["--skip-bad-lines", "--rejects", tmp_path / "bad", "--jobs", 1]
    done = predict(tmp_path / "in.txt", tmp_path / "out", *words, model=tiny_artifact)
    assert done.stdout.splitlines()[0] == b"3 lines = 2 labelled + 1 rejected"
    assert bytes(tmp_path / "bad") in done.stdout.splitlines()[1]


def test_evaluation_is_printed(tmp_path: Path, tiny_artifact: Path) -> None:
    """Accuracy and macro-F1 with the number of rows; the label goes to a field of its own."""
    line = b'{"text":"Bake the bread.","label":"%b"}\n'
    (tmp_path / "in").write_bytes(line % b"cooking" + line % b"sailing")
    words = [tmp_path / "in", tmp_path / "out", "--evaluate", "--jobs", 1]
    done = predict(*words, model=tiny_artifact)
    assert b"2 lines with a label of their own: accuracy 0.500, macro-F1 0.333" in done.stdout
    assert b'"label":"sailing","predicted":"cooking"}' in (tmp_path / "out").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--backend", "dask"], b"--scheduler ADDRESS"),
        (["--scheduler", "tcp://x"], b"--backend dask: add that"),
        (["--shard", "2/2"], b"give I/N"),
        (["--model-dir", "missing"], b"holds no trained model"),
    ],
)
def test_wrong_options_are_one_sentence(
    tmp_path: Path, tiny_artifact: Path, words: list[str], said: bytes
) -> None:
    """The sentence says what to give."""
    (tmp_path / "in").write_bytes(b"a text\n")
    line = command(tmp_path / "in", tmp_path / "out", model=tiny_artifact)
    done = subprocess.run([*line, *words], cwd=ROOT, capture_output=True, timeout=60)
    assert said in done.stderr
    assert done.stderr.startswith(b"error: ")
    assert done.stderr.count(b"\n") == 1
    assert done.returncode == 1


def test_dask_that_is_not_installed_is_told(tmp_path: Path, tiny_artifact: Path) -> None:
    """The sentence says what to install."""
    (tmp_path / "in").write_bytes(b"a text\n")
    words = ["in", "out", "--backend", "dask", "--scheduler", "tcp://x", "--model-dir"]
    code = (
        "import sys, runpy; sys.modules['distributed'] = None;"
        f" sys.argv = {['predict', *words, str(tiny_artifact)]!r};"
        f" sys.path.insert(0, {str(ROOT)!r});"
        " runpy.run_module('scripts.predict', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True)
    assert b"pip install -r requirements-cluster.txt" in done.stderr
    assert done.stderr.count(b"\n") == 1
