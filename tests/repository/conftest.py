"""A small repository of DVC, whose stages copy files."""

from pathlib import Path

import pytest
import yaml

from tests.project import ROOT, Project

# Each experiment has a stage, as in the real dvc.yaml; `last` depends on all.
COPY = {
    "cmd": "cat source/a.txt > out/${key}.txt",
    "deps": ["source"],
    "params": ["experiments.${key}"],
    "outs": [{"out/${key}.txt": {"cache": False, "persist": True}}],
}
STAGES = {
    "copy": {"foreach": "${experiments}", "do": COPY},
    "last": {
        "cmd": "cat out/* > out.txt",
        "deps": ["params.yaml", "out"],
        "outs": [{"out.txt": {"cache": False}}],
    },
}


class Small(Project):
    """A repository of DVC with a stage for each experiment, and one behind them."""

    def experiments(self, *names: str) -> None:
        """Write a params.yaml with these experiments."""
        text = yaml.safe_dump({"experiments": {name: {"lr": 0.1} for name in names}})
        (self.folder / "params.yaml").write_text(text, encoding="utf-8")

    def lock(self) -> dict[str, object]:
        """Return what dvc.lock says of each stage."""
        stages: dict[str, object] = yaml.safe_load(self.read("dvc.lock"))["stages"]
        return stages

    def dvc(self, *arguments: str) -> str:
        return self.run("dvc", *arguments, variables={"PYTHONPATH": str(ROOT)}).stdout


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    """A `Small` with the experiments `a` and `b`, in which nothing has run yet; it is the working directory."""
    made = Small(tmp_path)
    made.run("git", "init", "--quiet", "--initial-branch=main")
    made.dvc("init", "--quiet")
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": STAGES}), encoding="utf-8")
    (tmp_path / "source").mkdir()
    (tmp_path / "out").mkdir()
    for name in ("a.txt", "ü b.txt", "left_out.md"):
        (tmp_path / "source" / name).write_text(f"{name}\n", encoding="utf-8")
    (tmp_path / ".dvcignore").write_text("*.md\n", encoding="utf-8")
    made.experiments("a", "b")
    monkeypatch.chdir(tmp_path)
    return made
