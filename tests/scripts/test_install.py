"""Making and repairing the virtual environment, in folders of its own and without a network."""

from __future__ import annotations

import ast
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "install.py"
NAME, MORE = "requirements.txt", "requirements-dev.txt"
SITE = Path(f".venv/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages")
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
# Stands in for the venv module, which takes seconds: copies an environment made before.
COPYING_VENV = """
import shutil, sys
shutil.copytree({!r}, sys.argv[-1], symlinks=True, dirs_exist_ok=True)
"""
FAILING_VENV = "raise SystemExit(3)"
WAITING_VENV = "import pathlib, time; pathlib.Path('venv-runs').touch(); time.sleep(600)"


def command(*names: str) -> list[str]:
    """The script's command line, by the interpreter that runs the tests."""
    return [sys.executable, str(SCRIPT), *(names or [NAME])]


def install(folder: Path, *names: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the script in a folder, as make does; it must end without a traceback."""
    done = subprocess.run(
        command(*names),
        cwd=folder,
        env=os.environ | OFFLINE | {"PIP_FIND_LINKS": str(folder)} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


def write_wheel(folder: Path, name: str, version: str = "1.0", needs: str = "") -> str:
    """Make a wheel of one module and one command; return the line that pins it."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += f"Requires-Dist: {needs}\n" if needs else ""
    content = {
        f"{name}.py": f'"""A module."""\n\n\ndef main():\n    print("{name} {version}")\n',
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}-command = {name}:main\n",
    }
    content[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*content, f"{info}/RECORD"])
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in content.items():
            archive.writestr(path, text)
    return f"{name}=={version} --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n"


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment without any package but pip, which tests copy."""
    folder = tmp_path_factory.mktemp("bare") / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder


@pytest.fixture
def stand_in(tmp_path: Path, bare: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What runs instead of the venv module: quick, for the time being."""
    (tmp_path / "stand-in").mkdir()
    path = tmp_path / "stand-in" / "venv.py"
    path.write_text(COPYING_VENV.format(str(bare)))
    monkeypatch.setenv("PYTHONPATH", str(path.parent))
    return path


@pytest.fixture
def project(tmp_path: Path, stand_in: Path) -> Path:
    """A folder with two lock files, of which the first is installed."""
    return prepare(tmp_path / "project")


