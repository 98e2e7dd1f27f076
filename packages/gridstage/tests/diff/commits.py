"""Commits with the results of small searches, written by hand."""

import hashlib
import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from gridstage.common import write_text
from gridstage.results import files
from gridstage.results.search import Settings
from packages.gridstage.tests.project import IDENTITY, Project
from packages.gridstage.tests.results.records import best_params, ranked_search

Change = Callable[[np.ndarray], np.ndarray]

# What the evaluation was run with, as dvc.lock has it.
PARAMS: dict[str, Any] = {
    "cv": {
        "splitter": "stratified",
        "groups": None,
        "order": None,
        "n_splits": 3,
        "n_repeats": 10,
        "shuffle": False,
    }
    | {"scoring": "accuracy"},
    "data.path": "data/rows.csv",
    "data.sample": 1.0,
    "data.target": "y",
    "model": {"wrapper": "NeuralNetClassifier"},
    "seed": 7,
    "statistics": {"rope": 0.01},
}
# What is said where nothing of what is used changes.
UNCHANGED = "Use linear, as before; the kept net, width, is unchanged."
# What is said where HEAD is compared with a working tree that scores the same.
AGAINST = "This compares with HEAD; `gridstage diff main` says it of main, and with HEAD~1 of the commit before"
N_SPLITS = 30
SPREAD = np.tile([-0.02, 0.0, 0.02], 10)


def scores(mean: float, seed: int = 0, noise: float = 0.01) -> np.ndarray:
    """Return scores on 30 splits, with the mean that is asked for."""
    drawn = SPREAD + np.random.default_rng(seed).normal(scale=noise, size=N_SPLITS)
    return mean + drawn - drawn.mean()


def settings_of(text: str) -> Settings:
    """Return settings that are written as `format_params` does."""
    pairs = (part.partition("=") for part in text.split(", "))
    return {key: yaml.safe_load(value) for key, _, value in pairs}


def evaluation_of(**names: str | None) -> dict[str, Any]:
    """Return what evaluation.json says, with these names of models."""
    return {"n_rows": 300, "classes": {}} | names


class Commits:
    """A repository whose commits hold results.

    Attributes
    ----------
    params : dict
        Of the stage evaluate.
    hashes : dict of str
        What stands in the files that it depends on, by path; dvc.lock gets the hashes.
    searches : dict of dict of arrays
        The scores of candidates by their settings, by search.
    fresh : dict of tuples
        The settings and scores of the contenders on the fresh splits, and which fits are stuck.
    kept, use : str
    """

    def __init__(self, top: Path, within: str = "") -> None:
        """Make a repository, with the project at its top or in a folder of it."""
        self.project = Project(top / within)
        self.params = deepcopy(PARAMS)
        self.hashes = {
            "data/rows.csv": "1",
            "requirements.txt": "2",
            "packages/gridstage/src/gridstage/model": "3",
        }
        self.searches = {
            "lr": {"lr=0.1": scores(0.70, 1), "lr=0.2": scores(0.69, 2)},
            "width": {
                "module__n_neurons=5": scores(0.72, 3),
                "module__n_neurons=9": scores(0.71, 4),
            },
        }
        self.fresh: dict[str, tuple[str, np.ndarray, str]] = {
            "lr": ("lr=0.1", scores(0.70, 5), ""),
            "width": ("module__n_neurons=5", scores(0.72, 6), ""),
            "linear": ("LogisticRegression", scores(0.71, 7), ""),
        }
        self.kept, self.use = "width", "linear"
        self.project.folder.mkdir(parents=True, exist_ok=True)
        self.project.run("git", "init", "--quiet", "--initial-branch=main", str(top))

    def rescore(self, change: Change, *names: str, searches: bool = False) -> None:
        """Change the scores of the picks of searches on the fresh splits, or those of all their candidates."""
        for name in names or self.fresh:
            params, found, stuck = self.fresh[name]
            self.fresh[name] = (params, change(found), stuck)
        if searches:
            for candidates in self.searches.values():
                candidates |= {key: change(found) for key, found in candidates.items()}

    def write(self) -> None:
        """Write the results into the folder."""
        folder = self.project.folder
        self.project.run("rm", "-rf", "metrics/search", "metrics/compared")
        inputs = self.hashes | {
            "requirements.txt": f"torch=={self.hashes['requirements.txt']}\n"
        }
        for path, text in inputs.items():
            write_text(folder / path, text)
        deps = [
            {"path": path, "md5": hashlib.md5(text.encode()).hexdigest()}
            for path, text in inputs.items()
        ]
        lock = {
            "stages": {
                "evaluate": {"deps": deps, "params": {"params.yaml": self.params}}
            }
        }
        write_text(folder / "dvc.lock", yaml.safe_dump(lock))
        write_text(folder / files.DATA.path, '{"rows": 300}')
        for name, found in self.searches.items():
            table = pd.DataFrame(
                {
                    "params": list(found),
                    "mean_test_score": [each.mean() for each in found.values()],
                }
            )
            best = table["mean_test_score"].max()
            in_set = [
                "true" if mean > best - 0.005 else "false"
                for mean in table["mean_test_score"]
            ]
            compared = table.assign(in_best_set=in_set)
            write_text(folder / files.COMPARED.at(name), compared.to_csv(index=False))
            table = table.assign(ci95=np.nan, stuck_splits="")
            write_text(
                folder / files.CANDIDATES.at(name),
                self._splits(table, list(found.values())),
            )
        table = pd.DataFrame(
            {
                "setting": list(self.fresh),
                "params": [params for params, _, _ in self.fresh.values()],
            }
        )
        table = table.assign(
            ci95=0.02, stuck_splits=[stuck for _, _, stuck in self.fresh.values()]
        )
        text = self._splits(table, [each for _, each, _ in self.fresh.values()])
        write_text(folder / files.CONTENDERS.path, text)
        picks = {
            name: ranked_search(settings_of(params))
            for name, (params, _, _) in self.fresh.items()
            if name in self.searches
        }
        if picks:
            write_text(
                folder / files.BEST_PARAMS.path,
                best_params(picks, next(iter(picks))).model_dump_json(
                    exclude_none=True
                ),
            )
        write_text(
            folder / files.EVALUATION.path,
            json.dumps(evaluation_of(kept=self.kept, use=self.use)),
        )

    @staticmethod
    def _splits(table: pd.DataFrame, found: list[np.ndarray]) -> str:
        columns = {
            f"split{i}_test_score": column for i, column in enumerate(np.array(found).T)
        }
        return table.assign(**columns).to_csv(index=False, na_rep="nan")

    def commit(self, tag: str) -> None:
        """Write the results, and commit them under a tag."""
        self.write()
        self.record(tag)

    def record(self, tag: str) -> None:
        """Commit what is in the folder under a tag."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", tag)
        self.git("tag", tag)

    def git(self, *arguments: str) -> str:
        return self.project.run("git", *arguments, variables=IDENTITY).stdout
