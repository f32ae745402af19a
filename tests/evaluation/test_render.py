"""The report and the model card as documents."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import msgspec
import pytest

from evaluation import Report, render
from evaluation.explain import excerpt
from evaluation.figures import Candidate, Selection
from model.artifact import Artifact
from tests.evaluation.examples import make_lines

Evaluated = tuple[Report, Artifact]
Run = Callable[..., Evaluated]

HEADINGS = [
    "Model Details",
    "Intended Use",
    "Factors",
    "Metrics",
    "Evaluation Data",
    "Training Data",
    "Quantitative Analyses",
    "Ethical Considerations",
    "Caveats and Recommendations",
]


def parse(document: str) -> ElementTree.Element:
    """Parse a report; anything not well-formed raises."""
    return ElementTree.fromstring(document)


def text_of(element: ElementTree.Element) -> str:
    """All text within an element."""
    return "".join(element.itertext())


@pytest.fixture(scope="module")
def document(evaluated: Evaluated) -> str:
    """The report of the evaluated model."""
    report, _ = evaluated
    return render.html(report.figures, report.mistakes)


@pytest.fixture(scope="module")
def page(document: str) -> ElementTree.Element:
    """The same, parsed."""
    return parse(document)


def test_the_same_figures_give_the_same_bytes(evaluated: Evaluated, document: str) -> None:
    """Neither the time nor chance gets into the report and its pictures."""
    report, _ = evaluated
    assert render.html(report.figures, report.mistakes) == document


def test_the_report_is_self_contained(page: ElementTree.Element) -> None:
    """Nothing is fetched: pictures are within, links stay within, and there is no script."""
    tags = {element.tag for element in page.iter()}
    assert not tags & {"script", "link", "iframe", "object", "base"}
    for element in page.iter():
        assert element.get("src", "data:").startswith("data:")
        assert element.get("href", "#").startswith("#")
        assert "url(" not in element.get("style", "")
    (style,) = page.iter("style")
    assert not re.search(r"url\(|@import", text_of(style))


def test_the_report_can_be_navigated(page: ElementTree.Element) -> None:
    """Every link has its target, ids are unique, tables have captions and pictures descriptions."""
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    links = [element.get("href", "") for element in page.iter("a")]
    assert len(links) == 12
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert all(text_of(table[0]) and table[0].tag == "caption" for table in page.iter("table"))
    pictures = list(page.iter("img"))
    assert len(pictures) == 6
    assert all(len(picture.get("alt", "")) > 20 for picture in pictures)


def test_rows_of_every_table_are_equally_wide(page: ElementTree.Element) -> None:
    """No table lacks a cell."""
    for table in page.iter("table"):
        widths = {
            sum(int(cell.get("colspan", 1)) for cell in row if cell.tag in ("td", "th"))
            for row in table.iter("tr")
        }
        assert len(widths) == 1, text_of(table)


def test_the_report_tells_the_headline(evaluated: Evaluated, page: ElementTree.Element) -> None:
    """The headline table has each view's figures, intervals and baselines."""
    table = next(page.iter("table"))
    for name, view in evaluated[0].figures.views.items():
        row = next(row for row in table.iter("tr") if row[0].text == name)
        reported = text_of(row)
        assert render.percent(view.accuracy) in reported
        assert render.span(view.intervals.macro_f1) in reported
        assert render.percent(view.baselines.challenge.macro_f1) in reported
        assert render.p_value(view.baselines.challenge.mcnemar.p) in reported


def test_every_mistake_is_shown(evaluated: Evaluated, page: ElementTree.Element) -> None:
    """The report has one excerpt per mistake, in order, at most twenty."""
    mistakes = evaluated[0].mistakes
    assert [excerpt.text for excerpt in page.iter("pre")] == [
        mistake.excerpt for mistake in mistakes
    ]
    assert 0 < len(mistakes) <= 20


