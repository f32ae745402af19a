"""The manifests on a real cluster: deployed, asked, scaled, rolled under load and removed.

Only where TEST_CLUSTER is set, which `make test-cluster KUBECONFIG=...` does: nobody's cluster is
touched because a KUBECONFIG happens to be there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "text-classifier"
DEPLOYMENT = "deployment/text-classifier"
TRAFFIC = (ROOT / "tests" / "deploy" / "traffic.py").read_text()

# Clients on kept connections until a file appears, then what they saw.
CLIENTS = """
import sys
from pathlib import Path
from time import sleep
with asking(80, host=sys.argv[1]) as traffic:
    while not Path("/dev/shm/end").exists():
        sleep(0.1)
print(json.dumps([traffic.answered, traffic.refused, traffic.failed]))
"""

pytestmark = [
    pytest.mark.may_skip,
    pytest.mark.skipif(
        not os.environ.get("TEST_CLUSTER"),
        reason="NOT TESTED on a cluster: needs one, as make test-cluster KUBECONFIG=...",
    ),
]


def kubectl(*arguments: str, given: str | None = None) -> str:
    """Run kubectl in the service's namespace; fails with its message when it fails."""
    done = subprocess.run(
        ["kubectl", "--namespace", NAMESPACE, *arguments],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stdout}"
    return done.stdout


def until(condition: Callable[[], Any], what: str, seconds: float = 120) -> None:
    """Wait until a condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.5)


def await_rollout() -> None:
    """Wait until the Deployment is what it is meant to be; fail with its pods' state if not."""
    try:
        kubectl("rollout", "status", DEPLOYMENT, "--timeout=240s")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{kubectl('describe', 'pods')}") from None


@pytest.fixture(scope="module")
def deployed() -> Iterator[str]:
    """The image that serves, in a namespace that did not exist before and is removed afterwards."""
    taken = kubectl("get", "namespace", NAMESPACE, "--ignore-not-found", "--output=name")
    assert not taken, f"the cluster has a namespace {NAMESPACE} already: `make undeploy` first"
    texts = "".join(path.read_text() for path in sorted((ROOT / "k8s").glob("*.yaml")))
    stated = re.search(r"image: (text-classifier:.*)", texts)
    assert stated
    image = os.environ.get("IMAGE", stated[1])
    # A whole CPU for each of three pods is more than a small cluster has.
    texts = texts.replace(stated[0], f"image: {image}").replace('cpu: "1"', "cpu: 100m")
    try:
        kubectl("apply", "-f", "-", given=texts)
        await_rollout()
        yield image
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=240s")


@pytest.fixture
def forwarded(deployed: str) -> Iterator[str]:
    """The address at which one pod answers on this machine."""
    process = subprocess.Popen(
        ["kubectl", "--namespace", NAMESPACE, "port-forward", "service/text-classifier", ":80"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        port = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert port, line
        yield f"http://127.0.0.1:{port[1]}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def clients(deployed: str) -> Iterator[Callable[[], Any]]:
    """A pod of clients at work inside the cluster; a function that ends it and says what it saw."""
    address = kubectl(
        "get", "service/text-classifier", "--output=jsonpath={.spec.clusterIP}"
    ).strip()
    security = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": "clients",
        "image": deployed,
        "command": ["python", "-c", TRAFFIC + CLIENTS, address],
        "securityContext": security,
    }
    spec = {
        "restartPolicy": "Never",
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "clients"}, "spec": spec}
    kubectl("apply", "-f", "-", given=yaml.safe_dump(pod))
    kubectl("wait", "pod/clients", "--for=condition=Ready", "--timeout=120s")

    def end() -> Any:
        kubectl("exec", "clients", "--", "touch", "/dev/shm/end")
        kubectl("wait", "pod/clients", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
        return json.loads(kubectl("logs", "clients"))

    yield end
    kubectl("delete", "pod/clients", "--ignore-not-found", "--grace-period=1")


def test_predicts(forwarded: str) -> None:
    """A text gets its label through the Service, and the metrics show one worker."""
    answer = requests.post(f"{forwarded}/prediction", json={"text": "The goalie won."}, timeout=30)
    assert answer.json() == {"label": "hockey"}
    assert "gunicorn_workers 1.0" in requests.get(f"{forwarded}/metrics", timeout=30).text


def test_pods_logged_no_fault(deployed: str) -> None:
    """The pods started without a line that somebody should look at, and never again."""
    found = json.loads(kubectl("get", "pods", "--output=json"))["items"]
    assert len(found) >= 2
    for pod in found:
        assert pod["status"]["containerStatuses"][0]["restartCount"] == 0
        lines = kubectl("logs", pod["metadata"]["name"]).splitlines()
        assert {json.loads(line)["level"] for line in lines} == {"INFO"}


def test_scales(deployed: str) -> None:
    """A third replica becomes ready."""
    # It would set the number itself, where the cluster measures CPU.
    kubectl("delete", "hpa/text-classifier")
    kubectl("scale", DEPLOYMENT, "--replicas=3")
    await_rollout()
    ready = "--output=jsonpath={.status.readyReplicas}"
    assert kubectl("get", DEPLOYMENT, ready) == "3"
    kubectl("scale", DEPLOYMENT, "--replicas=2")
    await_rollout()


def test_rollout_under_load_loses_nothing(clients: Callable[[], Any]) -> None:
    """Every pod is replaced while clients ask: each answer comes, no connection is refused."""
    before = set(kubectl("get", "pods", "--output=name").split())
    kubectl("rollout", "restart", DEPLOYMENT)
    await_rollout()

    def gone() -> bool:
        now = set(kubectl("get", "pods", "--output=name").split())
        return before & now == {"pod/clients"}

    until(gone, "the old pods' end")
    answered, refused, failed = clients()
    assert (refused, failed) == (0, {})
    assert answered > 100
