"""Gets the dataset files that a folder lacks, from the first source that answers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from model.dataset import find_files
from model.errors import DatasetError
from model.sources import SOURCES, Source, SourceError, source_of

NAMES = ("train", "test")


def fetch_datasets(
    data_dir: Path,
    sources: Sequence[Source] = SOURCES,
    say: Callable[[str], None] = print,
    *,
    only: Source | None = None,
) -> None:
    """Fetch those of the dataset files, train and test, that a folder lacks, and say their sources.

    With `only`, nothing is fetched from any other source: another one's posts make another model.
    A file that is there is left alone. What is fetched comes from one source, and from that of the
    file already there; beside somebody's own data nothing is fetched, since it would not belong to
    it. Files appear under their names verified and whole, or not at all. Raises DatasetError when
    no source gives them or the folder cannot be used.
    """
    try:
        present = _present(data_dir)
        missing = [name for name in NAMES if name not in present]
        if missing and "own data" not in [_origin(path, sources) for path in present.values()]:
            matching = _matching(present, sources, say)
            allowed = [source for source in matching if only in (None, source)]
            _fetch(missing, data_dir, allowed, say)
        _report(_present(data_dir), sources, say)
    except OSError as error:
        raise DatasetError(
            f"{data_dir} cannot be used ({error}): correct that, or set DATA_DIR to another folder"
        ) from None


def _present(data_dir: Path) -> dict[str, Path]:
    return {name: files[0] for name in NAMES if (files := find_files(data_dir, name))}


def _origin(path: Path, sources: Sequence[Source]) -> str:
    return source_of(hashlib.sha256(path.read_bytes()).hexdigest(), sources)


def _matching(
    present: Mapping[str, Path], sources: Sequence[Source], say: Callable[[str], None]
) -> Sequence[Source]:
    """Narrow the sources down to that of the file already there, when it is a known one."""
    origins = {_origin(path, sources): path for path in present.values()}
    for source in sources:
        if source.name in origins:
            say(
                f"{origins[source.name]} is from {source.name}, so the other file must be too"
                " (move it away to fetch both from any source)"
            )
            return [source]
    return sources


def _fetch(
    names: Sequence[str], data_dir: Path, sources: Sequence[Source], say: Callable[[str], None]
) -> None:
    failures = []
    for source in sources:
        try:
            _fetch_from(source, names, data_dir)
            return
        except SourceError as error:
            failures.append(f"{source.name}: {error}")
            say(f"no data from {failures[-1]}")
    raise DatasetError(
        f"no source gives the {' and '.join(names)} data ({'; '.join(failures)}):"
        " check the network, put train.jsonl.gz and test.jsonl.gz (or .jsonl) into"
        f" {data_dir} by hand, set DATA_DIR to the folder that holds them, or name another source"
        " of similar posts (SOURCE=orange)"
    )


def _fetch_from(source: Source, names: Sequence[str], data_dir: Path) -> None:
    files = {file: sha for file, sha in source.sha256.items() if file.split(".")[0] in names}
    data_dir.mkdir(parents=True, exist_ok=True)
    # Inside the folder itself: a rename is atomic only within one file system.
    with TemporaryDirectory(prefix=".fetch-", dir=data_dir) as staging:
        source.put(files, Path(staging))
        for file in files:
            # pooch makes its files readable by their owner alone.
            (Path(staging) / file).chmod(0o644)
            (Path(staging) / file).replace(data_dir / file)


def _report(
    present: Mapping[str, Path], sources: Sequence[Source], say: Callable[[str], None]
) -> None:
    origins = {path: _origin(path, sources) for path in present.values()}
    for path, origin in origins.items():
        say(f"{path}: {origin}")
    for source in sources:
        if source.caution and source.name in origins.values():
            say(source.caution)
    if len(set(origins.values())) > 1:
        say("note: train and test are from different sources, so scores may mislead")
