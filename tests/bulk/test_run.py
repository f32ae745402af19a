"""Whole runs: what comes out, what stops them, and how they go on."""

from __future__ import annotations

import base64
import gzip
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from bulk import output
from bulk.checkpoint import Done
from bulk.labelling import Labelled, Task, label_chunk
from bulk.options import Shard
from bulk.run import Progress, check_count, shard_name
from bulk.source import Chunk
from bulk.workspace import Workspace
from model.dataset import Examples
from model.errors import BulkError
from model.formats import GZIP_MAGIC

Run = Callable[..., Any]
SIDE = ".out.jsonl.unfinished"


@pytest.fixture
def posts(tmp_path: Path, tiny_examples: Examples) -> Path:
    """A file of many rows, every text with another number."""
    path = tmp_path / "posts.jsonl"
    rows = (
        {"id": number, "text": f"{text} {number}"}
        for number in range(5)
        for text in tiny_examples.texts
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def stop_after(chunks: int) -> Callable[[Progress], None]:
    """A progress that interrupts the run after so many chunks."""
    seen: list[Progress] = []

    def progress(one: Progress) -> None:
        seen.append(one)
        if len(seen) == chunks:
            raise KeyboardInterrupt

    return progress


def files(folder: Path) -> list[str]:
    """Names of the files of a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("packed", [False, True])
def test_rows_keep_their_order_and_fields(run: Run, posts: Path, packed: bool) -> None:
    """Each line comes out in its place with one field more, gzipped in and out or not."""
    lines = posts.read_bytes().splitlines()
    given, result = posts, posts.with_name("out.jsonl")
    if packed:
        given, result = posts.with_name("posts.gz"), posts.with_name("out.jsonl.gz")
        given.write_bytes(gzip.compress(posts.read_bytes()))
    summary = run(given, result)
    content = gzip.decompress(result.read_bytes()) if packed else result.read_bytes()
    found = content.splitlines()
    assert [line[: len(before) - 1] for line, before in zip(found, lines, strict=True)] == [
        line[:-1] for line in lines
    ]
    assert all("label" in json.loads(line) for line in found)
    assert (summary.done.lines, summary.done.labelled, summary.done.rejected) == (90, 90, 0)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
@pytest.mark.parametrize("chunks", [1, 7])
def test_resumed_run_equals_the_uninterrupted(
    run: Run, posts: Path, tmp_path: Path, name: str, chunks: int
) -> None:
    """Interrupted and resumed, the file is the same byte for byte, and nothing else is left."""
    whole = tmp_path / "whole" / name
    whole.parent.mkdir()
    run(posts, whole)
    result = tmp_path / name
    with pytest.raises(KeyboardInterrupt):
        run(posts, result, progress=stop_after(chunks))
    assert files(tmp_path) == sorted([f".{name}.unfinished", posts.name, "whole"])
    labelled: list[int] = []
    summary = run(posts, result, resume=True, progress=lambda one: labelled.append(one.done.lines))
    assert result.read_bytes() == whole.read_bytes()
    assert files(tmp_path) == sorted([name, posts.name, "whole"])
    assert summary.before > 0
    assert len(labelled) < 90
    assert min(labelled) > summary.before


@pytest.mark.usefixtures("small_chunks")
def test_killed_run_goes_on_from_its_last_checkpoint(
    run: Run, posts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written after the last checkpoint is neither lost nor doubled."""
    monkeypatch.setattr(output, "CHECKPOINT_SECONDS", -1.0)
    killed = tmp_path / "killed"
    killed.mkdir()

    def copy(one: Progress) -> None:
        if one.done.lines > 40 and not files(killed):
            shutil.copytree(tmp_path / SIDE, killed / SIDE)
            with (killed / SIDE / "content").open("ab") as file:
                file.write(b'{"half a li')

    run(posts, tmp_path / "out.jsonl", progress=copy)
    run(posts, killed / "out.jsonl", resume=True)
    assert (killed / "out.jsonl").read_bytes() == (tmp_path / "out.jsonl").read_bytes()


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"scores": True}, "another options"),
        ({"label_field": "other"}, "another options"),
        ({"model_dir": "small"}, "another model"),
        ({"touched": True}, "another input"),
    ],
)
def test_another_request_does_not_resume(
    run: Run,
    posts: Path,
    small_artifact: Path,
    tmp_path: Path,
    changed: dict[str, Any],
    said: str,
) -> None:
    """A run with another model, option or input is refused, and what was done is kept."""
    with pytest.raises(KeyboardInterrupt):
        run(posts, tmp_path / "out.jsonl", progress=stop_after(2))
    kept = (tmp_path / SIDE / "content").read_bytes()
    if changed.pop("touched", False):
        os.utime(posts, ns=(1, 1))
    if "model_dir" in changed:
        changed["model_dir"] = small_artifact
    with pytest.raises(BulkError, match=said):
        run(posts, tmp_path / "out.jsonl", resume=True, **changed)
    assert (tmp_path / SIDE / "content").read_bytes() == kept


