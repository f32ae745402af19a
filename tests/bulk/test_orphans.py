"""Workers whose run was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHILD = "import sys, time; from bulk.orphans import end_with; end_with({}); "
WATCHING = CHILD.format("__import__('os').getppid()") + "print('up', flush=True); time.sleep(600)"
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"


def test_worker_ends_with_its_parent() -> None:
    """Killed, the parent cannot end its workers: they notice, and end by themselves."""
    command = [sys.executable, "-c", PARENT, WATCHING]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"up\n"
        parent.kill()
        # The end of the file comes when the last process that could write to it has ended.
        assert parent.communicate(timeout=60)[0] == b""


def test_worker_that_comes_too_late_ends() -> None:
    """The parent may have been killed while the worker was starting."""
    code = CHILD.format(os.getpid() + 1) + "time.sleep(600)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=60)
    assert done.returncode == 1
