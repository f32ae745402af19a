"""GET /: the page for people who ask for one, and the index of the routes for everybody else.

May import the examples and the headers of ours, and the classifier's type. The page is one template
with its script and style beside it: nothing is loaded from elsewhere, and a strict policy sees to
it.
"""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response, current_app, render_template, request
from werkzeug.routing import Rule

from app.examples import EXAMPLES
from app.headers import PAGE_POLICY
from model.classifier import Classifier

blueprint = Blueprint("page", __name__)


class Route(msgspec.Struct):
    """A path of the service, the methods that it answers and what it is for."""

    path: str
    methods: list[str]
    summary: str


@blueprint.get("/")
def index() -> Response:
    """What the service offers: a page for browsers, JSON for programs."""
    response = _page() if wants_html() else _routes()
    response.headers["Vary"] = "Accept"
    response.add_etag()
    response.make_conditional(request)
    return response


def wants_html() -> bool:
    """Whether the client asks for HTML by name: what accepts anything is taken for a program."""
    accepted = request.accept_mimetypes
    named = any(media_type.lower() == "text/html" for media_type in accepted.values())
    return named and accepted.quality("text/html") >= accepted.quality("application/json")


def _page() -> Response:
    classifier: Classifier = current_app.extensions["classifier"]
    html = render_template(
        "page.html",
        version=classifier.manifest.version,
        trained_at=classifier.manifest.trained_at,
        labels=classifier.labels,
        examples={label: EXAMPLES[label] for label in classifier.labels if label in EXAMPLES},
    )
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _routes() -> Response:
    routes = [
        Route(rule.rule, sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}), _summary(rule))
        for rule in current_app.url_map.iter_rules()
        if not rule.endpoint.endswith("static")
    ]
    routes.sort(key=lambda route: route.path)
    body = msgspec.json.format(msgspec.json.encode({"routes": routes}), indent=2)
    return Response(body + b"\n", mimetype="application/json")


def _summary(rule: Rule) -> str:
    """The first line of what the view says of itself."""
    documented = current_app.view_functions[rule.endpoint].__doc__ or ""
    return documented.strip().partition("\n")[0]
