"""The library that is loaded: the best one for this processor, of this version, or a sentence that says what to do."""

import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lockstep.kernel import library, selftest
from lockstep.kernel.build import compiler
from lockstep.kernel.library import VERSION, KernelError, Library, levels, load, missing
from lockstep.kernel.program import OPERATIONS

needs_compiler = pytest.mark.skipif(compiler() is None, reason="needs a C compiler")


@pytest.fixture
def empty_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let the process have an environment without a kernel, and return where this would have one."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(library, "PACKAGE", tmp_path / "plain copy")
    load.cache_clear()
    yield library.built_folder()
    load.cache_clear()


def test_every_level_of_this_processor_computes_the_same_bytes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert missing() is None
    assert load().path == load(levels()[0]).path
    for level in levels():
        assert level in load(level).path.name
        assert selftest.digests(load(level)) == selftest.EXPECTED
    with pytest.raises(SystemExit) as ended:
        selftest.main()
    assert not ended.value.code
    assert capsys.readouterr().out.splitlines() == [
        f"{level} {selftest.EXPECTED}" for level in levels()
    ]
    monkeypatch.setattr(selftest, "EXPECTED", {"float": "", "double": ""})
    with pytest.raises(SystemExit) as ended:
        selftest.main()
    assert ended.value.code


def test_programs_number_the_operations_as_the_kernel_does() -> None:
    source = library.SOURCE.read_text(encoding="utf-8")
    (names,) = re.findall(r"enum \{ (DO_COPY\b[^}]*) \}", source)
    numbered = [name.removeprefix("DO_").lower() for name in re.split(r",\s*", names)]
    assert numbered == list(OPERATIONS)


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="needs Linux")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="needs x86-64")
def test_the_levels_are_those_that_the_system_says_the_processor_has() -> None:
    flags = {
        *re.findall(
            r"^flags\s*:(.*)$",
            Path("/proc/cpuinfo").read_text(encoding="ascii"),
            re.MULTILINE,
        )[0].split()
    }
    has = {"x86-64-v4": "avx512bw", "x86-64-v3": "avx2", "x86-64": "sse2"}
    assert levels() == [level for level, flag in has.items() if flag in flags]


@pytest.mark.parametrize(
    ("machine", "extensions", "known"),
    [
        (
            "x86_64",
            {"baseline": ["X86_V2"], "found": ["X86_V3", "X86_V4"]},
            ["x86-64-v4", "x86-64-v3", "x86-64"],
        ),
        (
            "x86_64",
            {"baseline": ["SSE"], "found": ["AVX2", "AVX512F", "AVX512_SKX"]},
            ["x86-64-v4", "x86-64-v3", "x86-64"],
        ),
        (
            "x86_64",
            {"baseline": ["X86_V3"], "not found": ["X86_V4"]},
            ["x86-64-v3", "x86-64"],
        ),
        ("x86_64", {}, ["x86-64"]),
        ("aarch64", {"baseline": ["NEON"]}, ["arm64"]),
        ("riscv64", {}, []),
    ],
)
def test_the_levels_of_other_processors(
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    extensions: dict[str, list[str]],
    known: list[str],
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(np, "show_config", lambda mode: {"SIMD Extensions": extensions})
    assert levels() == known


def test_a_machine_that_the_kernel_does_not_know_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    load.cache_clear()
    assert missing() == f"The kernel has no version for {platform.system()} on riscv64."
    load.cache_clear()


def test_a_kernel_that_is_not_built_or_of_another_source_is_missing(
    empty_prefix: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    expected = f"The kernel is not built for {levels()[0]}. Run `python -m lockstep.kernel.build`."
    assert missing() == expected
    other = tmp_path / "kernel.c"
    other.write_bytes(library.SOURCE.read_bytes() + b"\n")
    monkeypatch.setattr(library, "SOURCE", other)
    assert library.built_folder() != empty_prefix
    assert library.built_folder().parent == empty_prefix.parent


def test_the_library_of_a_wheel_comes_first(
    empty_prefix: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = library.file_of("arm64")
    for folder in (empty_prefix, tmp_path / "wheel"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    assert library.path_of("arm64") == empty_prefix / name
    monkeypatch.setattr(library, "PACKAGE", tmp_path / "wheel")
    assert library.path_of("arm64") == tmp_path / "wheel" / name
    monkeypatch.setattr(
        library, "SOURCE", tmp_path / "wheel/kernel.c"
    )  # which a wheel of another project may lack
    assert library.path_of("x86-64") is None


# The first bytes of a library for a processor that no machine of ours has.
FOREIGN = (
    b"\x7fELF\x02\x01\x01"
    + bytes(9)
    + (3).to_bytes(2, "little")
    + (0xF3).to_bytes(2, "little")
    + bytes(200)
)


@pytest.mark.parametrize("content", [FOREIGN, b"<html>", b""])
def test_a_file_that_is_no_library_of_this_machine_is_refused(
    empty_prefix: Path, content: bytes
) -> None:
    path = empty_prefix / library.file_of(levels()[0])
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    said = missing()
    assert said
    assert said.startswith(
        f"{path} is not a kernel for this processor and system (the file: "
    )
    assert said.endswith(
        f"). Delete {path}, and run `python -m lockstep.kernel.build`."
    )


RUNS = " ".join(f"void lockstep_{name}(void) {{}}" for name in library._RUNS)


@needs_compiler
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            RUNS
            + f"long long lockstep_version_float(void) {{ return {VERSION + 1}; }}",
            f"has version {VERSION + 1} of the kernel",
        ),
        (RUNS, "lockstep_version_float"),
    ],
)
def test_a_library_of_another_version_is_refused(
    tmp_path: Path, code: str, words: str
) -> None:
    (tmp_path / "kernel.c").write_text(code, encoding="utf-8")
    made: Any = [
        *(compiler() or ()),
        "-shared",
        "-fPIC",
        "-o",
        str(tmp_path / "kernel.so"),
        str(tmp_path / "kernel.c"),
    ]
    subprocess.run(made, check=True)
    with pytest.raises(KernelError, match=re.escape(words)) as caught:
        Library(tmp_path / "kernel.so")
    assert str(caught.value).endswith("run `python -m lockstep.kernel.build`.")
