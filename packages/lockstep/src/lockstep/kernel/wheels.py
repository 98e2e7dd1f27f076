"""Makes wheels of the engine, with the kernel in them: pyproject.toml names this module as the build backend.

It is setuptools', with the libraries among what setuptools packs. Where no C compiler is found, pip
installs zig's for the build. `pip wheel . --config-settings target=linux-arm64` builds for another system, by zig;
`make wheels` builds for all, to the same bytes each time.
"""

import platform
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

_ENGINE = Path(__file__).resolve().parents[1]
# pip finds this module by its folder, whose other modules must not stand in for packages of the same names.
sys.path[:] = [each for each in sys.path if Path(each).resolve() != _ENGINE / "kernel"]
# Importing the engine itself would take torch, which a build does not need.
sys.modules["lockstep"] = ModuleType("lockstep")
sys.modules["lockstep"].__path__ = [str(_ENGINE)]

from setuptools import build_meta  # noqa: E402
from setuptools.build_meta import *  # noqa: E402, F403 (the hooks that stay as they are)
from setuptools.command.bdist_wheel import bdist_wheel  # noqa: E402

from lockstep.kernel import build  # noqa: E402
from lockstep.kernel.library import KernelError  # noqa: E402

Settings = dict[str, Any] | None


class Wheel(bdist_wheel):
    """A wheel for any Python, because the libraries know nothing of Python; pyproject.toml names this class."""

    def finalize_options(self) -> None:
        """Let setuptools take the package for one with compiled code if the wheel is for one platform."""
        is_compiled = bool(self.plat_name)
        self.distribution.has_ext_modules = lambda: is_compiled
        super().finalize_options()

    def get_tag(self) -> tuple[str, str, str]:
        """Return the parts of the name that say where the wheel can be installed."""
        *_, system = super().get_tag()
        return "py3", "none", system


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """Return what the build needs: zig's compiler, where there is none, or where it builds for another system."""
    target, command = _chosen(config_settings)
    needed: list[str] = build_meta.get_requires_for_build_wheel()
    if target and not command:
        return [*needed, build.ZIG]
    return needed


def build_wheel(
    wheel_directory: str,
    config_settings: Settings = None,
    metadata_directory: str | None = None,
) -> str:
    """Build a wheel that has the kernel in it, and return its name; for a system without a kernel, a plain one."""
    target, command = _chosen(config_settings)
    if target and command is None:
        raise KernelError(
            f"There is no C compiler. Install gcc or clang, or run `pip install {build.ZIG}`."
        )
    # Windows keeps a library that was tried.
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # Not in the clone, where setuptools would find modules of earlier builds, and put them into the wheel.
        built = Path(folder, "lib")
        options = ["build", "--build-base", folder, "--build-lib", str(built)]
        if target is not None:
            # setuptools puts whatever is where it builds into the wheel.
            build.build(built / "lockstep/kernel", command or [], target)
            # What is built by this system's own compiler may need its C library, which only the name linux_… allows.
            is_own = target.system == "Linux" and not _named(config_settings)
            options = [
                "--plat-name",
                f"linux_{platform.machine()}" if is_own else target.tag,
                *options,
            ]
        return build_meta.build_wheel(
            wheel_directory, {"--build-option": options}, metadata_directory
        )


def _named(config_settings: Settings) -> str:
    """Return the name of the target in pip's settings, or ""."""
    return str((config_settings or {}).get("target", ""))


def _chosen(config_settings: Settings) -> tuple[build.Target | None, list[str] | None]:
    """Return the target, and the command of a compiler for it; None for what there is not.

    Raises `KernelError` if pip's settings name no known target.
    """
    if name := _named(config_settings):
        if name not in build.TARGETS:
            raise KernelError(
                f"There is no target {name!r}, only {', '.join(build.TARGETS)}."
            )
        return build.TARGETS[name], build.zig()
    try:
        return build.this_machine(), build.compiler()
    except KernelError:
        return None, None
