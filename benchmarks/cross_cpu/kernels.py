"""Runs the committed pipeline as it is, as numpy, torch and the engine run it on other x86-64 processors.

Each has a variable by which it takes what an older processor has, so that no emulator is needed, and a run takes a
minute.
"""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from numpy import show_config

from benchmarks.cross_cpu.machine import WRITTEN, Machine, hashes, same
from packages.gridstage.tests.kernels import openblas_kernels, variables
from packages.gridstage.tests.project import ROOT, copy_files, working_tree

# The stages that write what `hashes` compares, and that are not run in small.
LAST = ("charts", "results")


def older_processors() -> list[Machine]:
    """Return the kernels of OpenBLAS that this processor has, and the lower levels of torch, numpy and the engine."""
    python = [sys.executable]
    kernels = [
        Machine(f"OpenBLAS's {name}", python, variables(name), stages=LAST)
        for name in openblas_kernels()
    ]
    torch = Machine("torch without AVX2", python, module="lower", stages=LAST)
    extensions: Any = show_config(mode="dicts")["SIMD Extensions"]
    found = extensions["found"]
    newest = [name for name in found if name.startswith(("AVX512", "X86_V4"))]
    levels = {"AVX-512": newest, "AVX2": found}
    numpy = [
        Machine(
            f"numpy and the engine without {name}",
            python,
            {"NPY_DISABLE_CPU_FEATURES": " ".join(without)},
            stages=LAST,
        )
        for name, without in levels.items()
        if without
    ]
    return [*kernels, torch, *numpy]


def all_same_as_committed() -> bool:
    """Run the pipeline of this checkout on each of `older_processors`; return whether all wrote the files it has."""
    expected = hashes(ROOT)
    return all([_is_same(machine, expected) for machine in older_processors()])


def _is_same(machine: Machine, expected: dict[str, str]) -> bool:
    with TemporaryDirectory() as name:
        folder = Path(name)
        copy_files(working_tree(), folder)
        for written in WRITTEN:
            shutil.rmtree(folder / written)
        if not machine.ended(folder, machine.start(folder)):
            return False
        return same(machine.name, expected, hashes(folder), "the committed ones")
