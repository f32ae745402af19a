"""What the batch job's manifests say of each other, of the script and of the image."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from typing import Any

import pytest

from bulk.options import Shard
from scripts import predict

broken_by = pytest.mark.broken_by
Quantity = Callable[[Any], float]


def pod(manifests: Any) -> Any:
    """The job's pod."""
    return manifests.batch["Job"]["spec"]["template"]


def container(manifests: Any) -> Any:
    """The only container of the job's pod."""
    (found,) = pod(manifests)["spec"]["containers"]
    return found


def arguments(manifests: Any, **values: str) -> Any:
    """The arguments as the script reads them, with values for the variables."""
    environment = [each["name"] for each in container(manifests)["env"]]
    given = dict.fromkeys(environment, "1") | values
    words = [
        re.sub(r"\$\((\w+)\)", lambda found: given.get(found[1], found[0]), word)
        for word in container(manifests)["args"]
    ]
    try:
        return predict._parser().parse_args(words)
    except SystemExit as error:
        raise AssertionError(words) from error


@broken_by("batch/job.yaml", "completions: 8", "completions: 9")
@broken_by("batch/job.yaml", "$(SHARD)/8", "$(SHARD)/4")
@broken_by("batch/job.yaml", "Indexed", "NonIndexed")
@broken_by("batch/job.yaml", "job-completion-index", "job-index")
@broken_by("batch/job.yaml", "- name: SHARD", "- name: PART")
def test_every_part_of_the_file_has_its_pod(manifests: Any) -> None:
    """The pods' indexes are the parts of the file, none missing and none twice."""
    spec = manifests.batch["Job"]["spec"]
    assert spec["completionMode"] == "Indexed"
    assert 0 < spec["parallelism"] <= spec["completions"]
    for index in range(spec["completions"]):
        expected = Shard(index, spec["completions"])
        assert arguments(manifests, SHARD=str(index)).shard == str(expected)
    path = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    variable = {"name": "SHARD", "valueFrom": {"fieldRef": {"fieldPath": path}}}
    assert variable in container(manifests)["env"]


@broken_by("batch/job.yaml", "            - --resume\n", "")
@broken_by("batch/job.yaml", "backoffLimitPerIndex: 6", "backoffLimit: 6")
@broken_by("batch/job.yaml", "restartPolicy: Never", "restartPolicy: OnFailure")
@broken_by("batch/job.yaml", "containerName: predict", "containerName: other")
@broken_by("batch/job.yaml", "values: [1]", "values: [1, 143]")
@broken_by("batch/job.yaml", "DisruptionTarget", "Ready")
def test_disturbed_parts_go_on(manifests: Any) -> None:
    """A part is tried again by itself and resumes; only what stays wrong fails it at once."""
    spec = manifests.batch["Job"]["spec"]
    assert arguments(manifests).resume
    assert spec.get("backoffLimitPerIndex", 0) > 0
    assert pod(manifests)["spec"]["restartPolicy"] == "Never"
    ignored, failed = spec["podFailurePolicy"]["rules"]
    assert ignored["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]
    assert failed["onExitCodes"]["containerName"] == container(manifests)["name"]
    assert failed["onExitCodes"]["values"] == [1]


@broken_by("batch/job.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false")
@broken_by("batch/job.yaml", "runAsUser: 10001", "runAsUser: 10002")
@broken_by("batch/job.yaml", "drop: [ALL]", "drop: []")
@broken_by("batch/job.yaml", "automountServiceAccountToken: false", "hostNetwork: false")
def test_pods_are_confined_as_the_services(manifests: Any) -> None:
    """The same user, rights and image as the Deployment's; the group owns the volume."""
    ours, served = pod(manifests)["spec"], manifests.pod["spec"]
    own = dict(ours["securityContext"])
    assert own.pop("fsGroup") == own["runAsGroup"]
    assert own.pop("fsGroupChangePolicy") == "OnRootMismatch"
    assert own == served["securityContext"]
    for name in ("image", "imagePullPolicy", "securityContext"):
        assert container(manifests)[name] == manifests.container[name]
    assert (
        ours.get("automountServiceAccountToken") is served["automountServiceAccountToken"] is False
    )


@broken_by("batch/job.yaml", "claimName: bulk-labels", "claimName: other")
@broken_by("batch/job.yaml", "mountPath: /data", "mountPath: /other")
@broken_by("batch/job.yaml", "/data/labelled.jsonl", "/srv/labelled.jsonl")
@broken_by("batch/claim.yaml", "ReadWriteMany", "ReadOnlyMany")
def test_input_and_results_are_on_the_volume(manifests: Any) -> None:
    """The claim is mounted where the script reads and writes, for many pods at a time."""
    claim = manifests.batch["PersistentVolumeClaim"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    (volume,) = [each for each in pod(manifests)["spec"]["volumes"] if each["name"] == "data"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    mounts = {each["name"]: each["mountPath"] for each in container(manifests)["volumeMounts"]}
    given = arguments(manifests)
    for path in (given.input, given.output):
        assert os.path.dirname(path) == mounts["data"]  # noqa: PTH120


@broken_by("batch/job.yaml", "- --jobs=$(JOBS)", "- --jobs=0")
@broken_by("batch/job.yaml", "resource: requests.cpu", "resource: limits.memory")
@broken_by("batch/job.yaml", 'cpu: "1"', 'cpu: "1.5"')
def test_processes_are_as_many_as_cpus(manifests: Any, quantity: Quantity) -> None:
    """There is a process for each CPU requested, and a whole number of them."""
    assert arguments(manifests, JOBS="3").jobs == 3
    (variable,) = [each for each in container(manifests)["env"] if each["name"] == "JOBS"]
    reference = {"resource": "requests.cpu", "divisor": "1"}
    assert variable["valueFrom"] == {"resourceFieldRef": reference}
    cpus = quantity(container(manifests)["resources"]["requests"]["cpu"])
    assert cpus == math.ceil(cpus)


@broken_by("batch/networkpolicy.yaml", "egress: []", "egress: [{}]")
@broken_by("batch/networkpolicy.yaml", "matchLabels:\n      app", "matchLabels:\n      apps")
@broken_by(
    "batch/job.yaml",
    "    metadata:\n      labels:\n        app.kubernetes.io/name: bulk-labels",
    "    metadata:\n      labels:\n        app.kubernetes.io/name: text-classifier",
)
def test_pods_are_no_part_of_the_service(manifests: Any) -> None:
    """The Service sends them no requests, the budget does not count them, they talk to nobody."""
    labels = pod(manifests)["metadata"]["labels"]
    policy = manifests.batch["NetworkPolicy"]["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert policy["ingress"] == policy["egress"] == []
    selectors = [
        manifests.one("Service")["spec"]["selector"],
        manifests.one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
    ]
    assert all(not selector.items() <= labels.items() for selector in selectors)
