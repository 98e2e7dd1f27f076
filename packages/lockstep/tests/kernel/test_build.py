"""The build: which compiler it takes, what it refuses, and that it needs nothing of what it is built for."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from lockstep.kernel import build, library
from lockstep.kernel.library import LEVELS, KernelError, Library, levels
from lockstep.kernel.selftest import EXPECTED, digests
from packages.lockstep.tests.package import PACKAGE, needs_source

needs_compiler = pytest.mark.skipif(
    build.compiler() is None, reason="needs a C compiler"
)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Build the best level of this machine alone, and as fast as the compiler can."""
    monkeypatch.setitem(
        LEVELS, library.machine(), {levels()[0]: LEVELS[library.machine()][levels()[0]]}
    )
    monkeypatch.setenv("CFLAGS", "-O0")


def script(path: Path, content: str) -> None:
    path.write_text(f"#!/bin/sh\n{content}\n", encoding="utf-8")
    path.chmod(0o755)


def test_the_compiler_is_the_one_that_is_named_or_else_the_first_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(build, "find_spec", lambda name: None)
    assert build.compiler() is None
    # As on macOS, where a command of this name only says how to install one.
    script(tmp_path / "cc", "exit 1")
    assert build.compiler() is None
    script(tmp_path / "clang", "exit 0")
    assert build.compiler() == ["clang"]
    script(tmp_path / "gcc", "exit 0")
    assert build.compiler() == ["gcc"]
    monkeypatch.setenv("CC", "ccache my-cc -m64")
    assert build.compiler() == ["ccache", "my-cc", "-m64"]


def test_zigs_package_is_the_last_resort(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "ziglang").mkdir()
    (tmp_path / "ziglang/__init__.py").touch()
    importlib.invalidate_caches()
    assert build.compiler() == [str(tmp_path / "ziglang/zig"), "cc"]


@needs_compiler
def test_on_windows_only_zig_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr("platform.system", lambda: "Windows")
    monkeypatch.setattr("platform.machine", lambda: "AMD64")
    monkeypatch.setattr(build, "find_spec", lambda name: None)
    assert build.this_machine() is build.TARGETS["windows-x86_64"]
    assert build.compiler() is None
    (tmp_path / "ziglang").mkdir()
    package = SimpleNamespace(origin=str(tmp_path / "ziglang/__init__.py"))
    monkeypatch.setattr(build, "find_spec", lambda name: package)
    assert build.compiler() == [str(tmp_path / "ziglang/zig.exe"), "cc"]


def test_without_a_compiler_and_a_network_a_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(build, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(
        SystemExit, match="No matching distribution found for ziglang"
    ) as caught:
        build.main()
    assert str(caught.value).startswith(
        "error: There is no C compiler, and pip can't install one: ERROR: "
    )
    assert str(caught.value).endswith(
        f". Install gcc or clang, or run `pip install {build.ZIG}` where there is a network. "
        "Then run `python -m lockstep.kernel.build`."
    )
    assert not (tmp_path / "lib").exists()


@needs_compiler
@pytest.mark.usefixtures("quick")
def test_it_is_built_where_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(library, "PACKAGE", tmp_path / "plain copy")
    (level,) = LEVELS[library.machine()]
    assert library.path_of(level) is None
    build.main()
    assert capsys.readouterr().out.endswith(f" for {level}\n")
    assert [path.name for path in library.built_folder().iterdir()] == [
        f"kernel-{level}.so"
    ]
    built = library.path_of(level)
    assert built
    assert digests(Library(built)) == EXPECTED
    (tmp_path / "file").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "file"))
    with pytest.raises(
        SystemExit, match=r"^error: .*Not a directory: '.*file/lib/lockstep-kernel"
    ):
        build.main()


@needs_compiler
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "flags",
    [
        "-ffast-math",
        pytest.param(
            "-ffp-contract=fast -mfma"
            if library.machine() == "x86_64"
            else "-ffp-contract=fast",
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_compiler_that_contracts_or_reorders_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str
) -> None:
    if "-mfma" in flags and levels() == ["x86-64"]:
        pytest.skip("needs a processor that multiplies and adds at once")
    monkeypatch.setenv("CFLAGS", flags)
    command = build.compiler() or []
    with pytest.raises(
        KernelError, match="numbers differ from those of other compilers"
    ) as caught:
        build.build(tmp_path, command, build.this_machine())
    assert str(caught.value).startswith(f"{' '.join(command)} makes a kernel whose")
    assert [*tmp_path.iterdir()] == []


@needs_compiler
@pytest.mark.usefixtures("quick")
def test_what_the_compiler_says_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFLAGS", "-fno-such-flag")
    with pytest.raises(
        KernelError, match=r"(?s)^`.* -fno-such-flag .*` failed: .*no-such-flag"
    ):
        build.build(tmp_path, build.compiler() or [], build.this_machine())
    with pytest.raises(
        KernelError,
        match=r"^The C compiler no-such-cc, which CC names, can't be run: No such file or directory\.$",
    ):
        build.build(tmp_path, ["no-such-cc"], build.this_machine())
    assert [*tmp_path.iterdir()] == []


# What pip does first, in an environment that has numpy and setuptools alone.
HOOKS = """
import os, platform, sys
from zipfile import ZipFile
sys.modules["torch"] = sys.modules["joblib"] = sys.modules["skorch"] = None
sys.path.insert(0, "src/lockstep/kernel")
import wheels
from lockstep.kernel import build
build.find_spec = lambda name: None
def needs(**settings):
    return [each for each in wheels.get_requires_for_build_wheel(settings) if "zig" in each]
print(needs(), needs(target="linux-arm64"))
os.environ["PATH"] = ""
print(needs())
platform.machine = lambda: "riscv64"
name = wheels.build_wheel(".")
print(needs(), name, [each for each in ZipFile(name).namelist() if "earlier" in each])
try:
    needs(target="linux-riscv")
except build.KernelError as error:
    print(error)
"""


@needs_source
def test_the_build_backend_needs_neither_torch_nor_more_than_a_compiler(
    tmp_path: Path,
) -> None:
    shutil.copytree(
        PACKAGE / "src",
        tmp_path / "src",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PACKAGE / name, tmp_path)
    # As a build of an earlier version may have left it.
    (tmp_path / "build/lib/lockstep").mkdir(parents=True)
    (tmp_path / "build/lib/lockstep/earlier.py").touch()
    environment = os.environ | {"CC": ""}
    done = subprocess.run(
        [sys.executable, "-c", HOOKS],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = [
        line
        for line in done.stdout.splitlines()
        if "zig" in line or line.startswith(("[", "There"))
    ]
    has_compiler, zig = build.compiler() is not None, [build.ZIG]
    assert said == [
        f"{[] if has_compiler else zig} {zig}",
        str(zig),
        "[] skorch_lockstep-0.3.0-py3-none-any.whl []",
        f"There is no target 'linux-riscv', only {', '.join(build.TARGETS)}.",
    ]


@needs_source
def test_make_wheels_makes_those_of_all_targets_by_the_same_zig() -> None:
    packages = PACKAGE.parent
    script = (packages / "build.sh").read_text(encoding="utf-8")
    (listed,) = re.findall(r'^systems="(.*)"$', script, re.MULTILINE)
    assert sorted(listed.split()) == sorted(build.TARGETS)
    tools = packages.with_name("requirements-build.txt").read_text(encoding="utf-8")
    assert f"\n{build.ZIG} " in tools
