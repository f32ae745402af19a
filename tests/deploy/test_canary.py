"""The canary of docs/deploy.md: its command, run as it stands there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def canary() -> Any:
    """The Deployment that the documented command makes."""
    text = (ROOT / "docs" / "deploy.md").read_text()
    command = re.search(r"^sed .*?k8s/deployment.yaml", text, re.MULTILINE | re.DOTALL)
    assert command
    made = subprocess.run(command[0], shell=True, cwd=ROOT, capture_output=True, text=True)
    return yaml.safe_load(made.stdout)


def test_canary_is_a_deployment_of_its_own(canary: Any) -> None:
    """Stable and canary own different pods, so that neither adopts the other's."""
    stable = yaml.safe_load((ROOT / "k8s" / "deployment.yaml").read_text())
    assert canary["metadata"]["name"] == "text-classifier-canary"
    assert canary["metadata"]["namespace"] == stable["metadata"]["namespace"]
    selectors = [each["spec"]["selector"]["matchLabels"] for each in (stable, canary)]
    assert selectors[0]["track"] != selectors[1]["track"]
    assert selectors[1].items() <= canary["spec"]["template"]["metadata"]["labels"].items()
    (container,) = canary["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "text-classifier:0.2.0"
    assert canary["spec"]["replicas"] == 1


def test_canary_gets_its_share_of_requests(canary: Any) -> None:
    """The Service selects the canary's pods as well."""
    service = yaml.safe_load((ROOT / "k8s" / "service.yaml").read_text())
    labels = canary["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
