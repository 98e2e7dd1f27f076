"""A repository whose stages ran on two branches, written by hand: what a stage wrote says what it was run with."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from stages.lib.common import write_text
from stages.lib.merge import United, in_words, unite
from stages.lib.repository import FolderTree
from stages.lib.repository.recorded import Recorded
from stages.lib.repository.snapshot import Snapshot
from tests.project import IDENTITY, ROOT, Project

PIPELINE = {
    "search": {"foreach": "${experiments}", "do": {"cmd": "true"}},
    "compare": {"foreach": "${experiments}", "do": {"cmd": "true"}},
    "best_params": {"cmd": "true"},
}


def md5_of(folder: Path, path: str) -> str:
    """Return the hash of a file or folder; tests/repository/test_git.py compares such with DVC's own."""
    with contextlib.chdir(folder):
        return str(FolderTree().hashes([path])[path])


class Branches(Project):
    """Branches with params.yaml, code, data, and the results of stages."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.settings: dict[str, Any] = {
            "seed": 7,
            "experiments": {name: {"lr": 0.1} for name in ("a", "b")},
        }
        self.write(
            ".gitattributes", (ROOT / ".gitattributes").read_text(encoding="utf-8")
        )
        self.write("dvc.yaml", yaml.safe_dump({"stages": PIPELINE}))
        self.write("code/net.py", "1\n")
        self.write("data/rows.csv", "1\n")
        self.write_params(self.settings)
        self.run_stages()
        self.commit_first()

    def write(self, path: str, text: str) -> None:
        write_text(self.folder / path, text)

    def write_params(self, params: dict[str, Any]) -> None:
        """Write params.yaml with comments, so that edits of two experiments do not touch."""
        lines = [f"seed: {params['seed']}\nexperiments:\n"]
        for key, value in params["experiments"].items():
            comments = [f"# {key}, {number}\n" for number in range(8)]
            lines += [*comments[:4], f"  {key}: {json.dumps(value)}\n", *comments[4:]]
        self.write("params.yaml", "".join(lines))

    def _entry(self, keys: list[str], deps: list[str], out: str) -> dict[str, Any]:
        params = {
            key: self.settings[key]
            if key in self.settings
            else self.settings["experiments"][key[12:]]
            for key in keys
        }
        read = [{"path": path, "md5": md5_of(self.folder, path)} for path in deps]
        self.write(out, f"{params} {[each['md5'] for each in read]}\n")
        outs = [{"path": out, "md5": md5_of(self.folder, out)}]
        return {
            "cmd": "true",
            "deps": read,
            "params": {"params.yaml": params},
            "outs": outs,
        }

    def run_stages(self) -> None:
        """Write what the stages of dvc.yaml write, and a dvc.lock; a removed experiment's results are deleted."""
        self.run("rm", "-rf", "metrics")
        names = list(self.settings["experiments"])
        lock = {}
        for name in names:
            keys, found = ["seed", f"experiments.{name}"], f"metrics/search/{name}.json"
            lock[f"search@{name}"] = self._entry(keys, ["code", "data/rows.csv"], found)
        for name in names:
            found = f"metrics/search/{name}.json"
            lock[f"compare@{name}"] = self._entry(
                ["seed"], [found], f"metrics/compared/{name}.json"
            )
        lock["best_params"] = self._entry(
            [], ["params.yaml", "metrics/compared"], "metrics/best_params.json"
        )
        self.write(
            "dvc.lock",
            yaml.safe_dump({"schema": "2.0", "stages": lock}, sort_keys=False),
        )

    def branch(self, name: str, code: str = "", **experiments: Any) -> None:
        """Commit a branch with other settings of experiments, None for one that is removed, and all stages run."""
        self.git("switch", "--quiet", "--create", name, "main")
        self.settings = self.params()
        self.settings["experiments"] |= experiments
        self.settings["experiments"] = {
            key: each for key, each in self.settings["experiments"].items() if each
        }
        self.write_params(self.settings)
        if code:
            self.write("code/net.py", code)
        self.run_stages()
        self.commit_all(name)

    def merge(self, ours: str, theirs: str) -> None:
        """Check one branch out, and merge another; both have changed the results."""
        self.git("switch", "--quiet", ours)
        assert (
            self.run("git", "merge", theirs, ok=False, variables=IDENTITY).returncode
            == 1
        )

    def unite(self, theirs: str, *more: Recorded) -> tuple[United, list[str]]:
        """Unite the results; return what was taken, and the lines that say so."""
        sides = [*(Recorded(Snapshot.of(each)) for each in ("HEAD", theirs)), *more]
        united = unite(Recorded(Snapshot.of(None)), sides)
        return united, list(in_words(united))

    def fresh(self) -> dict[str, Any]:
        """Return what dvc.lock would say if all stages ran here now; their results are written."""
        self.settings = self.params()
        self.run_stages()
        return self.lock()


@pytest.fixture
def branches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Branches:
    """A repository with one commit on `main`, with the experiments `a` and `b`; it is the working directory."""
    monkeypatch.chdir(tmp_path)
    return Branches(tmp_path)
