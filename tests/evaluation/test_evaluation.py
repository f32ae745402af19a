"""The evaluation as a whole: its figures, and what it writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from evaluation import (
    Report,
    encode,
    evaluate,
    read_selection,
    write,
)
from evaluation.explain import compile_pipeline
from evaluation.figures import Candidate, Figures, Selection
from evaluation.summary import summary, table
from model import artifact
from model.artifact import Artifact
from model.errors import ArtifactError, DatasetError, UserError
from model.pipeline import baseline_pipeline
from tests.evaluation.examples import make_lines, same, save_model, train_linear, write_lines

Evaluated = tuple[Report, Artifact]
Run = Callable[..., Evaluated]


def train_bayes(texts: list[str], labels: list[str]) -> object:
    """Train a model that cannot be compiled."""
    return baseline_pipeline().fit(texts, labels)


def test_figures_of_a_view_agree_with_each_other(evaluated: Evaluated) -> None:
    """Accuracy, supports, bins and confusions are all shown by the confusion matrix."""
    figures = evaluated[0].figures
    assert list(figures.views) == ["whole", "start"]
    for view in figures.views.values():
        confusion = np.array(view.confusion)
        assert view.accuracy == pytest.approx(np.trace(confusion) / 90)
        assert [scores.support for scores in view.per_label.values()] == [30, 30, 30]
        assert view.macro_f1 == pytest.approx(
            np.mean([scores.f1 for scores in view.per_label.values()])
        )
        assert sum(bin.count for bin in view.reliability) == 90
        assert sum(bin.count for bin in view.by_length) == 90
        largest = view.confusions[0]
        assert largest.count == (confusion - np.diag(np.diag(confusion))).max()
        assert largest.true != largest.predicted


def test_baselines_are_measured(evaluated: Evaluated) -> None:
    """One of three equally common labels is right in a third of the texts, F1 (1/2 + 0 + 0) / 3."""
    for view in evaluated[0].figures.views.values():
        assert view.baselines.majority.accuracy == pytest.approx(1 / 3)
        assert view.baselines.majority.macro_f1 == pytest.approx(1 / 6)
        assert view.baselines.challenge.accuracy > 0.5
        test = view.baselines.challenge.mcnemar
        difference = (test.only_model - test.only_baseline) / 90
        assert view.accuracy - view.baselines.challenge.accuracy == pytest.approx(difference)


def test_the_hardest_view_is_the_one_that_shows_least(evaluated: Evaluated) -> None:
    """Three words of a text are harder to label than all of them."""
    figures = evaluated[0].figures
    assert figures.hardest_view == "start"
    assert figures.views["start"].macro_f1 < figures.views["whole"].macro_f1


def test_strongest_terms_are_the_words_of_the_label(evaluated: Evaluated) -> None:
    """The five words that speak most for a label are the five that it was made of."""
    terms = evaluated[0].figures.strongest_terms
    assert terms is not None
    assert {term.term for term in terms["metal"][:5]} == {"iron", "copper", "zinc", "silver", "tin"}
    weights = [term.weight for term in terms["metal"]]
    assert weights == sorted(weights, reverse=True)
    assert min(weights) > 0


def test_mistakes_are_the_surest_and_are_explained(evaluated: Evaluated) -> None:
    """Each mistake's sums, with the intercepts, are the log odds between its two labels."""
    report, model = evaluated
    compiled = compile_pipeline(model.pipeline)
    assert compiled is not None
    confidences = [mistake.confidence for mistake in report.mistakes]
    assert confidences == sorted(confidences, reverse=True)
    for mistake in report.mistakes:
        assert mistake.true != mistake.predicted
        assert mistake.explanation is not None
        predicted, true = (
            model.manifest.labels.index(label) for label in (mistake.predicted, mistake.true)
        )
        bias = compiled.intercept[predicted] - compiled.intercept[true]
        odds = mistake.explanation.sum_for_predicted - mistake.explanation.sum_for_true + bias
        stated = np.log(mistake.confidence / mistake.probability_of_true)
        assert odds == pytest.approx(stated, abs=1e-4)


def test_figures_survive_json(evaluated: Evaluated) -> None:
    """What is written as JSON reads back as the same figures, under the promised keys."""
    figures = evaluated[0].figures
    assert msgspec.json.decode(encode(figures), type=Figures) == figures
    view = msgspec.json.decode(encode(figures))["views"]["whole"]
    assert {"accuracy", "macro_f1", "ece", "per_label", "confusion", "log_loss"} <= set(view)
    assert {"accuracy", "macro_f1", "mcnemar"} <= set(view["baselines"]["challenge"])


def test_every_run_gives_the_same_report(run: Run) -> None:
    """Two evaluations of the same model on the same texts are equal."""
    first, _ = run(make_lines(60, seed=1), make_lines(20, seed=2))
    second, _ = run(make_lines(60, seed=1), make_lines(20, seed=2))
    assert first == second


def test_three_files_and_the_manifest_are_written(run: Run, tmp_path: Path) -> None:
    """The headline is in the manifest afterwards, and the artifact still loads."""
    report, model = run(make_lines(60, seed=1), make_lines(20, seed=2))
    write(report, model, tmp_path / "model", tmp_path / "reports")
    assert (tmp_path / "reports" / "evaluation.json").read_bytes() == encode(report.figures)
    assert (tmp_path / "reports" / "evaluation.html").read_text().startswith("<!DOCTYPE html>")
    assert (tmp_path / "model" / "MODEL_CARD.md").read_text().startswith("# Model Card")
    recorded = artifact.load(tmp_path / "model").manifest.evaluation
    view = report.figures.views["text"]
    assert recorded is not None
    assert recorded.test_sha256 == report.figures.data.test.sha256
    assert recorded.examples == 20
    assert recorded.views == {
        "text": {name: round(getattr(view, name), 6) for name in ("accuracy", "macro_f1", "ece")}
    }


