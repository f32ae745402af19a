"""The service's settings: every environment variable that it reads, typed and checked.

Variables carry the prefix TEXTCLF_; an unknown one with that prefix is an error, so that a misspelt
setting cannot be silently without effect. (The prefix differs from the name of the Kubernetes
Service on purpose: a Service named `x` puts X_PORT=tcp://... into the environment of every pod of
its namespace.)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec
from joblib import cpu_count
from msgspec import Meta

PREFIX = "TEXTCLF_"

Port = Annotated[int, Meta(ge=1, le=65_535)]
Positive = Annotated[int, Meta(ge=1)]
ORIGINS = r"^(\*|https?://[A-Za-z0-9.:-]+(,https?://[A-Za-z0-9.:-]+)*)?$"
Seconds = Annotated[int, Meta(ge=1, le=3_600)]
LogLevel = Literal["debug", "info", "warning", "error"]
# msgspec's own messages do not say what these may be.
CHOICES = {
    "log_level": get_args(LogLevel),
    "access_log": ("true", "false"),
    "cors_origins": ("*", "origins such as https://example.org with commas between"),
}


class ConfigError(Exception):
    """An environment variable is unknown or has a value that cannot be used."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Field `x` is read from the variable TEXTCLF_X; the defaults suit a laptop and a pod alike."""

    host: str = "0.0.0.0"
    port: Port = 8080
    # One worker per CPU that the container may use (joblib minds affinity and cgroup quota, not the
    # host's count): scoring is pure computation, so more workers would only take turns.
    workers: Annotated[int, Meta(ge=1, le=512)] = msgspec.field(default_factory=cpu_count)
    model_dir: Path = Path(__file__).resolve().parent.parent / "model" / "trained"
    # 1 MiB: the longest post of the newsgroups is a tenth of this.
    max_body_bytes: Positive = 1_048_576
    # Texts in one request to /predictions; their bytes are under max_body_bytes together.
    max_batch: Positive = 1000
    # Requests that may wait in one worker before it refuses more with 503. At two thirds of a
    # millisecond for a prediction the last of them waits for a sixth of a second.
    max_waiting: Positive = 256
    # Whose pages may call the API from a browser: origins, comma-separated, or * for any.
    cors_origins: Annotated[str, Meta(pattern=ORIGINS)] = ""
    # A worker whose loop is silent for this long is replaced; a prediction takes milliseconds.
    worker_timeout: Seconds = 30
    # How long a client may take to send a head, to send a body, and to take an answer.
    client_timeout: Seconds = 30
    # How long requests under way may take to end after SIGTERM.
    graceful_timeout: Seconds = 20
    log_level: LogLevel = "info"
    # Where the workers keep the counts that GET /metrics adds up: a private folder is made in here.
    # By default in memory (/dev/shm) where there is such, else in the temporary folder.
    metrics_dir: Path | None = None
    # Off by default: a line a request costs more than the prediction it reports.
    access_log: bool = False

    @property
    def bind(self) -> str:
        """The address to listen on, as gunicorn wants it; `host` may be IPv6 or unix:/path."""
        if self.host.startswith("unix:"):
            return self.host
        host = self.host.strip("[]")
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"


def read_config(environ: Mapping[str, str]) -> Config:
    """Build the settings from environment variables.

    Raises ConfigError, naming the variable and what it may be, at the first that is unknown or
    has an unusable value.
    """
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX)
    }
    known = {field.name for field in msgspec.structs.fields(Config)}
    for name in sorted(given.keys() - known):
        raise ConfigError(
            f"{PREFIX}{name.upper()} is no setting; there are"
            f" {', '.join(PREFIX + field.upper() for field in sorted(known))}"
        )
    for name, value in given.items():
        # An empty path would be the current folder.
        if not value and name in ("host", "model_dir", "metrics_dir"):
            raise ConfigError(f"{PREFIX}{name.upper()}='': give it a value, or unset it")
        try:
            _convert({name: value})
        except msgspec.ValidationError as error:
            reason = str(error).split(" - at ")[0]
            if name in CHOICES:
                reason = f"Expected one of {', '.join(CHOICES[name])}"
            raise ConfigError(f"{PREFIX}{name.upper()}={value!r}: {reason}") from None
    return _convert(given)


def _convert(given: dict[str, str]) -> Config:
    # The hook is asked for the one field type that msgspec does not know, Path.
    return msgspec.convert(given, Config, strict=False, dec_hook=lambda kind, text: kind(text))
