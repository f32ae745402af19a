"""No sessions: the service knows no cookies.

May import nothing of ours. By itself Flask looks for a secret key at each request, finds none, and
makes an empty session that refuses to be written to; here that one is made once.
"""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import NullSession, SessionInterface


class NoSessions(SessionInterface):
    """Gives every request the same empty session, which cannot be changed."""

    def __init__(self) -> None:
        self._none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return self._none
