"""Artifacts are written whole or not at all; the numeric environment is pinned, whatever the shell says."""

import csv
import errno
import inspect
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gridstage.common import UserError, reading, write_text
from lockstep.kernel.library import levels
from packages.gridstage.tests.conftest import Command
from packages.gridstage.tests.project import ROOT, text_of
from packages.gridstage.tests.refusals import refused

REMEDY = "Run `dvc repro fetch`."


def test_nothing_is_left_beside_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "first\n")
    write_text(path, "second\n")
    assert path.read_bytes() == b"second\n"
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_bytes() == b"second\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "before")
    Path(f"{path}.tmp").mkdir()  # so that nothing can be written there
    with pytest.raises(IsADirectoryError):
        write_text(path, "after")
    assert text_of(path) == "before"


@pytest.mark.parametrize("call", ["pathlib.Path.write_bytes", "os.replace"])
def test_a_fault_of_the_machine_leaves_no_temporary_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, call: str
) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "before")

    def fail(new: Path, *arguments: object) -> None:
        with new.open("wb") as half:
            half.write(b"af")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(call, fail)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)) as caught:
        write_text(path, "after")
    assert caught.value.filename == str(path)
    assert [*tmp_path.iterdir()] == [path]
    assert text_of(path) == "before"


def test_a_missing_file_is_named_with_what_to_run(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    with pytest.raises(UserError) as caught, reading(path, "not JSON", REMEDY):
        path.read_bytes()
    assert str(caught.value) == f"{path} is missing. {REMEDY}"


@pytest.mark.parametrize(
    "error",
    [
        json.JSONDecodeError("Expecting value", "", 0),
        KeyError("best_params"),
        csv.Error(),
    ],
)
def test_a_broken_file_is_named_with_what_it_should_be(error: Exception) -> None:
    with (
        pytest.raises(UserError) as caught,
        reading("metrics/data.json", "not JSON", REMEDY),
    ):
        raise error
    assert str(caught.value) == f"metrics/data.json is not JSON. {REMEDY}"


class LibraryError(Exception):
    """What a library raises for a file that it can't read."""


def test_a_librarys_own_error_is_one_of_a_broken_file_where_it_is_named() -> None:
    with (
        refused("model is not a model"),
        reading("model", "not a model", REMEDY, LibraryError),
    ):
        raise LibraryError


@pytest.mark.parametrize(
    "error",
    [UserError("says it all"), RuntimeError("a bug"), PermissionError("not yours")],
)
def test_other_errors_pass_through(error: Exception) -> None:
    with (
        pytest.raises(type(error)) as caught,
        reading("metrics/data.json", "not JSON", REMEDY),
    ):
        raise error
    assert caught.value is error


def printed(code: str, variables: dict[str, str]) -> list[str]:
    """Run code after `import stages`, in a shell with other variables, and return the words that it prints."""
    command = [sys.executable, "-c", f"import stages, os; {code}"]
    done = subprocess.run(
        command, cwd=ROOT, env=variables | {"PATH": ""}, capture_output=True, text=True
    )
    assert not done.returncode, done.stderr
    return done.stdout.split()


@pytest.mark.skipif("x86-64-v3" not in levels(), reason="needs a processor with AVX2")
def test_the_pins_hold_before_torch_is_imported() -> None:
    code = "import torch; print(torch.backends.cpu.get_cpu_capability(), os.environ['OMP_NUM_THREADS'])"
    assert printed(
        code, {"ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "7"}
    ) == ["AVX2", "1"]


def test_a_processor_without_avx2_does_not_keep_the_variables_of_another() -> None:
    """torch ends the process on a processor that lacks what its variable names."""
    found: Any = np.show_config(mode="dicts")["SIMD Extensions"]
    old = {"NPY_DISABLE_CPU_FEATURES": " ".join(found.get("found", ()))}
    code = "print(*(os.environ.get(name) for name in ('ATEN_CPU_CAPABILITY', 'ONEDNN_MAX_CPU_ISA', 'OMP_NUM_THREADS')))"
    inherited = {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OMP_NUM_THREADS": "7",
    }
    assert printed(code, old | inherited) == ["None", "None", "1"]


@pytest.mark.parametrize("name", ["stages.search", "gridstage.commands.report"])
def test_help_is_the_docstring_and_how_to_call_it(
    in_process: Command, name: str
) -> None:
    module = import_module(name)
    said = in_process(module, "--help").succeeded()
    doc, _, example = (inspect.getdoc(module) or "?").partition("\n\nExample: ")
    assert doc in said
    assert said.endswith(f"example:\n  {example}\n" if example else "too\n")
    called = name.replace("gridstage.commands.", "gridstage ")
    called = called.replace("stages.", "python -m stages.")
    assert said.startswith(f"usage: {called} ")
