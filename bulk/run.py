"""A whole run: chunks of the input to the workers, their outcomes in order to the output."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from itertools import combinations
from pathlib import Path

import msgspec

from bulk import checkpoint
from bulk.accuracy import Agreement, agreement, check_number
from bulk.backends import Outcomes
from bulk.checkpoint import Done, Request
from bulk.labelling import Labelled, Task
from bulk.options import WHOLE, Options, RowFormat, Shard
from bulk.output import Output
from bulk.source import STANDARD, Source
from bulk.workspace import Workspace
from model.errors import BulkError
from model.formats import Format
from model.manifest import read_manifest

REJECTED = ".rejected.jsonl"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to label, by which model, into what."""

    input: str
    """A file, or `-` for standard input."""
    output: str = STANDARD
    """A file, gzipped when its name ends in .gz, or `-` for standard output."""
    model_dir: Path
    format: Format | None = None
    """None to detect it by the name or the first bytes."""
    encoding: str | None = None
    """None for UTF-8."""
    label_field: str
    scores: bool = False
    explain: int = 0
    evaluate: bool = False
    skip_bad_lines: bool = False
    rejects: str | None = None
    """Where skipped lines go; None for beside the output."""
    shard: Shard = WHOLE
    resume: bool = False


class Progress(msgspec.Struct, frozen=True):
    """How far a run is."""

    position: int
    total: int | None
    """What `position` goes up to; None where that is not known."""
    done: Done


class Summary(msgspec.Struct, frozen=True):
    """What a complete run gave."""

    output: str
    rejects: str | None
    done: Done
    before: int
    """Lines of `done` that an earlier run had labelled."""
    agreement: Agreement | None
    unknown: list[str]
    """Labels of rows that the model does not know."""


def label_file(
    job: Job, backend: AbstractContextManager[Outcomes], progress: Callable[[Progress], None]
) -> Summary:
    """Label all lines of a file.

    Calls `progress` after each chunk. Raises BulkError at a bad line unless these are skipped, at
    anything else that keeps the run from being completed, and ArtifactError when the model cannot
    be used; what is done by then, also by any other exception, can be resumed.
    """
    output, rejects = _names(job)
    if job.evaluate:
        agreement(())  # what it needs is missing now, and not after an hour
    with Source(job.input, job.shard, job.format, job.encoding) as source:
        row_format: RowFormat = "text" if source.format == "text" else "jsonl"
        options = Options(row_format, job.label_field, job.scores, job.explain, job.evaluate)
        options.check()
        manifest = read_manifest(job.model_dir)
        sha256 = manifest.pipeline.sha256
        zipped = output.endswith(".gz")
        request = Request(options, sha256, source.identity, job.shard, zipped)
        task = Task(options, str(job.model_dir), sha256, zipped, job.skip_bad_lines)
        with (
            Output(output, rejects, request, source.start, resume=job.resume) as written,
            backend as outcomes,
        ):
            before = written.done.lines
            _label(source, task, written, outcomes, progress)
            check_count(written.done)
            written.finish()
    found = agreement(written.done.pairs) if job.evaluate else None
    unknown = {own for own, _, _ in written.done.pairs} - set(manifest.labels)
    return Summary(output, rejects, written.done, before, found, sorted(unknown))


def lines_to_resume_from(job: Job) -> int:
    """How many lines an interrupted run of this job has done for good, 0 where it is no file."""
    output, _ = _names(job)
    found = checkpoint.read(Workspace(Path(output))) if output != STANDARD else None
    return found.done.lines if found else 0


def check_count(done: Done) -> None:
    """Raise RuntimeError when a line was lost or doubled, which no input may bring about."""
    if done.lines != done.labelled + done.rejected + done.blank:
        raise RuntimeError(
            f"of {done.lines} lines {done.labelled} were labelled, {done.rejected} rejected and"
            f" {done.blank} blank"
        )


def _label(
    source: Source,
    task: Task,
    written: Output,
    outcomes: Outcomes,
    progress: Callable[[Progress], None],
) -> None:
    lines_before: int | None = None
    with closing(outcomes(task, source.chunks(written.done.offset))) as found:
        for chunk, labelled in found:
            if labelled.rejects and lines_before is None:
                lines_before = source.lines_before()
            if labelled.rejects and not task.skip_bad_lines:
                raise _bad_line(source.name, (lines_before or 0) + written.done.lines, labelled)
            written.add(chunk, labelled, lines_before or 0)
            check_number(written.done.pairs)
            progress(Progress(chunk.position, source.total, written.done))


def _bad_line(name: str, lines_before: int, labelled: Labelled) -> BulkError:
    (bad,) = labelled.rejects
    shown = "standard input" if name == STANDARD else name
    return BulkError(
        f"{shown}, line {lines_before + bad.place + 1}: {bad.reason}; correct the line, or put such"
        " lines aside by --skip-bad-lines"
    )


def _names(job: Job) -> tuple[str, str | None]:
    """The names of output and rejects; raises BulkError when a file would be lost to another."""
    output = shard_name(job.output, job.shard)
    rejects = None
    if job.skip_bad_lines:
        if output == STANDARD and not job.rejects:
            raise BulkError(
                "--skip-bad-lines needs a file for the lines that it skips: name it by --rejects"
            )
        rejects = shard_name(job.rejects, job.shard) if job.rejects else output + REJECTED
    elif job.rejects:
        raise BulkError("--rejects is for the lines that --skip-bad-lines skips: add that")
    names = [name for name in (job.input, output, rejects) if name and name != STANDARD]
    for one, other in combinations(names, 2):
        if _is_same(Path(one), Path(other)):
            raise BulkError("input, output and rejects must be different files: give each its name")
    written = [Workspace(Path(name)) for name in (output, rejects) if name and name != STANDARD]
    for space in written:
        for name in names:
            if Path(os.path.realpath(name)).is_relative_to(space.folder):
                raise BulkError(
                    f"{name} is in the folder {space.folder}, which a run writes to and removes:"
                    " move it elsewhere"
                )
    return output, rejects


def _is_same(one: Path, other: Path) -> bool:
    """Return whether two names are of one file, be it by links of either kind."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return os.path.realpath(one) == os.path.realpath(other)


def shard_name(name: str, shard: Shard) -> str:
    """Return the name of a shard's own file: `a.jsonl.gz` becomes `a-00003-of-00008.jsonl.gz`.

    In the order of these names the files follow each other as their parts do in the input.
    """
    if name == STANDARD or shard == WHOLE:
        return name
    path = Path(name)
    stem, dot, endings = path.name.partition(".")
    return str(path.with_name(f"{stem}-{shard.index:05}-of-{shard.count:05}{dot}{endings}"))