def test_a_tiny_test_set_without_some_labels(run: Run, tmp_path: Path) -> None:
    """A single text, so a single label, is evaluated and reported without a warning."""
    report, model = run(make_lines(30, seed=1), make_lines(1, seed=2, labels=["river"]))
    write(report, model, tmp_path / "model", tmp_path / "reports")
    scores = report.figures.views["text"].per_label
    assert [scores[label].support for label in ("fruit", "metal", "river")] == [0, 0, 1]


def test_two_labels(run: Run) -> None:
    """Two labels, for which scikit-learn keeps a single row of weights, are explained alike."""
    labels = ["fruit", "river"]
    report, _ = run(make_lines(80, 1, labels), make_lines(30, 2, labels))
    terms = report.figures.strongest_terms
    assert terms is not None
    assert "nile" in {term.term for term in terms["river"]}
    assert "apple" in {term.term for term in terms["fruit"]}


def test_models_that_are_not_linear_are_reported_without_words(run: Run, tmp_path: Path) -> None:
    """For such a model there are neither strongest terms nor explanations, but all figures."""
    report, model = run(make_lines(60, 1), make_lines(40, 2), train_model=train_bayes)
    write(report, model, tmp_path / "model", tmp_path / "reports")
    assert report.figures.strongest_terms is None
    assert report.mistakes
    assert all(mistake.explanation is None for mistake in report.mistakes)
    # It is the challenge's own model, so the two never differ.
    assert report.figures.views["text"].baselines.challenge.mcnemar.p == 1


def test_other_training_data_is_refused(tmp_path: Path) -> None:
    """A model is not evaluated beside training data that it was not trained on."""
    train = write_lines(tmp_path / "train.jsonl", make_lines(30, seed=1))
    other = write_lines(tmp_path / "other.jsonl", make_lines(30, seed=3))
    test = write_lines(tmp_path / "test.jsonl", make_lines(9, seed=2))
    model = save_model(tmp_path / "model", train_linear(train.texts, train.labels), train, ["text"])
    with pytest.raises(DatasetError, match=r"other\.jsonl is not the file .* `make train`"):
        evaluate(model, other, test, views={"text": same}, thread_of=same, train_model=train_linear)


def test_unknown_labels_are_refused(run: Run) -> None:
    """A test set with a label that the model cannot give is an error that names it."""
    strange = [{"text": "quartz", "label": "stone"}]
    with pytest.raises(DatasetError, match="stone"):
        run(make_lines(30, seed=1), strange)


def test_the_selection_is_optional(tmp_path: Path) -> None:
    """Without a record there is none; with one it is read, whatever else it holds."""
    assert read_selection(tmp_path) is None
    (tmp_path / "comparison.json").write_text(
        '{"chosen": "a", "folds": 5, "candidates":'
        ' [{"name": "a", "shuffled": {"text": 0.9}, "grouped": {"text": 0.8}, "seconds": 1}]}'
    )
    assert read_selection(tmp_path) == Selection(
        "a", [Candidate("a", {"text": 0.9}, {"text": 0.8})]
    )


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"chosen": 1}', b"\xff"])
def test_a_damaged_selection_is_an_error(tmp_path: Path, content: bytes) -> None:
    """A record that cannot be read names the file and what to do."""
    (tmp_path / "comparison.json").write_bytes(content)
    with pytest.raises(UserError, match=r"comparison\.json is no record .* `make compare`"):
        read_selection(tmp_path)


def test_folders_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    """A file where the reports' folder should be is an error of the user's."""
    report, model = run(make_lines(30, seed=1), make_lines(9, seed=2))
    (tmp_path / "reports").write_text("")
    with pytest.raises(UserError, match="reports cannot be written"):
        write(report, model, tmp_path / "model", tmp_path / "reports")


def test_model_trained_meanwhile_keeps_its_manifest(run: Run, tmp_path: Path) -> None:
    """Figures of a model that has been replaced since are not written beside the new one."""
    report, model = run(make_lines(30, seed=1), make_lines(9, seed=2))
    train = write_lines(tmp_path / "train.jsonl", make_lines(40, seed=3))
    newer = save_model(tmp_path / "model", train_linear(train.texts, train.labels), train, ["text"])
    with pytest.raises(ArtifactError, match=r"holds another model .* run `make evaluate` again"):
        write(report, model, tmp_path / "model", tmp_path / "reports")
    assert artifact.load(tmp_path / "model").manifest == newer.manifest
    assert not (tmp_path / "reports").exists()
    assert not (tmp_path / "model" / "MODEL_CARD.md").exists()


def test_the_summary_tells_the_figures(evaluated: Evaluated) -> None:
    """The terminal's table has a row per view and label, with the figures of the report."""
    figures = evaluated[0].figures
    lines = summary(figures).splitlines()
    view = figures.views["whole"]
    headline = next(line for line in lines if line.startswith("whole"))
    assert f"{view.accuracy:.3f} [{view.intervals.accuracy[0]:.3f}," in headline
    assert f"{view.baselines.challenge.accuracy:.3f} /" in headline
    row = next(line for line in lines if line.startswith("metal")).split()
    assert row[1:5] == [
        *(f"{score:.3f}" for score in msgspec.structs.astuple(view.per_label["metal"])[:3]),
        "30",
    ]
    assert row[6:] == [str(count) for count in view.confusion[1]]


def test_tables_align() -> None:
    """The first column stands to the left, the others to the right."""
    assert table([["a", "bb"], ["ccc", "d"]]) == "a    bb\nccc   d"