@pytest.mark.usefixtures("small_chunks")
def test_interrupted_run_is_not_overwritten(run: Run, posts: Path, tmp_path: Path) -> None:
    """Without --resume the command says what there is, and leaves it."""
    with pytest.raises(KeyboardInterrupt):
        run(posts, tmp_path / "out.jsonl", progress=stop_after(2))
    kept = (tmp_path / SIDE / "content").read_bytes()
    with pytest.raises(BulkError, match=r"has labelled \d+ lines .* add --resume"):
        run(posts, tmp_path / "out.jsonl")
    assert (tmp_path / SIDE / "content").read_bytes() == kept


def test_damaged_checkpoint_is_an_error(run: Run, posts: Path, tmp_path: Path) -> None:
    """A checkpoint that cannot be read is no reason to begin again without a word."""
    space = Workspace(tmp_path / "out.jsonl")
    space.make()
    space.content.write_bytes(b"x")
    space.checkpoint.write_bytes(b"{")
    with pytest.raises(BulkError, match="no checkpoint of a run"):
        run(posts, tmp_path / "out.jsonl", resume=True)


def test_nothing_to_resume_is_a_run_from_the_beginning(
    run: Run, posts: Path, tmp_path: Path
) -> None:
    """A command that always says --resume, as a job's does, can also begin."""
    assert run(posts, tmp_path / "out.jsonl", resume=True).before == 0


@pytest.mark.usefixtures("small_chunks")
def test_bad_line_stops_with_its_number(run: Run, posts: Path, tmp_path: Path) -> None:
    """The sentence has file and number; what was done can be kept, and the line skipped."""
    lines = posts.read_bytes().splitlines(keepends=True)
    lines[40] = b"not an object\n"
    posts.write_bytes(b"".join(lines))
    with pytest.raises(BulkError, match=r"posts\.jsonl, line 41: .*--skip-bad-lines"):
        run(posts, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
    summary = run(posts, tmp_path / "out.jsonl", resume=True, skip_bad_lines=True)
    assert summary.before > 0
    assert summary.done.rejected == 1
    kept = (tmp_path / "out.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["text"] for line in kept] == [
        json.loads(line)["text"] for line in lines[:40] + lines[41:]
    ]


@pytest.mark.usefixtures("small_chunks")
def test_rejects_hold_every_bad_line(run: Run, tmp_path: Path) -> None:
    """Number, reason and the very bytes of each skipped line; the counts add up."""
    bad = {2: b"x", 4: b"\xff\x00", 5: b'{"text":"\xc3\xa9"', 9: b"[]"}
    lines = [bad.get(number, b'{"text":"soup"}') for number in range(1, 12)]
    (tmp_path / "in").write_bytes(b"\n".join(lines))
    summary = run(tmp_path / "in", tmp_path / "out", format="jsonl", skip_bad_lines=True)
    rejects = [
        json.loads(line) for line in (tmp_path / "out.rejected.jsonl").read_bytes().splitlines()
    ]
    found = {
        each["line"]: each["content"].encode()
        if "content" in each
        else base64.b64decode(each["base64"])
        for each in rejects
    }
    assert found == bad
    assert all(each["reason"] for each in rejects)
    assert (summary.done.lines, summary.done.labelled, summary.done.rejected) == (11, 7, 4)


@pytest.mark.usefixtures("small_chunks")
def test_resumed_rejects_equal_the_uninterrupted(run: Run, posts: Path, tmp_path: Path) -> None:
    """The reject file of a resumed run is the same byte for byte, too."""
    posts.write_bytes(posts.read_bytes().replace(b'{"id": 1,', b"{'id': 1,"))
    run(posts, tmp_path / "whole", skip_bad_lines=True)
    with pytest.raises(KeyboardInterrupt):
        run(posts, tmp_path / "out", skip_bad_lines=True, progress=stop_after(30))
    with pytest.raises(BulkError, match="skipped bad lines: add --skip-bad-lines"):
        run(posts, tmp_path / "out", resume=True)
    summary = run(posts, tmp_path / "out", skip_bad_lines=True, resume=True)
    assert summary.done.rejected == 18
    for ending in ("", ".rejected.jsonl"):
        resumed, whole = (tmp_path / f"{name}{ending}" for name in ("out", "whole"))
        assert resumed.read_bytes() == whole.read_bytes()


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("packed", [False, True])
def test_shards_follow_each_other_to_the_whole(
    run: Run, posts: Path, tmp_path: Path, packed: bool
) -> None:
    """Labelled apart and put together by their names' order, the shards are the whole file."""
    run(posts, tmp_path / "whole")
    if packed:
        posts.write_bytes(gzip.compress(posts.read_bytes()))
    for index in range(11):
        run(posts, tmp_path / "part.jsonl", shard=Shard(index, 11))
    parts = sorted(tmp_path.glob("part-*-of-00011.jsonl"))
    assert b"".join(part.read_bytes() for part in parts) == (tmp_path / "whole").read_bytes()
    assert len(parts) == 11


@pytest.mark.usefixtures("small_chunks")
def test_bad_line_of_a_shard_has_its_number_in_the_file(run: Run, posts: Path) -> None:
    """The person who corrects it looks for it in the whole file."""
    lines = posts.read_bytes().splitlines(keepends=True)
    lines[80] = b"{}\n"
    posts.write_bytes(b"".join(lines))
    with pytest.raises(BulkError, match="line 81: "):
        run(posts, posts.with_name("out"), shard=Shard(2, 3))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("/a.b/posts.jsonl.gz", "/a.b/posts-00002-of-00012.jsonl.gz"),
        ("posts", "posts-00002-of-00012"),
        ("-", "-"),
    ],
)
def test_shards_have_names_of_their_own(name: str, expected: str) -> None:
    """Number and count come before the endings, which show the format."""
    assert shard_name(name, Shard(2, 12)) == expected


