"""Show what `adopt` makes of tables as other systems export them, in two commits side by side.

The tables are made here; of each, the line of a column, a hint or an error is shown. Clean tables are adopted, too: of
these, it is shown whether both commits set their columns the same.

Usage: python -m benchmarks.exports [BEFORE [AFTER]]
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets

from packages.gridstage.tests.adopt.conftest import passengers
from tests.tables.tables import penguins, sales

# The last commit without what is shown.
BEFORE, N = "047c7998", 300
RNG = np.random.default_rng(69)
NUMBERS = RNG.uniform(100, 9_000, N).round(1)
DAYS = pd.date_range("2020-01-01", periods=N)


@dataclass(frozen=True)
class Row:
    """What one does, the cells of the column c of a table, the target, and what of the output shows the answer."""

    what: str
    cells: object
    shows: str = "^c .*"
    target: str = "y"


def _amounts(form: str) -> list[str]:
    return [form.format(each) for each in NUMBERS]


def _among(numbers: object, word: str) -> pd.Series:
    return pd.Series(numbers).astype(object).where(np.arange(N) % 9 != 0, word)


def _french(number: float) -> str:
    return f"{number:,.1f}".translate(str.maketrans(",.", "\u202f,"))


ROWS = [
    Row("`$3,101`", _amounts("${:,.0f}")),
    Row("`73%`", _amounts("{:.0f}%")),
    Row("`1,933`", _amounts("{:,.0f}")),
    Row("`4.95 €`", _amounts("{} €")),
    Row("`(12.5)`", _among(NUMBERS, "(12.5)")),
    Row("`1 234,5`", [*map(_french, NUMBERS)]),
    Row("`1,200` beside `12345`", _among(_amounts("{:,.0f}"), "12345")),
    Row("dates as `31/12/2020`", DAYS.strftime("%d/%m/%Y")),
    Row("dates that fit both orders", [f"{1 + i % 9}/{1 + i // 99}/2020" for i in range(N)], "hint: c.*"),
    Row("`nil` among numbers", _among(NUMBERS, "nil")),
    Row("the same, told", _among(NUMBERS, "nil"), "hint: 'nil'.*"),
    Row("`rotary` among numbers", _among(NUMBERS, "rotary")),
    Row("ids that are numbers", RNG.permutation(np.arange(N) % 100), "hint: c.*"),
    Row("a target as `$3,101`", _amounts("${:,.0f}"), "^c .*|error: .*", target="c"),
    Row("a target of mixed texts", _among(_amounts("${:,.0f}"), "12345"), "error: .*", target="c"),
    Row("what is lost", [f"K{i}" for i in range(N)], "warning: No model.*"),
]  # fmt: skip


def _write(load: Callable[..., Any], path: Path) -> None:
    load(as_frame=True).frame.to_csv(path, index=False)


_SKLEARN = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast cancer": datasets.load_breast_cancer,
    "diabetes": datasets.load_diabetes,
    "digits": datasets.load_digits,
}
CLEAN: dict[str, tuple[Callable[[Path], None], str]] = {
    "penguins": (penguins, "species"),
    "sales": (sales, "sold"),
    "passengers": (lambda path: passengers().to_csv(path, index=False), "survived"),
}
for _name, _load in _SKLEARN.items():
    CLEAN[_name] = (partial(_write, _load), "target")


def adopted(folder: Path, target: str) -> str:
    """Return what `adopt` prints of the table in a folder, with its settings, which it does not write."""
    command = (
        sys.executable,
        "-m",
        "gridstage.commands.adopt",
        "data/table.csv",
        target,
    )
    done = subprocess.run(
        [*command, "--dry-run"],
        cwd=folder,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
    )
    return done.stdout or done.stderr


def shown(folder: Path, row: Row) -> str:
    """Return the lines of what is printed of a row's table that show the answer."""
    x, y = np.linspace(0, 1, N), RNG.normal(size=N)
    table = pd.DataFrame({"x": x, "c": row.cells, "y": y})
    table.to_csv(folder / "data/table.csv", index=False)
    lines = re.findall(row.shows, adopted(folder, row.target), re.MULTILINE)
    return "<br>".join(" ".join(line.split()) for line in lines[:1]) or "–"


def _settings_of_data(printed: str) -> str:
    """Return the block `data` of the settings that `adopt` prints; the others change with what is offered there."""
    found = re.search(r"^data:\n(?: .*\n)+", printed, re.MULTILINE)
    assert found, printed
    return found[0]


def main() -> None:
    """Print a row for each table."""
    named = sys.argv[1:]
    commits = [*named, *[BEFORE, "HEAD"][len(named) :]]
    with TemporaryDirectory() as name:
        folders = [Path(name) / side for side in ("before", "after")]
        for folder, commit in zip(folders, commits, strict=True):
            clone = ["git", "clone", "--quiet", "--no-checkout", ".", str(folder)]
            subprocess.run(clone, check=True)
            checkout = ["git", "checkout", "--quiet", "--detach", commit]
            subprocess.run(checkout, cwd=folder, check=True)
        print("| what one does | before | after |\n|---|---|---|")
        for row in ROWS:
            before, after = (shown(folder, row) for folder in folders)
            print(f"| {row.what} | {before} | {after} |", flush=True)
        for name, (write, target) in CLEAN.items():
            texts = []
            for folder in folders:
                write(folder / "data/table.csv")
                texts.append(_settings_of_data(adopted(folder, target)))
            same = "the same" if texts[0] == texts[1] else "others"
            print(f"| {name}, clean | its columns' settings | {same} |", flush=True)


if __name__ == "__main__":
    main()
