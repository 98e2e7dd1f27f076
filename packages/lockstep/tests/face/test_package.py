"""The engine as a package: what importing it changes and rests on, and the wheel in an environment of its own."""

import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import lockstep
from lockstep.kernel.build import compiler
from lockstep.kernel.library import file_of, levels
from packages.lockstep.tests.package import PACKAGE, needs_source

PAGE = (PACKAGE / "README.md").read_text(encoding="utf-8")

# Compares what a process is like before and after the import, without the variables that `stages` sets; then searches.
LOOK = """
import os, signal, sys, warnings
import joblib, numpy, sklearn, skorch, torch
import sklearn.model_selection, joblib.externals.loky  # what the engine imports may register handlers of its own

def look():
    roots = torch.arange(1, 4097, dtype=torch.float32).sqrt().numpy().tobytes()
    handlers = [signal.getsignal(each) for each in signal.valid_signals()]
    generators = torch.get_rng_state().numpy().tobytes(), str(numpy.random.get_state())
    kernels = [torch._C._dispatch_dump(f"aten::{name}") for name in ("sqrt", "sqrt_", "sqrt.out")]
    state = torch.get_num_threads(), torch.get_default_dtype(), list(warnings.filters), warnings.showwarning
    return dict(os.environ), handlers, generators, roots, kernels, state

before = look()
import lockstep
assert look() == before
assert "lockstep" in joblib.parallel.BACKENDS
print(torch.get_num_threads(), sorted(lockstep.__all__))
from packages.lockstep.tests.cases.base import LABELS, X, classifier
with joblib.parallel_config(backend="lockstep"):
    net = classifier(callbacks=None, optimizer=torch.optim.Adam)
    grid = {"lr": [0.1, 0.01], "module__activation": [torch.nn.ReLU, torch.nn.Tanh]}
    sklearn.model_selection.GridSearchCV(net, grid, refit=False, error_score="raise").fit(X.astype("float32"), LABELS)
assert "torch._dynamo" not in sys.modules, "a search imports torch's compiler"
"""


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes start without what `stages` has set in this one."""
    names = "OMP_NUM_THREADS MKL_NUM_THREADS OPENBLAS_NUM_THREADS ATEN_CPU_CAPABILITY"
    for name in names.split():
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("plain")
def test_importing_it_adds_a_backend_alone_and_a_search_imports_no_compiler() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOOK],
        cwd=PACKAGE.parents[1],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    n_threads, _, face = done.stdout.partition(" ")
    assert int(n_threads) >= 1
    names = "Group HoldOutRecorder LockstepBackend LockstepWarning Plan explain fit_seed lean_optimizer missing_kernel"
    assert face.strip() == str(
        [*names.split(), "net_of", "plan", "reads_only", "seed_everything"]
    )


def test_it_has_the_version_of_what_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert lockstep.__version__ == version("skorch-lockstep")

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    # As in a plain copy of the folder.
    monkeypatch.setattr("importlib.metadata.version", missing)
    assert not hasattr(lockstep, "__version__")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        lockstep.nothing  # type: ignore[attr-defined]  # noqa: B018


# What a process lacks before two searches, of which only the first warns: parts of other packages; what only POSIX has,
# as on Windows; the same, on a processor that there is no kernel for.
PARTS = """
import torch._functorch.eager_transforms
from sklearn.model_selection import _validation
del torch._functorch.eager_transforms._wrap_all_tensors, _validation._fit_and_predict
"""
POSIX = """
import os, platform, signal, sys
import joblib.externals.loky, numpy, psutil, sklearn.model_selection, skorch, torch
joblib.externals.loky.backend.resource_tracker.ensure_running()
for name in "fork sched_getaffinity geteuid getuid uname register_at_fork".split():
    delattr(os, name)
for name in "pthread_sigmask SIGKILL alarm".split():
    delattr(signal, name)
sys.modules.update(dict.fromkeys(("fcntl", "grp", "pwd", "resource", "termios")))
platform.system, platform.machine = (lambda: "Windows"), (lambda: "AMD64")
"""
POSIX_ON_ARM = POSIX.replace("AMD64", "ARM64")
SEARCHES = """
import warnings
import numpy, torch
import lockstep
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV
from skorch import NeuralNetClassifier

X, y = numpy.random.RandomState(0).randn(60, 4).astype("float32"), numpy.arange(60) % 2
net = NeuralNetClassifier(torch.nn.Linear, module__in_features=4, module__out_features=2, max_epochs=2, verbose=0)
net.set_params(criterion=torch.nn.CrossEntropyLoss)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for _ in range(2):
        with parallel_config(backend="lockstep"):
            search = GridSearchCV(net, {"lr": [0.1, 0.01], "batch_size": [16, 32]}, cv=3).fit(X, y)
