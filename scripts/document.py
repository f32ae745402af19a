"""`make docs`: writes what documents show of the code and of the artifact.

A table stands between two comments, `<!-- NAME -->` and `<!-- /NAME -->`. A link such as
[`predict`](../model/classifier.py#L84) gets the line on which the function or class is defined.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from app.config import PREFIX, Config
from model.errors import UserError
from model.manifest import read_manifest
from scripts.cli import run

ROOT = Path(__file__).resolve().parent.parent
TRAINED = ROOT / "model" / "trained"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
LINK = re.compile(r"\[`(\w+)`\]\(([^)#]+\.py)#L\d+\)")


def main() -> None:
    """Write every table; raises UserError when there is none to write."""
    for (document, name), content in tables().items():
        path = ROOT / document
        path.write_text(filled(path.read_text(), name, content))
        print(f"wrote the table of {name} in {document}")
    ARCHITECTURE.write_text(linked(ARCHITECTURE.read_text(), ARCHITECTURE.parent))
    print(f"wrote the line numbers in {ARCHITECTURE.relative_to(ROOT)}")


def tables() -> dict[tuple[str, str], str]:
    """Return the content of each table, by document and name."""
    return {("README.md", "results"): results(), ("docs/settings.md", "settings"): settings()}


def filled(text: str, name: str, content: str) -> str:
    """Return a document with the content of one table replaced; raises UserError without any."""
    block = f"<!-- {name} -->\n{content}<!-- /{name} -->"
    written, count = re.subn(
        f"<!-- {name} -->\n.*<!-- /{name} -->", lambda found: block, text, flags=re.DOTALL
    )
    if count != 1:
        raise UserError(f"a document has {count} tables of {name}: mark one with <!-- {name} -->")
    return written


def linked(text: str, folder: Path) -> str:
    """Return a document with the lines of its links to code; raises UserError at a dead link."""

    def link(found: re.Match[str]) -> str:
        name, path = found.groups()
        code = (folder / path).read_text()
        definition = re.search(rf"^ *(?:def|class) {name}\b", code, re.MULTILINE)
        if definition is None:
            raise UserError(f"{path} defines no {name}: correct the link of the document")
        line = code.count("\n", 0, definition.start()) + 1
        return f"[`{name}`]({path}#L{line})"

    return LINK.sub(link, text)


def settings() -> str:
    """The settings: variable, default, meaning."""
    rows = [("variable", "default", "what it is"), ("---", "---", "---")]
    for field in msgspec.structs.fields(Config):
        described = msgspec.inspect.type_info(field.type)
        assert isinstance(described, msgspec.inspect.Metadata)
        assert described.extra_json_schema
        default = (described.extra or {}).get("default") or f"`{_encoded(field.default)}`"
        variable = f"`{PREFIX}{field.name.upper()}`"
        rows.append((variable, default, described.extra_json_schema["description"]))
    return _table(rows)


def results() -> str:
    """The headline figures of the trained model on the test set, by view."""
    evaluation = read_manifest(TRAINED).evaluation
    if evaluation is None:
        raise UserError("the trained model was not evaluated: run `make evaluate`")
    rows = [["view", "accuracy", "macro-F1", "calibration error"], ["---"] * 4]
    for view, figures in evaluation.views.items():
        shown = [f"{figures[name]:.3f}" for name in ("accuracy", "macro_f1", "ece")]
        rows.append([view, *shown])
    return _table(rows)


def _encoded(default: object) -> str:
    return default if isinstance(default, str) else msgspec.json.encode(default).decode()


def _table(rows: Iterable[Iterable[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    run(main)
