"""The application behaves as its descriptions say, by requests generated from them."""

from __future__ import annotations

from pathlib import Path

import schemathesis
from flask import Flask
from hypothesis import settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import content_type_conformance

APP = Path(__file__).resolve().parents[2] / "app"

HERE = {"base-url": "http://localhost"}
# What a bad request gets: schemathesis does not expect the 413 of a batch with too many texts.
REFUSED = {"checks": {"negative_data_rejection": {"expected-statuses": ["400", "405", "413"]}}}
# The contract's schema takes any string, while a blank one is the very case that its 405 is for.
BLANK = {"checks": {"positive_data_acceptance": {"expected-statuses": ["200", "405"]}}}

DESCRIPTION = schemathesis.openapi.from_path(
    APP / "openapi.yaml", config=SchemathesisConfig.from_dict(HERE | REFUSED)
)
CONTRACT = schemathesis.openapi.from_path(
    APP / "contract.yaml", config=SchemathesisConfig.from_dict(HERE | BLANK)
)

# The same requests at every run, several hundred altogether.
generated = settings(max_examples=25, derandomize=True, deadline=None)


@DESCRIPTION.parametrize()
@generated
def test_application_obeys_its_description(case: schemathesis.Case, app: Flask) -> None:
    """Valid and invalid requests alike get what the OpenAPI document says, by every check."""
    case.call_and_validate(app=app)


@CONTRACT.parametrize()
@generated
def test_application_obeys_the_contract(case: schemathesis.Case, app: Flask) -> None:
    """The contract holds by every check, as for a client that was generated from it."""
    response = case.call(app=app)
    # The contract declares no body for its 405, so no content type that this one could break.
    excluded = [content_type_conformance] if response.status_code == 405 else []
    case.validate_response(response, excluded_checks=excluded, transport_kwargs={"app": app})
