"""The alert rules, by Prometheus's own unit tests, and the names that they rest on."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import create_app
from app.config import Config
from model.classifier import load_classifier

FOLDER = Path(__file__).resolve().parents[2] / "monitoring"
PROMTOOL = shutil.which("promtool")

needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")


def promtool(*arguments: str) -> str:
    """Run promtool on the folder's files; what it prints, whether it is content or not."""
    done = subprocess.run(
        [str(PROMTOOL), *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_promtool
def test_configuration_and_rules_are_valid() -> None:
    """Prometheus accepts the configuration and the rules that it names."""
    assert "valid prometheus config" in promtool("check", "config", "prometheus.yml")


@needs_promtool
def test_alerts_fire_on_what_they_are_for() -> None:
    """Each case of alerts_test.yml has exactly the alerts that it expects."""
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml")


def test_each_alert_is_tested_both_ways() -> None:
    """Of each alert there is a case in which it fires, and one in which it does not."""
    alerts = re.findall(r"alert: (\w+)", (FOLDER / "alerts.yml").read_text())
    cases = (FOLDER / "alerts_test.yml").read_text()
    silent = re.findall(r"eval_time: \w+, alertname: (\w+)\}", cases)
    firing = re.findall(r"alertname: (\w+)\n +exp_alerts:", cases)
    assert set(silent) == set(firing) == set(alerts)


def test_alerts_ask_for_metrics_that_exist(small_artifact: Path) -> None:
    """Every metric and label in the rules is one that the service exports."""
    client = create_app(Config(), load_classifier(small_artifact)).test_client()
    client.post("/prediction", json={"text": "the goalie"})
    text = client.get("/metrics").get_data(as_text=True)
    names = {
        sample.name for family in text_string_to_metric_families(text) for sample in family.samples
    }
    # Only a server has processes to show.
    names |= {"up", "gunicorn_process_cpu_seconds_total"}
    rules = (FOLDER / "alerts.yml").read_text()
    asked = set(re.findall(r"\b([a-z]+(?:_[a-z]+)+|up)\{", rules))
    assert len(asked) > 8
    assert asked <= names
