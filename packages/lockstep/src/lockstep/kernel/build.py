"""Builds the kernel for every level of this machine's processors: `python -m lockstep.kernel.build`.

It takes the C compiler that `CC` names, or `cc`, `gcc` or `clang`, or else zig's, a package of PyPI, which is installed
for the build alone. `CFLAGS` comes last. What does not compute the same bytes as every other build is refused.
"""

import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from lockstep.kernel import library, selftest
from lockstep.kernel.library import (
    BUILD,
    FLAGS,
    LEVELS,
    SOURCE,
    KernelError,
    Library,
    file_of,
)

# The only place with zig's version. A wheel is built without a compiler, too, because pip then installs this one.
ZIG = "ziglang==0.17.1"
# Of a compiler's message, so many lines are told; the last ones say what is wrong.
_LINES = 6


@dataclass(frozen=True)
class Target:
    """A system that a kernel can be built for: Python's names of it and of its architecture, zig's, and a wheel's."""

    system: str
    machine: str
    zig: str
    tag: str


TARGETS = {
    "linux-x86_64": Target(
        "Linux", "x86_64", "x86_64-linux-gnu.2.28", "manylinux_2_28_x86_64"
    ),
    "linux-arm64": Target(
        "Linux", "arm64", "aarch64-linux-gnu.2.28", "manylinux_2_28_aarch64"
    ),
    "macos-x86_64": Target(
        "Darwin", "x86_64", "x86_64-macos.11.0", "macosx_11_0_x86_64"
    ),
    "macos-arm64": Target("Darwin", "arm64", "aarch64-macos.11.0", "macosx_11_0_arm64"),
    "windows-x86_64": Target("Windows", "x86_64", "x86_64-windows-gnu", "win_amd64"),
}


def this_machine() -> Target:
    """Return the target that this machine is; raises `KernelError` if it is none."""
    for target in TARGETS.values():
        if (target.system, target.machine) == (platform.system(), library.machine()):
            return target
    raise KernelError(library.no_version())


def compiler() -> list[str] | None:
    """Return the command of a C compiler that is here and works, zig's included; None if there is none."""
    if own := shlex.split(os.environ.get("CC", "")):
        return own
    # On Windows, gcc does not align wide vectors on the stack (its bug 54412), and clang lacks headers.
    names = () if platform.system() == "Windows" else ("cc", "gcc", "clang")
    for name in names:
        if shutil.which(name) and _works(name):
            return [name]
    return zig()


def zig() -> list[str] | None:
    """Return the command of zig's compiler if its package is installed."""
    spec = find_spec("ziglang")
    if spec and spec.origin:
        return _zig_in(Path(spec.origin).parent)
    return None


def _zig_in(folder: Path) -> list[str]:
    """Return the command of the compiler in the folder of zig's package."""
    name = "zig.exe" if platform.system() == "Windows" else "zig"
    return [str(folder / name), "cc"]


def _works(command: str) -> bool:
    """Whether a compiler has the headers of C, which some systems install apart, as macOS does with all but a name."""
    with TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text("#include <math.h>\n#include <stdint.h>\n", encoding="utf-8")
        made = [
            command,
            "-shared",
            "-fPIC",
            "-o",
            f"{folder}/probe.so",
            str(source),
            "-lm",
        ]
        return subprocess.run(made, capture_output=True).returncode == 0


@contextmanager
def downloaded() -> Iterator[list[str]]:
    """Install zig's compiler with pip for as long as the block runs; raises `KernelError` if that fails."""
    with TemporaryDirectory() as folder:
        options = (
            "--quiet",
            "--no-deps",
            "--disable-pip-version-check",
            "--target",
            folder,
        )
        command = [sys.executable, "-m", "pip", "install", *options, ZIG]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
            raise KernelError(
                f"There is no C compiler, and pip can't install one: {reason.rstrip('.')}. Install gcc or clang, or "
                f"run `pip install {ZIG}` where there is a network. Then run {BUILD}."
            )
        yield _zig_in(Path(folder, "ziglang"))


def build(folder: Path, command: list[str], target: Target) -> None:
    """Build the libraries of a target with a compiler, try those that run here, and put them into a folder.

    Each library gets there whole, so two builds may run at the same time. Raises `KernelError`, and leaves the folder
    as it was, if the compiler fails, or if what it makes computes other bytes than the libraries of other compilers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Windows keeps a library that is loaded, as one is that was refused.
    with TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as place:
        made = Path(place)
        with ThreadPoolExecutor() as pool:
            list(
                pool.map(
                    lambda level: _build_level(level, made, command, target),
                    LEVELS[target.machine],
                )
            )
        if target == this_machine():
            for level in library.levels():
                selftest.check(Library(made / file_of(level)), shlex.join(command))
        for level in LEVELS[target.machine]:
            os.replace(made / file_of(level), folder / file_of(level))


def _build_level(level: str, made: Path, command: list[str], target: Target) -> None:
    flags = [*FLAGS, *LEVELS[target.machine][level]]
    last = ["-shared", "-lm"]
    environment = os.environ.copy()
    if Path(command[0]).stem == "zig":
        command = [*command, "-target", target.zig]
        flags = [
            flag.replace("x86-64-", "x86_64_").replace("x86-64", "x86_64")
            for flag in flags
        ]
        last = ["-shared", "-s", "-nostdlib", *_of_zig(target, file_of(level))]
        environment |= dict.fromkeys(
            ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"), str(made / "cache")
        )
    objects = {real: str(made / f"{level}-{real}.o") for real in ("float", "double")}
    own = shlex.split(os.environ.get("CFLAGS", ""))
    runs = [
        [*flags, *own, f"-DREAL={real}", "-c", "-o", path, str(SOURCE)]
        for real, path in objects.items()
    ]
    for arguments in (
        *runs,
        ["-o", str(made / file_of(level)), *objects.values(), *last],
    ):
        try:
            done = subprocess.run(
                [*command, *arguments], capture_output=True, text=True, env=environment
            )
        except OSError as error:
            raise KernelError(
                f"The C compiler {command[0]}, which CC names, can't be run: {error.strerror}."
            ) from error
        if done.returncode:
            reason = (
                "\n".join(done.stderr.strip().splitlines()[-_LINES:])
                or f"status {done.returncode}"
            )
            raise KernelError(
                f"`{shlex.join([*command, *arguments])}` failed: {reason}"
            )


def _of_zig(target: Target, name: str) -> list[str]:
    """Return the linker's options with which a library has the same bytes wherever it is built."""
    if target.system == "Windows":
        # No library of C, but zig's own, which touches the pages of a large frame in turn; no start, and no time.
        return ["-lcompiler_rt", "-Wl,--no-entry", "-Wl,/Brepro"]
    # Without zig's own, which takes ten times as long to compile as the kernel.
    options = ["-lm", "-lc"]
    if target.system == "Darwin":
        # Its name would be the path where it is built.
        options.append(f"-Wl,-install_name,@rpath/{name}")
    return options


def main() -> None:
    """Build the kernel where `library` finds it; ends the process with a sentence if that fails."""
    try:
        target = this_machine()
        own = compiler()
        with nullcontext(own) if own else downloaded() as command:
            build(library.built_folder(), command, target)
    except (KernelError, OSError) as error:
        sys.exit(f"error: {error}")
    print(
        f"kernel: built by {shlex.join(command)} for {', '.join(LEVELS[target.machine])}"
    )


if __name__ == "__main__":
    main()
