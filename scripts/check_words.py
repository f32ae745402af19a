"""Part of `make lint`: names roundabout words in code and documents, and what to write instead."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

INSTEAD = {
    r"hence|thereby|whereby|wherein|lest|for want of": "so, because or without",
    r"tell|tells|told|telling": "show, contain, return or mean",
    r"of ours|of our own|our own": "nothing, or the name of the module",
    r"may import (?:nothing|only|the|model|anything|all)": "nothing: import-linter checks it",
    r"mend|mends|mended|mending": "fix or correct",
    r"anew|aright|beforehand": "again, correctly or before",
    r"in (?:its|his|their) turn|there and back": "then, or round trip",
    r"whatever becomes of|whoever asks": "in every case, or any caller",
}
"""Words that are common in other centuries, and the common ones."""

# A file object has a method tell.
BANNED = {
    re.compile(rf"(?<![.\w])(?:{words})\b", re.IGNORECASE): instead
    for words, instead in INSTEAD.items()
}
# Lock files are made by a tool; the examples, and notes below mails, are as people write them.
EXEMPT = {
    *("CHANGELOG.md", "app/examples.py", "scripts/check_words.py", "tests/scripts/test_words.py"),
    *("LICENSE", "tests/model/test_boilerplate.py", "evaluation/perturbations.py"),
}
BINARY = {".joblib", ".png", ".txt"}


def main() -> None:
    """Print each line with such a word, and end with status 1 if there is any."""
    found = [line for path in tracked() for line in findings(path.read_text(), str(path))]
    if found:
        print("\n".join(found))
        sys.exit(1)


def tracked() -> list[Path]:
    """Return the text files of the project, by their path from its folder."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [
        Path(name)
        for name in listed
        if name not in EXEMPT and Path(name).suffix not in BINARY and (ROOT / name).is_file()
    ]


def findings(text: str, name: str) -> list[str]:
    """Return a line for each banned word of a text: where it is, and what to write instead."""
    return [
        f"{name}:{number}: write {instead}, not {found[0]!r}"
        for number, line in enumerate(text.splitlines(), start=1)
        for pattern, instead in BANNED.items()
        if (found := pattern.search(line))
    ]


if __name__ == "__main__":
    main()
