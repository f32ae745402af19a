"""Making and repairing the virtual environment, in folders of its own and without a network."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import runpy
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
COPYING_VENV = (
    "import shutil, sys; shutil.copytree({!r}, sys.argv[1], symlinks=True, dirs_exist_ok=True)"
)
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
    assert done.stdout == f"installing {NAME} in .venv\n"
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
    assert install(project).stdout == f"installing {NAME} in .venv\n"
    (project / "more.txt").touch()
    done = install(project, NAME, "more.txt")
    assert done.stdout == "installing more.txt in .venv\n"
    assert install(project).stdout == ""
    assert install(project, "more.txt").stdout == ""


def test_failed_installation_harms_nothing(project: Path) -> None:
    """What pip cannot install ends the run with one error; what was installed stays trusted."""
    broken = f"no-such-package==1 --hash=sha256:{'0' * 64}\n"
    (project / "more.txt").write_text(broken)
    for _ in range(2):
        done = install(project, NAME, "more.txt")
        assert done.returncode == 1
        last = done.stderr.splitlines()[-1]
        assert last.startswith("error: more.txt could not be installed: see pip's message above")
    (project / ".venv" / "left-over").touch()
    assert install(project).stdout == ""
    assert (project / ".venv" / "left-over").exists()


def test_requirements_without_hashes_are_refused(project: Path) -> None:
    """Only what is pinned by its hash may be installed, even where pip could find it."""
    with zipfile.ZipFile(project / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\n")
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
    (project / NAME).write_text("tiny==1.0\n")
    done = install(project, PIP_FIND_LINKS=str(project))
    assert done.returncode == 1
    assert "Hashes are required" in done.stderr


@pytest.mark.parametrize("damage", ["a file is gone", "a file is cut short", "all of it is gone"])
def test_damaged_package_is_repaired(project: Path, damage: str) -> None:
    """A package of which something is missing is installed again, into the same environment."""
    write_wheel(project)
    variables = {"PIP_FIND_LINKS": str(project)}
    assert install(project, **variables).returncode == 0
    (packages,) = (project / ".venv" / "lib").glob("python3.*/site-packages")
    if damage == "a file is gone":
        (packages / "tiny.py").unlink()
    elif damage == "a file is cut short":
        (packages / "tiny.py").write_text("")
    else:
        shutil.rmtree(packages / "tiny-1.0.dist-info")
    (project / ".venv" / "left-over").touch()
    done = install(project, **variables)
    assert (done.returncode, done.stdout) == (0, f"repairing {NAME} in .venv\n")
    assert (packages / "tiny.py").read_text() == "tiny = 1\n"
    assert (project / ".venv" / "left-over").exists()
    assert install(project, **variables).stdout == ""


def write_wheel(project: Path) -> None:
    """Make a package, and the requirement file that names it by its hash."""
    wheel = project / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        metadata = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        file.writestr("tiny.py", "tiny = 1\n")
        file.writestr("tiny-1.0.dist-info/METADATA", metadata)
        file.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        info = [f"tiny-1.0.dist-info/{each}" for each in ("METADATA", "WHEEL", "RECORD")]
        rows = "tiny.py,,9\n" + "".join(f"{name},,\n" for name in info)
        file.writestr("tiny-1.0.dist-info/RECORD", rows)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (project / NAME).write_text(f"tiny==1.0 --hash=sha256:{digest}\n")


def test_environment_without_pip_is_made_anew(project: Path) -> None:
    """Where nothing can be installed any more the environment is replaced."""
    (packages,) = (project / ".venv" / "lib").glob("python3.*/site-packages")
    shutil.rmtree(packages / "pip")
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
    assert ".venv cannot be used: making it again" in done.stdout
    assert done.returncode == 1
    assert done.stderr.startswith("error: this Python cannot make virtual environments: install")
    assert (project / ".venv" / "bin" / "python").exists()


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


@pytest.mark.parametrize("version", [(2, 7), (3, 10), (3, 15)])
def test_unsupported_python_is_refused(tmp_path: Path, version: tuple[int, int]) -> None:
    """One sentence says which Python is needed, which this is and how to name another."""
    pretend = (
        f"import runpy, sys; sys.version_info = {(*version, 0)};"
        " runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", pretend, str(SCRIPT)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"error: Python 3.11 to 3.14 is needed, this is {version[0]}.{version[1]}: name another,"
        " for example `make PYTHON=python3.12 run` or"
        " `python3.12 scripts/install.py requirements.txt`\n"
    )


def test_any_python_can_read_the_script() -> None:
    """Nothing in the file that checks the version is newer than Python 2.7."""
    nodes = list(ast.walk(ast.parse(SCRIPT.read_text())))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Match, ast.Nonlocal, ast.Await)
    assert not [node for node in nodes if isinstance(node, newer)]
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    assert functions
    assert not [each for each in functions if each.returns or each.args.kwonlyargs]


def test_readme_names_the_supported_range() -> None:
    """What README says of Python is what the installer takes."""
    readme = (SCRIPT.parents[1] / "README.md").read_text()
    first, end = runpy.run_path(str(SCRIPT))["supported"]()
    assert f"With Python {first[0]}.{first[1]} to {end[0]}.{end[1] - 1} and make:" in readme


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Where no environment can be made, the sentence says that the folder is the reason."""
    (tmp_path / NAME).touch()
    read_only = f"mount --bind {tmp_path} {tmp_path} && mount -o remount,bind,ro {tmp_path}"
    unshare = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec"]
    command = f'{read_only} && cd {tmp_path} && exec "$@"'
    done = subprocess.run(
        [*unshare, command, "sh", sys.executable, str(SCRIPT), NAME],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr:
        pytest.skip("unshare --mount is not allowed here")
    assert done.returncode == 1
    assert done.stderr.startswith("error: .venv cannot be written (Read-only file system): ")
