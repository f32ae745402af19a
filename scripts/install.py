"""Make or repair the virtual environment: python3 scripts/install.py LOCKFILE...

Every Python can parse this file, so that one which is too old, Python 2 included, gets a sentence
and not a SyntaxError. What it then imports is in scripts/installation.py.
"""

import io
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def supported():
    # type: () -> tuple[tuple[int, int], tuple[int, int]]
    """Return the first supported version and the first that is not, as pyproject.toml has them."""
    with io.open(os.path.join(ROOT, "pyproject.toml"), encoding="utf-8") as stream:
        found = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', stream.read())
    assert found is not None
    return (3, int(found.group(1))), (3, int(found.group(2)))


if __name__ == "__main__":
    first, end = supported()
    if not first <= sys.version_info[:2] < end:
        sys.exit(
            "error: Python 3.%d to 3.%d is needed, this is %d.%d: name another, for example"
            " `make PYTHON=python3.12 run` or `python3.12 scripts/install.py requirements.txt`"
            % (first[1], end[1] - 1, sys.version_info[0], sys.version_info[1])
        )
    sys.path[0] = ROOT
    from scripts.cli import run
    from scripts.installation import install

    run(lambda: install(sys.argv[1:]))
