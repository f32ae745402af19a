"""Evaluation of a trained model on the test set: figures, report and model card.

`evaluate` measures, `write` writes evaluation.json, evaluation.html and MODEL_CARD.md and records
the headline figures in the artifact's manifest. Every figure is the same at every run: what is
random is seeded, and no figure depends on time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from sklearn.pipeline import Pipeline
from tqdm import tqdm

from evaluation import explain, overlap, render
from evaluation.explain import Mistake
from evaluation.figures import (
    Data,
    Figures,
    File,
    FlipRate,
    LoaderPlain,
    ModelFacts,
    Overlaps,
    Selection,
    ViewFigures,
)
from evaluation.learning_curve import learning_curve
from evaluation.metrics import Bools
from evaluation.robustness import flip_rates
from evaluation.scoring import (
    HeldOut,
    Predictions,
    ThreadOf,
    Train,
    fit_challenge,
    hold_out,
    majority_predictions,
    predict,
    thread_keys,
    view_figures,
)
from model.artifact import Artifact, unchanged
from model.dataset import Examples, check_labels
from model.errors import DatasetError, UserError
from model.manifest import EvaluationSummary, Manifest, write_manifest
from model.rounding import shown
from model.views import View, loader_plain

SELECTION = "comparison.json"
SEED = 0


@dataclass(frozen=True)
class Report:
    """The figures, and the mistakes, whose excerpts of the texts go into the report alone."""

    figures: Figures
    mistakes: list[Mistake]


def evaluate(
    model: Artifact,
    train: Examples,
    test: Examples,
    *,
    views: Mapping[str, View],
    thread_of: ThreadOf,
    train_model: Train,
    selection: Selection | None = None,
    jobs: int = 2,
) -> Report:
    """Measure a model on the test set.

    `views` maps the name of each way of showing a text to a function from the text as given; they
    run from the most to the least that is left of it. `thread_of` gives texts that belong together
    the same key, and None to a text that stands alone. `train_model` trains the learning
    curve's models just as the model was trained, `jobs` of them at a time.

    Raises DatasetError when the test set has labels that the model lacks, or the training data is
    not what the model was trained on.
    """
    _check_training_data(model.manifest, train)
    labels = model.manifest.labels
    check_labels(test, labels)
    held_out = hold_out(test, labels, views, thread_of)
    train_threads = thread_keys(train.texts, thread_of)
    known_thread = overlap.shares_thread(train_threads, held_out.threads)
    answers, measured = _measure_views(model, train, held_out)
    hardest = min(measured, key=lambda view: measured[view].macro_f1)
    compiled = explain.compile_pipeline(model.pipeline)
    figures = Figures(
        data=Data(_file(train, train_threads), _file(test, held_out.threads)),
        model=_facts(model),
        views=measured,
        hardest_view=hardest,
        learning_curve=learning_curve(train, train_threads, held_out, train_model, SEED, jobs),
        overlap=_overlaps(train, held_out, views, known_thread, answers),
        strongest_terms=explain.strongest_terms(model.pipeline, labels),
        selection=selection,
        loader_plain=measure_loader_plain(model.pipeline, test, held_out),
        robustness=robustness(model.pipeline, held_out),
    )
    mistakes = explain.confident_mistakes(
        held_out, hardest, answers[hardest], compiled, known_thread
    )
    return Report(figures, mistakes)


def measure_loader_plain(
    pipeline: Pipeline, test: Examples, held_out: HeldOut
) -> LoaderPlain | None:
    """Score the model on posts as scikit-learn strips them; None for texts with a single view."""
    if len(held_out.views) == 1:
        return None
    texts = [loader_plain(text) for text in test.texts]
    score = held_out.score(predict(pipeline, texts, held_out).predicted)
    return LoaderPlain(score, sum(not text.strip() for text in texts))


def robustness(pipeline: Pipeline, test: HeldOut) -> list[FlipRate] | None:
    """Return the flip rates of texts that are mail; None for texts that have a single view."""
    first, *others = test.views.values()
    return flip_rates(pipeline.predict_proba, first, others[-1]) if others else None


def read_selection(reports_dir: Path) -> Selection | None:
    """Read the record of the model's choice, if there is one; raises UserError if it is damaged."""
    path = reports_dir / SELECTION
    try:
        return msgspec.json.decode(path.read_bytes(), type=Selection)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path} is no record of a comparison ({error}): run `make compare`, or remove it"
        ) from None