@pytest.fixture(scope="module")
def lasting_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a folder for tests that leave it as they found it: with a whole environment."""
    return prepare(tmp_path_factory.mktemp("lasting") / "project")


def prepare(folder: Path) -> Path:
    """Make a folder with two lock files, and install the first."""
    folder.mkdir()
    (folder / NAME).write_text(write_wheel(folder, "served"))
    (folder / MORE).write_text((folder / NAME).read_text() + write_wheel(folder, "checker"))
    done = install(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"installing {NAME} into .venv: 1 packages")
    return folder


def inode(folder: Path) -> int:
    """What distinguishes one environment from another that replaced it."""
    return (folder / ".venv").stat().st_ino


def works(folder: Path, name: str) -> bool:
    """Whether the command of a package of the environment runs."""
    done = subprocess.run(
        [folder / ".venv" / "bin" / f"{name}-command"], capture_output=True, text=True, check=False
    )
    return done.stdout.startswith(name)


def assert_made_anew(folder: Path, *names: str) -> str:
    """The next run replaces the environment by one that works; return what it prints."""
    (folder / ".venv" / "left-over").touch()
    done = install(folder, *names)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (folder / ".venv" / "left-over").exists()
    assert works(folder, "served")
    assert install(folder, *names).stdout == ""
    assert {path.name for path in folder.glob(".venv*")} == {".venv"}
    return done.stdout


def test_finished_environment_is_left_alone(project: Path) -> None:
    """A second run installs nothing, says nothing and changes no file."""
    before = {path: path.lstat().st_mtime_ns for path in (project / ".venv").rglob("*")}
    done = install(project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {path: path.lstat().st_mtime_ns for path in (project / ".venv").rglob("*")} == before


def test_commands_name_the_final_folder(project: Path) -> None:
    """What is made beside the old environment and moved works where it ends up."""
    assert works(project, "served")
    for path in (project / ".venv" / "bin").iterdir():
        assert path.is_symlink() or b".venv.new" not in path.read_bytes()


def test_further_requirements_are_added(project: Path) -> None:
    """A lock file that was not installed before comes into the environment that is there."""
    before = inode(project)
    done = install(project, NAME, MORE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"installing {MORE} into .venv: 2 packages")
    assert inode(project) == before
    assert works(project, "checker")
    assert install(project).stdout == install(project, NAME, MORE).stdout == ""


def test_failed_addition_leaves_serving_alone(project: Path) -> None:
    """When development tools cannot be installed, the next `make run` finds nothing to do."""
    good = (project / MORE).read_text()
    (project / MORE).write_text(f"no-such-package==1 --hash=sha256:{'0' * 64}\n")
    before = inode(project)
    done = install(project, NAME, MORE)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"error: {MORE} could not be installed: see pip's message above")
    assert install(project).stdout == ""
    assert inode(project) == before
    # Files of the half-done addition may be in the way of another, so that one starts afresh.
    (project / MORE).write_text(good)
    assert "whose installation was broken off: making a new one" in assert_made_anew(
        project, NAME, MORE
    )
    assert works(project, "checker")


def test_failed_replacement_leaves_the_old_one(project: Path) -> None:
    """A new version of the lock file that cannot be installed changes nothing."""
    good = (project / NAME).read_text()
    before = inode(project)
    (project / NAME).write_text(good + f"no-such-package==1 --hash=sha256:{'0' * 64}\n")
    done = install(project)
    assert done.returncode == 1
    assert f".venv holds another version of {NAME}: making a new one" in done.stdout
    assert done.stderr.splitlines()[-1].startswith(f"error: {NAME} could not be installed")
    assert inode(project) == before
    assert works(project, "served")
    assert not (project / ".venv.new").exists()
    (project / NAME).write_text(good)
    assert install(project).stdout == ""


def test_changed_requirements_make_a_new_environment(project: Path) -> None:
    """What the lock file no longer names is gone afterwards."""
    (project / NAME).write_text(write_wheel(project, "served", "2.0"))
    assert f"holds another version of {NAME}" in assert_made_anew(project)
    assert (project / SITE / "served-2.0.dist-info").exists()
    assert not (project / SITE / "served-1.0.dist-info").exists()


def test_requirements_without_hashes_are_refused(project: Path) -> None:
    """Only what is pinned by its hash may be installed, even where pip could find it."""
    (project / NAME).write_text("served==1.0\n")
    done = install(project)
    assert done.returncode == 1
    assert "Hashes are required" in done.stderr


def test_dependencies_are_not_resolved(project: Path) -> None:
    """What a package needs is not looked for, but its lack in the lock file is an error."""
    write_wheel(project, "needed")
    (project / NAME).write_text(write_wheel(project, "served", "3.0", needs="needed"))
    done = install(project)
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {NAME} cannot be used together here: served 3.0 requires needed, which is not"
        " installed.\n"
    )


def remove_module(folder: Path) -> None:
    """Delete a file of a package."""
    (folder / SITE / "served.py").unlink()


def edit_module(folder: Path) -> None:
    """Change a file of a package, though not its size."""
    path = folder / SITE / "served.py"
    path.write_text(path.read_text().replace("A module", "An error"[:8]))


def uninstall(folder: Path) -> None:
    """Uninstall a package by pip."""
    words = ["-m", "pip", "uninstall", "--quiet", "--yes", "served"]
    subprocess.run([folder / ".venv" / "bin" / "python", *words], check=True)


def remove_metadata(folder: Path) -> None:
    """Delete what pip knows of a package."""
    shutil.rmtree(folder / SITE / "served-1.0.dist-info")


def remove_pip(folder: Path) -> None:
    """Delete pip, which the next addition needs."""
    shutil.rmtree(folder / SITE / "pip")


def remove_command(folder: Path) -> None:
    """Delete the command of a package."""
    (folder / ".venv" / "bin" / "served-command").unlink()


def remove_interpreter(folder: Path) -> None:
    """Delete the interpreter."""
    (folder / ".venv" / "bin" / "python").unlink()


def remove_configuration(folder: Path) -> None:
    """Delete what makes it an environment."""
    (folder / ".venv" / "pyvenv.cfg").unlink()


def remove_record(folder: Path) -> None:
    """Delete what vouches for the environment."""
    (folder / ".venv" / "installed" / "environment.json").unlink()


def spoil_record(folder: Path) -> None:
    """Make the record of the packages unreadable."""
    (folder / ".venv" / "installed" / f"{NAME}.json").write_bytes(b"\xff")


def empty(folder: Path) -> None:
    """Leave an empty folder."""
    shutil.rmtree(folder / ".venv")
    (folder / ".venv").mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        remove_module,
        edit_module,
        uninstall,
        remove_metadata,
        remove_pip,
        remove_command,
        remove_interpreter,
        remove_configuration,
        remove_record,
        spoil_record,
        empty,
    ],
)
def test_damage_is_noticed_and_repaired(
    lasting_project: Path, stand_in: Path, damage: Callable[[Path], None]
) -> None:
    """Whatever is missing or changed, the next command makes an environment that works."""
    damage(lasting_project)
    assert ": making a new one" in assert_made_anew(lasting_project)


def test_environment_in_a_moved_folder_is_made_anew(project: Path, tmp_path: Path) -> None:
    """An environment holds its own path, so it does not work elsewhere."""
    moved = project.rename(tmp_path / "moved")
    assert "made for another Python or folder: making a new one" in assert_made_anew(moved)


def test_interpreter_that_does_not_run_is_noticed(project: Path) -> None:
    """One that is in its place and cannot run, as after an upgrade of the system's, is replaced."""
    environment = project / ".venv"
    (environment / "pyvenv.cfg").rename(environment / "kept")
    link = environment / "bin" / "python"
    target = link.readlink()
    link.unlink()
    link.symlink_to("x" * len(str(target)))
    (environment / "kept").rename(environment / "pyvenv.cfg")
    assert_made_anew(project)


