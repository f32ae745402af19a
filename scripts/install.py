"""Make or repair the virtual environment: python3 scripts/install.py LOCKFILE...

Every Python can parse this file, so that one which is too old, Python 2 included, gets a sentence
and not a SyntaxError. What it then imports is in scripts/installation.py.
"""

import io
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def check_version():
    # type: () -> None
    """End with one sentence unless this Python is in the range that pyproject.toml names."""
    with io.open(os.path.join(ROOT, "pyproject.toml"), encoding="utf-8") as stream:
        text = stream.read()
    # The oldest that works, and the first that is not known to.
    pattern = r'(?m)^requires-python = ">=3\.(\d+),<3\.(\d+)"$'
    oldest, limit = (int(number) for number in re.findall(pattern, text)[0])
    if not (3, oldest) <= sys.version_info[:2] < (3, limit):
        sys.exit(
            "error: Python 3.%d to 3.%d is needed, this is %d.%d: name another, for example"
            " `make PYTHON=python3.12 run` or `python3.12 scripts/install.py requirements.txt`"
            % (oldest, limit - 1, sys.version_info[0], sys.version_info[1])
        )


if __name__ == "__main__":
    check_version()
    sys.path[0] = ROOT
    from scripts.cli import run
    from scripts.installation import install

    run(lambda: install(sys.argv[1:]))
