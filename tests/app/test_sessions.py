"""Sessions: there are none."""

from __future__ import annotations

import pytest
from flask import Flask, session


def test_nothing_can_be_kept_in_a_session(app: Flask) -> None:
    """A view that tries to keep something for a client fails, whichever request it is in."""
    for _ in range(2):
        with app.test_request_context("/"):
            assert not session
            with pytest.raises(RuntimeError, match="session is unavailable"):
                session["seen"] = True
            assert not session