def test_environment_behind_a_link_is_replaced(project: Path) -> None:
    """A symbolic link in the environment's place is removed; what it points to is not."""
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    shutil.rmtree(project / ".venv")
    (project / ".venv").symlink_to(elsewhere)
    assert install(project).returncode == 0
    assert not (project / ".venv").is_symlink()
    assert (elsewhere / "kept").exists()


def test_file_in_the_environments_place_is_replaced(project: Path) -> None:
    """A file of that name does not keep the environment from being made."""
    shutil.rmtree(project / ".venv")
    (project / ".venv").touch()
    assert install(project).returncode == 0
    assert works(project, "served")


def test_packages_of_the_folder_are_none_of_the_environments(project: Path) -> None:
    """What lies in the project's folder or on PYTHONPATH does not pass for installed."""
    shutil.copytree(project / SITE / "served-1.0.dist-info", project / "served-1.0.dist-info")
    shutil.rmtree(project / ".venv")
    path = f"{os.environ['PYTHONPATH']}{os.pathsep}{project}"
    assert install(project, PYTHONPATH=path).returncode == 0
    assert works(project, "served")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interruption_leaves_the_old_environment(
    project: Path, stand_in: Path, number: signal.Signals
) -> None:
    """Ctrl-C, or the end by force, while a new one is made changes nothing of the old one."""
    good, quick = (project / NAME).read_text(), stand_in.read_text()
    before = inode(project)
    (project / NAME).write_text(good + "# Changed.\n")
    stand_in.write_text(WAITING_VENV)
    process = subprocess.Popen(
        command(), cwd=project, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not (project / "venv-runs").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, number)
    assert "Traceback" not in process.communicate(timeout=60)[1]
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert inode(project) == before
    assert works(project, "served")
    stand_in.write_text(quick)
    assert_made_anew(project)


def test_environment_that_was_moved_aside_comes_back(project: Path) -> None:
    """An end by force between the two renames of a swap is undone by the next command."""
    before = inode(project)
    (project / ".venv").rename(project / ".venv.old")
    (project / ".venv.new").mkdir()
    assert install(project).stdout == ""
    assert inode(project) == before
    assert {path.name for path in project.glob(".venv*")} == {".venv"}


def test_two_commands_install_in_turn(project: Path) -> None:
    """The second waits for the first, and says so."""
    folder = os.open(project, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    process = subprocess.Popen(
        command(NAME, MORE),
        cwd=project,
        env=os.environ | OFFLINE | {"PIP_FIND_LINKS": str(project)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting for another command to finish .venv\n"
    os.close(folder)
    assert process.communicate(timeout=60)[0].startswith(f"installing {MORE}")
    assert process.returncode == 0


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """One sentence says where nothing can be written, and what to do; root is refused in /sys."""
    (tmp_path / NAME).write_text("# Nothing is needed.\n")
    folder = Path("/sys") if os.geteuid() == 0 else tmp_path
    tmp_path.chmod(0o555)
    done = install(folder, str(tmp_path / NAME))
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {folder}/.venv.new cannot be written (")
    assert done.stderr.count("\n") == 1


def test_venv_module_that_fails_is_told(project: Path, stand_in: Path) -> None:
    """Where no environment can be made, one sentence points to the reason."""
    shutil.rmtree(project / ".venv")
    stand_in.write_text(FAILING_VENV)
    done = install(project)
    assert done.returncode == 1
    assert done.stderr.startswith("error: no virtual environment could be made: see the message")
    assert not list(project.glob(".venv*"))


def test_missing_venv_module_is_told(project: Path, stand_in: Path) -> None:
    """Where Debian's python3-venv is missing, one sentence says what to install."""
    shutil.rmtree(project / ".venv")
    stand_in.write_text(FAILING_VENV)
    # As the import system has it for a module that is not there.
    (stand_in.parent / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name: None if name == 'ensurepip' else find(name)\n"
    )
    done = install(project)
    assert done.returncode == 1
    assert done.stderr.startswith("error: this Python cannot make virtual environments: install")


def test_missing_requirements_are_told(tmp_path: Path) -> None:
    """A wrong name, or a wrong folder, is one sentence; no environment is made."""
    done = install(tmp_path, "none.txt")
    assert done.returncode == 1
    assert done.stderr.startswith("error: none.txt cannot be read (No such file or directory): run")
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 10, 99), (3, 15, 0)])
def test_other_python_is_told_before_anything_else(
    tmp_path: Path, version: tuple[int, ...]
) -> None:
    """One sentence says which Pythons work, which this is and how to name another."""
    pretend = f"""
import runpy, sys
sys.version_info = {version}
runpy.run_path(sys.argv[1], run_name="__main__")
"""
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
        " for example `make PYTHON=python3.12 run` or `python3.12 scripts/install.py"
        " requirements.txt`\n"
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
    """What README says of Python is what pyproject.toml says, which the installer reads."""
    root = SCRIPT.parents[1]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    oldest, limit = re.findall(r"3\.(\d+)", project["requires-python"])
    readme = (root / "README.md").read_text()
    assert f"With Python 3.{oldest} to 3.{int(limit) - 1} and make:" in readme
