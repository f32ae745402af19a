"""The tasks of a comparison."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial

import numpy as np
import pytest

from evaluation.comparison.candidates import BASELINE, CANDIDATES, NEIGHBOURS, SERVED
from evaluation.comparison.tasks import ASSIGNMENTS, Key, Posts, plan, run
from model.errors import DatasetError

POSTS = Posts({"text": ["a", "b"]}, np.array(["x", "y"]), np.arange(2), np.arange(2))


def test_what_is_measured_of_whom() -> None:
    """Costs and shuffled folds are for candidates, disjoint ones for served and baseline."""
    slow = next(one for one in CANDIDATES if one.slow)
    tasks = Counter(key for key, _ in plan(POSTS, [BASELINE, SERVED, slow], NEIGHBOURS[:1]))
    assert {kind: tasks[Key(SERVED.name, kind)] for kind in ("calibration", "costs")} == {
        "calibration": 1,
        "costs": 1,
    }
    for one in (BASELINE, SERVED):
        assert tasks[Key(one.name, "disjoint")] == tasks[Key(one.name, "grouped")] == ASSIGNMENTS
        assert tasks[Key(one.name, "shuffled")] == 1
    of_others = {key: count for key, count in tasks.items() if key.name == NEIGHBOURS[0].name}
    assert of_others == {Key(NEIGHBOURS[0].name, "grouped"): ASSIGNMENTS}
    of_slow = {key: count for key, count in tasks.items() if key.name == slow.name}
    assert of_slow == {Key(slow.name, "grouped"): 1, Key(slow.name, "costs"): 1}


def test_slow_candidates_start_first() -> None:
    """After the calibration come the tasks of the slow ones."""
    names = [key.name for key, _ in plan(POSTS, CANDIDATES, NEIGHBOURS)][1:]
    slow = {one.name for one in [*CANDIDATES, *NEIGHBOURS] if one.slow}
    assert set(names[: sum(name in slow for name in names)]) == slow


def test_results_of_a_key_keep_the_order_of_the_tasks() -> None:
    """Whichever ends first, the results stand as the tasks did."""

    def later() -> str:
        time.sleep(0.5)
        return "first"

    tasks = [(Key("a", "grouped"), later), (Key("a", "grouped"), lambda: "second")]
    assert run([*tasks, (Key("b", "costs"), partial(int, "5"))], jobs=2) == {
        Key("a", "grouped"): ["first", "second"],
        Key("b", "costs"): [5],
    }


def test_an_error_of_a_task_reaches_the_caller() -> None:
    """A task that fails ends the run with its own error."""

    def fail() -> None:
        raise DatasetError("too few")

    with pytest.raises(DatasetError, match="too few"):
        run([(Key("a", "grouped"), fail)], jobs=1)
