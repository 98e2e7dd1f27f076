"""The statistics as a package: what an import brings with it, and the wheel in an environment with nothing else."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, files, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import resampled
from packages.resampled.tests.examples import PACKAGE

PAGE = (PACKAGE / "README.md").read_text(encoding="utf-8")
SCRIPT = "".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
PRINTED = "".join(re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL))
PROJECT = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]
needs_source = pytest.mark.skipif(
    not (PACKAGE / "src").exists(), reason="needs the source of the package"
)
ASKED = [Requirement(each).name for each in PROJECT["dependencies"]]


def test_an_import_loads_neither_torch_nor_pandas() -> None:
    """Nor scikit-learn, which takes as long as all the rest."""
    script = (
        "import sys, resampled; "
        "print(sorted({'torch', 'pandas', 'skorch', 'sklearn', 'stages'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PACKAGE, capture_output=True, text=True
    )
    assert done.stdout == "[]\n", done.stderr


def test_dir_lists_the_public_names() -> None:
    assert dir(resampled) == sorted(resampled.__all__)


def test_it_has_the_version_of_what_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert resampled.__version__ == version("resampled")

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    # As in a plain copy of the folder.
    monkeypatch.setattr("importlib.metadata.version", missing)
    assert not hasattr(resampled, "__version__")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        resampled.nothing  # type: ignore[attr-defined]  # noqa: B018


def test_each_name_is_documented_and_on_the_page() -> None:
    assert all(getattr(resampled, name).__doc__ for name in resampled.__all__)
    assert [
        name for name in resampled.__all__ if not re.search(rf"\b{name}\b", PAGE)
    ] == []


def needed(*names: str) -> Iterator[str]:
    """Yield the names of installed packages, and of those that they need in turn."""
    for name in names:
        yield name
        wanted = map(Requirement, distribution(name).requires or ())
        yield from needed(
            *(
                each.name
                for each in wanted
                if not each.marker or each.marker.evaluate({"extra": ""})
            )
        )


def bare_environment(folder: Path) -> tuple[Path, Path]:
    """Make an environment that has the packages of `ASKED` and what they need, and nothing else, without copying them.

    Returns its Python and the folder of its packages.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for name in set(needed(*ASKED)):
        for top in {Path(file).parts[0] for file in files(name) or ()} - {
            "..",
            "__pycache__",
        }:
            (site / top).symlink_to(Path(str(distribution(name).locate_file(top))))
    return folder / "bin/python", site


@pytest.mark.long
@needs_source
def test_the_wheel_runs_the_scripts_of_its_page_with_nothing_else(
    tmp_path: Path,
) -> None:
    source = tmp_path / "source"
    shutil.copytree(PACKAGE, source)
    build = [
        sys.executable,
        *"-m pip wheel --quiet --no-deps --no-build-isolation --no-index".split(),
    ]
    before = sorted(source.rglob("*"))
    subprocess.run([*build, "--wheel-dir", str(tmp_path), "."], check=True, cwd=source)
    assert sorted(source.rglob("*")) == before
    (wheel,) = tmp_path.glob("resampled-*.whl")
    python, site = bare_environment(tmp_path / "env")
    install = "-m pip install --quiet --no-deps --no-index --target".split()
    subprocess.run(
        [sys.executable, *install, str(site), str(wheel)], check=True, cwd=tmp_path
    )
    last = "import sys; assert resampled.__file__.startswith(sys.prefix)\n"
    last += (
        "assert not {'torch', 'pandas', 'joblib.externals.pandas'} & set(sys.modules)\n"
    )
    (tmp_path / "script.py").write_text(SCRIPT + last, encoding="utf-8")
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONPATH"
    }
    done = subprocess.run(
        [python, "script.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == PRINTED
    assert (
        next(site.glob("resampled-*.dist-info")) / "licenses/LICENSE"
    ).read_text() == (PACKAGE / "LICENSE").read_text()