assert numpy.isfinite(search.cv_results_["mean_test_score"]).all()
print([str(each.message) for each in caught if each.category is lockstep.LockstepWarning], lockstep.explain(net, X, y))
"""
NO_KERNEL = "The kernel has no version for Windows on ARM64."


def search_without(lacks: str) -> tuple[str, str]:
    """Search in another process that lacks parts, and return the warnings and what `explain` says."""
    done = subprocess.run(
        [sys.executable, "-c", lacks + SEARCHES],
        cwd=PACKAGE,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said, _, explained = done.stdout.partition("] ")
    return said, explained


@pytest.mark.parametrize(
    ("lacks", "parts"),
    [
        (PARTS, ["'_wrap_all_tensors'", "has no _fit_and_predict as known"]),
        pytest.param(
            POSIX_ON_ARM, ["There is no kernel, ", NO_KERNEL], marks=pytest.mark.long
        ),
    ],
    ids=["parts", "kernel"],
)
def test_without_a_part_that_it_rests_on_it_fits_one_by_one_and_says_so_once(
    lacks: str, parts: list[str]
) -> None:
    said, explained = search_without(lacks)
    assert said.count("so every net is fitted one by one") == 1
    assert all(part in said for part in parts)
    assert explained.startswith("Nothing goes in lockstep here")
    assert (NO_KERNEL in explained) == (lacks is POSIX_ON_ARM)


@pytest.mark.long
def test_it_needs_nothing_that_only_posix_has() -> None:
    said, explained = search_without(POSIX)
    assert said == "["
    assert "goes in lockstep" in explained


# Says where the engine and its kernel come from, and whether all is as the wheel's list of hashes has it.
LOOK_AT_PLACES = """
print(lockstep.__file__, search.n_splits_)
import base64, hashlib, importlib.metadata
from lockstep.kernel import library, selftest
print(library.load().path, selftest.digests(library.load()) == selftest.EXPECTED)
files = [each for each in importlib.metadata.files("skorch-lockstep") if each.hash and each.suffix != ".pyc"]
digests = [hashlib.sha256(each.read_binary()).digest() for each in files]
written = [base64.urlsafe_b64encode(digest).decode().rstrip("=") for digest in digests]
print(sum(each.hash.value != text for each, text in zip(files, written)), "files differ from RECORD")
"""


@needs_source
@pytest.mark.usefixtures("plain")
@pytest.mark.skipif(compiler() is None, reason="needs a C compiler")
def test_the_wheel_runs_the_script_of_its_page_without_this_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment sees the packages that are installed here, but not the folder of the repository."""
    monkeypatch.setenv("CFLAGS", "-O0")  # to build in less time
    build = [
        sys.executable,
        *"-m pip wheel --quiet --no-deps --no-build-isolation --no-index".split(),
    ]
    source = tmp_path / "source"
    # What git does not ignore, committed or not.
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=PACKAGE, check=True, capture_output=True)
    for name in names.stdout.decode().splitlines():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PACKAGE / name, source / name)
    subprocess.run(
        [*build, "--wheel-dir", str(tmp_path), str(source)], check=True, cwd=tmp_path
    )
    (wheel,) = tmp_path.glob("skorch_lockstep-*-py3-none-*.whl")
    assert not wheel.name.endswith("-any.whl")
    monkeypatch.delenv("PYTHONPATH")
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    python = tmp_path / "env/bin/python"
    (site,) = (tmp_path / "env").glob("lib/python*/site-packages")
    (site / "installed_here.pth").write_text(
        sysconfig.get_paths()["purelib"], encoding="utf-8"
    )
    install = "-m pip install --quiet --no-deps --no-index --target".split()
    subprocess.run(
        [sys.executable, *install, str(site), str(wheel)], check=True, cwd=tmp_path
    )
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "script.py").write_text(script + LOOK_AT_PLACES, encoding="utf-8")
    done = subprocess.run(
        [python, "-W", "error::UserWarning", "script.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    best, place, *kernel, recorded = done.stdout.splitlines()
    assert kernel == [f"{site / 'lockstep/kernel' / file_of(levels()[0])} True"]
    assert recorded == "0 files differ from RECORD"
    assert set(re.findall(r"'(\w+)':", best)) == {"lr", "module__n_hidden"}
    assert place == f"{site / 'lockstep/__init__.py'} 5"