def test_hostile_texts_and_labels_do_no_harm(run: Run) -> None:
    """Markup in texts, words and labels is shown, not obeyed."""
    hostile = "<script>alert(1)</script>"
    labels = ["<b>&amp;", '"|x', "`y`"]
    lines = [
        {**line, "text": f"{line['text']} {hostile}", "label": labels[i % 3]}
        for i, line in enumerate(make_lines(90, seed=1))
    ]
    report, _ = run(lines, [*lines[:30], {"text": f"apple \x00\x08 {hostile}", "label": labels[1]}])
    page = parse(render.html(report.figures, report.mistakes))
    assert not list(page.iter("script"))
    assert not list(page.iter("b"))
    shown = [text_of(pre) for pre in page.iter("pre")]
    assert shown
    assert all(hostile in text for text in shown)
    card = render.model_card(report.figures)
    assert "| \\<b\\>&amp; |" in card
    assert '| "\\|x |' in card


def test_the_selection_is_shown(evaluated: Evaluated, page: ElementTree.Element) -> None:
    """With a record of the choice the gaps are shown; without one, the command that makes it."""
    report, _ = evaluated
    assert "make compare" in text_of(page)
    chosen = Candidate("blend", {"whole": 0.95, "start": 0.9}, {"whole": 0.91, "start": 0.85})
    other = Candidate("bayes", {}, {"whole": 0.5})
    figures = msgspec.structs.replace(report.figures, selection=Selection("blend", [chosen, other]))
    reported = text_of(parse(render.html(figures, [])))
    assert "make compare" not in reported
    assert "95.0 %91.0 %" in reported
    assert "\N{MINUS SIGN}4.0" in reported
    assert "blend (chosen)" in reported


def test_the_card_has_its_headings(evaluated: Evaluated) -> None:
    """The nine headings of Mitchell et al. stand there, in their order."""
    card = render.model_card(evaluated[0].figures)
    assert re.findall(r"^## (.*)$", card, re.MULTILINE) == HEADINGS


def test_the_card_tells_the_figures(evaluated: Evaluated) -> None:
    """Version, hashes and every view's scores are those of the figures."""
    figures = evaluated[0].figures
    card = render.model_card(figures)
    for known in (figures.model.version, figures.data.test.sha256, figures.data.train.sha256):
        assert known in card
    for name, view in figures.views.items():
        assert f"| {name} | {render.percent(view.accuracy)} (" in card
        for label, scores in view.per_label.items():
            assert f"| {label} | {render.percent(scores.precision)} |" in card


def test_the_card_speaks_of_newsgroups_only_for_newsgroups(evaluated: Evaluated) -> None:
    """Remarks on posts appear when the views are those of posts, and not otherwise."""
    figures = evaluated[0].figures
    assert "newsgroup" not in render.model_card(figures)
    view = figures.views["whole"]
    posts = msgspec.structs.replace(
        figures, views=dict.fromkeys(["post", "body", "plain"], view), hardest_view="plain"
    )
    card = render.model_card(posts)
    assert "newsgroups" in card
    assert "- plain: the post without its headers, quotations and signature" in card


def test_the_card_holds_no_text_of_the_data(evaluated: Evaluated) -> None:
    """Neither an excerpt nor a word of the data's own is in the card."""
    report, _ = evaluated
    card = render.model_card(report.figures)
    assert not any(mistake.excerpt in card for mistake in report.mistakes)
    assert not re.search(r"\b(danube|volga|cherry|zinc)\b", card)


def test_excerpts_are_short_and_printable() -> None:
    """Empty lines and control characters go, and a long text is cut."""
    assert excerpt("a\x07b\n\n \n  c \r\nd") == "a b\n  c\nd"
    assert excerpt("x" * 1000) == "x" * 420 + " …"


@pytest.mark.parametrize(
    ("p", "written"), [(0.00001, "p < 0.0001"), (0.01234, "p = 0.0123"), (0.5, "p = 0.50")]
)
def test_p_values_are_written_with_sense(p: float, written: str) -> None:
    """Tiny ones as a bound, small ones with four digits, others with two."""
    assert render.p_value(p) == written


def test_differences_have_signs() -> None:
    """Gains and losses are shown in points, with a true minus sign."""
    assert (render.points(0.0123), render.points(-0.0123)) == ("+1.2", "\N{MINUS SIGN}1.2")


def test_blanks_within_terms_are_visible() -> None:
    """A term made of characters shows its blanks."""
    assert render.visible(" of\t") == "␣of␣"
