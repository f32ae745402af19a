"""GET /: the page for people who ask for one, and the index of the routes for everybody else.

The page is one template with its script and style beside it: nothing is loaded from elsewhere, and
a strict policy sees to it.
"""

from __future__ import annotations

import msgspec
from flask import Flask, Response, render_template, request
from werkzeug.routing import Rule

from app.examples import EXAMPLES
from app.middleware import PAGE_POLICY
from app.services import Services


class Route(msgspec.Struct):
    """A path of the service, the methods that it answers and what it is for."""

    path: str
    methods: list[str]
    summary: str


def register(app: Flask, services: Services) -> None:
    """Add the route."""

    @app.get("/")
    def index() -> Response:
        """What the service offers: a page for browsers, JSON for programs."""
        response = _page(services) if wants_html() else _routes(app)
        response.headers["Vary"] = "Accept"
        response.add_etag()
        response.make_conditional(request)
        return response


def wants_html() -> bool:
    """Return whether the client asks for HTML by name: `*/*` is taken for a program."""
    accepted = request.accept_mimetypes
    named = any(media_type.lower() == "text/html" for media_type in accepted.values())
    return named and accepted.quality("text/html") >= accepted.quality("application/json")


def _page(services: Services) -> Response:
    classifier, config = services.classifier, services.config
    html = render_template(
        "page.html",
        version=classifier.manifest.version,
        trained_at=classifier.manifest.trained_at,
        labels=classifier.labels,
        examples={label: EXAMPLES[label] for label in classifier.labels if label in EXAMPLES},
        most_texts=config.max_batch,
        most_bytes=config.max_body_bytes,
    )
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _routes(app: Flask) -> Response:
    routes = [
        Route(rule.rule, sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}), _summary(app, rule))
        for rule in app.url_map.iter_rules()
        if not rule.endpoint.endswith("static")
    ]
    routes.sort(key=lambda route: route.path)
    body = msgspec.json.format(msgspec.json.encode({"routes": routes}), indent=2)
    return Response(body + b"\n", mimetype="application/json")


def _summary(app: Flask, rule: Rule) -> str:
    """The first line of the view's docstring."""
    documented = app.view_functions[rule.endpoint].__doc__ or ""
    return documented.strip().partition("\n")[0]
