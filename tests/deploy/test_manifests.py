"""What the manifests say of each other, of the service and its monitoring: no schema knows it."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient

from app.config import read_config
from app.metrics import workers

ROOT = Path(__file__).resolve().parents[2]
INTERNAL = {"/metrics", "/healthz", "/readyz"}

broken_by = pytest.mark.broken_by


@pytest.fixture
def routes(client: FlaskClient) -> set[str]:
    """The paths that the application answers, up to their first variable part."""
    return {rule.rule.partition("/<")[0] for rule in client.application.url_map.iter_rules()}


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    """Whether a selector of labels finds an object; an empty one would find everything."""
    return bool(selector) and selector.items() <= labels.items()


def names(value: Any) -> Iterator[str]:
    """Every value of a key `name` that must be a DNS label."""
    if isinstance(value, dict):
        if isinstance(value.get("name"), str) and "value" not in value and "valueFrom" not in value:
            yield value["name"]
        yield from (found for each in value.values() for found in names(each))
    elif isinstance(value, list):
        yield from (found for each in value for found in names(each))


@broken_by("service.yaml", "targetPort: http", "targetPort: web")
@broken_by("service.yaml", "app.kubernetes.io/name: text-classifier\n  ports", "app: x\n  ports")
def test_service_finds_pods_and_their_port(manifests: Any) -> None:
    """The Service selects the pods, and its target is a port of theirs by name."""
    service = manifests.one("Service")["spec"]
    assert selects(service["selector"], manifests.pod["metadata"]["labels"])
    ports = {port["name"] for port in manifests.container["ports"]}
    assert {port["targetPort"] for port in service["ports"]} <= ports


@broken_by("deployment.yaml", "      track: stable\n  template", "      track: old\n  template")
@broken_by("pdb.yaml", "matchLabels:\n      app.kubernetes.io/name", "matchLabels:\n      app")
@broken_by("networkpolicy.yaml", "name: text-classifier\n  policy", "name: other\n  policy")
@broken_by("deployment.yaml", "&pods\n            matchLabels:", "&pods\n            matchlabels:")
def test_selectors_match_the_pods(manifests: Any) -> None:
    """Deployment, budget, policy and spread select the pods that there are."""
    deployment = manifests.one("Deployment")["spec"]
    selectors = [
        deployment["selector"],
        manifests.one("PodDisruptionBudget")["spec"]["selector"],
        manifests.one("NetworkPolicy")["spec"]["podSelector"],
    ]
    spread = manifests.pod["spec"]["topologySpreadConstraints"]
    selectors += [constraint["labelSelector"] for constraint in spread]
    for selector in selectors:
        assert selects(selector.get("matchLabels", {}), manifests.pod["metadata"]["labels"])


@broken_by("networkpolicy.yaml", "port: http", "port: 80")
@broken_by("networkpolicy.yaml", "[Ingress, Egress]", "[Ingress]")
def test_policy_lets_in_to_the_port_alone(manifests: Any) -> None:
    """The policy is of both directions, opens the service's port and nothing outwards."""
    policy = manifests.one("NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["egress"] == []
    ports = [port for rule in policy["ingress"] for port in rule["ports"]]
    assert ports == [{"port": port["name"]} for port in manifests.container["ports"]]


@broken_by("hpa.yaml", "minReplicas: 2", "minReplicas: 20")
@broken_by("hpa.yaml", "    name: text-classifier\n  # So", "    name: classifier\n  # So")
@broken_by("deployment.yaml", "replicas: 2", "replicas: 1")
def test_autoscaler_scales_the_deployment(manifests: Any) -> None:
    """The autoscaler names the Deployment, which starts with its least number of replicas."""
    deployment, scaler = manifests.one("Deployment"), manifests.one("HorizontalPodAutoscaler")
    assert scaler["spec"]["scaleTargetRef"] == {
        "apiVersion": deployment["apiVersion"],
        "kind": "Deployment",
        "name": deployment["metadata"]["name"],
    }
    replicas = deployment["spec"]["replicas"]
    assert 2 <= replicas == scaler["spec"]["minReplicas"] <= scaler["spec"]["maxReplicas"]


@broken_by("pdb.yaml", "maxUnavailable: 1", "maxUnavailable: 0")
@broken_by("pdb.yaml", "maxUnavailable: 1", "maxUnavailable: 2")
@broken_by("deployment.yaml", "maxUnavailable: 0", "maxUnavailable: 1")
@broken_by("deployment.yaml", "maxSurge: 1", "maxSurge: 0")
def test_pods_are_replaced_one_by_one(manifests: Any) -> None:
    """A drain may evict a pod but never all; a rollout adds before it takes away."""
    allowed = manifests.one("PodDisruptionBudget")["spec"]["maxUnavailable"]
    deployment = manifests.one("Deployment")["spec"]
    assert 0 < allowed < deployment["replicas"]
    assert deployment["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


@broken_by("configmap.yaml", "TEXTCLF_LOG_LEVEL", "TEXTCLF_LOGLEVEL")
@broken_by("configmap.yaml", 'MAX_BATCH: "1000"', 'MAX_BATCH: "many"')
@broken_by("configmap.yaml", "settings-1", "settings-2")
@broken_by("configmap.yaml", "immutable: true", "immutable: false")
@broken_by("configmap.yaml", 'MAX_BATCH: "1000"', "MAX_BATCH: 1000")
def test_settings_are_known_to_the_service(manifests: Any) -> None:
    """The pods read the ConfigMap by its name, and the service takes each of its settings."""
    settings = manifests.one("ConfigMap")
    name = settings["metadata"]["name"]
    assert manifests.container["envFrom"] == [{"configMapRef": {"name": name}}]
    assert settings["immutable"]
    assert all(isinstance(value, str) for value in settings["data"].values())
    try:
        read_config(settings["data"])
    except Exception as error:
        raise AssertionError(error) from None


@broken_by("configmap.yaml", '"8080"', '"8081"')
@broken_by("deployment.yaml", "containerPort: 8080", "containerPort: 99999")
@broken_by("deployment.yaml", 'io/port: "8080"', 'io/port: "80"')
@broken_by("deployment.yaml", "io/path: /metrics", "io/path: /metric")
def test_ports_are_those_that_the_service_listens_on(manifests: Any, routes: set[str]) -> None:
    """Setting, container port and the scrape's annotations are of one port and a true path."""
    port = read_config(manifests.one("ConfigMap")["data"]).port
    annotations = manifests.pod["metadata"]["annotations"]
    assert [each["containerPort"] for each in manifests.container["ports"]] == [port]
    assert annotations["prometheus.io/port"] == str(port)
    assert annotations["prometheus.io/path"] in routes


@broken_by("deployment.yaml", "resource: requests.cpu", "resource: limits.memory")
@broken_by("deployment.yaml", 'cpu: "1"', 'cpu: "1.5"')
@broken_by("deployment.yaml", "sizeLimit: 16Mi", "sizeLimit: 512Ki")
def test_workers_are_as_many_as_cpus(manifests: Any, quantity: Callable[[Any], float]) -> None:
    """There is a worker for each CPU requested, and room in memory for what they write."""
    (env,) = manifests.container["env"]
    reference = {"resource": "requests.cpu", "divisor": "1"}
    assert env == {"name": "TEXTCLF_WORKERS", "valueFrom": {"resourceFieldRef": reference}}
    cpus = quantity(manifests.container["resources"]["requests"]["cpu"])
    assert cpus == math.ceil(cpus)
    (volume,) = manifests.pod["spec"]["volumes"]
    assert quantity(volume["emptyDir"]["sizeLimit"]) >= 4 * cpus * workers.ROOM


@broken_by("ingress/ingress.yaml", "path: /model,", "path: /models,")
@broken_by("ingress/ingress.yaml", "path: /model,", "path: /metrics,")
@broken_by("ingress/ingress.yaml", "name: http", "name: web")
@broken_by("ingress/ingress.yaml", "{path: /, pathType: Exact", "{path: /, pathType: Prefix")
def test_ingress_has_the_api_and_nothing_else(manifests: Any, routes: set[str]) -> None:
    """What is for the outside is among the paths, what is for the cluster alone is not."""
    (rule,) = manifests.one("Ingress")["spec"]["rules"]
    paths = {each["path"]: each for each in rule["http"]["paths"]}
    # /docs with the user interface beneath it.
    assert set(paths) == {route for route in routes if "swagger-ui" not in route} - INTERNAL
    assert {path for path in paths if paths[path]["pathType"] == "Prefix"} == {"/static", "/docs"}
    service = manifests.one("Service")
    port = {"name": service["spec"]["ports"][0]["name"]}
    backend = {"service": {"name": service["metadata"]["name"], "port": port}}
    assert all(each["backend"] == backend for each in paths.values())


@broken_by("00-namespace.yaml", "name: text-classifier", "name: classifier")
@broken_by("service.yaml", "namespace: text-classifier", "namespace: default")
def test_all_objects_are_in_the_namespace(manifests: Any) -> None:
    """The namespace comes first by its file's name, and every other object is in it."""
    (_, namespace), *others = manifests.files.items()
    assert namespace["kind"] == "Namespace"
    for _, each in others:
        assert each["metadata"]["namespace"] == namespace["metadata"]["name"]


@broken_by("service.yaml", "- name: http", "- name: Http_")
@broken_by("deployment.yaml", "- name: http", "- name: the-port-of-the-service")
@broken_by("deployment.yaml", "- name: memory", f"- name: {'m' * 64}")
@broken_by("service.yaml", "  name: text-classifier\n", "  name: textclf\n")
def test_names_are_allowed(manifests: Any) -> None:
    """Names are DNS labels, those of ports short ones, and no Service claims the prefix."""
    for name in names(list(manifests.files.values())):
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name), name
    for port in manifests.container["ports"] + manifests.one("Service")["spec"]["ports"]:
        assert len(port["name"]) <= 15
    service = manifests.one("Service")["metadata"]["name"]
    assert not f"{service.upper().replace('-', '_')}_".startswith("TEXTCLF_")


@broken_by("deployment.yaml", "text-classifier:0.1.0", "text-classifier:latest")
@broken_by("deployment.yaml", "IfNotPresent", "Sometimes")
def test_image_is_of_this_version(manifests: Any) -> None:
    """The image is the one that `make image` builds, pulled where it is not present."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert manifests.container["image"] == f"text-classifier:{version}"
    assert manifests.container["imagePullPolicy"] == "IfNotPresent"


@broken_by("monitoring/service-monitor.yaml", "port: http", "port: web")
@broken_by("monitoring/service-monitor.yaml", "path: /metrics", "path: /metric")
@broken_by("service.yaml", "labels:\n    app.kubernetes.io/name", "labels:\n    app")
def test_operator_scrapes_the_service(manifests: Any, routes: set[str]) -> None:
    """The ServiceMonitor selects the Service, its port and the path of the metrics."""
    monitor, service = manifests.one("ServiceMonitor")["spec"], manifests.one("Service")
    assert selects(monitor["selector"]["matchLabels"], service["metadata"]["labels"])
    (endpoint,) = monitor["endpoints"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert endpoint["path"] in routes


@broken_by("service.yaml", "  name: text-classifier\n", "  name: classifier\n")
@broken_by("monitoring/prometheus-rule.yaml", "> 0.01", "> 0.02")
def test_operator_has_the_same_alerts(manifests: Any) -> None:
    """The PrometheusRule holds monitoring/alerts.yml, whose job is the Service's name."""
    text = (ROOT / "monitoring" / "alerts.yml").read_text()
    rules = manifests.one("PrometheusRule")["spec"]
    hint = "run `make k8s/monitoring/prometheus-rule.yaml`"
    assert rules == yaml.safe_load(text), hint
    job = manifests.one("Service")["metadata"]["name"]
    assert set(re.findall(r'job="([^"]+)"', text)) == {job}
