"""How a command ends: errors of users, of the machine and of nobody's foresight, and Ctrl-C."""

import errno
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from gridstage.common import Arguments, UserError, run, write_text
from gridstage.common.aside.command import Interrupted, sentences_on
from packages.gridstage.tests.project import ROOT


def ended(
    main: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> tuple[object, str]:
    """Return the exit status and what was written to standard error."""
    arguments = Arguments("python -m stages.stage", None)
    arguments.add_argument("words", nargs="*")
    with pytest.raises(SystemExit) as caught:
        run(lambda _: main(), arguments)
    return caught.value.code, capsys.readouterr().err


def test_a_wrong_argument_is_a_sentence_with_the_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = Arguments("python -m stages.stage", "What it does.")
    arguments.add_argument("--dry-run", action="store_true")
    usage = "Usage: python -m stages.stage [-h] [--traceback] [--dry-run]"
    monkeypatch.setattr("sys.argv", ["stage", "--dryrun"])
    with pytest.raises(SystemExit) as caught:
        run(lambda _: None, arguments)
    assert caught.value.code == 2
    assert (
        capsys.readouterr().err == f"error: unrecognized arguments: --dryrun. {usage}\n"
    )


def test_a_note_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> None:
        for text in ("one", "two", "one"):
            with warnings.catch_warnings(action="always"):
                warnings.warn(text, stacklevel=1)

    monkeypatch.setattr("sys.argv", ["stage"])
    before = warnings.showwarning
    run(main)
    assert capsys.readouterr().err == "note: one\nnote: two\n"
    assert warnings.showwarning is before


def fails_in_own_code() -> None:
    try:
        raise ZeroDivisionError("in the user's own net")
    except ZeroDivisionError as error:
        raise UserError("The net failed. Fix it.") from error


def test_the_traceback_of_a_cause_is_shown_on_demand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["stage", "--traceback", "dropout"])
    status, shown = ended(fails_in_own_code, capsys)
    assert status == 1
    assert sys.argv == ["stage", "dropout"]  # what a stage reads
    assert shown.startswith("Traceback (most recent call last):")
    assert "in fails_in_own_code" in shown
    assert shown.endswith(
        "ZeroDivisionError: in the user's own net\nerror: The net failed. Fix it.\n"
    )
    monkeypatch.setattr("sys.argv", ["stage", "dropout"])
    assert ended(fails_in_own_code, capsys) == (1, "error: The net failed. Fix it.\n")


def test_what_nobody_foresaw_is_a_sentence_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["stages/search.py", "dropout"])
    monkeypatch.chdir(ROOT)

    def main() -> None:
        raise TypeError("'int' object\nis odd.")

    status, shown = ended(main, capsys)
    assert status == 1
    assert shown.startswith(
        "error: TypeError: 'int' object is odd (packages/gridstage/tests/common/test_command.py, line "
    )
    assert " dropout --traceback` shows how it came about" in shown


def test_a_module_that_exits_does_not_end_a_stage_in_silence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def main() -> None:
        raise SystemExit(0)

    code, shown = ended(main, capsys)
    assert code == 1
    assert shown.startswith("error: SystemExit")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            OSError(errno.ENOSPC, "It is full", "a.csv"),
            "a.csv can't be used: It is full. Remove the cause, then run",
        ),
        (
            OSError(errno.EMFILE, "Too many open files"),
            "Too many open files. Remove the cause, then run the command",
        ),
        (
            CalledProcessError(128, ["git", "clone"], stderr="fatal:\n no\n"),
            "`git clone` failed: fatal: no",
        ),
        (MemoryError("8 GiB"), "The memory is used up: 8 GiB. Set runtime.n_jobs"),
        (
            ModuleNotFoundError("No module named 'skorch.a'", name="skorch.a"),
            "The package skorch is missing. Activate",
        ),
    ],
)
def test_a_fault_of_the_machine_is_a_sentence(error: Exception, sentence: str) -> None:
    (shown,) = sentences_on(error)
    assert shown.startswith(f"error: {sentence}")


class Ended(BaseException):
    """In place of the end of this process."""


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            signal.pause()
        except KeyboardInterrupt:  # as skorch does, which would go on
            pass

    def end(status: int) -> None:
        raise Ended(status)

    monkeypatch.setattr("gridstage.common.aside.command._end_at_once", end)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(Ended) as caught:
        run(main)
    assert caught.value.args == (130,)
    assert capsys.readouterr().err == "interrupted\n"
    assert signal.getsignal(signal.SIGINT) is handler
    assert not issubclass(Interrupted, KeyboardInterrupt)


STAGE = """
import sys
from gridstage.common import run

def main():
    {}

run(main)
"""


def command(
    code: str, shell: str, folder: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    write_text(folder / "stage.py", STAGE.format(code))
    environment = (
        os.environ | {"PYTHON": sys.executable, "PYTHONUNBUFFERED": ""} | variables
    )
    done = subprocess.run(
        ["bash", "-c", f'"$PYTHON" stage.py {shell}'],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done


def test_output_is_utf_8_whatever_the_locale(tmp_path: Path) -> None:
    for variables in ({}, {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}):
        assert (
            command("print('größe – 中')", "| cat", tmp_path, **variables).stdout
            == "größe – 中\n"
        )


@pytest.mark.usefixtures("ctrl_c")
def test_errors_while_a_command_is_imported_are_told(tmp_path: Path) -> None:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])
    }
    here = tmp_path / "here"  # where such a file would be named
    here.mkdir()
    for code, status, message in (
        (
            "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n",
            130,
            "interrupted\n",
        ),
        (
            "import torch_of_ones_own\n",
            1,
            "error: The package torch_of_ones_own is missing.",
        ),
    ):
        write_text(tmp_path / "torch.py", code)
        arguments = [sys.executable, "-m", "stages.search", "dropout"]
        done = subprocess.run(
            arguments, cwd=here, env=environment, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr[: len(message)]) == (status, message)
        assert status == 1 or done.stderr == message
