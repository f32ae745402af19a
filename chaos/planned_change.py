"""What operators do on a working day, while clients keep asking: no request may be lost."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from benchmarks.server import Server
from chaos.artifacts import train
from chaos.clients import Asked, asking, await_requests, failures
from chaos.outcome import Outcome
from chaos.proxy import proxying
from chaos.service import serving, workers

REQUESTS = 21_000
CLIENTS = 12
RELOADS = 5
ROUNDS = 2
PATIENCE = 60.0


def trial(requests: int = REQUESTS) -> list[Outcome]:
    """Reload, drain and replace under load; a third of the requests is sent during each."""
    least = requests // 3
    parts = {"reload": reload(least), "drain": drain(least), "rolling restart": roll(least)}
    seen = [one for part, _ in parts.values() for one in part]
    reported = ", ".join(f"{name} {_reported(part)}" for name, (part, _) in parts.items())
    return [
        Outcome(
            "No request lost in a planned change",
            f"{len(failures(seen))} failed of {len(seen)} ({reported})",
            f"0 failed of >= {requests}",
            not failures(seen) and len(seen) >= requests,
        ),
        *(outcome for _, outcomes in parts.values() for outcome in outcomes),
    ]


def reload(least: int) -> tuple[list[Asked], list[Outcome]]:
    """SIGHUP with another artifact, several times, each answer showing the model by its label.

    The switch is complete when the last worker of the earlier model has exited: what is sent from
    then on has to be answered by the new one.
    """
    late = old = 0
    longest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        train(Path(folder), 0)
        with serving(model_dir=folder) as server, asking(server.port, CLIENTS) as seen:
            for generation in range(1, RELOADS + 1):
                await_requests(seen, len(seen) + least // (2 * RELOADS))
                train(Path(folder), generation)
                started = time.monotonic()
                before = set(workers(server))
                os.kill(server.pid, signal.SIGHUP)
                _await_end(server, before)
                complete = time.monotonic()
                longest = max(longest, complete - started)
                await_requests(seen, len(seen) + least // (2 * RELOADS))
                after = [one for one in seen if one.sent > complete and one.label]
                late += len(after)
                old += sum(not one.label.endswith(f" {generation}") for one in after)
    return seen, [
        Outcome(
            "The new model in every answer after the switch",
            f"{old} of {late} answers by the earlier model, in {RELOADS} reloads; a switch took"
            f" up to {longest:.1f} s",
            "0, of requests sent after the last worker of the earlier model has exited",
            late > 0 and old == 0,
        )
    ]


def drain(least: int) -> tuple[list[Asked], list[Outcome]]:
    """SIGTERM to one of two replicas, of which nginx does not know: it has to find out."""
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(workers=1)) for _ in range(2)]
        # A prediction changes nothing, so that one which found a closing connection may be sent on.
        again = "error timeout non_idempotent"
        proxy = stack.enter_context(proxying(*(each.port for each in servers), again=again))
        seen = stack.enter_context(asking(proxy.port, CLIENTS))
        await_requests(seen, least // 3)
        started = time.monotonic()
        os.kill(servers[0].pid, signal.SIGTERM)
        _await_end(servers[0], set(workers(servers[0])))
        took = time.monotonic() - started
        await_requests(seen, least)
    return seen, [
        Outcome("A replica drains", f"ended after {took:.1f} s", "< 20 s", took < 20),
    ]


def roll(least: int) -> tuple[list[Asked], list[Outcome]]:
    """Replace both replicas, each taken out of nginx first, as a Service does with a pod."""
    with ExitStack() as stack:
        started = [stack.enter_context(ExitStack()) for _ in range(2)]
        servers = [each.enter_context(serving(workers=1)) for each in started]
        # A failed try is never repeated: it would hide what is lost.
        proxy = stack.enter_context(proxying(*(each.port for each in servers), again="off"))
        # A connection for each request to nginx, whose reload closes those that rest for a moment
        # between two requests; nginx keeps its own to the replicas.
        seen = stack.enter_context(asking(proxy.port, CLIENTS, keep=False))
        for step in range(1, 2 * ROUNDS + 1):
            await_requests(seen, step * least // (2 * ROUNDS))
            place = step % 2
            proxy.serve(servers[1 - place].port)
            started[place].close()
            servers[place] = started[place].enter_context(serving(workers=1))
            proxy.serve(*(each.port for each in servers))
        await_requests(seen, max(least, len(seen) + CLIENTS))
    return seen, []


def _await_end(server: Server, pids: set[int]) -> None:
    """Wait until these workers have exited. Raises TimeoutError if they do not."""
    deadline = time.monotonic() + PATIENCE
    while pids & set(workers(server)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"workers {pids} did not end in {PATIENCE:.0f} s")
        time.sleep(0.02)


def _reported(seen: list[Asked]) -> str:
    reasons = Counter(one.failure for one in failures(seen))
    return ", ".join([f"{len(seen)}", *(f"{n} {name}" for name, n in reasons.items())])
