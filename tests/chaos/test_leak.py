"""What counts as a leak."""

from __future__ import annotations

import msgspec
import pytest

from chaos.leak import Load, Sample, kinds, outcomes

FIRST = Sample(
    requests=100, resident=100.0, own=20.0, descriptors=30, files=8, file_bytes=4096, series=240
)
LOAD = Load(requests=500, faults=0, broken=0)


def met(*, same: bool = True, load: Load = LOAD, **changes: float) -> list[bool]:
    """Whether each promise is kept when the last sample has these changes."""
    last = msgspec.structs.replace(FIRST, requests=1000, **changes)
    return [one.met for one in outcomes([FIRST, last], [LOAD, load], same)]


def test_nothing_grew() -> None:
    """All promises are kept, also with a little more memory and fewer descriptors."""
    assert met() == met(resident=101.9, descriptors=29) == [True] * 4


@pytest.mark.parametrize(
    ("broken", "changes"),
    [
        (0, {"resident": 102.1}),
        (0, {"same": False}),
        (1, {"files": 9}),
        (1, {"file_bytes": 8192}),
        (1, {"series": 241}),
        (2, {"descriptors": 31}),
        (3, {"load": Load(requests=500, faults=1, broken=0)}),
        (3, {"load": Load(requests=500, faults=0, broken=1)}),
    ],
)
def test_growth_is_seen(broken: int, changes: dict[str, float]) -> None:
    """Each kind of growth, and each fault, breaks the promise that is about it."""
    assert [at for at, kept in enumerate(met(**changes)) if not kept] == [broken]


def test_requests_are_mixed() -> None:
    """Most are predictions; errors, scrapes and pages are among the others."""
    lines = list(kinds())
    routes = {line.split()[1].decode().split("?")[0] for line in lines}
    assert routes >= {"/prediction", "/predict", "/predictions", "/metrics", "/docs", "/model"}
    assert sum(line.startswith(b"POST /prediction ") for line in lines) > len(lines) / 2
    assert all(line.count(b"\n") == 1 for line in lines)
