"""Pin every package that `make` installs, direct or not, in constraints.txt: `make constraints`.

The packages are installed as the requirements ask, without the old constraints, in an environment that is thrown away.
What only `make bench-joint` needs stands apart, as other targets don't install it.
"""

import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

FILE = Path("constraints.txt")
HEADER = "# Every package that `make` installs, with what it needs in turn. `make constraints` renews this file.\n"
BENCH = "# Needed for `make bench-joint` only.\n"


def installed(python: Path, requirements: str) -> set[str]:
    """Install requirements, and return what is installed then, as `name==version`, except pip and the packages here."""
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--requirement", requirements],
        check=True,
    )
    freeze = [str(python), "-m", "pip", "freeze", "--all", "--exclude", "pip"]
    # The repository's own packages are installed from their folders, which have no fixed version.
    freeze.append("--exclude-editable")
    listed = subprocess.run(
        freeze, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    # A build for one kind of machine, such as 2.13.0+cpu, is the same version.
    return {line.partition("+")[0] for line in listed.splitlines()}


def main() -> None:
    """Write constraints.txt."""
    if sys.version_info[:2] != (3, 11):
        sys.exit(
            "Python 3.11 is needed, as other versions need other packages: make constraints PYTHON=python3.11"
        )
    with TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin/python"
        every = installed(python, "requirements-dev.txt")
        bench = installed(python, "requirements-bench.txt") - every
    text = "".join(
        comment + "".join(f"{line}\n" for line in sorted(lines, key=str.lower))
        for comment, lines in ((HEADER, every), (BENCH, bench))
    )
    FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
