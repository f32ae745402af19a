"""`make train`: where its model goes and what it records."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from model.sources import CHALLENGE, ORANGE
from scripts.train import default_directory, now


@pytest.mark.parametrize(
    ("source", "folder"),
    [
        (CHALLENGE.name, "model/trained"),
        ("own data", "model/trained"),
        (ORANGE.name, "models/orange"),
    ],
)
def test_posts_of_another_source_do_not_replace_the_model(source: str, folder: str) -> None:
    """Only the challenge's posts and own data are trained into the folder that is served."""
    assert default_directory(source) == Path(folder)


def test_time_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that is to be reproduced names the time that is recorded."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert now() == datetime(1970, 1, 2, tzinfo=UTC)
