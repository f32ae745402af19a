"""The service with Prometheus and Grafana: what its parts say of each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services of docker-compose.yml by name."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return found


def mounts(service: dict[str, Any]) -> dict[str, Path]:
    """The project's files by the path at which the container sees them, read-only all of them."""
    parts = [mount.split(":") for mount in service["volumes"]]
    assert all(mode == "ro" for _, _, mode in parts)
    return {inside: ROOT / outside for outside, inside, _ in parts}


def test_mounted_files_exist(services: dict[str, Any]) -> None:
    """Every mounted file is there; an engine would make an empty folder of a missing one."""
    for name in ("prometheus", "grafana"):
        assert all(path.is_file() for path in mounts(services[name]).values())


def test_prometheus_scrapes_the_service(services: dict[str, Any]) -> None:
    """Prometheus shares the service's network, in which its target is at localhost."""
    assert services["prometheus"]["network_mode"] == "service:text-classifier"
    path = mounts(services["prometheus"])["/etc/prometheus/prometheus.yml"]
    (job,) = yaml.safe_load(path.read_text())["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["localhost:8080"]}]
    assert "127.0.0.1:8080:8080" in services["text-classifier"]["ports"]


def test_grafana_finds_data_and_dashboard(services: dict[str, Any]) -> None:
    """Grafana's default source is that Prometheus, and the dashboard lies where it looks."""
    files = mounts(services["grafana"])
    provisioning = "/etc/grafana/provisioning"
    sources = files[f"{provisioning}/datasources/text-classifier.yml"]
    (source,) = yaml.safe_load(sources.read_text())["datasources"]
    assert (source["type"], source["isDefault"]) == ("prometheus", True)
    assert source["url"] == "http://text-classifier:9090"
    providers = files[f"{provisioning}/dashboards/text-classifier.yml"]
    (provider,) = yaml.safe_load(providers.read_text())["providers"]
    environment = services["grafana"]["environment"]
    home = environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home.startswith(f"{provider['options']['path']}/")
    assert json.loads(files[home].read_text())["title"] == "Text classifier"


def test_service_is_confined(services: dict[str, Any]) -> None:
    """The service runs as confined as in Kubernetes, and all is for this machine alone."""
    service = services["text-classifier"]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    ports = [port for each in services.values() for port in each.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)
