"""What every command line here shares: how it ends when something is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable

from model.errors import UserError


def run(main: Callable[[], None]) -> None:
    """Run a command; what its user can correct ends it with one sentence and exit code 1."""
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
