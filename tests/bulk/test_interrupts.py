"""Signals while something must not be interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bulk.interrupts import interrupts_deferred, interrupts_held

ROOT = Path(__file__).resolve().parents[2]


def interrupted(times: int) -> list[str]:
    """What a block gets done in which so many signals are sent, before it is interrupted."""
    done: list[str] = []

    def send() -> None:
        with interrupts_deferred():
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)
                done.append("sent")

    with pytest.raises(KeyboardInterrupt):
        send()
    return done


def test_signal_is_handled_after_the_block() -> None:
    """What is begun is finished; then the signal has its effect."""
    assert interrupted(1) == ["sent"]


def test_second_signal_is_handled_at_once() -> None:
    """Who insists is not made to wait for something that may never end."""
    assert interrupted(3) == ["sent"]


def test_handlers_are_as_before() -> None:
    """Nothing of it is left when the block ends."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with interrupts_deferred():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_processes_that_start_meanwhile_never_see_ctrl_c() -> None:
    """A child that is started while interrupts are held lives through Ctrl-C; a later one not."""
    code = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('alive')"
    with interrupts_held():
        held = subprocess.run([sys.executable, "-c", code], capture_output=True)
    later = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert held.stdout == b"alive\n"
    assert later.stdout == b""
