"""The engine as a package: what importing it changes, and the wheel in an environment of its own."""

import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.project import ROOT

PAGE = (ROOT / "lockstep/README.md").read_text(encoding="utf-8")

# Prints what a process is like before and after the import, without the variables that `stages` sets.
LOOK = """
import os, signal, warnings
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
"""


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let processes start without what `stages` has set in this one."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ATEN_CPU_CAPABILITY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("plain")
def test_importing_it_changes_nothing_but_that_there_is_a_backend() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    n_threads, _, face = done.stdout.partition(" ")
    assert int(n_threads) >= 1
    assert face.strip() == "['LockstepBackend', 'LockstepWarning', 'fit_seed']"


@pytest.mark.usefixtures("plain")
def test_the_wheel_runs_the_script_of_its_page_without_this_repository(tmp_path: Path) -> None:
    """The environment sees the packages that are installed here, but not the folder of the repository."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(source)], check=True)
    for name in ("pyproject.toml", "lockstep"):  # as they are here, committed or not
        subprocess.run(["cp", "-r", str(ROOT / name), str(source)], check=True)
    subprocess.run([*build, "--wheel-dir", str(tmp_path), str(source)], check=True, cwd=tmp_path)
    (wheel,) = tmp_path.glob("lockstep-*.whl")
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    python = tmp_path / "env/bin/python"
    (site,) = (tmp_path / "env").glob("lib/python*/site-packages")
    (site / "installed_here.pth").write_text(sysconfig.get_paths()["purelib"], encoding="utf-8")
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, *install], check=True, cwd=tmp_path)
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "script.py").write_text(script + "print(lockstep.__file__, search.n_splits_)\n", encoding="utf-8")
    done = subprocess.run(
        [python, "-W", "error::UserWarning", "script.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    best, place = done.stdout.splitlines()
    assert set(re.findall(r"'(\w+)':", best)) == {"lr", "module__n_hidden"}
    assert place == f"{site / 'lockstep/__init__.py'} 5"
