"""The report as one HTML file, and the model card: templates filled with the figures.

The HTML refers to nothing outside itself and everything that comes from data is escaped. The same
figures give the same bytes.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import jinja2
from markupsafe import Markup

from evaluation import plots
from evaluation.explain import Mistake
from evaluation.figures import Figures, Interval

NEWSGROUP_VIEWS = {
    "post": "the post as given",
    "body": "the post without its headers",
    "plain": "the post without its headers, quotations and signature",
}


def html(figures: Figures, mistakes: Sequence[Mistake]) -> str:
    """Return the report, a document in HTML that is well-formed XML too."""
    template = _environment(autoescape=True).get_template("report.html.jinja")
    return template.render(f=figures, mistakes=mistakes, views=describe_views(figures))


def model_card(figures: Figures) -> str:
    """Return the model card (Mitchell et al. 2019) in Markdown."""
    template = _environment(autoescape=False).get_template("model_card.md.jinja")
    views = describe_views(figures)
    return template.render(f=figures, views=views, newsgroups=views == NEWSGROUP_VIEWS)


def describe_views(figures: Figures) -> dict[str, str]:
    """Say in words what each view shows."""
    if list(figures.views) == list(NEWSGROUP_VIEWS):
        return NEWSGROUP_VIEWS
    return dict.fromkeys(figures.views, "the text as given" if len(figures.views) == 1 else "")


def percent(share: float, digits: int = 1) -> str:
    """Write a share as a percentage."""
    return f"{100 * share:.{digits}f} %"


def points(difference: float) -> str:
    """Write a difference of two shares in percentage points, with its sign."""
    return f"{100 * difference:+.1f}".replace("-", "\N{MINUS SIGN}")


def span(interval: Interval) -> str:
    """Write an interval of shares as percentages."""
    return f"{100 * interval[0]:.1f}\N{EN DASH}{100 * interval[1]:.1f}"


def p_value(p: float) -> str:
    """Write the probability of a test's outcome under chance, with its sign of relation."""
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.4f}" if p < 0.1 else f"p = {p:.2f}"


def picture(svg: str, alt: str) -> Markup:
    """Return an `img` element that holds an SVG within itself, with the text that describes it."""
    data = base64.b64encode(svg.encode()).decode()
    return Markup('<img src="data:image/svg+xml;base64,{}" alt="{}" />').format(data, alt)


def visible(term: str) -> str:
    """Show the blanks within a term, such as one made of characters rather than words."""
    return "".join(char if char.isprintable() and not char.isspace() else "␣" for char in term)


def cell(text: str) -> str:
    """Keep a text from ending its cell of a Markdown table, and from formatting anything."""
    return "".join(f"\\{char}" if char in "\\|*_`<>[]" else char for char in text)


def _environment(*, autoescape: bool) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("evaluation", "."),
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "percent": percent,
        "points": points,
        "span": span,
        "p_value": p_value,
        "visible": visible,
        "cell": cell,
    }
    environment.globals |= {"plots": plots, "picture": picture}
    return environment
