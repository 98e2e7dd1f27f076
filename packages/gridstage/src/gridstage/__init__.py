"""The library and the commands of a pipeline that tunes a PyTorch net; importing it pins the numeric environment.

Code of one topic is in one folder ("room"). A room imports from lower floors only: pyproject.toml lists the floors, and
import-linter checks them.

Public is what the `__all__` of a room names, which is what stages import; all else may change in any version. Their
examples run in the folder of a project whose pipeline has run, with all public names and what follows.

Examples
--------
>>> params, results = load_params(), Results()
>>> experiment = open_experiment(params, "neurons")
>>> result = search(experiment)
>>> judged = judge(params, results)
>>> seen = see(judged, results)
"""

import atexit
import gc
import os
import sys
from typing import TYPE_CHECKING

# ruff: noqa: E402 (what such a file would break is imported after the look at it)
# Packages that a file of the same name at the top of the project would hide, as it would hide Python's own modules.
_PACKAGES = {
    "dvc",
    "gridstage",
    "joblib",
    "lockstep",
    "numpy",
    "pandas",
    "pydantic",
    "resampled",
    "rich",
    "scipy",
    "skorch",
    "sklearn",
    "torch",
}
# `python -m stages.NAME` imports this package before the stage in this repository; in a project, the stage does so.
# The command imports it first, too.
_SPEC = getattr(sys.modules["__main__"], "__spec__", None)
_IS_STAGE = _SPEC is not None and _SPEC.name.startswith("stages.")
_IS_COMMAND = _IS_STAGE or os.path.basename(sys.argv[0]) in ("-m", "gridstage")
if _IS_COMMAND:  # before anything that such a file may break is imported
    for _name in sorted(os.listdir()):
        if _name.endswith(".py") and _name[:-3] in _PACKAGES | sys.stdlib_module_names:
            sys.exit(
                f"error: {_name} here hides the module {_name[:-3]}, which the stages import. Rename the file."
            )


__version__: str

if not TYPE_CHECKING:  # which would take any name for one that is here

    def __getattr__(name: str) -> str:
        """Return `__version__` when it is asked for, because finding it takes 20 ms."""
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("gridstage")
        except PackageNotFoundError:
            raise AttributeError(
                "gridstage has no version here, because it is not installed, only on the path"
            ) from None


# These need no package, so an error of all further imports is told, such as that the environment is not active.
from gridstage.common.aside.command import tell_errors_of_imports

if _IS_COMMAND:
    tell_errors_of_imports()
# What imports and nets are made of stays; to look it through each time there is some more is a twentieth of a search.
gc.set_threshold(50_000, 50)
if _IS_COMMAND:
    gc.disable()  # until `run` has what was imported
# Nor is it looked through, and freed bit by bit, when the process ends: most of a second.
atexit.register(gc.freeze)
