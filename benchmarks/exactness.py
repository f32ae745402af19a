"""The compiled scorer against the pipeline itself: python -m benchmarks.exactness [FOLDER ...].

Scores random Unicode texts by the served model, then the texts of data folders (train.jsonl and
test.jsonl): by the served model, and by pipelines of several kinds that are trained on some of
them. Every label must be equal, every decision value within 1e-5, and every text must have the same
digits by itself as among others; the command fails when one is not.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from benchmarks.server import ROOT
from model.artifact import load
from model.compiled import CompiledPipeline
from model.dataset import find_file, read_examples
from model.pipeline import build_pipeline

TEXTS = 100_000
TRAINED_ON = 4000
TOLERANCE = 1e-5
BATCH = 500
TRICKY = "sSaΣİéß宙か1٤\u0301\0_\n\t :'\x1c\u2003\U0001f680\ud800"
HEADS = ["", "", "", "Subject: ", "From: a@b\nSubject: Re: ", "\n\nSubject: "]

KINDS: dict[str, Callable[[], Any]] = {
    "served words": lambda: build_pipeline()[-2],
    "word pairs": lambda: TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
    "char 1-4": lambda: TfidfVectorizer(analyzer="char", ngram_range=(1, 4), max_features=100_000),
    "char_wb 2-5 and words": lambda: FeatureUnion(
        [
            ("words", build_pipeline()[-2]),
            (
                "characters",
                TfidfVectorizer(
                    analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, max_features=100_000
                ),
            ),
        ],
        transformer_weights={"characters": 0.5},
    ),
}


def main(arguments: list[str]) -> None:
    """Check, and print a line for each model and set of texts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exactness")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--texts", type=int, default=TEXTS, help="random texts")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    served = load(ROOT / "model" / "trained").pipeline
    words = served[-2].get_feature_names_out().tolist()
    source = random.Random(options.seed)
    texts = [random_text(source, words) for _ in range(options.texts)]
    exact = [check("served model, random texts", served, texts)]
    for folder in options.folders:
        exact += [
            check(f"{kind}, {folder.name}", pipeline, texts)
            for kind, pipeline, texts in _models(served, folder)
        ]
    if not all(exact):
        sys.exit("error: the compiled scorer differs from the pipeline: see the lines above")


def random_text(source: random.Random, words: Sequence[str]) -> str:
    """A text of known words, tricky characters and any characters, in any mixture."""
    parts = [source.choice(HEADS)]
    for _ in range(source.randrange(12)):
        kind = source.randrange(3)
        if kind == 0:
            parts.append(" ".join(source.choices(words, k=source.randrange(20))))
        elif kind == 1:
            parts.append("".join(source.choices(TRICKY, k=source.randrange(12))))
        else:
            parts += map(chr, source.choices(range(0x110000), k=source.randrange(6)))
    return "".join(parts)


def _models(served: Pipeline, folder: Path) -> Iterator[tuple[str, Pipeline, list[str]]]:
    """The served model with all texts of a folder, and models of it with those of its test file."""
    train, test = (read_examples(find_file(folder, name)) for name in ("train", "test"))
    yield "served model", served, train.texts + test.texts
    some = random.Random(0).sample(range(len(train)), min(TRAINED_ON, len(train)))
    shown = [train.texts[number] for number in some]
    labels = [train.labels[number] for number in some]
    for kind, make in KINDS.items():
        pipeline = Pipeline([("features", make()), ("classifier", build_pipeline()[-1])])
        yield kind, pipeline.fit(shown, labels), test.texts
    regression = LogisticRegression(max_iter=100, tol=1e-2)
    pipeline = Pipeline([("features", TfidfVectorizer()), ("classifier", regression)])
    yield "default words, regression", pipeline.fit(shown, labels), test.texts


def check(name: str, pipeline: Pipeline, texts: Sequence[str]) -> bool:
    """Whether the compiled pipeline scores like the pipeline; prints by how much they differ."""
    compiled = CompiledPipeline(pipeline)
    labels = alone = 0
    furthest = 0.0
    for start in range(0, len(texts), BATCH):
        some = list(texts[start : start + BATCH])
        values, _ = compiled.score_many(some)
        labels += int((pipeline.classes_[values.argmax(axis=1)] != pipeline.predict(some)).sum())
        furthest = max(furthest, float(np.abs(values - _centred(pipeline, some)).max()))
        singly = np.concatenate([compiled.score_many([text])[0] for text in some])
        alone += int((singly != values).any(axis=1).sum())
    print(
        f"{name}: {len(texts):,} texts, {labels} labels differ, decision values by at most"
        f" {furthest:.1e}, {alone} texts have other digits by themselves",
        flush=True,
    )
    return not labels and not alone and furthest <= TOLERANCE


def _centred(pipeline: Pipeline, texts: list[str]) -> NDArray[np.float64]:
    """The pipeline's decision values, [n_texts, n_labels], less their mean over the labels."""
    values = np.asarray(pipeline.decision_function(texts), dtype=np.float64)
    if values.ndim == 1:
        values = np.column_stack([np.zeros(len(values)), values])
    centred: NDArray[np.float64] = values - values.mean(axis=1, keepdims=True)
    return centred


if __name__ == "__main__":
    main(sys.argv[1:])
