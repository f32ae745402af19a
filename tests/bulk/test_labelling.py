"""A chunk of lines, labelled as the classifier and the API would."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from app.schemas import Explanation
from bulk.labelling import Task, check_worker, label_chunk
from model.classifier import load_classifier
from model.dataset import Examples
from model.errors import ArtifactError

Make = Callable[..., Task]


def test_labels_are_the_classifiers(
    task: Make, tiny_artifact: Path, tiny_examples: Examples
) -> None:
    """Each line gets the label that the classifier gives its text, in order."""
    chunk = b"".join(msgspec.json.encode({"text": text}) + b"\n" for text in tiny_examples.texts)
    found = label_chunk(task(), chunk)
    rows = [json.loads(line) for line in found.output.splitlines()]
    predicted = load_classifier(tiny_artifact).predict_many(tiny_examples.texts)
    assert [row["label"] for row in rows] == [each.label for each in predicted]
    assert [row["text"] for row in rows] == tiny_examples.texts
    assert found.labelled == len(rows) == len(tiny_examples)


def test_scores_and_explanation_have_the_apis_form(task: Make, tiny_artifact: Path) -> None:
    """Probabilities by label, and the explanation, are what the API answers for the text."""
    text = "Salt the soup and reef the mainsail."
    options = {"scores": True, "explain": 2}
    found = label_chunk(task(**options), msgspec.json.encode({"text": text}))
    classifier = load_classifier(tiny_artifact)
    (prediction,) = classifier.predict_many([text])
    explanation = Explanation.of(classifier.explain(text, prediction.label, 2))
    assert json.loads(found.output) == {
        "text": text,
        "label": prediction.label,
        "scores": {
            label: round(probability, 6)
            for label, probability in zip(classifier.labels, prediction.probabilities, strict=True)
        },
        "explanation": msgspec.to_builtins(explanation),
    }
    assert list(json.loads(found.output)["explanation"]) == list(
        json.loads(msgspec.json.encode(explanation))
    )


def test_first_bad_line_ends_the_chunk(task: Make) -> None:
    """Without leave to skip, nothing after the first bad line is looked at."""
    found = label_chunk(task(), b'{"text":"a"}\nbad\n{"text":"b"}\nworse\n')
    assert [(each.place, each.line) for each in found.rejects] == [(1, b"bad")]
    assert found.labelled == 1


def test_bad_lines_are_put_aside(task: Make) -> None:
    """With leave to skip, every line is labelled, rejected with its place, or blank."""
    found = label_chunk(task(skip=True), b'\n{"text":"a"}\nbad\n{"text":"b"}')
    assert [(each.place, each.line) for each in found.rejects] == [(2, b"bad")]
    assert found.blank == 1
    assert found.labelled == found.output.count(b"\n") == 2


def test_pairs_are_counted(task: Make) -> None:
    """A row's own label is counted with its prediction; rows without one are not."""
    line = b'{"text":"Bake the bread.","label":"%b"}\n'
    chunk = line % b"cooking" * 2 + line % b"other" + b'{"text":"Bake the bread."}\n'
    found = label_chunk(task(evaluate=True, label_field="p"), chunk)
    assert found.pairs == {("cooking", "cooking"): 2, ("other", "cooking"): 1}


def test_zipped_chunks_are_members_of_one_file(task: Make) -> None:
    """Members one after another unpack to all lines; the same lines give the same bytes."""
    chunk = b'{"text":"a"}\n'
    plain, packed = label_chunk(task(), chunk).output, label_chunk(task(zipped=True), chunk).output
    assert gzip.decompress(packed + packed) == plain + plain
    assert label_chunk(task(zipped=True, skip=True), b"bad").output == b""


def test_worker_with_another_model_refuses(task: Make) -> None:
    """A process whose folder holds another artifact than the run's does not label by it."""
    other = msgspec.structs.replace(task(), model_sha256="0" * 64)
    for call in (lambda: label_chunk(other, b"{}"), lambda: check_worker(other)):
        with pytest.raises(ArtifactError, match="the same artifact"):
            call()