def test_agreement_with_own_labels(run: Run, tmp_path: Path, tiny_examples: Examples) -> None:
    """Rows with a label are compared, keep it and get the prediction beside; others are not."""
    rows = [
        {"text": text, "label": label}
        for text, label in zip(tiny_examples.texts, tiny_examples.labels, strict=True)
    ]
    rows[0]["label"] = rows[1]["label"]
    rows.append({"text": "no label"})
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    summary = run(tmp_path / "in.jsonl", tmp_path / "out", evaluate=True, label_field="predicted")
    found = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert [row.get("label") for row in found] == [row.get("label") for row in rows]
    right = sum(row.get("label") == row["predicted"] for row in found)
    assert summary.agreement.rows == 18
    assert summary.agreement.accuracy == right / 18 < 1


@pytest.mark.usefixtures("small_chunks")
def test_agreement_survives_a_resume(run: Run, tmp_path: Path, tiny_examples: Examples) -> None:
    """What was compared before an interruption counts as what comes after it."""
    rows = zip(tiny_examples.texts, tiny_examples.labels, strict=True)
    content = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows)
    (tmp_path / "in.jsonl").write_text(content)
    options = {"evaluate": True, "label_field": "predicted"}
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "in.jsonl", tmp_path / "out", progress=stop_after(3), **options)
    assert run(tmp_path / "in.jsonl", tmp_path / "out", resume=True, **options).agreement.rows == 18


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_empty_input_gives_an_empty_output(run: Run, tmp_path: Path, name: str) -> None:
    """No lines are no error, and an empty gzip file is one that can be unpacked."""
    (tmp_path / "in.jsonl").touch()
    assert run(tmp_path / "in.jsonl", tmp_path / name).done == Done(0)
    content = (tmp_path / name).read_bytes()
    # Not the empty file that Python's gzip would take and other programs refuse.
    assert content.startswith(GZIP_MAGIC) == name.endswith(".gz")
    assert (gzip.decompress(content) if name.endswith("gz") else content) == b""


@pytest.mark.parametrize(
    ("names", "options", "said"),
    [
        (("in", "in"), {}, "different files"),
        (("in", "sub/../in"), {}, "different files"),
        (("in", "out"), {"skip_bad_lines": True, "rejects": "out"}, "different files"),
        (("in", "out"), {"rejects": "r"}, "add that"),
        (("in", "-"), {"skip_bad_lines": True}, "name it by --rejects"),
        (("in", "-"), {"resume": True}, "--resume needs files"),
        (("/dev/null", "out"), {"resume": True}, "--resume needs files"),
        (("/dev/null", "out"), {"shard": Shard(0, 2)}, "--shard needs a file"),
    ],
)
def test_what_would_lose_a_file_or_cannot_be_is_refused(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    names: tuple[str, str],
    options: dict[str, Any],
    said: str,
) -> None:
    """The sentence says which option is missing, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "in").write_bytes(b"a text\n")
    with pytest.raises(BulkError, match=said):
        run(*names, **options)
    assert files(tmp_path) == ["in", "sub"]
    assert (tmp_path / "in").read_bytes() == b"a text\n"


def test_lost_line_is_a_fault() -> None:
    """Lines that are neither labelled nor rejected never pass as a complete run."""
    check_count(Done(0, lines=3, labelled=2, rejected=1))
    with pytest.raises(RuntimeError, match="of 3 lines 2 were labelled, 0 rejected"):
        check_count(Done(0, lines=3, labelled=2))


def test_run_that_lost_a_line_gives_no_result(run: Run, posts: Path) -> None:
    """The count is looked at before the result gets its name."""

    def losing(task: Task, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Labelled]]:
        for chunk in chunks:
            labelled = label_chunk(task, chunk.data)
            yield chunk, labelled._replace(labelled=labelled.labelled - 1)

    with pytest.raises(RuntimeError, match="of 90 lines 89 were labelled"):
        run(posts, posts.with_name("out"), backend=nullcontext(losing))
    assert not posts.with_name("out").exists()


def test_evaluation_that_is_not_installed_is_told_before_the_work(
    run: Run, posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only serving is installed, as in the image, --evaluate ends at once."""
    monkeypatch.setitem(sys.modules, "evaluation.metrics", None)
    with pytest.raises(BulkError, match="make install"):
        run(posts, posts.with_name("out"), evaluate=True, label_field="predicted")
    assert files(posts.parent) == [posts.name]
