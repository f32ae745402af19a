"""The environment variables of the service: their defaults, their values and their misspellings."""

from __future__ import annotations

import os
import re
from pathlib import Path

import joblib
import msgspec
import pytest

from app.config import PREFIX, Config, ConfigError, read_config

ROOT = Path(__file__).parents[2]
VALUES = [
    ("HOST", "127.0.0.1", "127.0.0.1"),
    ("HOST", "8080", "8080"),
    ("PORT", "1", 1),
    ("PORT", "65535", 65_535),
    ("WORKERS", "512", 512),
    ("MODEL_DIR", "/srv/modèle", Path("/srv/modèle")),
    ("MAX_BODY_BYTES", "1", 1),
    ("MAX_BATCH", "1", 1),
    ("MAX_WAITING", "1", 1),
    ("CLIENT_TIMEOUT", "1", 1),
    ("CORS_ORIGINS", "", ""),
    ("CORS_ORIGINS", "*", "*"),
    ("CORS_ORIGINS", "https://a.example,http://b:8080", "https://a.example,http://b:8080"),
    ("METRICS_DIR", "/srv/counts", Path("/srv/counts")),
    ("WORKER_TIMEOUT", "3600", 3_600),
    ("GRACEFUL_TIMEOUT", "1", 1),
    ("LOG_LEVEL", "warning", "warning"),
    ("ACCESS_LOG", "true", True),
    ("ACCESS_LOG", "1", True),
    ("ACCESS_LOG", "False", False),
]


def test_defaults_need_no_variable() -> None:
    """An empty environment serves the project's own model on port 8080, quietly."""
    assert read_config({}) == Config(
        host="0.0.0.0",
        port=8080,
        workers=joblib.cpu_count(),
        model_dir=ROOT / "model" / "trained",
        max_body_bytes=2**20,
        worker_timeout=30,
        graceful_timeout=20,
        log_level="info",
        access_log=False,
    )


def test_one_worker_for_each_cpu_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default minds what the process may use, not what the host has."""
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {7}, raising=False)
    assert read_config({}).workers == 1


@pytest.mark.parametrize(("variable", "given", "value"), VALUES)
def test_field_is_read_from_its_variable(variable: str, given: str, value: object) -> None:
    """A variable sets its own field, in the field's type, and no other."""
    read = read_config({PREFIX + variable: given, "OTHER": "ignored", "PORT": "ignored"})
    expected = msgspec.structs.replace(Config(), **{variable.lower(): value})
    assert msgspec.structs.asdict(read) == msgspec.structs.asdict(expected)
    assert type(getattr(read, variable.lower())) is type(value)


def test_every_field_is_tested() -> None:
    """A field that is added here needs a line in the tests of values above."""
    tested = {variable.lower() for variable, _, _ in VALUES}
    assert tested == {field.name for field in msgspec.structs.fields(Config)}


@pytest.mark.parametrize("variable", ["TEXTCLF_PROT", "TEXTCLF_", "TEXTCLF_MODEL"])
def test_misspelt_variable_is_refused(variable: str) -> None:
    """The error names the variable and those that there are."""
    with pytest.raises(ConfigError, match=f"^{variable} is no setting; there are ") as caught:
        read_config({variable: "1", "TEXTCLF_PORT": "8080"})
    there_are = str(caught.value).partition("there are ")[2].split(", ")
    fields = msgspec.structs.fields(Config)
    assert sorted(there_are) == sorted(PREFIX + field.name.upper() for field in fields)


@pytest.mark.parametrize(
    ("variable", "given", "reason"),
    [
        ("HOST", "", "give it a value, or unset it"),
        ("METRICS_DIR", "", "give it a value, or unset it"),
        ("MODEL_DIR", "", "give it a value, or unset it"),
        ("PORT", "0", "Expected `int` >= 1"),
        ("PORT", "65536", "Expected `int` <= 65535"),
        ("PORT", "http", "Expected `int`, got `str`"),
        ("PORT", "tcp://10.0.0.1:80", "Expected `int`, got `str`"),
        ("PORT", "", "Expected `int`, got `str`"),
        ("PORT", "80.5", "Expected `int`"),
        ("WORKERS", "0", "Expected `int` >= 1"),
        ("WORKERS", "513", "Expected `int` <= 512"),
        ("MAX_BODY_BYTES", "-1", "Expected `int` >= 1"),
        ("MAX_BODY_BYTES", "1MB", "Expected `int`, got `str`"),
        ("WORKER_TIMEOUT", "0", "Expected `int` >= 1"),
        ("GRACEFUL_TIMEOUT", "3601", "Expected `int` <= 3600"),
        ("LOG_LEVEL", "loud", "Expected one of debug, info, warning, error"),
        ("LOG_LEVEL", "INFO", "Expected one of debug, info, warning, error"),
        ("ACCESS_LOG", "maybe", "Expected one of true, false"),
    ],
)
def test_unusable_value_is_refused(variable: str, given: str, reason: str) -> None:
    """The error names the variable, its value and what it may be."""
    sentence = re.escape(f"{PREFIX}{variable}={given!r}: {reason}")
    with pytest.raises(ConfigError, match=rf"^{sentence}[^$]*$"):
        read_config({"TEXTCLF_HOST": "127.0.0.1", PREFIX + variable: given})
