"""Make or repair the virtual environment: python3 scripts/install.py REQUIREMENTS...

This file says which Python is needed, so any Python must be able to read it, 2.7 included; the
work is done in environment.py, beside it.
"""

import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir)


def supported():
    """Return the first supported version and the first that is not, as pyproject.toml has them."""
    with open(os.path.join(ROOT, "pyproject.toml")) as file:
        found = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', file.read())
    return (3, int(found.group(1))), (3, int(found.group(2)))


if __name__ == "__main__":
    first, end = supported()
    if not first <= sys.version_info[:2] < end:
        sys.exit(
            "error: Python 3.%d to 3.%d is needed, this is %d.%d: name another, for example"
            " `make PYTHON=python3.12 run` or `python3.12 scripts/install.py requirements.txt`"
            % (first[1], end[1] - 1, sys.version_info[0], sys.version_info[1])
        )
    from environment import main

    main(sys.argv[1:])
