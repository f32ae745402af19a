"""Making and repairing the virtual environment, in folders of its own and without a network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "install.py"
NAME = "requirements.txt"
STAMP = Path(".venv") / "installed.json"
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
# Stands in for the venv module, which takes seconds: copies an environment made before, or fails.
COPYING_VENV = "import shutil, sys; shutil.copytree({!r}, sys.argv[1], symlinks=True)"
FAILING_VENV = "raise SystemExit(3)"


def install(folder: Path, *names: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the script in a folder, as make does; it must end without a traceback."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *(names or [NAME])],
        cwd=folder,
        env=os.environ | OFFLINE | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose environment the script has really made; tests copy it."""
    folder = tmp_path_factory.mktemp("made") / "project"
    folder.mkdir()
    (folder / NAME).write_text("# Nothing is needed.\n")
    done = install(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"installing {NAME} into .venv\n"
    return folder


@pytest.fixture
def project(made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder that counts as made there, where making anew is quick."""
    folder = Path(shutil.copytree(made_once, tmp_path / "project", symlinks=True))
    stamp = json.loads((folder / STAMP).read_text())
    stamp["folder"] = str((folder / ".venv").resolve())
    (folder / STAMP).write_text(json.dumps(stamp))
    (tmp_path / "stand-in").mkdir()
    (tmp_path / "stand-in" / "venv.py").write_text(COPYING_VENV.format(str(made_once / ".venv")))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "stand-in"))
    return folder


def assert_made_anew(folder: Path) -> None:
    """The next run replaces the environment by one that works and is trusted."""
    if (folder / ".venv").exists():
        (folder / ".venv" / "left-over").touch()
    done = install(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (folder / ".venv" / "left-over").exists()
    assert install(folder).stdout == ""


def test_finished_environment_is_left_alone(project: Path) -> None:
    """A second run installs nothing, says nothing and leaves the stamp as it is."""
    before = (project / STAMP).stat()
    done = install(project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    after = (project / STAMP).stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_requirements_add_up(project: Path) -> None:
    """Changed and further files are installed into the environment that is there."""
    (project / NAME).write_text("# Still nothing.\n")
    assert install(project).stdout == f"installing {NAME} into .venv\n"
    (project / "more.txt").touch()
    done = install(project, NAME, "more.txt")
    assert done.stdout == "installing more.txt into .venv\n"
    assert install(project).stdout == ""
    assert install(project, "more.txt").stdout == ""


def test_failed_installation_is_not_taken_for_finished(project: Path) -> None:
    """What pip cannot install ends the run with one error, and the environment is not trusted."""
    (project / NAME).write_text(f"no-such-package==1 --hash=sha256:{'0' * 64}\n")
    done = install(project)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"error: {NAME} could not be installed: see pip's message above")
    assert not (project / STAMP).exists()
    (project / NAME).write_text("# Nothing is needed.\n")
    assert_made_anew(project)


def test_requirements_without_hashes_are_refused(project: Path) -> None:
    """Only what is pinned by its hash may be installed, even where pip could find it."""
    with zipfile.ZipFile(project / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\n")
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    (project / NAME).write_text("tiny==1.0\n")
    done = install(project, PIP_FIND_LINKS=str(project))
    assert done.returncode == 1
    assert "Hashes are required" in done.stderr


def test_environment_without_a_package_is_made_anew(project: Path) -> None:
    """A package that was there after installing and is gone makes the environment stale."""
    (packages,) = (project / ".venv" / "lib").glob("python3.*/site-packages")
    shutil.rmtree(packages / "pip")
    (info,) = packages.glob("pip-*.dist-info")
    shutil.rmtree(info)
    assert_made_anew(project)


def test_environment_in_a_moved_folder_is_made_anew(project: Path, tmp_path: Path) -> None:
    """An environment holds its own path, so it does not work elsewhere."""
    moved = Path(shutil.copytree(project, tmp_path / "moved", symlinks=True))
    assert_made_anew(moved)
    stamp = json.loads((moved / STAMP).read_text())
    assert stamp["folder"] == str((moved / ".venv").resolve())


def test_environment_without_its_interpreter_is_made_anew(project: Path) -> None:
    """One whose interpreter does not run, as after an upgrade of the system's, is stale."""
    (project / ".venv" / "bin" / "python").unlink()
    assert_made_anew(project)


@pytest.mark.parametrize("content", [None, "", "[]", '{"python": "2.7"}', "\udcff"])
def test_environment_without_a_sound_stamp_is_made_anew(project: Path, content: str | None) -> None:
    """A stamp that is missing, does not parse or is another interpreter's vouches for nothing."""
    (project / STAMP).unlink()
    if content is not None:
        (project / STAMP).write_bytes(content.encode(errors="surrogateescape"))
    (project.parent / "stand-in" / "venv.py").write_text(FAILING_VENV)
    done = install(project)
    assert ".venv is stale or half-made: making it anew" in done.stdout
    assert done.returncode == 1
    assert done.stderr.startswith("error: this Python cannot make virtual environments: install")
    assert not (project / ".venv").exists()


def test_packages_of_the_folder_are_none_of_the_environments(project: Path) -> None:
    """What lies in the project's folder or on PYTHONPATH is not counted as installed."""
    (project / "here-1.0.dist-info").mkdir()
    (project / "here-1.0.dist-info" / "METADATA").write_text("Name: here\nVersion: 1.0\n")
    (project / NAME).write_text("# Once more.\n")
    install(project, PYTHONPATH=str(project))
    shutil.rmtree(project / "here-1.0.dist-info")
    assert install(project).stdout == ""


def test_environment_behind_a_link_is_replaced(project: Path) -> None:
    """A symbolic link in the environment's place is removed; what it points to is not."""
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    shutil.rmtree(project / ".venv")
    (project / ".venv").symlink_to(elsewhere)
    assert_made_anew(project)
    assert not (project / ".venv").is_symlink()
    assert (elsewhere / "kept").exists()


def test_file_in_the_environments_place_is_replaced(project: Path) -> None:
    """A file of that name does not keep the environment from being made."""
    shutil.rmtree(project / ".venv")
    (project / ".venv").touch()
    assert install(project).returncode == 0


def test_missing_requirements_are_told(tmp_path: Path) -> None:
    """A wrong name, or a wrong folder, is one sentence; no environment is made."""
    done = install(tmp_path, "none.txt")
    assert done.returncode == 1
    assert done.stderr.startswith("error: none.txt cannot be read (No such file or directory): run")
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(("version", "code"), [((3, 10, 99), 1), ((3, 11, 0), 0)])
def test_older_python_is_told_before_anything_else(
    tmp_path: Path, version: tuple[int, ...], code: int
) -> None:
    """One sentence says which Python is needed, which this is and how to name another."""
    pretend = f"import runpy, sys; sys.version_info = {version}; runpy.run_path(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", pretend, str(SCRIPT)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert done.stderr == (
        "error: Python 3.11 or newer is needed, this is 3.10: name a newer one, for example"
        " `make PYTHON=python3.12 run` or `python3.12 scripts/install.py requirements.txt`\n"
        if code
        else ""
    )
