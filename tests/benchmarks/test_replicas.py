"""Instances of the service behind nginx."""

from __future__ import annotations

from pathlib import Path
from urllib.request import urlopen

import pytest

from benchmarks.nginx import PROGRAM
from benchmarks.replicas import Cluster, Replicas
from benchmarks.targets import CONSTANT, SERVICE


@pytest.mark.skipif(not PROGRAM, reason="nginx is not installed")
def test_instances_share_requests_behind_one_port() -> None:
    """Each of the instances gets its share, cost is kept apart from the proxy's, nothing stays."""
    command = next(target.command for target in SERVICE if target.name == CONSTANT)
    with Replicas("two", command, workers=2).start() as cluster:
        assert isinstance(cluster, Cluster)
        pids = [cluster.pid, *(one.pid for one in cluster.instances)]
        assert len(set(pids)) == 3
        before = [one.cpu_seconds() for one in cluster.instances]
        for _ in range(300):
            with urlopen(f"http://127.0.0.1:{cluster.port}/readyz") as answer:
                assert answer.read() == b"ready"
        used = [one.cpu_seconds() - was for one, was in zip(cluster.instances, before, strict=True)]
        assert min(used) > 0
        assert cluster.cpu_seconds() == pytest.approx(sum(before) + sum(used), abs=0.1)
        assert cluster.proxy_seconds() > 0
        assert cluster.pss_megabytes() > 20
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
