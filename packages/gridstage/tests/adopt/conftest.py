"""A git repository to adopt a table in, and small CSVs."""

import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gridstage.common import write_text
from packages.gridstage.tests.read_sample import SAMPLE


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a git repository with the real params.yaml and a CSV."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("params.yaml").write_bytes((SAMPLE / "params.yaml").read_bytes())
    Path("data").mkdir()
    write_text("data/passengers.csv", as_text(passengers()))
    git("init", "--quiet")
    git("add", "params.yaml")
    git("commit", "--quiet", "--message", "Start")
    return tmp_path


def passengers(n_rows: int = 60) -> pd.DataFrame:
    """Return a table with an id, names, numbers with missing cells, categories, a boolean and a constant."""
    rng = np.random.default_rng(3)
    age = rng.uniform(1, 80, n_rows).round(1).astype(object)
    age[::7] = ""
    return pd.DataFrame(
        {
            "passenger_id": np.arange(1, n_rows + 1),
            "name": [f"Person number {i}" for i in range(n_rows)],
            "age": age,
            "sex": rng.choice(["female", "male"], n_rows),
            "embarked": rng.choice(["C", "Q", "S", ""], n_rows),
            "alone": rng.choice(["yes", "no"], n_rows),
            "ship": "Aurora",
            "boarded": [f"1912-04-{1 + i % 28:02}" for i in range(n_rows)],
            "survived": np.arange(n_rows) % 2,
        }
    )


def as_text(frame: pd.DataFrame, separator: str = ",", decimal: str = ".") -> str:
    return frame.to_csv(index=False, sep=separator, decimal=decimal)


def write(name: str, frame: pd.DataFrame) -> str:
    """Write a table here, and return its name."""
    write_text(name, frame.to_csv(index=False))
    return name
