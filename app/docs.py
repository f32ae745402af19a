"""GET /docs: the API's description as a page to read and try, and what each problem type means.

May import the problems and the headers of ours. Swagger UI comes out of its Python package, so that
the page works without the internet and under a policy that lets nothing else run on it.
"""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, make_response, render_template

from app.headers import PAGE_POLICY
from app.problems import TYPES, anchor

blueprint = Blueprint(
    "docs",
    __name__,
    static_folder=Path(flask_swagger_ui.__file__).parent / "dist",
    static_url_path="/docs/swagger-ui",
)


@blueprint.get("/docs")
def docs() -> Response:
    """Answer the page; the problem types of errors are anchors on it."""
    types = [(anchor(title), title, meaning) for title, meaning in TYPES.items()]
    response = make_response(render_template("docs.html", types=types))
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response
