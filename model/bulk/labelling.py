"""What a worker process does: a chunk of lines in, the labelled lines out, all of them bytes.

May import the rows, the options, the errors and the classifier. The classifier is loaded once in a
process, from the folder that the process itself sees, and must be the very one that the run names.
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

from model.bulk.options import EXPLANATION, SCORES, Options
from model.bulk.rows import BadLineError, Row, encode, reader, spliced
from model.classifier import Classifier, load_classifier
from model.errors import ArtifactError

GZIP_LEVEL = 4
"""About half the time of the usual 6, for a few hundredths more bytes."""


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


def label_chunk(task: Task, chunk: bytes) -> Labelled:
    """Label the lines of a chunk.

    Raises ArtifactError when this process has not the artifact that the task names.
    """
    read, label = _tools(task)
    lines, rejects = [], []
    pairs: Counter[tuple[str, str]] = Counter()
    for index, line in enumerate(chunk.removesuffix(b"\n").split(b"\n")):
        try:
            row = read(line)
        except BadLineError as error:
            rejects.append(Reject(index, str(error), line))
            if not task.skip_bad_lines:
                break
            continue
        predicted, added = label(row)
        lines.append(spliced(row.head, added))
        if row.truth is not None:
            pairs[row.truth, predicted] += 1
    output = b"".join(lines)
    if task.zipped and output:
        output = gzip.compress(output, GZIP_LEVEL, mtime=0)
    return Labelled(output, len(lines), rejects, pairs)


def check_worker(task: Task) -> None:
    """Do what the first chunk would have to do; raises ArtifactError as `label_chunk` does."""
    _tools(task)


@lru_cache(maxsize=1)
def _tools(task: Task) -> tuple[Callable[[bytes], Row], Callable[[Row], tuple[str, list[bytes]]]]:
    """The functions that read and label a row."""
    # A process for every core is busy already: threads of the linear algebra would only add to it.
    threadpool_limits(limits=1)
    classifier = load_classifier(Path(task.model_dir))
    found = classifier.manifest.pipeline.sha256
    if found != task.model_sha256:
        raise ArtifactError(
            f"a worker has the model {found[:12]} in {task.model_dir} where the run labels by"
            f" {task.model_sha256[:12]}: give every worker the same artifact"
        )
    return reader(task.options), _labeller(classifier, task.options)


def _labeller(classifier: Classifier, options: Options) -> Callable[[Row], tuple[str, list[bytes]]]:
    """Return the function that gives a row its label, and the members to add."""
    key = encode(options.label_field) + b":"
    members = {label: key + encode(label) for label in classifier.labels}
    scores_key, explanation_key = encode(SCORES) + b":", encode(EXPLANATION) + b":"

    def label(row: Row) -> tuple[str, list[bytes]]:
        found = classifier.predict(row.text)
        added = [members[found.label]]
        if options.scores:
            scores = dict(zip(classifier.labels, found.probabilities.tolist(), strict=True))
            added.append(scores_key + encode(scores))
        if options.explain:
            added.append(explanation_key + encode(_explanation(classifier, row.text, found.label)))
        return found.label, added

    def _explanation(classifier: Classifier, text: str, label: str) -> dict[str, object]:
        explained = classifier.explain(text, label, options.explain)
        form = explained._asdict()
        del form["label"]
        for side in ("supporting", "opposing"):
            form[side] = [evidence._asdict() for evidence in form[side]]
        return form

    return label
