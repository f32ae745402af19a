"""A Flask view that does nothing: what the framework and the server cost by themselves."""

from flask import Flask, Response, request

application = Flask(__name__)


@application.post("/prediction")
def constant() -> Response:
    """Answer always the same, once the body is read: unread, it would end the connection."""
    request.get_data()
    return Response(b'{"label":"constant"}\n', mimetype="application/json")


@application.get("/readyz")
def ready() -> str:
    """Answer that the server is up."""
    return "ready"
