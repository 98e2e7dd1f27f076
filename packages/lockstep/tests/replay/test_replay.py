"""The kernel has the same bytes on Windows and on arm64: calls of searches are repeated there, by wine and by qemu.

Oracle: the library that the calls were recorded with, which the system's own compiler has built.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lockstep.kernel import build
from lockstep.kernel.library import LEVELS, KernelError, file_of
from packages.lockstep.tests.cases.base import Case
from packages.lockstep.tests.cases.nets import modules, noise
from packages.lockstep.tests.cases.optimizers import optimizers
from packages.lockstep.tests.replay.record import Recorder
from packages.lockstep.tests.searches import run_case

# The program for Windows takes two minutes to build.
pytestmark = pytest.mark.long

SEARCHES = [
    "activations",
    "convolutions",
    "GRU",
    "Dropout",
    "plain",
    "batch sizes and lengths",
    "BatchNorm1d",
    "Embedding",
    "LSTM",
    "Adam",
    "RMSprop",
    "Gaussian noise",
]
# The systems that are tried, and what runs their programs here; the C library of arm64 is Debian's libc6-arm64-cross.
RUNNERS = {
    "windows-x86_64": ["wine"],
    "linux-arm64": ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"],
}


@pytest.fixture(scope="module")
def zig() -> Iterator[list[str]]:
    """The command of zig's compiler, which builds for other systems; pip downloads it if it is not installed."""
    if installed := build.zig():
        yield installed
        return
    try:
        with build.downloaded() as command:
            yield command
    except KernelError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=RUNNERS)
def system(request: pytest.FixtureRequest) -> str:
    """A system whose programs run here."""
    program, *options = RUNNERS[request.param]
    is_complete = all(os.path.exists(each) for each in options if each != "-L")
    if shutil.which(program) is None or not is_complete:
        pytest.skip(f"needs {' '.join(RUNNERS[request.param])}")
    return request.param


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, zig: list[str], system: str
) -> Path:
    """A folder with a system's libraries, and with the program that repeats calls."""
    folder = tmp_path_factory.mktemp(system)
    target = build.TARGETS[system]
    build.build(folder, zig, target)
    source = Path(__file__).with_name("harness.c")
    program = ["-o", str(folder / "harness.exe"), str(source)]
    subprocess.run(
        [*zig, "-target", target.zig, "-O1", *program],
        check=True,
        env=os.environ | {"ZIG_GLOBAL_CACHE_DIR": str(folder / "cache")},
    )
    return folder


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, system: str, built: Path
) -> Iterator[Callable[..., None]]:
    """A function that runs the program with arguments, as the system does."""
    prefix = tmp_path_factory.mktemp("prefix")
    env = os.environ | {"WINEPREFIX": str(prefix), "WINEDEBUG": "-all"}
    command = [*RUNNERS[system], str(built / "harness.exe")]

    def run(*arguments: str) -> None:
        done = subprocess.run(
            [*command, *arguments], env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    yield run
    if system.startswith("windows"):
        # Without a check, because the server may have ended on its own.
        subprocess.run(["wineserver", "--kill"], env=env)


def of_type(case: Case, dtype: torch.dtype) -> Case:
    """Return a search with its rows' fractions in a type."""

    def cast(rows: np.ndarray) -> np.ndarray:
        is_float = np.issubdtype(rows.dtype, np.floating)
        return rows.astype(str(dtype).removeprefix("torch.")) if is_float else rows

    X, y = case.rows()
    return replace(case, X=cast(X), y=cast(y))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_calls_of_searches_give_the_same_bytes(
    tmp_path: Path,
    run: Callable[..., None],
    built: Path,
    system: str,
    dtype: torch.dtype,
) -> None:
    recorder = Recorder(tmp_path)
    recorder.noise()
    cases = modules() | noise() | optimizers()
    torch.set_default_dtype(dtype)
    try:
        with recorder.searching():
            for name in SEARCHES:
                run_case(of_type(cases[name], dtype))
    finally:
        torch.set_default_dtype(torch.float32)
    calls = sorted(tmp_path.glob("*.call"))
    assert len(calls) > 2 * len(SEARCHES)
    for level in LEVELS[build.TARGETS[system].machine]:
        pairs = [(call, call.with_suffix(f".{level}")) for call in calls]
        files = [str(file) for pair in pairs for file in pair]
        run(str(built / file_of(level)), *files)
        differing = [
            call.name
            for call, after in pairs
            if after.read_bytes() != call.with_suffix(".after").read_bytes()
        ]
        assert differing == []
