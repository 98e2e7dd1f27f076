"""Whether DVC notices a change of the code that params.yaml names: it watches `model.source` alone."""

import inspect
import sys
import sysconfig
from pathlib import Path

from stages.lib.imports import own_closure

# The project's own code, which every search depends on in any case, but for the net it comes with.
_STAGES, _NETWORK = Path("stages"), Path("stages/lib/network.py")


def unnoticed_sources(imported: dict[str, tuple[str, object]], source: str) -> list[str]:
    """Say which imported names stand in the repository and outside `model.source`.

    Parameters
    ----------
    imported : dict of (name, object)
        Dotted names and what they stand for, by their place in params.yaml.
    source : str
        `model.source`, a file or folder as seen from the repository, the working directory.

    Returns
    -------
    list of str
        Sentences. Code of installed packages is exempt: requirements.txt pins it.
    """
    watched = Path(source).resolve()
    if not watched.exists():
        return [f"model.source is {source!r}, and there is no such file or folder; name the one with the module's code"]
    files = {place: file for place, (name, thing) in imported.items() if (file := _own_file(name, thing))}
    way_out = f"Set model.source to {next(iter(files.values()), '')}."
    if len(set(files.values())) > 1:
        way_out = "Put all such code into one folder, and set model.source to that."
    told = [
        f"{place}: {imported[place][0]} stands in {file}, and model.source says {source}, "
        f"so DVC would not notice when it changes. {way_out}"
        for place, file in files.items()
        if not file.resolve().is_relative_to(watched)
    ]
    if told:
        return told
    used = sorted(file for file in own_closure(files.values()) if not file.resolve().is_relative_to(watched))
    return [
        f"model.source is {source}, which imports {file}, so DVC would not notice when that changes. "
        "Put the code into one folder, and set model.source to that."
        for file in used
        if file == _NETWORK or not file.is_relative_to(_STAGES)
    ]


def _own_file(name: str, thing: object) -> Path | None:
    """Return the file in the repository that defines the object, or None for an installed or built-in one."""
    module = inspect.getmodule(thing) if inspect.isclass(thing) or inspect.isroutine(thing) else None
    while module is None and name:
        name = name.rpartition(".")[0]
        module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if file is None:
        return None
    path, here = Path(file).resolve(), Path.cwd().resolve()
    # A virtual environment may lie in the repository.
    installed = [Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "purelib", "platlib")]
    if not path.is_relative_to(here) or any(path.is_relative_to(folder) for folder in installed):
        return None
    return path.relative_to(here)
