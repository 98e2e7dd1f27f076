"""Runs a package's tests against the one that is installed: `python packages/test_installed.py NAME [OPTION ...]`.

NAME is a folder of packages/; the options are pytest's. The files of this checkout are copied into a temporary folder,
all but the sources of the packages, and this Python runs pytest there. What the tests need besides the package is its
dependency group `test`: `pip install --group packages/NAME/pyproject.toml:test`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

CHECKOUT = Path(__file__).resolve().parents[1]
NAMES = sorted(path.parent.name for path in CHECKOUT.glob("packages/*/pyproject.toml"))
# For a repository that is removed.
OPTIONS = (
    "-c user.name=Test -c user.email=test@example.invalid -c init.defaultBranch=main"
)
# Prints the file that is imported as a package.
LOOK = "import {0}; print({0}.__file__)"


def copy_without_sources(folder: Path) -> None:
    """Copy the files that git does not ignore, committed or not, but for packages/*/src."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    for name in listed.stdout.decode().split("\0"):
        is_source = name.startswith("packages/") and name.split("/")[2:3] == ["src"]
        if (CHECKOUT / name).is_file() and not is_source:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, folder / name)


def place_of(name: str, folder: Path, variables: dict[str, str]) -> Path:
    """Return the folder of the package that is imported; end with a sentence where it is none that is installed."""
    look = [sys.executable, "-c", LOOK.format(name)]
    seen = subprocess.run(
        look, cwd=folder, env=variables, capture_output=True, text=True
    )
    if seen.returncode != 0:
        sys.exit(f"error: {name} can't be imported:\n{seen.stderr}")
    place = Path(seen.stdout.strip()).parent
    if place.is_relative_to(CHECKOUT / "packages"):
        sys.exit(
            f"error: {place} is this checkout's source. Install a wheel: pip install ./packages/{name}"
        )
    return place


def make_repository(folder: Path) -> None:
    """Commit all files: tests of the pipeline ask git which files a project has, and which results."""
    for command in ("init --quiet", "add --all", "commit --quiet --message=Copied"):
        git = ["git", *OPTIONS.split(), *command.split()]
        subprocess.run(git, cwd=folder, check=True)


def main() -> int:
    """Return pytest's exit status."""
    name, *options = sys.argv[1:] or [""]
    if name not in NAMES:
        names = "|".join(NAMES)
        sys.exit(f"usage: python packages/test_installed.py {names} [OPTION ...]")
    variables = dict(os.environ)
    variables.pop("PYTHONPATH", None)  # would add to what is installed
    with TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        place = place_of(name, folder, variables)
        print(f"The tests are run against {place}.", flush=True)
        copy_without_sources(folder)
        make_repository(folder)
        tests = [sys.executable, "-m", "pytest", f"packages/{name}/tests", *options]
        return subprocess.run(tests, cwd=folder, env=variables).returncode


if __name__ == "__main__":
    sys.exit(main())
