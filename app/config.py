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

ORIGINS = r"^(\*|https?://[A-Za-z0-9.:-]+(,https?://[A-Za-z0-9.:-]+)*)?$"
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

    host: Annotated[str, Meta(description="address to listen on, `::` or `unix:/path` too")] = (
        "0.0.0.0"
    )
    port: Annotated[
        int,
        Meta(ge=1, le=65_535, description="port to listen on; `make run PORT=9000` sets it"),
    ] = 8080
    # One worker per CPU that the container may use (joblib minds affinity and cgroup quota, not the
    # host's count): scoring is pure computation, so more workers would only take turns.
    workers: Annotated[
        int,
        Meta(ge=1, le=512, description="worker processes; `make run WORKERS=1` sets it"),
        Meta(extra={"default": "usable CPUs"}),
    ] = msgspec.field(default_factory=cpu_count)
    model_dir: Annotated[
        Path,
        Meta(description="folder of the trained artifact", extra={"default": "`model/trained/`"}),
    ] = Path(__file__).resolve().parent.parent / "model" / "trained"
    # 1 MiB: the longest post of the newsgroups is a tenth of this.
    max_body_bytes: Annotated[int, Meta(ge=1, description="largest request body; above it 413")] = (
        1_048_576
    )
    # Their bytes are under max_body_bytes together.
    max_batch: Annotated[
        int, Meta(ge=1, description="most texts in one request to `/predictions`; above it 413")
    ] = 1000
    # At two thirds of a millisecond for a prediction, the last waits for a sixth of a second.
    max_waiting: Annotated[
        int, Meta(ge=1, description="requests that may wait in one worker; more are answered 503")
    ] = 256
    cors_origins: Annotated[
        str,
        Meta(pattern=ORIGINS, extra={"default": "none"}),
        Meta(description="origins whose pages may call the API, with commas between, or `*`"),
    ] = ""
    # A prediction takes milliseconds.
    worker_timeout: Annotated[
        int,
        Meta(ge=1, le=3_600, description="seconds after which a worker that is stuck is replaced"),
    ] = 30
    client_timeout: Annotated[
        int,
        Meta(ge=1, le=3_600),
        Meta(description="seconds for a head, for a body (else 408) and for taking an answer"),
    ] = 30
    graceful_timeout: Annotated[
        int,
        Meta(ge=1, le=3_600),
        Meta(description="seconds that requests under way may take to end after SIGTERM"),
    ] = 20
    log_level: Annotated[LogLevel, Meta(description="`debug`, `info`, `warning` or `error`")] = (
        "info"
    )
    # A private folder is made in here, by default in memory.
    metrics_dir: Annotated[
        Path | None,
        Meta(description="where the workers share their counts"),
        Meta(extra={"default": "`/dev/shm` or temporary"}),
    ] = None
    access_log: Annotated[
        bool, Meta(description="a log line for every request, not only for faults")
    ] = False

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
