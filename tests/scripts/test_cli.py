"""How a command line ends: quietly, with one sentence, or with a fault's traceback."""

from __future__ import annotations

from typing import NoReturn

import pytest

from model.errors import ArtifactError, DatasetError, UserError
from scripts.cli import run


def failing(error: BaseException) -> NoReturn:
    """Fail as a command does."""
    raise error


def test_command_that_succeeds_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """A command's own output is all there is."""
    run(lambda: print("done"))
    assert capsys.readouterr() == ("done\n", "")


@pytest.mark.parametrize("kind", [UserError, DatasetError, ArtifactError])
def test_what_the_user_can_mend_is_one_sentence(
    kind: type[UserError], capsys: pytest.CaptureFixture[str]
) -> None:
    """The message goes to stderr without a traceback, and the exit code is 1."""
    with pytest.raises(SystemExit) as caught:
        run(lambda: failing(kind("the file is missing: run `make data`")))
    assert caught.value.code == 1
    assert capsys.readouterr() == ("", "error: the file is missing: run `make data`\n")


def test_interruption_ends_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C gives the shells' usual exit code for it, and no words."""
    with pytest.raises(SystemExit) as caught:
        run(lambda: failing(KeyboardInterrupt()))
    assert caught.value.code == 130
    assert capsys.readouterr() == ("", "")


def test_fault_of_the_code_keeps_its_traceback() -> None:
    """Any other error is not dressed up as the user's."""
    with pytest.raises(ZeroDivisionError):
        run(lambda: failing(ZeroDivisionError()))
