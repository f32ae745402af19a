"""`make chaos`: python -m chaos [NAME ...] [--reports DIR].

Ends with status 1 when a promise is not kept, or a trial has no answer.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import chaos
from benchmarks.server import ROOT
from chaos.outcome import Outcome
from chaos.table import as_json, as_text


def main(arguments: Sequence[str], package: ModuleType = chaos) -> int:
    """Run the package's trials, or those named; return the exit status."""
    names = trials(package)
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--reports", type=Path, default=ROOT / "reports")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.names) - set(names)):
        parser.error(f"no such trial: {', '.join(unknown)}; there are {', '.join(names)}")
    found = {name: run(package, name) for name in given.names or names}
    given.reports.mkdir(parents=True, exist_ok=True)
    (given.reports / "chaos.json").write_bytes(as_json(found))
    print(as_text(found))
    return 0 if all(one.met for outcomes in found.values() for one in outcomes) else 1


def trials(package: ModuleType) -> list[str]:
    """Names of the package's modules that have a function `trial`, in alphabetical order."""
    names = [each.name for each in pkgutil.iter_modules(package.__path__) if each.name[0] != "_"]
    return [name for name in names if hasattr(_module(package, name), "trial")]


def run(package: ModuleType, name: str) -> list[Outcome]:
    """Run one trial; its crash is an outcome, too."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    try:
        outcomes: list[Outcome] = _module(package, name).trial()
    except Exception as error:  # whatever it is, the other trials are to go on
        traceback.print_exc()
        reason = f"the trial ended with {type(error).__name__}: {error}"
        return [Outcome(promise=name, seen=reason, reach="an outcome", met=False)]
    return outcomes


def _module(package: ModuleType, name: str) -> ModuleType:
    return importlib.import_module(f"{package.__name__}.{name}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
