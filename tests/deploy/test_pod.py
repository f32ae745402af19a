"""What a pod may do, needs and is asked for: security, resources, probes and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.config import read_config

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")

broken_by = pytest.mark.broken_by


@broken_by("deployment.yaml", "runAsNonRoot: true", "runAsNonRoot: false")
@broken_by("deployment.yaml", "runAsUser: 10001", "runAsUser: 0")
@broken_by("deployment.yaml", "type: RuntimeDefault", "type: Unconfined")
@broken_by("deployment.yaml", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true")
@broken_by("deployment.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false")
@broken_by("deployment.yaml", "drop: [ALL]", "drop: [NET_RAW]")
def test_pod_is_confined(manifests: Any) -> None:
    """A pod is as confined as the namespace demands, and its root is read-only besides."""
    assert manifests.pod["spec"]["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert manifests.container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@broken_by("00-namespace.yaml", "enforce: restricted", "enforce: baseline")
@broken_by("deployment.yaml", "automountServiceAccountToken: false", "shareProcessNamespace: false")
@broken_by("deployment.yaml", "enableServiceLinks: false", "enableServiceLinks: true")
@broken_by("deployment.yaml", "      containers:", "      hostNetwork: true\n      containers:")
def test_pod_has_nothing_of_the_cluster(manifests: Any) -> None:
    """The namespace is restricted, and a pod has no token, no host's room and no others' names."""
    labels = manifests.one("Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    spec = manifests.pod["spec"]
    assert spec.get("automountServiceAccountToken") is False
    assert spec.get("enableServiceLinks") is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)


@broken_by("deployment.yaml", "            - name: memory", "            - name: shm")
@broken_by("deployment.yaml", "memory\n          emptyDir", "shm\n          emptyDir")
@broken_by("deployment.yaml", "mountPath: /dev/shm", "mountPath: /var/lib/metrics")
@broken_by("deployment.yaml", "medium: Memory", 'medium: ""')
def test_volumes_are_mounted_and_defined(manifests: Any) -> None:
    """Every volume is mounted, every mount has its volume; what is written is in memory."""
    volumes = {volume["name"]: volume for volume in manifests.pod["spec"]["volumes"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in manifests.container["volumeMounts"]}
    assert set(volumes) == set(mounts)
    in_memory = {name for name in volumes if volumes[name]["emptyDir"].get("medium") == "Memory"}
    # Where gunicorn.conf.py keeps heartbeats, and the service its counts by default.
    assert "/dev/shm" in {mounts[name] for name in in_memory}


@broken_by(
    "deployment.yaml", "memory: 256Mi\n            limits", "memory: 1Gi\n            limits"
)
@broken_by(
    "deployment.yaml", "memory: 256Mi\n          security", "memory: 256MB\n          security"
)
@broken_by("deployment.yaml", "memory: 256Mi\n          security", "cpu: 1\n          security")
@broken_by(
    "deployment.yaml", "            limits:\n", "            limits:\n              cpu: 500m\n"
)
def test_requests_fit_into_limits(manifests: Any, quantity: Callable[[Any], float]) -> None:
    """Memory is limited to what is requested, so none is promised twice; CPU is not cut short."""
    requests, limits = (manifests.container["resources"][kind] for kind in ("requests", "limits"))
    assert {"cpu", "memory"} <= set(requests)
    assert "memory" in limits
    assert all(quantity(requests[name]) <= quantity(limits[name]) for name in limits)
    assert quantity(requests["memory"]) == quantity(limits["memory"])


@broken_by("deployment.yaml", "path: /readyz", "path: /ready")
@broken_by("deployment.yaml", "path: /readyz", "path: /healthz")
@broken_by("deployment.yaml", "{path: /healthz, port: http}", "{path: /healthz, port: web}")
@broken_by("deployment.yaml", "          livenessProbe:", "          startProbe:")
@broken_by(
    "deployment.yaml",
    "          livenessProbe:\n",
    "          livenessProbe:\n            exec: {}\n",
)
def test_probes_ask_routes_of_the_service(manifests: Any, client: FlaskClient) -> None:
    """Each probe has one handler, of a port by name and a route of its own purpose."""
    asked = {}
    for name in PROBES:
        probe = manifests.container.get(name, {})
        assert set(probe) == {"httpGet", "periodSeconds", "timeoutSeconds", "failureThreshold"}
        assert probe["httpGet"]["port"] in {port["name"] for port in manifests.container["ports"]}
        asked[name] = probe["httpGet"]["path"]
        assert client.get(asked[name]).status_code == 200
    assert asked["readinessProbe"] == "/readyz"
    assert asked["startupProbe"] == asked["livenessProbe"] == "/healthz"


@broken_by("deployment.yaml", "failureThreshold: 60", "failureThreshold: 2")
@broken_by("deployment.yaml", "failureThreshold: 6\n", "failureThreshold: 2\n")
@broken_by("deployment.yaml", "periodSeconds: 2", "periodSeconds: 90")
def test_probes_differ_in_patience(manifests: Any) -> None:
    """Readiness is the first to judge; liveness leaves a stuck worker to gunicorn."""
    patience = {
        name: manifests.container[name]["periodSeconds"]
        * manifests.container[name]["failureThreshold"]
        for name in PROBES
    }
    settings = read_config(manifests.one("ConfigMap")["data"])
    assert patience["readinessProbe"] < settings.worker_timeout < patience["livenessProbe"]
    assert patience["startupProbe"] >= 30


@broken_by(
    "deployment.yaml", "terminationGracePeriodSeconds: 35", "terminationGracePeriodSeconds: 25"
)
@broken_by("configmap.yaml", 'GRACEFUL_TIMEOUT: "20"', 'GRACEFUL_TIMEOUT: "60"')
@broken_by("deployment.yaml", "                seconds: 5", "                seconds: 0")
def test_requests_under_way_end_before_the_pod(manifests: Any) -> None:
    """Proxies learn of the end first, then requests finish, and only then the pod is killed."""
    settings = read_config(manifests.one("ConfigMap")["data"])
    pause = manifests.container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pause > 0
    spare = manifests.pod["spec"]["terminationGracePeriodSeconds"] - pause
    # Gunicorn looks once a second whether its time is over, and needs a moment to end.
    assert spare >= settings.graceful_timeout + 3
