"""Several instances of the service behind one nginx, which shares requests out to them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.nginx import PROGRAM, configure
from benchmarks.server import Server, cpu_seconds, free_port, running, tree
from benchmarks.targets import Target, ours


@dataclass(frozen=True)
class Cluster(Server):
    """The instances and their proxy: cost and memory are of the instances, the port is nginx's."""

    instances: tuple[Server, ...]

    def cpu_seconds(self) -> float:
        return sum(one.cpu_seconds() for one in self.instances)

    def proxy_seconds(self) -> float:
        return sum(map(cpu_seconds, tree(self.pid)))

    def pss_megabytes(self) -> float:
        return sum(one.pss_megabytes() for one in self.instances)

    def pin(self, cpus: Sequence[int]) -> None:
        """Put the instances on these CPUs in turns."""
        for place, one in enumerate(self.instances):
            one.pin([cpus[place % len(cpus)]])


@dataclass(frozen=True)
class Replicas(Target):
    """As many instances of one worker each as `workers` says."""

    @contextmanager
    def start(self) -> Iterator[Server]:
        """Start instances and proxy. Raises ServerError when one of them does not answer."""
        alone = replace(self, workers=1)
        with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
            instances = tuple(
                stack.enter_context(super(Replicas, alone).start()) for _ in range(self.workers)
            )
            port = free_port()
            command = configure(Path(folder), port, [one.port for one in instances])
            with running(command, port=port, ready=self.ready) as nginx:
                slowest = max(one.start_seconds for one in instances)
                yield Cluster(port, nginx.pid, slowest, instances)


def replicas(count: int) -> Target:
    """Return so many instances of the service behind nginx."""
    single = ours(f"/prediction, {count} replica{'s' * (count > 1)} behind nginx", workers=count)
    return Replicas(**vars(single))


REPLICAS = {count: replicas(count) for count in (1, 2, 4)} if PROGRAM else {}
"""By number of instances; nothing where nginx is not installed."""
