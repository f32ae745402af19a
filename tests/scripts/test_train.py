"""`make train`: where its model goes and what it records."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from model.dataset import Examples
from model.sources import CHALLENGE, ORANGE
from scripts.data import default_model_dir
from scripts.train import now


@pytest.mark.parametrize(
    ("sha256", "folder"),
    [
        (CHALLENGE.sha256["train.jsonl.gz"], "model/trained"),
        (ORANGE.sha256["train.jsonl"], "models/orange"),
        ("0" * 64, "models/my texts"),
    ],
)
def test_own_data_does_not_replace_the_committed_model(sha256: str, folder: str) -> None:
    """Only the challenge's posts are trained into the folder that is committed."""
    examples = Examples([], [], Path("train.csv"), sha256)
    assert default_model_dir(examples, Path("some", "my texts")) == Path(folder)


def test_time_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that is to be reproduced names the time that is recorded."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert now() == datetime(1970, 1, 2, tzinfo=UTC)