def write(report: Report, model: Artifact, model_dir: Path, reports_dir: Path) -> None:
    """Write figures, report and model card, and record the headline figures in the manifest.

    Raises UserError when a folder cannot be written, or when the model's folder holds another model
    by now: nothing is written then.
    """
    figures = report.figures
    contents = {
        reports_dir / "evaluation.json": encode(figures),
        reports_dir / "evaluation.html": render.html(figures, report.mistakes).encode(),
        model_dir / "MODEL_CARD.md": render.model_card(figures).encode(),
    }
    try:
        with unchanged(model_dir, model.manifest):
            for path, content in contents.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            write_manifest(model_dir, with_summary(model.manifest, figures))
    except OSError as error:
        raise UserError(f"{error.filename} cannot be written: {error.strerror}") from None


def encode(figures: Figures) -> bytes:
    """Return the content of evaluation.json."""
    return msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n"


def with_summary(manifest: Manifest, figures: Figures) -> Manifest:
    """Return the manifest with the headline figures in it."""
    summary = EvaluationSummary(
        test_sha256=figures.data.test.sha256,
        examples=figures.data.test.examples,
        views={
            name: {
                "accuracy": shown(view.accuracy),
                "macro_f1": shown(view.macro_f1),
                "ece": shown(view.ece),
            }
            for name, view in figures.views.items()
        },
    )
    return msgspec.structs.replace(manifest, evaluation=summary)


def _check_training_data(manifest: Manifest, train: Examples) -> None:
    """The overlap, the baselines and the learning curve all speak of the model's training data."""
    if train.sha256 != manifest.data.sha256:
        raise DatasetError(
            f"{train.path} is not the file that the model was trained on:"
            " run `make train` first, or name the folder of the model's own data"
        )


def _measure_views(
    model: Artifact, train: Examples, test: HeldOut
) -> tuple[dict[str, Predictions], dict[str, ViewFigures]]:
    challenge = fit_challenge(train)
    majority = majority_predictions(train, test)
    answers, measured = {}, {}
    for view, texts in tqdm(test.views.items(), "views", disable=None):
        answers[view] = predict(model.pipeline, texts, test)
        measured[view] = view_figures(
            test, view, answers[view], predict(challenge, texts, test), majority, SEED
        )
    return answers, measured


def _overlaps(
    train: Examples,
    test: HeldOut,
    views: Mapping[str, View],
    known_thread: Bools,
    answers: Mapping[str, Predictions],
) -> Overlaps:
    """Near duplicates are sought in the barest view: headers make all posts of an author alike."""
    barest = list(views)[-1]
    shown = [views[barest](text) for text in train.texts]
    correct = {view: answer.correct for view, answer in answers.items()}
    return Overlaps(
        threads=overlap.measure(known_thread, correct),
        near_duplicates=overlap.measure(
            overlap.has_near_duplicate(shown, test.views[barest]), correct
        ),
    )


def _file(examples: Examples, threads: Sequence[str]) -> File:
    return File(
        name=examples.path.name,
        sha256=examples.sha256,
        examples=len(examples),
        threads=len(np.unique(threads)),
        examples_per_label=examples.counts,
    )


def _facts(model: Artifact) -> ModelFacts:
    manifest = model.manifest
    return ModelFacts(
        version=manifest.version,
        labels=manifest.labels,
        trained_at=manifest.trained_at,
        steps=[type(step).__name__ for _, step in model.pipeline.steps],
        hyperparameters=manifest.hyperparameters,
        versions=manifest.versions,
    )
