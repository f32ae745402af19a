"""What a worker process does: a chunk of lines in, the labelled lines out, all of them bytes.

The classifier is loaded once in a process, from the folder that the process itself sees, and must
be the very one that the run names.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec
from threadpoolctl import threadpool_limits

from bulk.options import EXPLANATION, SCORES, Options
from bulk.rows import BadLineError, Reader, Row, encode, is_blank_line, reader, spliced
from model.classifier import Classifier, Prediction, load_classifier
from model.errors import ArtifactError
from model.rounding import shown, shown_scores

GZIP_LEVEL = 4
"""About half the time of the usual 6, for a few hundredths more bytes."""

BATCH = 64
"""Texts that are classified together: more of them would be no faster."""


class Task(msgspec.Struct, frozen=True):
    """What is the same for all chunks of a run."""

    options: Options
    model_dir: str
    model_sha256: str
    zipped: bool = False
    """Whether the labelled lines are to be a member of a gzip file."""
    skip_bad_lines: bool = False


class Reject(NamedTuple):
    """A line that cannot be labelled: its place in the chunk from 0, why, and the line itself."""

    place: int
    reason: str
    line: bytes


class Labelled(NamedTuple):
    """A chunk's outcome."""

    output: bytes
    labelled: int
    rejects: list[Reject]
    """Without `skip_bad_lines` at most one: nothing after it was looked at."""
    pairs: Counter[tuple[str, str]]
    """How often which own label met which prediction."""
    blank: int = 0
    """Blank lines of JSON Lines, which are no rows."""


def label_chunk(task: Task, chunk: bytes) -> Labelled:
    """Label the lines of a chunk.

    Raises ArtifactError when this process has not the artifact that the task names.
    """
    tools = _tools(task)
    rows, rejects = [], []
    blank = 0
    for index, line in enumerate(chunk.removesuffix(b"\n").split(b"\n")):
        try:
            rows.append(tools.read(line))
        except BadLineError as error:
            if task.options.format == "jsonl" and is_blank_line(line):
                blank += 1
                continue
            rejects.append(Reject(index, str(error), line))
            if not task.skip_bad_lines:
                break
    lines = []
    pairs: Counter[tuple[str, str]] = Counter()
    for first in range(0, len(rows), BATCH):
        batch = rows[first : first + BATCH]
        found = tools.classifier.predict_many([row.text for row in batch])
        for row, prediction in zip(batch, found, strict=True):
            lines.append(spliced(row.head, tools.added(row, prediction)))
            if row.truth is not None:
                pairs[row.truth, prediction.label] += 1
    output = b"".join(lines)
    if task.zipped and output:
        output = gzip.compress(output, GZIP_LEVEL, mtime=0)
    return Labelled(output, len(lines), rejects, pairs, blank)


def check_worker(task: Task) -> None:
    """Do what the first chunk would have to do; raises ArtifactError as `label_chunk` does."""
    _tools(task)


class _Tools(NamedTuple):
    """What a process needs for its chunks."""

    read: Reader
    classifier: Classifier
    added: Callable[[Row, Prediction], list[bytes]]
    """The members that a row gets."""


@lru_cache(maxsize=1)
def _tools(task: Task) -> _Tools:
    # A process for every core is busy already: threads of the linear algebra would only add to it.
    threadpool_limits(limits=1)
    classifier = load_classifier(Path(task.model_dir))
    found = classifier.manifest.pipeline.sha256
    if found != task.model_sha256:
        raise ArtifactError(
            f"a worker has the model {found[:12]} in {task.model_dir} where the run labels by"
            f" {task.model_sha256[:12]}: give every worker the same artifact"
        )
    return _Tools(reader(task.options), classifier, _members(classifier, task.options))


def _members(classifier: Classifier, options: Options) -> Callable[[Row, Prediction], list[bytes]]:
    """Return the function that gives the members to add to a row."""
    key = encode(options.label_field) + b":"
    members = {label: key + encode(label) for label in classifier.labels}
    scores_key, explanation_key = encode(SCORES) + b":", encode(EXPLANATION) + b":"

    def added_to(row: Row, found: Prediction) -> list[bytes]:
        added = [members[found.label]]
        if options.scores:
            scores = shown_scores(classifier.labels, found.probabilities)
            added.append(scores_key + encode(scores))
        if options.explain:
            added.append(explanation_key + encode(_explanation(classifier, row.text, found.label)))
        return added

    def _explanation(classifier: Classifier, text: str, label: str) -> dict[str, object]:
        explained = classifier.explain(text, label, options.explain)
        form = explained._asdict()
        del form["label"]
        for number in ("score", "bias", "rest"):
            form[number] = shown(form[number])
        for side in ("supporting", "opposing"):
            form[side] = [{"term": each.term, "weight": shown(each.weight)} for each in form[side]]
        return form

    return added_to
