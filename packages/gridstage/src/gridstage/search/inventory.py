"""What a process has of the code and packages of a search, and how that of a cluster differs from what is here."""

import io
import pickle
import sys
from importlib.metadata import packages_distributions
from os.path import isfile
from typing import Any

import cloudpickle

from gridstage.common import is_installed

# What takes part in every search. The first one pins the numerics, before torch is imported.
_MODULES = ("gridstage.engine", "gridstage.search.cluster", "lockstep")
_PACKAGES = (
    "cloudpickle",
    "dask",
    "distributed",
    "joblib",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "skorch",
    "threadpoolctl",
    "torch",
)

# By what was looked at, such as a package or a file: what was found, such as the version; "" where it is missing.
Inventory = dict[str, str]


def modules_of(content: Any) -> list[str]:
    """Return the modules that a process needs to unpickle an object."""
    modules = dict.fromkeys(_MODULES)

    class Noting(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            modules[module] = None
            return super().find_class(module, name)

    Noting(io.BytesIO(cloudpickle.dumps(content))).load()
    return list(modules)


def asked_for(modules: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Return the arguments of `inventory`: modules, the packages to compare, and the packages of one's own."""
    own = {
        "gridstage",
        "lockstep",
        "resampled",
    }  # commits may differ that have one version
    for name, module in [*sys.modules.items()]:
        file = getattr(module, "__file__", None)
        if file and isfile(file) and not is_installed(file):
            own.add(name.partition(".")[0])
    own -= sys.stdlib_module_names | {"__main__", "__mp_main__"}
    owners, packages = packages_distributions(), {*_PACKAGES}
    for top in {name.partition(".")[0] for name in modules} - own:
        packages.update(owners.get(top, ()))
    return [*modules], sorted(packages), sorted(own)


def inventory(modules: list[str], packages: list[str], own: list[str]) -> Inventory:
    """Import modules, and return the versions of packages and a hash of each file that was imported of own packages.

    It is sent by value, because a process of the cluster may lack this module, and so imports all that it needs. A
    process may be older than its files, so a module keeps the hash that was first taken.
    """
    import hashlib
    import importlib
    import importlib.metadata
    import pathlib
    import sys

    found = {}
    for name in modules:
        try:
            importlib.import_module(name)
        except (Exception, SystemExit) as error:
            found[f"import {name}"] = f"{type(error).__name__}: {error}"
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = ""
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and name.partition(".")[0] in own:
            noted = vars(module.__spec__ or module)
            if "_hash_of_file" not in noted:
                content = pathlib.Path(file).read_bytes()
                noted["_hash_of_file"] = hashlib.sha256(content).hexdigest()
            found[f"module {name}"] = noted["_hash_of_file"]
    if "lockstep" in sys.modules:
        found["kernel"] = sys.modules["lockstep"].missing_kernel() or ""
    if "torch" in sys.modules:
        cpu = sys.modules["torch"].backends.cpu
        found["instructions of torch"] = cpu.get_cpu_capability()
    return found


def differences(here: Inventory, there: Inventory) -> list[str]:
    """Return how a process of the cluster differs from this one, each as the end of a sentence."""
    for name, reason in there.items():
        if name.startswith("import "):  # other differences may follow from the first
            return [f"can't {name} ({reason})"]
    others = {name: there.get(name) for name in here if here[name] != there.get(name)}
    texts, code = [], []
    for name, found in others.items():
        kind, _, module = name.partition("module ")
        if name == "kernel":
            texts.append(f"has another kernel ({found or 'this process has none'})")
        elif kind:
            texts.append(f"has {name} {found or '(missing)'} instead of {here[name]}")
        elif found:
            code.append(module)
    if code:
        texts.insert(0, f"has other code in {', '.join(sorted(code))}")
    return texts
